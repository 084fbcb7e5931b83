"""个案移交: offered, then accepted, sent back with a reason, or taken back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Grant, User
from accounts.roles import Role
from casework.models import CaseHandover, DropoutCase
from casework.models.handover import HandoverState
from casework.models.task import TaskKind
from casework.queries.handovers import (
    HAND_OVER,
    WITH_THE_CHILD,
    Handing,
    receivers,
    transfer_on_its_way,
)
from casework.services.handover_end import end_offer
from casework.services.receipt import await_receipt
from casework.services.step import hold_case
from casework.services.task import due_day, set_task
from casework.states import STARTS_FROM, Action, CaseState, TransitionRefused
from core import audit, notices
from core.access import Permission, Scope
from schools.deadlines import Deadline
from students.models import Transfer


@transaction.atomic
def offer_case(
    *, scope: Scope, actor: User, case_id: int, to: str, why: str, work: str, now: datetime
) -> CaseHandover:
    """`to` is a person's key, or WITH_THE_CHILD for the other side of its transfer.

    Errors: DropoutCase.DoesNotExist, TransitionRefused.
    """
    case = hold_case(scope=scope, permission=HAND_OVER, case_id=case_id)
    handing = Handing(case)
    _refuse_offer(case, handing, scope=scope, actor=actor)
    facts = {"why": why, "work": work}
    if to == WITH_THE_CHILD:
        return _offer_with_the_child(case, scope=scope, actor=actor, facts=facts, now=now)
    return _offer_to_person(case, handing, to, actor=actor, facts=facts, now=now)


def _refuse_offer(case: DropoutCase, handing: Handing, *, scope: Scope, actor: User) -> None:
    if not case.is_open:
        raise TransitionRefused(f"个案“{case.get_state_display()}”，不再移交。")
    standing = handing.open
    if standing is not None:
        raise TransitionRefused(
            f"{standing.offered_by_name}已提出移交给{standing.to_words}，正在等待答复。"
            "要改交别人的，请先撤回那一次移交。"
        )
    managed = DropoutCase.objects.within(scope, Permission.CASE_MANAGE)
    if handing.owner.person_id != actor.pk and not managed.filter(pk=case.pk).exists():
        raise TransitionRefused(
            f"这个个案由{handing.owner.words}负责，须由其本人或学校负责人提出移交。"
        )


def _offer_to_person(
    case: DropoutCase,
    handing: Handing,
    to: str,
    *,
    actor: User,
    facts: dict[str, str],
    now: datetime,
) -> CaseHandover:
    on = timezone.localdate(now)
    without = {actor.pk, handing.owner.person_id}
    found = [pair for pair in receivers(case, on=on, without=without) if str(pair[0].pk) == to]
    if not found:
        raise TransitionRefused("所选的人现在不负责该生所在的地方，请从列表中重新选择。")
    person, words = found[0]
    due_on = due_day(Deadline.TASK_HANDOVER, county=case.county, on=on)
    offer = _create(
        case, actor=actor, now=now, to_user=person, to_words=words, due_on=due_on, **facts
    )
    set_task(
        case,
        kind=TaskKind.HANDOVER,
        on=on,
        due_on=due_on,
        words=f"答复个案移交：{words}"[:120],
    )
    _tell_asked(offer, [person.pk])
    return offer


def _offer_with_the_child(
    case: DropoutCase, *, scope: Scope, actor: User, facts: dict[str, str], now: datetime
) -> CaseHandover:
    """The case waits with its child: their receipt answers for both, and has its own task."""
    transfer = transfer_on_its_way(case)
    if not scope.can(Permission.CASE_MANAGE):
        raise TransitionRefused("随转学移交须由学校负责人或县教育局提出，请转告办理。")
    if transfer is None:
        raise TransitionRefused("该生没有等待接收的转学申请。请先从学生页面办理转学，再移交个案。")
    today = timezone.localdate(now)
    if case.state in STARTS_FROM[Action.TRANSFER]:
        case = await_receipt(
            scope=scope, actor=actor, case_id=case.pk, today=today, on=today, note=facts["why"]
        )
    elif case.state != CaseState.TRANSFERRED:
        raise TransitionRefused(
            f"个案现为“{case.get_state_display()}”，还不能随转学移交。请先登记核查结果。"
        )
    offer = _create(
        case,
        actor=actor,
        now=now,
        transfer=transfer,
        to_words=transfer.to_words,
        due_on=transfer.due_on,
        **facts,
    )
    _tell_asked(offer, _heads_of(transfer, on=now))
    return offer


def _heads_of(transfer: Transfer, *, on: datetime) -> list[int]:
    """Another county is told by the transfer that is carried there."""
    grants = Grant.objects.valid_on(timezone.localdate(on)).filter(role=Role.SCHOOL_HEAD)
    at_school = grants.filter(school=transfer.to_school_id or 0, user__is_active=True)
    return list(at_school.values_list("user", flat=True))


def _create(case: DropoutCase, *, actor: User, now: datetime, **facts: object) -> CaseHandover:
    offer = CaseHandover.objects.create(
        county=case.county,
        case=case,
        offered_by=actor.pk,
        offered_by_name=actor.full_name,
        offered_at=now,
        **facts,
    )
    _note(offer, actor, "case.hand_over")
    return offer


def _tell_asked(offer: CaseHandover, people: list[int]) -> None:
    notices.tell(
        county=offer.county,
        people=people,
        event=f"handover-{offer.pk}-offered",
        words=f"{offer.offered_by_name}请您接收一个控辍保学个案，请在 {offer.due_on} 前答复。",
        path=reverse("casework:handover-list"),
    )


@transaction.atomic
def answer_offer(
    *,
    scope: Scope,
    actor: User,
    handover_id: int,
    is_accepted: bool,
    answer: str,
    now: datetime,
) -> CaseHandover:
    """By the person who was asked. Errors: CaseHandover.DoesNotExist, TransitionRefused."""
    mine = CaseHandover.objects.filter(county=scope.county, to_user=actor.pk)
    offer = _held(mine.get(pk=handover_id), scope=scope)
    if not is_accepted and not answer:
        raise TransitionRefused("退回须写明原因，例如“该生已转到二班，请交二班班主任”。")
    state = HandoverState.ACCEPTED if is_accepted else HandoverState.REFUSED
    end_offer(offer, state, by=actor, answer=answer, now=now)
    _note(offer, actor, f"case.hand_over_{state}")
    return offer


def _held(offer: CaseHandover, *, scope: Scope) -> CaseHandover:
    """The case is held first, as every deed on it does."""
    try:
        case = hold_case(scope=scope, permission=HAND_OVER, case_id=offer.case_id)
    except DropoutCase.DoesNotExist:
        raise TransitionRefused(
            "该生已不在您的负责范围，不能接收这个个案。请移交人撤回后另行移交。"
        ) from None
    offer = CaseHandover.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    offer.case = case
    if not offer.is_open:
        by = offer.answered_by_name or "系统"
        raise TransitionRefused(f"这次移交{offer.get_state_display()}（{by}），不必再答复。")
    return offer


@transaction.atomic
def withdraw_offer(*, scope: Scope, actor: User, handover_id: int, now: datetime) -> CaseHandover:
    """By who offered it, or who manages the case. Errors: as `answer_offer`."""
    offer = _held(withdrawable(scope, actor.pk).get(pk=handover_id), scope=scope)
    if offer.transfer_id:
        raise TransitionRefused(
            "个案随转学移交。要撤回的，请在学生页面撤回转学，个案随即回到原来的情况。"
        )
    end_offer(offer, HandoverState.WITHDRAWN, by=actor, answer="", now=now)
    _note(offer, actor, "case.hand_over_withdrawn")
    return offer


def withdrawable(scope: Scope, person_id: int) -> "QuerySet[CaseHandover]":
    own = CaseHandover.objects.filter(county=scope.county, offered_by=person_id)
    managed = CaseHandover.objects.within(scope, Permission.CASE_MANAGE)
    either = Q(pk__in=own.values("pk")) | Q(pk__in=managed.values("pk"))
    return CaseHandover.objects.filter(either).select_related("case")


def _note(offer: CaseHandover, actor: User, action: str) -> None:
    audit.record(
        county=offer.county,
        actor=actor,
        action=action,
        target=offer.case,
        after={"handover": offer.pk, "to": offer.to_words},
    )
