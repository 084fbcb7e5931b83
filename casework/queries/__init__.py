from casework.queries.case import CaseFile
from casework.queries.cases import (
    TONES,
    UNSETTLED,
    CaseLine,
    CaseList,
    Choice,
    case_lines,
    code_choices,
    filter_choices,
    grade_name,
    valid_codes,
    with_visits,
)
from casework.queries.path import CasePath

__all__ = [
    "TONES",
    "UNSETTLED",
    "CaseFile",
    "CaseLine",
    "CaseList",
    "CasePath",
    "Choice",
    "case_lines",
    "code_choices",
    "filter_choices",
    "grade_name",
    "valid_codes",
    "with_visits",
]
