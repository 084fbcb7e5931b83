"""Transfers: the child stays with the sender until the receiver confirms."""

from datetime import date, datetime
from functools import partial

import pytest
from django.utils import timezone

from accounts.scope import scope_for
from core.models import AuditEntry
from schools.deadlines import Deadline, deadline
from students.consistency import differing_students
from students.models import Enrolment, Student, Transfer
from students.transfers import services
from students.transfers.services import Destination
from students.transfers.states import TransferRefused, TransferState
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
)

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 2, 9))  # a Monday
ENTERED = date(2026, 11, 2)


def by(user, **fields):
    return {"scope": scope_for(user, on=ENTERED), "actor": user, **fields}


@pytest.fixture
def student():
    return StudentFactory()


@pytest.fixture
def sender(student):
    return school_head(student.school)


@pytest.fixture
def other(student):
    return SchoolFactory(township=division("620602104"))


@pytest.fixture
def receiver(other):
    return school_head(other)


@pytest.fixture
def outside():
    return Destination(division=division("620622"), school_name="古浪县第三小学")


def sent(student, user, to, now=NOW):
    if not isinstance(to, Destination):
        to = Destination(school=to)
    return services.send(**by(user), student_id=student.pk, to=to, reason="随父母搬迁", now=now)


def accepted(transfer, user, **fields):
    asked = {"entered_on": ENTERED, "now": NOW, **fields}
    return services.accept(**by(user), transfer_id=transfer.pk, **asked)


def test_sending_changes_nothing_about_the_child(student, sender, other):
    transfer = sent(student, sender, other)

    stay = student.enrolments.get()
    assert (stay.school_id, stay.valid_to) == (student.school_id, None)
    assert Student.objects.get(pk=student.pk).school_id == student.school_id
    assert (transfer.state, transfer.grade) == (TransferState.SENT, student.grade)
    assert AuditEntry.objects.get(action="transfer.send").actor_name == sender.full_name


def test_the_answer_is_due_after_ten_working_days(student, sender, other):
    assert deadline(Deadline.TRANSFER_ANSWERED, county=COUNTY, on=ENTERED) == 10
    assert sent(student, sender, other).due_on == date(2026, 11, 16)


def test_accepting_moves_the_enrolment_in_one_step(student, sender, receiver, other):
    group = ClassGroupFactory(school=other)
    transfer = sent(student, sender, other)

    accepted(transfer, receiver, class_group=group)

    old, new = student.enrolments.order_by("valid_from")
    student.refresh_from_db()
    assert (old.valid_to, new.valid_from) == (date(2026, 11, 1), ENTERED)
    assert (new.school_id, new.class_group_id, new.grade) == (other.pk, group.pk, old.grade)
    assert (student.school_id, student.class_group_id) == (other.pk, group.pk)
    assert student.township == other.township_id
    assert not any(row.any for row in differing_students())


def test_accepting_twice_is_accepting_once(student, sender, receiver, other):
    transfer = sent(student, sender, other)
    accepted(transfer, receiver)

    accepted(transfer, receiver)

    assert student.enrolments.count() == 2
    assert AuditEntry.objects.filter(action="transfer.accepted").count() == 1


def test_the_same_request_twice_is_one_transfer_and_another_is_refused(student, sender, other):
    first = sent(student, sender, other)

    assert sent(student, sender, other) == first
    with pytest.raises(TransferRefused, match="已有未办结的转学申请"):
        sent(student, sender, SchoolFactory())


def test_only_the_receiver_answers_and_only_the_sender_takes_back(student, sender, receiver, other):
    transfer = sent(student, sender, other)

    with pytest.raises(Transfer.DoesNotExist):
        accepted(transfer, sender)
    with pytest.raises(Transfer.DoesNotExist):
        services.send_back(**by(sender), transfer_id=transfer.pk, answer="满员", now=NOW)
    with pytest.raises(Transfer.DoesNotExist):
        services.withdraw(**by(receiver), transfer_id=transfer.pk, now=NOW)
    with pytest.raises(Transfer.DoesNotExist):
        accepted(transfer, school_head(SchoolFactory()))


def test_a_class_teacher_sends_nobody_away(student, other):
    with pytest.raises(Student.DoesNotExist):
        sent(student, class_teacher(student.class_group), other)


def test_sending_back_needs_a_reason_and_frees_the_child(student, sender, receiver, other):
    transfer = sent(student, sender, other)
    send_back = partial(services.send_back, **by(receiver), transfer_id=transfer.pk, now=NOW)

    with pytest.raises(TransferRefused, match="退回须写明原因"):
        send_back(answer="")
    refused = send_back(answer="本校三年级已满员")

    assert (refused.state, refused.answer) == (TransferState.REFUSED, "本校三年级已满员")
    assert student.enrolments.get().valid_to is None
    with pytest.raises(TransferRefused, match="“已退回”，不能再接收"):
        accepted(transfer, receiver)
    assert sent(student, sender, other).pk != transfer.pk


def test_taking_back(student, sender, receiver, other):
    transfer = sent(student, sender, other)

    services.withdraw(**by(sender), transfer_id=transfer.pk, now=NOW)

    with pytest.raises(TransferRefused, match="已撤回"):
        accepted(transfer, receiver)


def test_unanswered_ones_become_overdue_once_and_may_still_be_accepted(
    student, sender, receiver, other
):
    transfer = sent(student, sender, other)

    assert services.mark_overdue(today=transfer.due_on) == []
    assert services.mark_overdue(today=date(2026, 11, 17)) == [transfer]
    assert services.mark_overdue(today=date(2026, 11, 17)) == []

    transfer.refresh_from_db()
    assert transfer.state == TransferState.OVERDUE
    assert student.enrolments.get().valid_to is None
    assert accepted(transfer, receiver).state == TransferState.ACCEPTED


def test_leaving_the_county_is_done_only_with_proof(student, sender, outside):
    transfer = sent(student, sender, outside)

    with pytest.raises(TransferRefused, match="在读证明"):
        accepted(transfer, sender)
    accepted(transfer, sender, proof="古浪县第三小学2026-11-02出具的在读证明")

    student.refresh_from_db()
    stay = student.enrolments.get(valid_to=None)
    assert (stay.school_id, stay.source) == (None, "转学：620622地 古浪县第三小学")
    assert (student.school_id, student.class_group_id) == (None, None)
    assert student.township == "620602100"
    assert not any(row.any for row in differing_students())


@pytest.mark.parametrize(
    "to, words",
    [
        (lambda s: Destination(school=s.school), "就是现就读学校"),
        (lambda s: Destination(school=SchoolFactory(township=division("620621101"))), "不在本县"),
        (lambda s: Destination(division=division("620622")), "写明区划和学校名称"),
        (lambda s: Destination(division=division(COUNTY), school_name="某小学"), "就是本县"),
    ],
)
def test_a_place_that_cannot_be_is_refused(student, sender, to, words):
    with pytest.raises(TransferRefused, match=words):
        sent(student, sender, to(student))


@pytest.mark.parametrize(
    "made, words",
    [
        ({"enrolment__status": Enrolment.Status.SUSPENDED}, "请先办理复学"),
        ({"class_group": None}, "没有在本县学校就读"),
    ],
)
def test_only_a_child_at_school_can_be_transferred(made, words, other):
    with pytest.raises(TransferRefused, match=words):
        sent(StudentFactory(**made), county_officer(), other)


def test_the_day_of_entry_lies_between_the_old_first_day_and_today(
    student, sender, receiver, other
):
    transfer = sent(student, sender, other)

    with pytest.raises(TransferRefused, match="不能晚于今天"):
        accepted(transfer, receiver, entered_on=date(2026, 11, 3))
    with pytest.raises(TransferRefused, match="须晚于在转出学校就读的第一天"):
        accepted(transfer, receiver, entered_on=date(2026, 9, 1))
    with pytest.raises(TransferRefused, match="不是转入学校的班"):
        accepted(transfer, receiver, class_group=student.class_group)


def test_a_child_who_went_elsewhere_meanwhile_cannot_be_accepted(student, sender, receiver, other):
    transfer = sent(student, sender, other)
    third = SchoolFactory()
    Enrolment.objects.filter(student=student).update(school=third)

    with pytest.raises(TransferRefused, match="已不在"):
        accepted(transfer, receiver)


def test_a_roster_of_the_receiving_school_may_have_moved_the_child_first(
    student, sender, receiver, other
):
    transfer = sent(student, sender, other)
    Enrolment.objects.filter(student=student).update(school=other, class_group=None)

    accepted(transfer, receiver)

    assert student.enrolments.get().school_id == other.pk
    assert Transfer.objects.get().state == TransferState.ACCEPTED


def test_each_side_sees_the_transfer_and_a_third_school_does_not(student, sender, receiver, other):
    transfer = sent(student, sender, other)

    def seen_by(user):
        scope = scope_for(user, on=ENTERED)
        return list(Transfer.objects.within(scope, services.EDIT))

    assert seen_by(sender) == seen_by(receiver) == seen_by(county_officer()) == [transfer]
    assert seen_by(school_head(SchoolFactory())) == []
    assert seen_by(county_officer("620621")) == []
