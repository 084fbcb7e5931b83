"""One step in the life of a case: held while it is decided, then written with its event."""

from datetime import date
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from casework.models import CaseCode, CaseEvent, DropoutCase
from casework.queries.standing import digest_of
from casework.services.handover_end import end_with_case
from casework.services.signing_tasks import ask_for_signatures
from casework.services.task import follow_step
from casework.states import (
    SIGNED_STATES,
    Action,
    CaseState,
    TransitionRefused,
    refuse_unlikely_day,
)
from core import audit
from core.access import Permission, Scope
from students.models import Student

SYSTEM = "系统"
OPENING_DAY = "建案日期"


class CaseMoved(TransitionRefused):
    """Somebody else acted on the case after the page was opened; nothing was written."""


def hold_case(
    *, scope: Scope, permission: Permission, case_id: int, seen: int | None = None
) -> DropoutCase:
    """Out of scope is `DropoutCase.DoesNotExist`, the same as no case.

    `seen` is the last event the person's page was made from: of two who decide at once one wins,
    and the other is told who did what (CaseMoved).
    The child is held first, as a merge does (students.duplicates.merging): what is written next
    lands on the record that stays.
    """
    cases = DropoutCase.objects.within(scope, permission).filter(pk=case_id)
    student = cases.values_list("student", flat=True).get()
    list(Student.objects.filter(pk=student).select_for_update(of=("self",)).values_list("pk"))
    # of=self: the scope joins the student again, whoever that is by now.
    case = cases.select_for_update(of=("self",)).get()
    if seen is not None:
        _refuse_moved(case, seen)
    return case


def _refuse_moved(case: DropoutCase, seen: int) -> None:
    """A visit or a signature that left the case where it stood takes nobody by surprise."""
    quiet = Q(action__in=(Action.VISIT, Action.SIGN), from_state=F("to_state"))
    later = case.events.filter(pk__gt=seen).exclude(quiet).order_by("-pk").first()
    if later is not None:
        raise CaseMoved(
            f"{later.actor_name}已于 {timezone.localtime(later.at):%Y-%m-%d %H:%M} 办理"
            f"“{later.get_action_display()}”，个案现为“{case.get_state_display()}”。"
            "您打开页面在这之前，填写的内容没有保存。请核对个案现在的情况，再决定是否办理。"
        )


def refuse_day(case: DropoutCase, name: str, day: date, *, today: date) -> None:
    """A deed on a case lies between its opening, or the child's return, and today."""
    earliest, why = case.opened_on, OPENING_DAY
    if case.returned_on and case.returned_on > earliest:
        earliest, why = case.returned_on, "复学日期"
    refuse_unlikely_day(name, day, today=today, earliest=earliest, earliest_name=why)


def known_code(code_list: CaseCode.List, code: str, *, on: date) -> CaseCode:
    found = CaseCode.objects.of(code_list).valid_on(on).filter(code=code).first()
    if found is None:
        raise TransitionRefused(
            f"{code_list.label}“{code}”不在{on:%Y-%m-%d}有效的代码表中，请从列表中重新选择。"
        )
    return found


def take_step(
    case: DropoutCase,
    *,
    actor: User | None,
    action: Action,
    on: date,
    to: CaseState,
    note: str = "",
    detail: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Write the new state and fields, the event, and the audit entry; the only way to do so.

    `detail` is what the event tells besides the changed fields, such as the visit. Without an
    actor it is the system's own step.
    """
    before = CaseState(case.state)
    asked = {"state": to, **changes}
    if to != before:
        asked |= _moved(case, to, on=on, changes=changes)
    changed = {name: value for name, value in asked.items() if getattr(case, name) != value}
    old = {name: _plain(getattr(case, name)) for name in changed}
    for name, value in changed.items():
        setattr(case, name, value)
    if changed:
        case.save(update_fields=list(changed))
    told = {name: _plain(value) for name, value in changed.items()} | (detail or {})
    if changed and to not in SIGNED_STATES:
        told |= _void_signatures(case, why=action.label)
    record_event(case, actor=actor, action=action, on=on, before=before, note=note, detail=told)
    audit.record(
        county=case.county,
        actor=actor,
        action=f"case.{action}",
        target=case,
        before=old,
        after=told,
    )


def _moved(
    case: DropoutCase, to: CaseState, *, on: date, changes: dict[str, Any]
) -> dict[str, Any]:
    """A deed written down late moves the case no earlier than it came where it stands.

    A lapse that was proposed for another state falls with that state.
    """
    moved: dict[str, Any] = {"state_since": max(on, case.state_since)}
    if case.lapse_reason and to != CaseState.LAPSED:
        moved |= {"lapse_reason": "", "ending_proof": ""} | changes
    return moved


def _void_signatures(case: DropoutCase, *, why: str) -> dict[str, Any]:
    """Those given for another statement than the case now makes."""
    stale = case.signatures.standing().exclude(statement_hash=digest_of(case))
    voided = stale.update(voided_at=timezone.now(), voided_why=why)
    return {"voided_signatures": voided} if voided else {}


def record_event(
    case: DropoutCase,
    *,
    actor: User | None,
    action: Action,
    on: date,
    before: CaseState | None,
    note: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    moves = before != case.state
    event = CaseEvent.objects.create(
        county=case.county,
        case=case,
        happened_on=case.state_since if moves else on,
        action=action,
        from_state=before or "",
        to_state=case.state,
        detail=detail or {},
        note=note,
        actor_id=actor.pk if actor else None,
        actor_name=actor.full_name if actor else SYSTEM,
    )
    follow_step(case, action=action, before=before, on=on, event=event)
    ask_for_signatures(case, on=on, event=event)
    end_with_case(case, event=event)


def opening_facts(case: DropoutCase) -> dict[str, Any]:
    """What the first event of a case tells."""
    facts = ("source", "last_present_on", "suspicion", "sent_down_batch", "previous_case_id")
    told = {name: _plain(getattr(case, name)) for name in facts}
    return {name: value for name, value in told.items() if value}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
