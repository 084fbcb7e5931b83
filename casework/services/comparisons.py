"""The two ends of a comparison that know cases: our dropouts, and the cases of its suspects."""

from datetime import date

from django.db import transaction

from accounts.models import User
from casework.services.openings import Opened, open_cases
from casework.states import DROPOUT_STATES
from core import audit
from core.access import Scope
from core.models import Job
from students.comparison import services
from students.models import MatchRun

_STATES = ", ".join(f"'{state.value}'" for state in DROPOUT_STATES)
DROPOUTS = f"""
SELECT c.student_id, true AS is_expected FROM casework_dropoutcase c
 WHERE c.county = %(county)s AND c.state IN ({_STATES})
"""
# 名册比对 against another office's roster, 学籍比对 against who sits in class.
_SOURCES = {MatchRun.Kind.IN_CLASS: "status_match"}
_OTHER_SOURCE = "roster_match"
_SUSPICIONS = {
    MatchRun.Kind.POPULATION: "户籍在册、没有学籍",
    MatchRun.Kind.IN_CLASS: "有学籍、点名不在校",
    MatchRun.Kind.DISABILITY: "残疾名单在册、没有学籍",
}


def compare_dropouts_job(job: Job) -> dict[str, object]:
    return services.compare_job(job, side=DROPOUTS)


@transaction.atomic
def open_suspects(*, scope: Scope, actor: User, run_id: int, today: date) -> Opened:
    """A case for each accepted suspicion; done again, it opens none twice.

    Errors: MatchRun.DoesNotExist, ComparisonRefused, TransitionRefused.
    """
    run = services.held(scope.county, run_id)
    if services.SUSPECTS[run.kind] is None:
        raise services.ComparisonRefused(
            "这种比对的结果不是疑似线索，不能据此建案。请从学生页面建案。"
        )
    opened = open_cases(
        scope=scope,
        actor=actor,
        student_ids=services.suspects(run),
        source=_SOURCES.get(MatchRun.Kind(run.kind), _OTHER_SOURCE),
        today=today,
        opened_on=today,
        suspicion=f"名单比对：{_SUSPICIONS[MatchRun.Kind(run.kind)]}",
    )
    services.note_cases(run, {case.student_id: case.pk for case in opened.cases})
    audit.record(
        county=run.county,
        actor=actor,
        action="comparison.open_cases",
        target=run,
        after={"opened": len(opened.cases), "already_open": opened.already_open},
    )
    return opened
