"""Plans of cases in each state, hand-overs, visits looked over and planned, of one school."""

from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.scope import scope_for
from casework.models import CasePlan, DropoutCase
from casework.queries.handovers import HAND_OVER
from casework.queries.visit_plans import UNREAD, ReviewList
from casework.services import handover, plan, visit_plan
from casework.services.plan import Measure
from core import tenancy
from core.access import Scope

_CAUSE = "父母在外务工，孩子由祖母照看；数学跟不上，在校没有要好的同学。"
_GOAL = "两周内返校，本学期不再旷课。"
_MEASURES = (
    ("每周家访一次，当面谈，不在电话里说", "班主任", 7),
    ("每天放学补数学半小时", "数学教师", 14),
    ("联系在外务工的父亲，约定返校日期", "村委会主任", 5),
    ("由结对同学每天陪同上学", "结对同学和班长", 21),
)
_READ = 4  # visits looked over; the others wait


class _Desk:
    """One person of the demo at work today."""

    def __init__(self, username: str, *, county: str, now: datetime, today: date) -> None:
        self.user = User.objects.get(username=username)
        self.scope: Scope = scope_for(self.user, on=today, county=county)
        self.now, self.today = now, today

    def write(self, case: DropoutCase) -> CasePlan:
        measures = [
            Measure(what, who, self.today + timedelta(days=days)) for what, who, days in _MEASURES
        ]
        return plan.write_plan(
            scope=self.scope,
            actor=self.user,
            case_id=case.pk,
            base=0,
            cause=_CAUSE,
            goal=_GOAL,
            measures=measures,
        )

    def submit(self, case: DropoutCase) -> None:
        plan.submit_plan(scope=self.scope, actor=self.user, case_id=case.pk, number=1, now=self.now)

    def decide(self, case: DropoutCase, *, is_approved: bool, remark: str) -> None:
        plan.decide_plan(
            scope=self.scope,
            actor=self.user,
            case_id=case.pk,
            number=1,
            is_approved=is_approved,
            remark=remark,
            now=self.now,
        )

    def offer(self, case: DropoutCase, to: User, *, why: str, work: str) -> int:
        offer = handover.offer_case(
            scope=self.scope,
            actor=self.user,
            case_id=case.pk,
            to=str(to.pk),
            why=why,
            work=work,
            now=self.now,
        )
        return offer.pk


def tell_plans(*, county: str, now: datetime, today: date) -> None:
    with tenancy.inside(county):
        head, teacher = (
            _Desk(name, county=county, now=now, today=today) for name in ("head", "teacher")
        )
        reached = DropoutCase.objects.within(teacher.scope, HAND_OVER).still_open()
        cases = list(reached.order_by("pk")[:4])
        _plan(cases, head=head, teacher=teacher)
        _hand_over(cases, head=head, teacher=teacher)
        _read_visits(head)
        _plan_visits(head)


def _plan(cases: list[DropoutCase], *, head: _Desk, teacher: _Desk) -> None:
    """One approved and begun, one that waits, one sent back."""
    for case in cases[:3]:
        teacher.write(case)
        teacher.submit(case)
    for case in cases[:1]:
        head.decide(case, is_approved=True, remark="同意，补课由教务处排课。")
        made = case.plans.get().told()[0]
        plan.record_result(
            scope=teacher.scope,
            actor=teacher.user,
            case_id=case.pk,
            measure_key=made.key,
            done_on=teacher.today,
            result="已家访一次，祖母愿意配合。",
            today=teacher.today,
        )
    for case in cases[2:3]:
        head.decide(case, is_approved=False, remark="请写明包村干部的分工和联系父亲的期限。")


def _hand_over(cases: list[DropoutCase], *, head: _Desk, teacher: _Desk) -> None:
    """The first was taken over, the second waits for an answer."""
    work = "已核查并上门两次，母亲同意配合；待与父亲通话，约定返校日期。"
    taken = [
        head.offer(case, teacher.user, why="由班主任负责后续劝返", work=work) for case in cases[:2]
    ]
    for pk in taken[:1]:
        handover.answer_offer(
            scope=teacher.scope,
            actor=teacher.user,
            handover_id=pk,
            is_accepted=True,
            answer="",
            now=teacher.now,
        )


def _read_visits(head: _Desk) -> None:
    found = ReviewList(head.scope, head.user.pk, head.today).rows(UNREAD)
    for place, visit in enumerate(found[:_READ]):
        visit_plan.review_visit(
            scope=head.scope,
            actor=head.user,
            visit_id=visit.pk,
            version=visit.version,
            remark="请补写与父亲的电话联系情况。" if place == 0 else "",
            now=head.now,
        )


def _plan_visits(head: _Desk) -> None:
    """The school's open cases; one visit was cancelled."""
    first = head.today - timedelta(days=18)
    batch = visit_plan.plan_visits(
        scope=head.scope,
        actor=head.user,
        target=f"cases:{head.user.grants.get().school_id}",
        title=f"{head.today.month} 月未结个案走访",
        visitors="班主任、包班领导",
        first_day=first,
        last_day=head.today + timedelta(days=7),
        with_weekends=False,
        today=head.today,
    )
    ahead = batch.visits.filter(planned_on__gt=head.today).order_by("-planned_on").first()
    if ahead is not None and not ahead.student.visits.filter(visited_on__gte=first).exists():
        visit_plan.note_planned(
            scope=head.scope,
            actor=head.user,
            planned_id=ahead.pk,
            is_cancelled=True,
            reason="随父母在外地，回来后另排",
            now=head.now,
        )
