from casework.queries.bodies import IssuingBody, bodies_for, bodies_of
from casework.services.legal.deliver import (
    add_scan,
    print_paper,
    read_scan,
    record_result,
    serve_paper,
    void_paper,
)
from casework.services.legal.facts import Asked
from casework.services.legal.fines import add_fine_rule, end_fine_rule
from casework.services.legal.issue import issue_paper
from casework.services.legal.nightly import pass_deadlines

__all__ = [
    "Asked",
    "IssuingBody",
    "add_fine_rule",
    "add_scan",
    "bodies_for",
    "bodies_of",
    "end_fine_rule",
    "issue_paper",
    "pass_deadlines",
    "print_paper",
    "read_scan",
    "record_result",
    "serve_paper",
    "void_paper",
]
