"""What a person does with a comparison: start it, decide its findings, make children of them.

The run itself is one transaction in a worker. Which findings are suspicions is a matter of the
kind; opening their cases is the deed of the floor above (casework.services.comparisons).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.models import Job
from students.comparison import children, finding
from students.comparison.sides import SIDES
from students.lists.applying import covered_types
from students.models import MatchDifference, MatchRun, OfficeList

Kind, Decision = MatchRun.Kind, MatchDifference.Decision
COMPARE_TASK, DROPOUTS_TASK = "students.compare", "casework.compare_dropouts"
# The classes whose accepted findings are suspicions, or ours to register.
SUSPECTS: dict[str, str | None] = {
    Kind.POPULATION: MatchDifference.Found.ONLY_THEIRS,
    Kind.IN_CLASS: MatchDifference.Found.ONLY_OURS,
    Kind.POOR_DROPOUTS: None,
    Kind.DISABILITY: MatchDifference.Found.ONLY_THEIRS,
    Kind.ANY: None,
}
CREATES = frozenset({Kind.POPULATION, Kind.DISABILITY, Kind.ANY})
FITTING: dict[str, frozenset[str]] = {
    Kind.POPULATION: frozenset({OfficeList.Kind.POPULATION}),
    Kind.IN_CLASS: frozenset({OfficeList.Kind.IN_CLASS}),
    Kind.POOR_DROPOUTS: frozenset({OfficeList.Kind.POVERTY}),
    Kind.DISABILITY: frozenset({OfficeList.Kind.DISABILITY}),
    Kind.ANY: frozenset(OfficeList.Kind),
}
READ_STATES = frozenset({"needs_confirm", "ready", "applying", "applied"})
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.comparison'), %s)"
Guard = Callable[[], None]


def _unguarded() -> None:
    """For a caller that holds no claim."""


class ComparisonRefused(jobs.JobRefused):
    """The comparison cannot be had like this; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    kind: str
    list_id: int
    as_of: date
    born_from: date | None = None
    born_to: date | None = None


def start(*, county: str, asked: Asked, actor: User | None) -> MatchRun:
    """A new run and its job. Errors: OfficeList.DoesNotExist, ComparisonRefused."""
    office_list = OfficeList.objects.get(pk=asked.list_id, county=county)
    if office_list.state not in READ_STATES:
        raise ComparisonRefused(
            f"这份名单{office_list.get_state_display()}，还不能比对。请等读取完成，或另选一份名单。"
        )
    if office_list.kind not in FITTING[asked.kind]:
        wanted = "、".join(OfficeList.Kind(one).label for one in FITTING[asked.kind])
        raise ComparisonRefused(
            f"“{Kind(asked.kind).label}”要用{wanted}，选中的是{office_list.get_kind_display()}。"
            "请改选名单或比对种类。"
        )
    running = MatchRun.objects.filter(
        county=county, kind=asked.kind, office_list=office_list, state=MatchRun.State.RUNNING
    )
    if (same := running.filter(job__state__in=["queued", "running"]).first()) is not None:
        return same
    run = MatchRun.objects.create(
        county=county,
        kind=asked.kind,
        office_list=office_list,
        as_of=asked.as_of,
        born_from=asked.born_from,
        born_to=asked.born_to,
        created_by=actor.pk if actor else None,
        created_by_name=actor.full_name if actor else "系统",
    )
    run.job = jobs.start(
        county=county,
        task=DROPOUTS_TASK if run.kind == Kind.POOR_DROPOUTS else COMPARE_TASK,
        title=f"名单比对：{run}"[:200],
        params={"run": run.pk},
        actor=actor,
        key=f"compare-{run.pk}",
    )
    run.save(update_fields=["job"])
    audit.record(county=county, actor=actor, action="comparison.start", target=run)
    return run


def compare(
    *, county: str, run_id: int, side: str | None = None, guard: Guard = _unguarded
) -> MatchRun:
    """Find and keep. `side` is our side, where it is not one of this floor's."""
    with tenancy.inside(county):
        rows = MatchRun.objects.select_for_update(of=("self",)).select_related("office_list")
        run = rows.get(pk=run_id, county=county)
        if run.state == MatchRun.State.DONE:
            return run
        # A kind whose list names categories expects those children; others expect everybody.
        types = covered_types(run.office_list) if run.kind == Kind.ANY else []
        run.counts = finding.find(run, side=side or SIDES[run.kind], types=types)
        run.state, run.done_at = MatchRun.State.DONE, timezone.now()
        run.save(update_fields=["counts", "state", "done_at"])
        guard()
    return run


# -- deciding ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """One finding, or all of a class that are still open; then `expected` is the shown count."""

    found: str = ""
    difference_id: int | None = None
    expected: int | None = None


@transaction.atomic
def decide(
    *, county: str, run_id: int, chosen: Chosen, decision: str, note: str, actor: User
) -> int:
    """How many findings were decided. Errors: DoesNotExist, ComparisonRefused."""
    run = held(county, run_id)
    rows = MatchDifference.objects.filter(county=county, run=run)
    if chosen.difference_id is not None:
        rows = rows.filter(pk=chosen.difference_id)
        if not rows.exists():
            raise MatchDifference.DoesNotExist
    else:
        rows = rows.filter(found=chosen.found, decision=Decision.OPEN)
        _refuse_other_count(rows.count(), chosen.expected)
    is_open = decision == Decision.OPEN
    done = rows.update(
        decision=decision,
        decided_at=None if is_open else timezone.now(),
        decided_by=None if is_open else actor.pk,
        decided_by_name="" if is_open else actor.full_name,
        note=note,
    )
    audit.record(
        county=county,
        actor=actor,
        action="comparison.decide",
        target=run,
        after={
            "decision": decision,
            "count": done,
            "note": note,
            **({"difference": chosen.difference_id} if chosen.difference_id else {}),
            **({"found": chosen.found} if chosen.found else {}),
        },
    )
    return done


def _refuse_other_count(count: int, expected: int | None) -> None:
    if expected is not None and count != expected:
        raise ComparisonRefused(
            f"页面上显示 {expected} 条待定，现在是 {count} 条，可能有人刚刚处理过。"
            "请看过新的数目后再点。"
        )


def held(county: str, run_id: int) -> MatchRun:
    """The finished run, locked: decisions on one run go one after the other."""
    rows = MatchRun.objects.select_for_update(of=("self",))
    run = rows.get(pk=run_id, county=county)
    if run.state != MatchRun.State.DONE:
        raise ComparisonRefused("比对还没有完成，请等完成后再处理。")
    return run


# -- what accepting leads to -------------------------------------------------------------------


@transaction.atomic
def create_children(*, county: str, run_id: int, actor: User) -> int:
    """Children of accepted entries we do not know, without a school. Errors: ComparisonRefused."""
    run = held(county, run_id)
    if run.kind not in CREATES:
        raise ComparisonRefused("这种比对不新建学生。请在户籍、残疾或其他名单的比对里办理。")
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [int(county)])
    made = children.create(run, actor=actor)
    if made:
        audit.record(
            county=county,
            actor=actor,
            action="comparison.create_students",
            target=run,
            after={"count": made},
        )
    return made


def suspects(run: MatchRun) -> list[int]:
    """The children of accepted suspicions; entries without a child are not among them."""
    found = SUSPECTS[run.kind]
    if found is None:
        return []
    rows = MatchDifference.objects.filter(
        county=run.county, run=run, found=found, decision=Decision.ACCEPTED, student__isnull=False
    )
    return list(rows.values_list("student_id", flat=True))


# -- the worker's end --------------------------------------------------------------------------


def compare_job(job: Job) -> dict[str, object]:
    run = compare(county=job.county, run_id=job.params["run"], guard=lambda: job.advance(0))
    return {"run": run.pk, **run.counts}
