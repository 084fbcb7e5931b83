"""Across the wall between two counties: the request there, the answer back.

Runs in a worker, in one transaction per county. Both rows know the same UUID, so every step may be
repeated and a killed worker is simply followed by another.
"""

from typing import Any
from uuid import UUID

from core import audit, crypto, jobs, tenancy
from core.models import Job
from schools.models import Division
from students.models import Transfer, TransferOffer
from students.transfers.counties import ID_NUMBER
from students.transfers.services import Receipt, settle
from students.transfers.states import OPEN_STATES, TransferRefused, TransferState


def deliver(*, county: str, transfer_id: int) -> None:
    """Nothing happens a second time."""
    with tenancy.inside(county):
        transfer = Transfer.objects.select_related("student").get(pk=transfer_id, county=county)
        link, receiver = transfer.link, transfer.to_division_id
        if link is None or receiver is None:
            return
        facts, state = _request(transfer, link), TransferState(transfer.state)
        answered_at = transfer.answered_at
    with tenancy.inside(receiver):
        offer, is_new = TransferOffer.objects.get_or_create(
            pk=link, county=receiver, defaults=facts
        )
        if is_new:
            audit.record(county=receiver, actor=None, action="offer.received", target=offer)
        if state == TransferState.WITHDRAWN:
            TransferOffer.objects.filter(pk=link, state__in=OPEN_STATES).update(
                state=state, answered_at=answered_at, number_sealed=None
            )


def _request(transfer: Transfer, link: UUID) -> dict[str, Any]:
    student = transfer.student
    number = student.identifiers.filter(kind=ID_NUMBER, valid_to=None).first()
    sealed = crypto.seal(number.reveal(), field=TransferOffer.FIELD, row=link) if number else None
    return {
        "from_division_id": transfer.county,
        "from_school_id": transfer.from_school_id,
        "full_name": student.full_name,
        "sex": student.sex,
        "birth_date": student.birth_date,
        "ethnicity_code": student.ethnicity_code,
        "id_type": student.id_type,
        "number_sealed": sealed,
        "number_mask": number.mask if number else "",
        "grade": transfer.grade,
        "school_name": transfer.to_school_name,
        "reason": transfer.reason,
        "sent_on": transfer.sent_on,
        "due_on": transfer.due_on,
    }


def carry_answer(*, county: str, offer_id: UUID) -> None:
    """The sender's row says what the receiver decided. Errors: TransferRefused."""
    with tenancy.inside(county):
        rows = TransferOffer.objects.select_related("to_school", "from_division")
        offer = rows.get(pk=offer_id, county=county)
        place = Division.objects.get(pk=county)
        if offer.is_open or offer.answered_at is None:
            return
        receipt = Receipt(
            state=TransferState(offer.state),
            by=f"{place} {offer.answered_by_name}"[:60],
            at=offer.answered_at,
            entered_on=offer.entered_on,
            proof=_proof(offer, place),
            answer=offer.answer,
        )
        sender = offer.from_division_id
    with tenancy.inside(sender):
        settle(county=sender, link=offer_id, receipt=receipt)


def _proof(offer: TransferOffer, place: Division) -> str:
    if offer.to_school is None:
        return ""
    return f"{place}{offer.to_school}已确认接收（{offer.entered_on:%Y-%m-%d}报到）"[:200]


def deliver_job(job: Job) -> dict[str, object]:
    deliver(county=job.county, transfer_id=job.params["transfer"])
    return {"transfer": job.params["transfer"]}


def answer_job(job: Job) -> dict[str, object]:
    try:
        carry_answer(county=job.county, offer_id=UUID(job.params["offer"]))
    except TransferRefused as refusal:
        raise jobs.JobRefused(str(refusal)) from refusal
    return {"offer": job.params["offer"]}
