"""销号 and 核减: no case ends so before both lines have signed for it."""

from datetime import date

from django.db import transaction

from accounts.models import User
from casework.models import CaseCode, DropoutCase
from casework.queries.standing import Standing
from casework.services.case import MANAGE
from casework.services.moves import move
from casework.services.step import hold_case, known_code, refuse_day, take_step
from casework.states import Action, CaseState, TransitionRefused, refuse_wrong_start
from core.access import Permission, Scope

CLOSE = Permission.CASE_CLOSE


@transaction.atomic
def propose_lapse(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    lapse_reason: str,
    ending_proof: str,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """提请核减: over age, dead, struck off or moved away. Proposed anew, it is signed anew."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    refuse_wrong_start(CaseState(case.state), Action.PROPOSE)
    code = known_code(CaseCode.List.LAPSE, lapse_reason, on=on)
    if not ending_proof:
        raise TransitionRefused(f"核减原因为“{code.name}”须写明依据：{code.evidence}。")
    refuse_day(case, "提请日期", on, today=today)
    take_step(
        case,
        actor=actor,
        action=Action.PROPOSE,
        on=on,
        to=CaseState(case.state),
        note=note,
        lapse_reason=lapse_reason,
        ending_proof=ending_proof,
    )
    return case


@transaction.atomic
def withdraw_lapse(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    refuse_wrong_start(CaseState(case.state), Action.WITHDRAW)
    if not case.lapse_reason:
        raise TransitionRefused("该个案没有提请核减，无须撤回。")
    refuse_day(case, "撤回日期", on, today=today)
    take_step(
        case,
        actor=actor,
        action=Action.WITHDRAW,
        on=on,
        to=CaseState(case.state),
        note=note,
        lapse_reason="",
        ending_proof="",
    )
    return case


@transaction.atomic
def close_case(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    closed_on: date,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """销号 of a child who stays at school or is placed otherwise."""
    case = hold_case(scope=scope, permission=CLOSE, case_id=case_id, seen=seen)
    _end(case, Action.CLOSE, actor=actor, today=today, on=closed_on, note=note)
    return case


@transaction.atomic
def lapse_case(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    closed_on: date,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """核减 for the reason that was proposed and signed."""
    case = hold_case(scope=scope, permission=CLOSE, case_id=case_id, seen=seen)
    _end(case, Action.LAPSE, actor=actor, today=today, on=closed_on, note=note)
    return case


def _end(
    case: DropoutCase, action: Action, *, actor: User, today: date, on: date, note: str
) -> None:
    refuse_wrong_start(CaseState(case.state), action)
    standing = Standing(case, on)
    if standing.ending == action:
        _refuse_unready(standing, action, on=on)
    move(case, action, actor=actor, today=today, on=on, note=note, closed_on=on)


def _refuse_unready(standing: Standing, action: Action, *, on: date) -> None:
    if standing.gaps:
        raise TransitionRefused(f"还不能{action.label}：{'；'.join(standing.gaps)}。")
    if standing.lines_wanting:
        lines = "、".join(line.label for line in standing.lines_wanting)
        raise TransitionRefused(
            f"还不能{action.label}：{lines}还没有签字。请由学校负责人和乡镇干部在个案页面分别签字。"
        )
    last = max(signature.signed_on for signature in standing.signatures)
    if on < last:
        raise TransitionRefused(
            f"{action.label}日期不能早于签字日期（{last:%Y-%m-%d}），请核对后修改。"
        )
