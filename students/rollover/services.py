"""What a person does with a roll-over: ask for the preview, submit it, take it back.

Preview, writing and taking back run in a worker (students.tasks) or in a command. Each is one
transaction, so a killed one leaves nothing behind and is simply done again.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.models import Job
from schools.models import SchoolYear
from students.models import RollOver
from students.rollover import plan, writing

PREVIEW_TASK, COMMIT_TASK = "students.preview_roll_over", "students.commit_roll_over"
UNDO_TASK = "students.undo_roll_over"
# The lock of roster commits: nobody else moves children in bulk meanwhile.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.rosters'), %s)"
State = RollOver.State
Guard = Callable[[], None]


def _unguarded() -> None:
    """For a caller that holds no claim."""


class RollOverRefused(jobs.JobRefused):
    """The roll-over is not in a state for this; the text says what to do."""


# -- asking ------------------------------------------------------------------------------------


def ask_preview(*, county: str, from_year: int, actor: User | None) -> RollOver:
    """The county's one roll-over of the year, measured afresh unless it is written."""
    roll_over = open_roll_over(county=county, from_year=from_year, actor=actor)
    if roll_over.state in (State.COMMITTING, State.COMMITTED, State.UNDOING):
        return roll_over
    return _start(roll_over, State.CHECKING, PREVIEW_TASK, f"测算升级：{roll_over}", actor=actor)


def open_roll_over(*, county: str, from_year: int, actor: User | None) -> RollOver:
    roll_over, _ = RollOver.objects.get_or_create(
        county=county,
        from_year=from_year,
        defaults={
            "last_day": _year_end(from_year),
            "first_day": _year_start(from_year + 1),
            "created_by": actor.pk if actor else None,
            "created_by_name": actor.full_name if actor else "系统",
        },
    )
    return roll_over


def submit(*, county: str, roll_over_id: int, actor: User | None, today: date) -> RollOver:
    """Errors: RollOver.DoesNotExist, RollOverRefused."""
    roll_over = _held(county, roll_over_id)
    if roll_over.state == State.COMMITTED:
        return roll_over
    refuse_commit(roll_over, today=today)
    title = f"写入升级：{roll_over}"
    return _start(roll_over, State.COMMITTING, COMMIT_TASK, title, actor=actor)


def refuse_commit(roll_over: RollOver, *, today: date) -> None:
    if roll_over.state not in (State.CHECKED, State.COMMITTING):
        raise RollOverRefused(
            f"这次升级{roll_over.get_state_display()}，不能提交。请重新测算后再提交。"
        )
    if today < roll_over.first_day:
        raise RollOverRefused(
            f"新学年自 {roll_over.first_day:%Y-%m-%d} 开始，请到那天再提交；此前可以随时重新测算。"
        )


def ask_undo(*, county: str, roll_over_id: int, actor: User | None) -> RollOver:
    """Errors: RollOver.DoesNotExist, RollOverRefused."""
    roll_over = _held(county, roll_over_id)
    if roll_over.state not in (State.COMMITTED, State.UNDOING):
        raise RollOverRefused(f"这次升级{roll_over.get_state_display()}，没有可以撤回的内容。")
    return _start(roll_over, State.UNDOING, UNDO_TASK, f"撤回升级：{roll_over}", actor=actor)


def _start(
    roll_over: RollOver, state: State, task: str, title: str, *, actor: User | None
) -> RollOver:
    roll_over.state = state
    roll_over.job = jobs.start(
        county=roll_over.county,
        task=task,
        title=title,
        params={"roll_over": roll_over.pk},
        actor=actor,
        key=f"{task}-{roll_over.pk}",
    )
    roll_over.save(update_fields=["state", "job"])
    audit.record(
        county=roll_over.county, actor=actor, action=f"roll_over.{state}", target=roll_over
    )
    return roll_over


def _held(county: str, roll_over_id: int) -> RollOver:
    rows = RollOver.objects.select_for_update(of=("self",))
    return rows.get(pk=roll_over_id, county=county)


def _year_end(year: int) -> date:
    found = SchoolYear.objects.filter(pk=year).first()
    return found.last_day if found else date(year + 1, 8, 31)


def _year_start(year: int) -> date:
    found = SchoolYear.objects.filter(pk=year).first()
    return found.first_day if found else date(year, 9, 1)


# -- doing -------------------------------------------------------------------------------------


def preview(*, county: str, roll_over_id: int, guard: Guard = _unguarded) -> RollOver:
    """Measure the county; nothing but the preview is written. Errors: RollOverRefused."""
    with tenancy.inside(county):
        roll_over = _held(county, roll_over_id)
        if roll_over.state in (State.COMMITTED, State.COMMITTING, State.UNDOING):
            raise RollOverRefused(f"这次升级{roll_over.get_state_display()}，不必再测算。")
        plan.keep_plan(roll_over)
        roll_over.state = State.CHECKED
        roll_over.save(update_fields=["state", "counts"])
        guard()
    return roll_over


def commit(
    *, county: str, roll_over_id: int, actor: User | None, guard: Guard = _unguarded
) -> RollOver:
    """Write what was previewed, in one transaction; a second time changes nothing.

    Errors: RollOverRefused when a child was moved since, and whatever `guard` raises.
    """
    with tenancy.inside(county):
        roll_over = _locked(county, roll_over_id)
        if roll_over.state == State.COMMITTED:
            return roll_over
        if roll_over.state not in (State.CHECKED, State.COMMITTING):
            raise RollOverRefused(f"这次升级{roll_over.get_state_display()}，不能写入。")
        _refuse_stale(roll_over)
        who = _who(actor)
        writing.write(roll_over, **who)
        roll_over.state, roll_over.committed_at = State.COMMITTED, timezone.now()
        roll_over.committed_by_name = who["actor_name"]
        roll_over.save(update_fields=["state", "committed_at", "committed_by_name"])
        after = {"groups": plan.totals(roll_over).groups}
        audit.record(
            county=county, actor=actor, action="roll_over.commit", target=roll_over, after=after
        )
        guard()
    return roll_over


def undo(
    *, county: str, roll_over_id: int, actor: User | None, guard: Guard = _unguarded
) -> RollOver:
    """The county as before the commit, if nobody moved a child since.

    Errors: RollOverRefused, and whatever `guard` raises.
    """
    with tenancy.inside(county):
        roll_over = _locked(county, roll_over_id)
        if roll_over.state not in (State.COMMITTED, State.UNDOING):
            raise RollOverRefused(f"这次升级{roll_over.get_state_display()}，不能撤回。")
        moved = writing.edited_since(roll_over)
        if moved:
            raise RollOverRefused(
                f"升级以后已有 {moved} 名学生的就读又有变动，不能整批撤回；"
                "请用名册更新个别学生的年级和学校。"
            )
        writing.take_back(roll_over, **_who(actor))
        roll_over.state, roll_over.committed_at = State.UNDONE, None
        roll_over.save(update_fields=["state", "committed_at"])
        audit.record(county=county, actor=actor, action="roll_over.undo", target=roll_over)
        guard()
    return roll_over


def _locked(county: str, roll_over_id: int) -> RollOver:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [int(county)])
    roll_over = _held(county, roll_over_id)
    writing.hold(roll_over)
    return roll_over


def _refuse_stale(roll_over: RollOver) -> None:
    moved = plan.differing(roll_over)
    if moved:
        raise RollOverRefused(
            f"测算以后有 {moved} 名学生的就读变动过，与预览不一致，没有写入任何内容。"
            "请重新测算，看过新的预览再提交。"
        )


def _who(actor: User | None) -> dict[str, Any]:
    return {
        "actor_id": actor.pk if actor else None,
        "actor_name": actor.full_name if actor else "系统",
    }


# -- the worker's end --------------------------------------------------------------------------


def preview_job(job: Job) -> dict[str, object]:
    roll_over = preview(
        county=job.county, roll_over_id=job.params["roll_over"], guard=lambda: job.advance(0)
    )
    return {"roll_over": roll_over.pk, "groups": plan.totals(roll_over).groups}


def commit_job(job: Job) -> dict[str, object]:
    return _decide(job, commit, back_to=State.CHECKED)


def undo_job(job: Job) -> dict[str, object]:
    return _decide(job, undo, back_to=State.COMMITTED)


def _decide(job: Job, deed: Callable[..., RollOver], *, back_to: State) -> dict[str, object]:
    """A refusal leaves the roll-over where a person can go on from."""
    pk = job.params["roll_over"]
    actor = User.objects.filter(pk=job.actor_id).first() if job.actor_id else None
    try:
        deed(county=job.county, roll_over_id=pk, actor=actor, guard=lambda: job.advance(0))
    except RollOverRefused:
        with tenancy.inside(job.county):
            RollOver.objects.filter(pk=pk, county=job.county).update(state=back_to)
        raise
    return {"roll_over": pk}
