"""What a person does with a comparison: start it, decide its findings, make children of them.

The run itself is one transaction in a worker. Which findings are suspicions is a matter of the
kind; opening their cases is the deed of the floor above (casework.services.comparisons).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.models import Job
from students.comparison import children, finding, taking, undoing
from students.comparison.matching import Report, silent
from students.comparison.sides import SIDES
from students.lists.applying import covered_types
from students.models import MatchDifference, MatchRun, OfficeList

Kind, Decision = MatchRun.Kind, MatchDifference.Decision
Found = MatchDifference.Found
COMPARE_TASK, DROPOUTS_TASK = "students.compare", "casework.compare_dropouts"
TAKE_TASK = "students.take_over"
# More accepted findings than this are written by a worker, so many at a time.
AT_ONCE, CHUNK = 500, 2_000
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
    # The schools of a list of promises are those to come.
    Kind.ANY: frozenset(OfficeList.Kind) - {OfficeList.Kind.PROMISES},
}
READ_STATES = frozenset({"needs_confirm", "ready", "applying", "applied"})
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.comparison'), %s)"
# The lock of roster commits: nobody else changes many children meanwhile.
_ROSTERS = "SELECT pg_advisory_xact_lock(hashtext('students.rosters'), %s)"
_NO_ROSTER_NOW = "SELECT pg_try_advisory_xact_lock(hashtext('students.rosters'), %s)"
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
    if office_list.purged_at is not None:
        raise ComparisonRefused("这份名单的各行已按期清理，不能再比对。请重新上传名单。")
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
    *,
    county: str,
    run_id: int,
    side: str | None = None,
    guard: Guard = _unguarded,
    report: Report = silent,
) -> MatchRun:
    """Find and keep. `side` is our side, where it is not one of this floor's."""
    with tenancy.inside(county):
        rows = MatchRun.objects.select_for_update(of=("self",)).select_related("office_list")
        run = rows.get(pk=run_id, county=county)
        if run.state == MatchRun.State.DONE:
            return run
        # A kind whose list names categories expects those children; others expect everybody.
        types = covered_types(run.office_list) if run.kind == Kind.ANY else []
        run.counts = finding.find(run, side=side or SIDES[run.kind], types=types, report=report)
        run.state, run.done_at = MatchRun.State.DONE, timezone.now()
        run.save(update_fields=["counts", "state", "done_at"])
        guard()
    return run


# -- deciding ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """Single findings, or all open ones of a class; then `expected` is the shown count."""

    found: str = ""
    differences: tuple[int, ...] = ()
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What one decision came to."""

    findings: int
    partly: int = 0  # differing findings of which something was not taken over
    job: Job | None = None  # that writes them


@transaction.atomic
def decide(
    *, county: str, run_id: int, chosen: Chosen, decision: str, note: str, actor: User
) -> Decided:
    """Accept or reject what is open. Accepted differences are written to the child at once, or
    by a worker where they are many. Errors: MatchDifference.DoesNotExist, ComparisonRefused.
    """
    run = held(county, run_id)
    rows = _open_ones(run, chosen)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    is_accepted = decision == Decision.ACCEPTED
    takes = list(rows.filter(found=Found.DIFFERS).values_list("pk", flat=True))
    if takes and is_accepted and run.office_list.purged_at is not None:
        raise ComparisonRefused(
            "这份名单的各行已按期清理，不能再采用其中的内容。请重新上传名单，比对后再处理。"
        )
    MatchDifference.objects.filter(pk__in=ids).update(
        decision=decision,
        decided_at=timezone.now(),
        decided_by=actor.pk,
        decided_by_name=actor.full_name,
        note=note,
    )
    after = {"decision": decision, "count": len(ids), "note": note, "found": chosen.found}
    if chosen.differences:
        after["differences"] = ids
    _note(run, actor=actor, action="comparison.decide", after=after)
    return _take(run, takes if is_accepted else [], findings=len(ids), actor=actor)


def _open_ones(run: MatchRun, chosen: Chosen) -> QuerySet[MatchDifference]:
    rows = MatchDifference.objects.filter(county=run.county, run=run)
    still_open = rows.filter(decision=Decision.OPEN)
    if not chosen.differences:
        still_open = still_open.filter(found=chosen.found)
        _refuse_other_count(still_open.count(), chosen.expected)
        return still_open
    named = rows.filter(pk__in=chosen.differences)
    still_open = still_open.filter(pk__in=chosen.differences)
    if not still_open.exists():
        one = named.first()
        if one is None:
            raise MatchDifference.DoesNotExist
        raise ComparisonRefused(
            f"选中的结果已由{one.decided_by_name}记为“{one.get_decision_display()}”。"
            "需要改的，请先撤销，再重新处理。"
        )
    return still_open


def _take(run: MatchRun, ids: list[int], *, findings: int, actor: User) -> Decided:
    if not ids:
        return Decided(findings)
    if len(ids) > AT_ONCE:
        job = jobs.start(
            county=run.county,
            task=TAKE_TASK,
            title=f"采用名单的内容：{run}"[:200],
            params={"run": run.pk},
            actor=actor,
            key=taking_key(run),
        )
        return Decided(findings, job=job)
    _hold_rosters(run.county)
    taken = taking.take_over(run, ids=ids, most=len(ids))
    return Decided(findings, partly=taken.partly)


def taking_key(run: MatchRun) -> str:
    return f"take-over-{run.pk}"


def _hold_rosters(county: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_NO_ROSTER_NOW, [int(county)])
        if not cursor.fetchone()[0]:
            raise ComparisonRefused(
                "正在写入名册或名单，其中可能有这些学生。请等写完（约几分钟）再处理。"
            )


def _note(run: MatchRun, *, actor: User, action: str, after: dict[str, object]) -> None:
    said = {name: value for name, value in after.items() if value not in ("", None)}
    audit.record(county=run.county, actor=actor, action=action, target=run, after=said)


@transaction.atomic
def undo(*, county: str, run_id: int, differences: tuple[int, ...], actor: User) -> int:
    """Decisions back to open, and what accepting wrote taken back: all of them, or none.

    Errors: MatchDifference.DoesNotExist, ComparisonRefused where something has changed since.
    """
    run = held(county, run_id)
    rows = MatchDifference.objects.filter(county=county, run=run, pk__in=differences)
    decided = list(rows.exclude(decision=Decision.OPEN).select_related("entry").order_by("student"))
    if not decided:
        raise MatchDifference.DoesNotExist
    if any(row.found == Found.DIFFERS and row.outcome for row in decided):
        _hold_rosters(county)
    for row in decided:
        try:
            undoing.take_back(run, row, actor=actor)
        except undoing.CannotTakeBack as refusal:
            raise ComparisonRefused(str(refusal)) from refusal
    rows.filter(pk__in=[row.pk for row in decided]).update(
        decision=Decision.OPEN,
        decided_at=None,
        decided_by=None,
        decided_by_name="",
        note="",
        outcome=None,
    )
    after = {"count": len(decided), "differences": [row.pk for row in decided]}
    _note(run, actor=actor, action="comparison.undo", after=after)
    return len(decided)


def _refuse_other_count(count: int, expected: int | None) -> None:
    if expected is not None and count != expected:
        raise ComparisonRefused(
            f"页面上显示 {expected} 条待定，现在是 {count} 条，可能有人刚刚处理过。"
            "请看过新的数目后再点。"
        )


def held(county: str, run_id: int) -> MatchRun:
    """The finished run, locked: decisions on one run go one after the other."""
    rows = MatchRun.objects.select_for_update(of=("self",)).select_related("office_list")
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
    if run.office_list.purged_at is not None:
        raise ComparisonRefused("这份名单的各行已按期清理，不能据此建立学生记录。请重新上传名单。")
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


def note_cases(run: MatchRun, cases: dict[int, int]) -> None:
    """The finding of each child (key) led to a case (value): it can no longer be undone."""
    with connection.cursor() as cursor:
        cursor.execute(_LED_TO, [list(cases), list(cases.values()), run.county, run.pk])


_LED_TO = """
UPDATE students_matchdifference d
   SET outcome = coalesce(d.outcome, '{}') || jsonb_build_object('case', c.case_id)
  FROM unnest(%s::bigint[], %s::bigint[]) c (student_id, case_id)
 WHERE d.county = %s AND d.run_id = %s AND d.student_id = c.student_id
   AND d.decision = 'accepted'
"""


# -- the worker's end --------------------------------------------------------------------------


def take_job(job: Job) -> dict[str, object]:
    """Chunk by chunk, each as good as decided one by one; a killed worker's successor goes on."""
    with tenancy.inside(job.county):
        waiting = MatchDifference.objects.filter(
            county=job.county,
            run=job.params["run"],
            found=Found.DIFFERS,
            decision=Decision.ACCEPTED,
            outcome__isnull=True,
        )
        job.plan(total=job.done + waiting.count(), stage="正在写入采用的内容")
    findings = partly = 0
    while True:
        with tenancy.inside(job.county):
            with connection.cursor() as cursor:
                cursor.execute(_ROSTERS, [int(job.county)])
            run = held(job.county, job.params["run"])
            taken = taking.take_over(run, ids=None, most=CHUNK)
            job.advance(taken.findings)
        findings, partly = findings + taken.findings, partly + taken.partly
        if not taken.findings:
            return {"run": job.params["run"], "findings": findings, "partly": partly}


def compare_job(job: Job, *, side: str | None = None) -> dict[str, object]:
    def report(stage: str) -> None:
        # Goes out with the next heartbeat: the work itself is one open transaction.
        job.stage = stage[:80]

    run = compare(
        county=job.county,
        run_id=job.params["run"],
        side=side,
        guard=lambda: job.advance(0),
        report=report,
    )
    return {"run": run.pk, **run.counts}
