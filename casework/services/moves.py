"""Deeds that move a confirmed case: persuading, escalating, back at school, placed, away again."""

from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import User
from casework.models import CaseCode, DropoutCase
from casework.services.case import MANAGE, open_for, refuse_presence_after
from casework.services.step import hold_case, known_code, refuse_day, take_step
from casework.states import Action, CaseState, TransitionRefused, after, refuse_wrong_start
from core.access import Scope

_AT_SCHOOL, _ELSEWHERE = CaseState.RETURNED, CaseState.PLACED


@transaction.atomic
def advance_case(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    action: Action,
    today: date,
    on: date,
    placement: str = "",
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """开始劝返, 转入依法控辍, or 开始跟踪: attendance is watched before the case may close."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    facts = {"placement": placement} if placement else {}
    if placement:
        _refuse_placement(placement, leads_to=_AT_SCHOOL, on=on)
    move(case, action, actor=actor, today=today, on=on, note=note, **facts)
    return case


@transaction.atomic
def return_student(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    returned_on: date,
    placement: str,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    if not placement:
        raise TransitionRefused("登记复学须选定复学安置方式，例如“原班”。")
    _refuse_placement(placement, leads_to=_AT_SCHOOL, on=returned_on)
    facts = {"returned_on": returned_on, "placement": placement}
    move(case, Action.RETURN, actor=actor, today=today, on=returned_on, note=note, **facts)
    return case


@transaction.atomic
def settle_placement(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    placement: str,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """登记安置方式 of a child who is back, or correct it: signatures for another one are void."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    refuse_wrong_start(CaseState(case.state), Action.SETTLE)
    _refuse_placement(placement, leads_to=_AT_SCHOOL, on=on)
    refuse_day(case, "“登记安置方式”的日期", on, today=today)
    take_step(
        case,
        actor=actor,
        action=Action.SETTLE,
        on=on,
        to=CaseState(case.state),
        note=note,
        placement=placement,
    )
    return case


@transaction.atomic
def place_student(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    placement: str,
    ending_proof: str,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """另行安置: 特教学校, 送教上门, 专门学校, 职教. What proves it is asked for at once."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    code = _refuse_placement(placement, leads_to=_ELSEWHERE, on=on)
    if not ending_proof:
        raise TransitionRefused(f"安置为“{code.name}”须写明依据：{code.evidence}。")
    facts = {"returned_on": on, "placement": placement, "ending_proof": ending_proof}
    move(case, Action.PLACE, actor=actor, today=today, on=on, note=note, **facts)
    return case


@transaction.atomic
def record_relapse(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    last_present_on: date | None = None,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """A child is away again: the case ends where it stands, and the linked new one is returned."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    if last_present_on:
        refuse_presence_after(last_present_on, on)
    move(case, Action.RELAPSE, actor=actor, today=today, on=on, note=note, closed_on=on)
    return open_for(
        case.student,
        actor=actor,
        on=on,
        source=case.source,
        last_present_on=last_present_on,
        suspicion="复学后再次辍学",
    )


def move(
    case: DropoutCase,
    action: Action,
    *,
    actor: User,
    today: date,
    on: date,
    note: str,
    **facts: Any,
) -> None:
    """A step whose goal stands in `LEADS_TO`; the case is held. Errors: TransitionRefused."""
    to = after(
        CaseState(case.state),
        action,
        placement=facts.get("placement", case.placement),
        lapse_reason=case.lapse_reason,
    )
    refuse_day(case, f"“{action.label}”的日期", on, today=today)
    take_step(case, actor=actor, action=action, on=on, to=to, note=note, **facts)


def _refuse_placement(placement: str, *, leads_to: CaseState, on: date) -> CaseCode:
    code = known_code(CaseCode.List.PLACEMENT, placement, on=on)
    if code.leads_to != leads_to:
        deed = Action.PLACE if leads_to == _AT_SCHOOL else Action.RETURN
        raise TransitionRefused(f"“{code.name}”请通过“{deed.label}”办理。")
    return code
