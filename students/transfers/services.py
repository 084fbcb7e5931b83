"""转学 with receipt: sent, then accepted, sent back, taken back, or overdue."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.access import Permission, Scope
from core.models import AuditEntry
from schools.calendar import add_working_days
from schools.deadlines import Deadline, deadline
from schools.models import ClassGroup, Division, School
from students.models import Enrolment, Student, Transfer, TransferOffer
from students.models.transfer import TransferQuerySet
from students.transfers.counties import ask_delivery, is_served
from students.transfers.states import TransferRefused, TransferState, refuse_answered
from students.transfers.verdicts import agree

EDIT = Permission.STUDENT_EDIT


@dataclass(frozen=True, slots=True)
class Destination:
    """A school of this county, or a place outside by division and name."""

    school: School | None = None
    division: Division | None = None
    school_name: str = ""


@transaction.atomic
def send(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    to: Destination,
    reason: str,
    now: datetime,
) -> Transfer:
    """Ask the other side to take the child; nothing about the child changes yet.

    The same request twice is one transfer. Errors: Student.DoesNotExist, TransferRefused.
    """
    student = _hold_student(Student.objects.within(scope, EDIT), student_id)
    stay, school = _stay_to_leave(student)
    _refuse_destination(to, county=student.county, stay=stay)
    standing = Transfer.objects.still_open().filter(student=student).first()
    if standing is not None:
        return _same_or_refused(standing, to)
    sent_on = timezone.localdate(now)
    days = deadline(Deadline.TRANSFER_ANSWERED, county=student.county, on=sent_on)
    transfer = Transfer.objects.create(
        county=student.county,
        student=student,
        from_school=school,
        from_class=stay.class_group,
        grade=stay.grade,
        to_school=to.school,
        to_division=to.division,
        to_school_name=to.school_name,
        link=uuid4() if to.division and is_served(to.division) else None,
        reason=reason,
        sent_on=sent_on,
        due_on=add_working_days(sent_on, days),
        sent_by=actor.pk,
        sent_by_name=actor.full_name,
        sent_at=now,
    )
    after = {
        "student": student.pk,
        "to_school": transfer.to_school_id,
        "to_division": transfer.to_division_id,
        "due_on": transfer.due_on.isoformat(),
    }
    _note(transfer, actor=actor, action="send", after=after)
    if transfer.link:
        ask_delivery(transfer, actor=actor)
    return transfer


def _stay_to_leave(student: Student) -> tuple[Enrolment, School]:
    stay = student.enrolments.filter(valid_to=None).select_related("school", "class_group").first()
    if stay is None or stay.school is None:
        raise TransferRefused("该生现在没有在本县学校就读，不能办理转出。请先由就读学校报入名册。")
    if stay.status in (Enrolment.Status.SUSPENDED, Enrolment.Status.DEFERRED):
        raise TransferRefused(
            f"该生现为“{stay.get_status_display()}”，只有在读学生可以转学。请先办理复学。"
        )
    return stay, stay.school


def _refuse_destination(to: Destination, *, county: str, stay: Enrolment) -> None:
    if to.school is not None:
        if to.school.pk == stay.school_id:
            raise TransferRefused("转入学校就是现就读学校，请另选学校。", field="to_school")
        if to.school.county != county:
            raise TransferRefused(
                "这所学校不在本县，请选“转往县外”，填写区划和学校名称。", field="to_school"
            )
    elif to.division is None or not to.school_name:
        raise TransferRefused("转往县外须写明区划和学校名称。", field="to_school_name")
    elif to.division.pk == county:
        raise TransferRefused(
            "转往的区划就是本县，请选“本县学校”并从列表中选择。", field="to_division"
        )


def _same_or_refused(standing: Transfer, to: Destination) -> Transfer:
    same = (standing.to_school_id, standing.to_division_id, standing.to_school_name) == (
        to.school.pk if to.school else None,
        to.division.pk if to.division else None,
        to.school_name,
    )
    if same:
        return standing
    raise TransferRefused(
        f"该生已有未办结的转学申请（{standing.sent_on:%Y-%m-%d} 发往{standing.to_words}）。"
        "请先撤回那一份，再重新发出。"
    )


@transaction.atomic
def accept(
    *,
    scope: Scope,
    actor: User,
    transfer_id: int,
    entered_on: date,
    now: datetime,
    class_group: ClassGroup | None = None,
    proof: str = "",
) -> Transfer:
    """The receipt: the old enrolment ends the day before, the new one begins on the day.

    Errors: Transfer.DoesNotExist, TransferRefused.
    """
    transfer = _hold(Transfer.objects.answerable_by(scope, EDIT).filter(pk=transfer_id))
    if transfer.state == TransferState.ACCEPTED:
        return transfer
    refuse_answered(TransferState(transfer.state), "接收")
    _refuse_entry(transfer, entered_on, today=timezone.localdate(now), proof=proof)
    if class_group is not None and class_group.school_id != transfer.to_school_id:
        raise TransferRefused("这个班不是转入学校的班，请从列表中另选。", field="class_group")
    if transfer.link:
        agree(transfer.link, TransferState.ACCEPTED, now=now)
    before = _move(transfer, entered_on=entered_on, class_group=class_group, now=now)
    _answer(
        transfer,
        TransferState.ACCEPTED,
        actor=actor,
        now=now,
        entered_on=entered_on,
        class_group=class_group,
        proof=proof,
    )
    audit.record(
        county=transfer.county,
        actor=actor,
        action="student.transfer",
        target=transfer.student,
        before=before,
        after={
            "school": transfer.to_words,
            "class": str(class_group) if class_group else "",
        },
        purpose=f"{entered_on:%Y-%m-%d}报到",
    )
    return transfer


def _refuse_entry(transfer: Transfer, entered_on: date, *, today: date, proof: str) -> None:
    if entered_on > today:
        raise TransferRefused("报到日期不能晚于今天，请在学生报到后再确认。", field="entered_on")
    if transfer.goes_outside and not proof:
        raise TransferRefused(
            "转往县外须写明在读证明，例如“古浪县第三小学2026-11-20出具的在读证明”。",
            field="proof",
        )


def _move(
    transfer: Transfer, *, entered_on: date, class_group: ClassGroup | None, now: datetime
) -> dict[str, Any]:
    """What the student's columns repeat is written in the same transaction (docs/adr/0002)."""
    student = _hold_student(Student.objects.filter(county=transfer.county), transfer.student_id)
    stay = student.enrolments.filter(valid_to=None).first()
    before = {
        "school": student.school.name if student.school else "",
        "class": str(student.class_group) if student.class_group else "",
    }
    if stay is not None and transfer.to_school_id and stay.school_id == transfer.to_school_id:
        return before  # a roster of the receiving school was here first
    if stay is None or stay.school_id != transfer.from_school_id:
        raise TransferRefused(
            f"该生已不在{transfer.from_school.name}就读，这份申请不能再接收。请退回申请，"
            "并与转出学校核对。"
        )
    if entered_on <= stay.valid_from:
        raise TransferRefused(
            f"报到日期须晚于在转出学校就读的第一天（{stay.valid_from:%Y-%m-%d}），请核对后修改。",
            field="entered_on",
        )
    stay.valid_to = entered_on - timedelta(days=1)
    stay.save(update_fields=["valid_to"])
    Enrolment.objects.create(
        county=student.county,
        student=student,
        school_id=transfer.to_school_id,
        class_group=class_group,
        grade=stay.grade,
        attendance_mode=stay.attendance_mode,
        status=stay.status,
        valid_from=entered_on,
        source=f"转学：{transfer.to_words}"[:60],
    )
    student.school_id = transfer.to_school_id
    student.class_group = class_group
    student.township = _township(student, transfer.to_school)
    student.updated_at = now
    student.save(update_fields=["school", "class_group", "township", "updated_at"])
    return before


def _township(student: Student, school: School | None) -> str:
    """Of the school, else of a hukou in the county, else who answered for the child so far."""
    if school is not None:
        return school.township_id or ""
    hukou = student.hukou_division
    is_own = hukou.startswith(student.county) and len(hukou) >= 9
    return hukou[:9] if is_own else student.township


@transaction.atomic
def send_back(
    *, scope: Scope, actor: User, transfer_id: int, answer: str, now: datetime
) -> Transfer:
    """The receiver says no, with a reason. Errors: Transfer.DoesNotExist, TransferRefused."""
    transfer = _hold(Transfer.objects.received_by(scope, EDIT).filter(pk=transfer_id))
    refuse_answered(TransferState(transfer.state), "退回")
    if not answer:
        raise TransferRefused("退回须写明原因，例如“本校三年级已满员”。", field="answer")
    _answer(transfer, TransferState.REFUSED, actor=actor, now=now, answer=answer)
    return transfer


@transaction.atomic
def withdraw(*, scope: Scope, actor: User, transfer_id: int, now: datetime) -> Transfer:
    """The sender takes it back. Errors: Transfer.DoesNotExist, TransferRefused."""
    transfer = _hold(Transfer.objects.sent_by(scope, EDIT).filter(pk=transfer_id))
    if transfer.state == TransferState.WITHDRAWN:
        return transfer
    refuse_answered(TransferState(transfer.state), "撤回")
    if transfer.link:
        agree(transfer.link, TransferState.WITHDRAWN, now=now)
    _answer(transfer, TransferState.WITHDRAWN, actor=actor, now=now)
    if transfer.link:
        ask_delivery(transfer, actor=actor)
    return transfer


@dataclass(frozen=True, slots=True)
class Receipt:
    """What another county of this database decided, in the words its row can tell."""

    state: TransferState
    by: str
    at: datetime
    entered_on: date | None
    proof: str
    answer: str


@transaction.atomic
def settle(*, county: str, link: UUID, receipt: Receipt) -> Transfer:
    """The receiving county's answer, entered once. Errors: Transfer.DoesNotExist, TransferRefused.

    The caller stands inside the sender's county.
    """
    transfer = _hold(Transfer.objects.filter(county=county, link=link))
    if transfer.state == receipt.state or receipt.state == TransferState.WITHDRAWN:
        return transfer
    refuse_answered(TransferState(transfer.state), "由对方答复")
    facts: dict[str, Any] = {"answer": receipt.answer}
    if receipt.state == TransferState.ACCEPTED and receipt.entered_on:
        before = _move(transfer, entered_on=receipt.entered_on, class_group=None, now=receipt.at)
        audit.record(
            county=county,
            actor=None,
            action="student.transfer",
            target=transfer.student,
            before=before,
            after={"school": transfer.to_words, "class": ""},
            purpose=receipt.proof,
        )
        facts = {"entered_on": receipt.entered_on, "proof": receipt.proof}
    _answer(transfer, receipt.state, actor=None, by=receipt.by, now=receipt.at, **facts)
    return transfer


@transaction.atomic
def mark_overdue(*, today: date) -> list[Transfer]:
    """Those that became overdue: nobody answered in time, of every county the connection may see.

    Nothing but the state changes: the child is still the sender's, and a late answer still counts.
    """
    rows = Transfer.objects.unanswered_on(today).order_by("pk").select_for_update(of=("self",))
    late = list(rows.only("pk", "county", "due_on", "student_id"))
    Transfer.objects.filter(pk__in=[transfer.pk for transfer in late]).update(
        state=TransferState.OVERDUE
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            county=transfer.county,
            actor_name="系统",
            action="transfer.overdue",
            target_type=Transfer._meta.label_lower,
            target_id=transfer.pk,
            before={"state": TransferState.SENT},
            after={"state": TransferState.OVERDUE, "due_on": transfer.due_on.isoformat()},
        )
        for transfer in late
    )
    # The receiving county's copy of the same request.
    TransferOffer.objects.filter(state=TransferState.SENT, due_on__lt=today).update(
        state=TransferState.OVERDUE
    )
    return late


def _hold(rows: TransferQuerySet) -> Transfer:
    """The child first, as a merge does: afterwards the transfer names who the child is now."""
    student = rows.values_list("student", flat=True).get()
    list(Student.objects.filter(pk=student).select_for_update(of=("self",)).values_list("pk"))
    return rows.select_for_update(of=("self",)).get()


def _hold_student(rows: Any, student_id: int) -> Student:
    # of=self: the scope may join tables whose rows are everyone's.
    held: Student = rows.select_for_update(of=("self",)).get(pk=student_id)
    return held


def _answer(
    transfer: Transfer,
    state: TransferState,
    *,
    actor: User | None,
    now: datetime,
    by: str = "",
    **facts: Any,
) -> None:
    before = transfer.state
    answered = {
        "state": state,
        "answered_by": actor.pk if actor else None,
        "answered_by_name": actor.full_name if actor else by,
        "answered_at": now,
        **facts,
    }
    for name, value in answered.items():
        setattr(transfer, name, value)
    transfer.save(update_fields=list(answered))
    said = facts.get("answer") or facts.get("proof") or ""
    after = {"state": state, **({"said": said} if said else {})}
    _note(transfer, actor=actor, action=state.value, before={"state": before}, after=after)


def _note(transfer: Transfer, *, actor: User | None, action: str, **changes: Any) -> None:
    audit.record(
        county=transfer.county,
        actor=actor,
        action=f"transfer.{action}",
        target=transfer,
        **changes,
    )
