"""转出待接收: a case that waits for the school its child was sent to (students.transfers)."""

from datetime import date

from django.db import transaction

from accounts.models import User
from casework.models import DropoutCase
from casework.services.case import MANAGE
from casework.services.handover_end import follow_receipt
from casework.services.moves import move
from casework.services.step import hold_case, take_step
from casework.states import (
    Action,
    CaseState,
    Receipt,
    TransitionRefused,
    after_receipt,
    refuse_wrong_start,
)
from core.access import Scope
from students.models import Student, Transfer
from students.transfers.states import TransferState

TO_ANOTHER_SCHOOL = "RP05"  # 转学 in the list of placements


@transaction.atomic
def await_receipt(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    on: date,
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """The transfer that is on its way is the one the case waits for."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    sent = Transfer.objects.filter(county=case.county, student=case.student_id)
    transfer = sent.filter(state=TransferState.SENT).first()
    refuse_wrong_start(CaseState(case.state), Action.TRANSFER)
    if transfer is None:
        raise TransitionRefused(
            "该生没有等待接收的转学申请。请先从学生页面办理转学，再登记“转出待接收”。"
        )
    facts = {"transfer_id": transfer.pk}
    move(case, Action.TRANSFER, actor=actor, today=today, on=on, note=note, **facts)
    return case


@transaction.atomic
def take_receipt(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    seen: int | None = None,
) -> DropoutCase:
    """The answer, entered before the night does it. Errors: TransitionRefused while none came."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    refuse_wrong_start(CaseState(case.state), Action.RECEIPT)
    transfer = Transfer.objects.get(dropoutcase=case)
    if transfer.state == TransferState.SENT:
        raise TransitionRefused(
            f"{transfer.to_words}还没有答复（答复期限 {transfer.due_on:%Y-%m-%d}），请等对方确认。"
        )
    _settle(case, transfer, actor=actor, today=today)
    return case


@transaction.atomic
def take_receipts(*, today: date) -> int:
    """Every night, in every county the connection may see: how many cases wait no longer."""
    answered = DropoutCase.objects.filter(state=CaseState.TRANSFERRED).exclude(
        transfer__state=TransferState.SENT
    )
    students = answered.values("student")
    list(Student.objects.filter(pk__in=students).order_by("pk").select_for_update(of=("self",)))
    held = answered.order_by("pk").select_for_update(of=("self",))
    cases = list(held.select_related("transfer__to_school", "transfer__to_division"))
    for case in cases:
        if case.transfer is not None:
            _settle(case, case.transfer, actor=None, today=today)
    return len(cases)


def _settle(case: DropoutCase, transfer: Transfer, *, actor: User | None, today: date) -> None:
    receipt = Receipt(transfer.state)
    waiting = case.events.filter(action=Action.TRANSFER).order_by("-pk")
    former = CaseState(waiting.values_list("from_state", flat=True)[0])
    to = after_receipt(CaseState(case.state), receipt, former=former)
    facts: dict[str, object] = {}
    on = today
    if receipt == Receipt.ACCEPTED:
        on = transfer.entered_on or today
        facts = {"returned_on": on, "placement": TO_ANOTHER_SCHOOL, "ending_proof": transfer.proof}
    take_step(
        case,
        actor=actor,
        action=Action.RECEIPT,
        on=on,
        to=to,
        note=f"{transfer.to_words}：{receipt.label}",
        detail={"transfer": transfer.pk, "receipt": receipt},
        **facts,
    )
    follow_receipt(case, receipt, answer=transfer.answer)
