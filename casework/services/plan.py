"""一人一案: written, handed in, decided by somebody else; its measures become tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from casework.models import CasePlan, DropoutCase, MeasureResult, PlanMeasure
from casework.models.plan import PlanState
from casework.models.task import TaskKind
from casework.services.step import OPENING_DAY, hold_case
from casework.services.task import finish_tasks, set_task
from casework.states import TransitionRefused, refuse_unlikely_day
from core import audit, notices
from core.access import Permission, Scope
from schools.deadlines import Deadline

WRITE, APPROVE = Permission.PLAN_WRITE, Permission.PLAN_APPROVE
MOST_MEASURES = 20


@dataclass(frozen=True, slots=True)
class Measure:
    """As the form gives it; without a key it is a new one."""

    what: str
    who: str
    due_on: date
    key: UUID | None = None


class PlanMoved(TransitionRefused):
    """Somebody wrote, handed in or decided first; `newest` is what stands now."""

    def __init__(self, newest: CasePlan) -> None:
        self.newest = newest
        when = timezone.localtime(newest.decided_at or newest.written_at)
        name = newest.decided_by_name or newest.written_by_name
        super().__init__(
            f"{name}已于 {when:%Y-%m-%d %H:%M} 改动这份方案，现为第 {newest.number} 版"
            f"（{newest.get_state_display()}）。您填写的内容还没有保存，请对照后再决定。"
        )


@transaction.atomic
def write_plan(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    base: int,
    cause: str,
    goal: str,
    measures: Sequence[Measure],
) -> CasePlan:
    """The next version, on top of the one the person saw (0 for none). Equal to it, it is that one.

    Errors: DropoutCase.DoesNotExist, TransitionRefused; PlanMoved when another version stands.
    """
    case = _open_case(scope, WRITE, case_id)
    newest = case.plans.newest()
    if newest is not None and newest.number != base:
        raise PlanMoved(newest)
    _refuse_measures(measures)
    if newest is not None and _same(newest, cause, goal, measures):
        return newest
    plan = CasePlan.objects.create(
        county=case.county,
        case=case,
        number=base + 1,
        cause=cause,
        goal=goal,
        written_by=actor.pk,
        written_by_name=actor.full_name,
    )
    _add_measures(plan, measures, known=_known_keys(case))
    # What waited for a decision is no longer the newest.
    finish_tasks(case, on=timezone.localdate(), kinds=[TaskKind.PLAN_REVIEW])
    _note(plan, actor, "plan.write")
    return plan


def _open_case(scope: Scope, permission: Permission, case_id: int) -> DropoutCase:
    case = hold_case(scope=scope, permission=permission, case_id=case_id)
    if not case.is_open:
        raise TransitionRefused(
            f"个案“{case.get_state_display()}”，方案留存备查，不再改动。"
            "该生再次缺课的，请另建个案并重新制定方案。"
        )
    return case


def _refuse_measures(measures: Sequence[Measure]) -> None:
    if not measures:
        raise TransitionRefused("方案至少要有一项措施，请写明做什么、由谁做、哪天前完成。")
    if len(measures) > MOST_MEASURES:
        raise TransitionRefused(f"措施最多 {MOST_MEASURES} 项，请合并相近的措施。")


def _same(plan: CasePlan, cause: str, goal: str, measures: Sequence[Measure]) -> bool:
    stands = [(m.key, m.what, m.who, m.due_on) for m in plan.measures.order_by("position")]
    asked = [(m.key, m.what, m.who, m.due_on) for m in measures]
    return (plan.cause, plan.goal, stands) == (cause, goal, asked)


def _known_keys(case: DropoutCase) -> set[UUID]:
    return set(PlanMeasure.objects.filter(plan__case=case).values_list("key", flat=True))


def _add_measures(plan: CasePlan, measures: Sequence[Measure], *, known: set[UUID]) -> None:
    """A key the case does not know is not believed."""
    PlanMeasure.objects.bulk_create(
        PlanMeasure(
            county=plan.county,
            plan=plan,
            key=measure.key if measure.key in known else uuid4(),
            position=position,
            what=measure.what,
            who=measure.who,
            due_on=measure.due_on,
        )
        for position, measure in enumerate(measures, start=1)
    )


@transaction.atomic
def submit_plan(*, scope: Scope, actor: User, case_id: int, number: int, now: datetime) -> CasePlan:
    """Handed in twice, it is handed in once."""
    case = _open_case(scope, WRITE, case_id)
    plan = _newest(case, number)
    if plan.state == PlanState.SUBMITTED:
        return plan
    if plan.state != PlanState.DRAFT:
        raise TransitionRefused(
            f"第 {plan.number} 版{plan.get_state_display()}。要改动的请先修改方案，再提交审批。"
        )
    plan.state, plan.submitted_at = PlanState.SUBMITTED, now
    plan.save(update_fields=["state", "submitted_at"])
    set_task(
        case,
        kind=TaskKind.PLAN_REVIEW,
        on=timezone.localdate(now),
        rule=Deadline.TASK_PLAN_REVIEW,
        words=f"审批一人一案（第 {plan.number} 版）",
    )
    _note(plan, actor, "plan.submit")
    return plan


def _newest(case: DropoutCase, number: int) -> CasePlan:
    plan = case.plans.newest()
    if plan is None:
        raise TransitionRefused("该个案还没有方案，请先制定。")
    if plan.number != number:
        raise PlanMoved(plan)
    return plan


@transaction.atomic
def decide_plan(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    number: int,
    is_approved: bool,
    remark: str,
    now: datetime,
) -> CasePlan:
    """Approved or sent back with a remark, by somebody who did not write it."""
    case = _open_case(scope, APPROVE, case_id)
    plan = _newest(case, number)
    if plan.state != PlanState.SUBMITTED:
        raise PlanMoved(plan)
    if plan.written_by == actor.pk:
        raise TransitionRefused("方案是您制定的，须由另一人审批。请转告学校负责人或县教育局审批。")
    if not is_approved and not remark:
        raise TransitionRefused("退回须写明意见，让制定人知道改什么。")
    plan.state = PlanState.APPROVED if is_approved else PlanState.RETURNED
    plan.decided_by, plan.decided_by_name = actor.pk, actor.full_name
    plan.decided_at, plan.remark = now, remark
    names = ["state", "decided_by", "decided_by_name", "decided_at", "remark"]
    plan.save(update_fields=names)
    today = timezone.localdate(now)
    finish_tasks(case, on=today, kinds=[TaskKind.PLAN_REVIEW])
    if is_approved:
        _set_measure_tasks(case, plan, on=today)
    _note(plan, actor, "plan.approve" if is_approved else "plan.return")
    _tell_author(plan)
    return plan


def _set_measure_tasks(case: DropoutCase, plan: CasePlan, *, on: date) -> None:
    """A task for each measure that is not done; those that left the plan end."""
    waiting = {str(m.key): m for m in plan.told() if m.result is None}
    open_tasks = case.tasks.still_open().filter(kind=TaskKind.PLAN_MEASURE)
    for about in set(open_tasks.values_list("about", flat=True)) - set(waiting):
        finish_tasks(case, on=on, kinds=[TaskKind.PLAN_MEASURE], about=about)
    for about, measure in waiting.items():
        set_task(
            case,
            kind=TaskKind.PLAN_MEASURE,
            on=on,
            due_on=measure.due_on,
            about=about,
            words=f"{measure.what}（{measure.who}）"[:120],
        )


def _tell_author(plan: CasePlan) -> None:
    words = f"您制定的一人一案（个案 {plan.case_id} 第 {plan.number} 版）{plan.get_state_display()}"
    notices.tell(
        county=plan.county,
        people=[plan.written_by],
        event=f"plan-{plan.pk}-decided",
        words=f"{words}：{plan.remark}" if plan.remark else f"{words}。",
        path=f"/cases/{plan.case_id}/plan/",
    )


@transaction.atomic
def record_result(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    measure_key: UUID,
    done_on: date,
    result: str,
    today: date,
) -> MeasureResult:
    """Of a measure of the plan in force; written once."""
    case = _open_case(scope, WRITE, case_id)
    measure = measure_in_force(case, measure_key)
    if measure is None:
        raise TransitionRefused("这项措施不在现行方案里，可能已修改。请按现行方案登记。")
    known = MeasureResult.objects.filter(case=case, key=measure_key).first()
    if known is not None:
        raise TransitionRefused(
            f"{known.written_by_name}已登记这项措施于 {known.done_on:%Y-%m-%d} 完成，不必再登记。"
        )
    refuse_unlikely_day(
        "完成日期", done_on, today=today, earliest=case.opened_on, earliest_name=OPENING_DAY
    )
    found = MeasureResult.objects.create(
        county=case.county,
        case=case,
        key=measure_key,
        done_on=done_on,
        result=result,
        written_by=actor.pk,
        written_by_name=actor.full_name,
    )
    _end_measure_task(case, measure_key, done_on=done_on)
    _note(measure.plan, actor, "plan.result", day=done_on.isoformat(), result=result)
    return found


def _end_measure_task(case: DropoutCase, key: UUID, *, done_on: date) -> None:
    """Done before it was approved, it was done when it was asked for."""
    about = str(key)
    asked = case.tasks.still_open().filter(kind=TaskKind.PLAN_MEASURE, about=about).first()
    if asked is not None:
        on = max(done_on, asked.set_on)
        finish_tasks(case, on=on, kinds=[TaskKind.PLAN_MEASURE], about=about)


def measure_in_force(case: DropoutCase, key: UUID) -> PlanMeasure | None:
    plan = case.plans.in_force()
    return plan.measures.select_related("plan").filter(key=key).first() if plan else None


def _note(plan: CasePlan, actor: User, action: str, **told: object) -> None:
    audit.record(
        county=plan.county,
        actor=actor,
        action=action,
        target=plan,
        after={"case": plan.case_id, "number": plan.number, **told},
    )
