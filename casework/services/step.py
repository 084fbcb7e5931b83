"""One step in the life of a case: held while it is decided, then written with its event."""

from datetime import date
from typing import Any

from accounts.models import User
from casework.models import CaseCode, CaseEvent, DropoutCase
from casework.services.task import follow_step
from casework.states import Action, CaseState, TransitionRefused
from core import audit
from core.access import Permission, Scope
from students.models import Student


def hold_case(*, scope: Scope, permission: Permission, case_id: int) -> DropoutCase:
    """Out of scope is `DropoutCase.DoesNotExist`, the same as no case.

    The child is held first, as a merge does (students.duplicates.merging): what is written next
    lands on the record that stays.
    """
    cases = DropoutCase.objects.within(scope, permission).filter(pk=case_id)
    student = cases.values_list("student", flat=True).get()
    list(Student.objects.filter(pk=student).select_for_update(of=("self",)).values_list("pk"))
    # of=self: the scope joins the student again, whoever that is by now.
    return cases.select_for_update(of=("self",)).get()


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
    actor: User,
    action: Action,
    on: date,
    to: CaseState,
    note: str = "",
    detail: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Write the new state and fields, the event, and the audit entry.

    `detail` is what the event tells besides the changed fields, such as the visit.
    """
    before = CaseState(case.state)
    asked = {"state": to, **changes}
    changed = {name: value for name, value in asked.items() if getattr(case, name) != value}
    old = {name: _plain(getattr(case, name)) for name in changed}
    for name, value in changed.items():
        setattr(case, name, value)
    if changed:
        case.save(update_fields=list(changed))
    new = {name: _plain(value) for name, value in changed.items()}
    record_event(
        case,
        actor=actor,
        action=action,
        on=on,
        before=before,
        note=note,
        detail={**new, **(detail or {})},
    )
    audit.record(
        county=case.county,
        actor=actor,
        action=f"case.{action}",
        target=case,
        before=old,
        after={**new, **(detail or {})},
    )


def record_event(
    case: DropoutCase,
    *,
    actor: User,
    action: Action,
    on: date,
    before: CaseState | None,
    note: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    event = CaseEvent.objects.create(
        county=case.county,
        case=case,
        happened_on=on,
        action=action,
        from_state=before or "",
        to_state=case.state,
        detail=detail or {},
        note=note,
        actor_id=actor.pk,
        actor_name=actor.full_name,
    )
    follow_step(case, action=action, before=before, on=on, event=event)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
