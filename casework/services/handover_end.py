"""How an offered hand-over ends: by a person's answer, its child's transfer, or with the case."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from casework.models import CaseEvent, CaseHandover, DropoutCase
from casework.models.handover import HandoverState
from casework.models.task import TaskKind
from casework.services.task import finish_tasks
from casework.states import Receipt
from core import notices

_AS_RECEIVED = {
    Receipt.ACCEPTED: HandoverState.ACCEPTED,
    Receipt.REFUSED: HandoverState.REFUSED,
    Receipt.WITHDRAWN: HandoverState.WITHDRAWN,
    Receipt.OVERDUE: HandoverState.WITHDRAWN,
}


def end_offer(
    offer: CaseHandover, state: HandoverState, *, by: User | None, answer: str, now: datetime
) -> None:
    """Call with the case held. Who offered it is told; who answers knows."""
    offer.state, offer.answer, offer.answered_at = state, answer[:200], now
    offer.answered_by = by.pk if by else None
    offer.answered_by_name = by.full_name if by else ""
    names = ["state", "answer", "answered_at", "answered_by", "answered_by_name"]
    offer.save(update_fields=names)
    finish_tasks(offer.case, on=timezone.localdate(now), kinds=[TaskKind.HANDOVER])
    words = f"您移交给{offer.to_words}的个案{offer.get_state_display()}"
    notices.tell(
        county=offer.county,
        people={offer.offered_by} - {offer.answered_by},
        event=f"handover-{offer.pk}-{state}",
        words=f"{words}：{offer.answer}" if offer.answer else f"{words}。",
        path=reverse("casework:handover-list"),
    )


def follow_receipt(case: DropoutCase, receipt: Receipt, *, answer: str) -> None:
    """The answer to the child's transfer is the answer to the hand-over that goes with it."""
    offer = case.handovers.still_open().exclude(transfer=None).first()
    if offer is not None:
        words = answer or receipt.label
        end_offer(offer, _AS_RECEIVED[receipt], by=None, answer=words, now=timezone.now())


def end_with_case(case: DropoutCase, *, event: CaseEvent) -> None:
    """After every step: what has ended cannot be handed over."""
    if case.is_open or event.from_state == event.to_state:
        return
    offer = case.handovers.still_open().first()
    if offer is not None:
        words = f"个案{case.get_state_display()}"
        end_offer(offer, HandoverState.WITHDRAWN, by=None, answer=words, now=timezone.now())
