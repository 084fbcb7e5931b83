"""The receiving county's side of a transfer between two counties of one database.

Each is behind its own wall: the sender's row stays the sender's, and students.transfers.carrying
copies what the receiver needs and brings the answer home.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, crypto, idnumber, jobs, names
from core.access import Permission, Scope
from core.models import Job
from schools.models import ClassGroup, Division, School
from students.models import Enrolment, Student, StudentIdentifier, Transfer, TransferOffer
from students.transfers.states import TransferRefused, TransferState, refuse_answered
from students.transfers.verdicts import agree

EDIT = Permission.STUDENT_EDIT
DELIVER_TASK, ANSWER_TASK = "students.deliver_transfer", "students.answer_transfer"
ID_NUMBER = StudentIdentifier.Kind.ID_NUMBER


def is_served(division: Division) -> bool:
    """A county whose schools are in this database can answer by itself."""
    return School.objects.filter(county=division.pk).exists()


def ask_delivery(transfer: Transfer, *, actor: User | None) -> Job:
    """Also for a withdrawal: the state is carried as it is when the worker comes."""
    return jobs.start(
        county=transfer.county,
        task=DELIVER_TASK,
        title=f"把转学申请送往{transfer.to_division}",
        params={"transfer": transfer.pk},
        actor=actor,
        key=f"transfer-{transfer.pk}-{transfer.state}",
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """Where and from which day the child is taught."""

    school: School
    entered_on: date
    class_group: ClassGroup | None = None


@transaction.atomic
def accept_offer(
    *, scope: Scope, actor: User, offer_id: UUID, entry: Entry, now: datetime
) -> TransferOffer:
    """The child comes onto this county's roll; the sender is told by a worker.

    Errors: TransferOffer.DoesNotExist, TransferRefused.
    """
    offer = _hold(scope, offer_id)
    if offer.state == TransferState.ACCEPTED:
        return offer
    refuse_answered(TransferState(offer.state), "接收")
    _refuse_entry(offer, entry, today=timezone.localdate(now))
    agree(offer.pk, TransferState.ACCEPTED, now=now)
    student = _known_child(offer) or _new_child(offer, now=now)
    _place(student, offer, entry, now=now)
    offer.student, offer.to_school, offer.class_group = student, entry.school, entry.class_group
    offer.entered_on = entry.entered_on
    _answer(offer, TransferState.ACCEPTED, actor=actor, now=now)
    audit.record(
        county=offer.county,
        actor=actor,
        action="student.transfer",
        target=student,
        after={"school": entry.school.name},
        purpose=f"由{offer.from_division}{offer.from_school}转入"[:200],
    )
    return offer


@transaction.atomic
def refuse_offer(
    *, scope: Scope, actor: User, offer_id: UUID, answer: str, now: datetime
) -> TransferOffer:
    """Errors: TransferOffer.DoesNotExist, TransferRefused."""
    offer = _hold(scope, offer_id)
    refuse_answered(TransferState(offer.state), "退回")
    if not answer:
        raise TransferRefused("退回须写明原因，例如“该校三年级已满员”。", field="answer")
    agree(offer.pk, TransferState.REFUSED, now=now)
    offer.answer = answer
    _answer(offer, TransferState.REFUSED, actor=actor, now=now)
    return offer


def _hold(scope: Scope, offer_id: UUID) -> TransferOffer:
    rows = TransferOffer.objects.within(scope, EDIT).select_for_update(of=("self",))
    return rows.get(pk=offer_id)


def _refuse_entry(offer: TransferOffer, entry: Entry, *, today: date) -> None:
    if entry.entered_on > today:
        raise TransferRefused("报到日期不能晚于今天，请在学生报到后再确认。", field="entered_on")
    if entry.entered_on < offer.sent_on - timedelta(days=365):
        raise TransferRefused("报到日期早于申请一年以上，请核对后修改。", field="entered_on")
    if entry.school.county != offer.county:
        raise TransferRefused("这所学校不在本县，请从列表中另选。", field="to_school")
    if entry.class_group and entry.class_group.school_id != entry.school.pk:
        raise TransferRefused("这个班不是所选学校的班，请从列表中另选。", field="class_group")


def _number(offer: TransferOffer) -> str:
    if offer.number_sealed is None:
        return ""
    return crypto.unseal(offer.number_sealed, field=TransferOffer.FIELD, row=offer.pk)


def _known_child(offer: TransferOffer) -> Student | None:
    """A child of this county by the same ID number, such as one with its hukou here."""
    number = _number(offer)
    if not number:
        return None
    held = StudentIdentifier.objects.filter(
        county=offer.county, kind=ID_NUMBER, valid_to=None, blind=crypto.blind_index(number)
    )
    rows = Student.objects.filter(county=offer.county, merged_into=None)
    return rows.filter(pk__in=held.values("student")).select_for_update(of=("self",)).first()


def _new_child(offer: TransferOffer, *, now: datetime) -> Student:
    keys, number = names.search_keys(offer.full_name), _number(offer)
    student = Student.objects.create(
        county=offer.county,
        full_name=offer.full_name,
        name_key=keys.pinyin,
        name_tokens=keys.tokens,
        sex=offer.sex,
        birth_date=offer.birth_date,
        ethnicity_code=offer.ethnicity_code,
        id_type=offer.id_type,
        created_at=now,
    )
    if number:
        pk = uuid4()
        StudentIdentifier.objects.create(
            id=pk,
            county=offer.county,
            student=student,
            kind=ID_NUMBER,
            sealed=crypto.seal(number, field=StudentIdentifier.FIELD, row=pk),
            blind=crypto.blind_index(number),
            mask=idnumber.mask(number),
            source=f"转学：{offer.from_division}"[:60],
            valid_from=timezone.localdate(now),
        )
    return student


def _place(student: Student, offer: TransferOffer, entry: Entry, *, now: datetime) -> None:
    stay = student.enrolments.filter(valid_to=None).select_related("school").first()
    if stay is not None and stay.school_id == entry.school.pk:
        return  # a roster of the school was here first
    if stay is not None and stay.school is not None:
        raise TransferRefused(
            f"该生已在本县{stay.school.name}就读，请先由该校办理转学，或选择该校接收。",
            field="to_school",
        )
    if stay is not None:
        _end(stay, before=entry.entered_on)
    Enrolment.objects.create(
        county=student.county,
        student=student,
        school=entry.school,
        class_group=entry.class_group,
        grade=offer.grade,
        valid_from=entry.entered_on,
        source=f"转学：{offer.from_division} {offer.from_school}"[:60],
    )
    student.school, student.class_group = entry.school, entry.class_group
    student.grade, student.township = offer.grade, entry.school.township_id or ""
    student.updated_at = now
    student.save(update_fields=["school", "class_group", "grade", "township", "updated_at"])


def _end(stay: Enrolment, *, before: date) -> None:
    if before <= stay.valid_from:
        raise TransferRefused(
            f"报到日期须晚于该生上一段就读的第一天（{stay.valid_from:%Y-%m-%d}），请核对后修改。",
            field="entered_on",
        )
    stay.valid_to = before - timedelta(days=1)
    stay.save(update_fields=["valid_to"])


def _answer(offer: TransferOffer, state: TransferState, *, actor: User, now: datetime) -> None:
    before, offer.state = offer.state, state
    offer.number_sealed = None
    offer.answered_at, offer.answered_by_name = now, actor.full_name
    offer.save()
    audit.record(
        county=offer.county,
        actor=actor,
        action=f"offer.{state}",
        target=offer,
        before={"state": before},
        after={"state": state, **({"said": offer.answer} if offer.answer else {})},
    )
    jobs.start(
        county=offer.county,
        task=ANSWER_TASK,
        title=f"把转学答复送回{offer.from_division}",
        params={"offer": str(offer.pk)},
        actor=actor,
        key=f"offer-{offer.pk}",
    )
