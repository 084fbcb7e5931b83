"""A transfer between two counties: two rows behind two walls, and a worker in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from accounts.scope import scope_for
from core import tenancy
from core.models import AuditEntry, Job
from schools.models import Stage
from students.consistency import differing_students
from students.models import Student, StudentIdentifier, Transfer, TransferOffer
from students.transfers import carrying, counties, services
from students.transfers.counties import Entry
from students.transfers.services import Destination
from students.transfers.states import TransferRefused, TransferState
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
    division,
)

pytestmark = pytest.mark.django_db
THERE = "620621"
NOW = timezone.make_aware(datetime(2026, 11, 2, 9))
ENTERED = date(2026, 11, 2)


@pytest.fixture
def student():
    return StudentFactory()


@pytest.fixture
def school():
    """Of the other county: it makes that county one that answers by itself."""
    with tenancy.inside(THERE):
        return SchoolFactory(
            county=THERE, township=division("620621101"), stages=[Stage.PRIMARY], name="民勤一小"
        )


@pytest.fixture
def there(school):
    user = county_officer(THERE)
    return {"scope": scope_for(user, on=ENTERED), "actor": user, "now": NOW}


@pytest.fixture
def here():
    user = county_officer()
    return {"scope": scope_for(user, on=ENTERED), "actor": user, "now": NOW}


@pytest.fixture
def transfer(student, school, here):
    to = Destination(division=division(THERE), school_name="民勤一小")
    sent = services.send(**here, student_id=student.pk, to=to, reason="随父母搬迁")
    carrying.deliver(county=COUNTY, transfer_id=sent.pk)
    return sent


def offer():
    return TransferOffer.objects.get()


def accept(there, school, **fields):
    with tenancy.inside(THERE):
        entry = Entry(**{"school": school, "entered_on": ENTERED, **fields})
        return counties.accept_offer(**there, offer_id=offer().pk, entry=entry)


def carry(link):
    carrying.carry_answer(county=THERE, offer_id=UUID(str(link)))


def test_a_county_without_schools_here_is_no_partner(student, here):
    to = Destination(division=division("620622"), school_name="古浪一小")

    sent = services.send(**here, student_id=student.pk, to=to, reason="搬迁")

    assert sent.link is None
    assert not Job.objects.exists()


def test_the_request_arrives_once_and_each_county_sees_its_own_row(transfer, student):
    carrying.deliver(county=COUNTY, transfer_id=transfer.pk)

    assert Job.objects.get().task == counties.DELIVER_TASK
    assert not TransferOffer.objects.exists()
    with tenancy.inside(THERE):
        arrived = offer()
        assert not Transfer.objects.exists()
        assert not Student.objects.exists()
    assert (arrived.pk, arrived.full_name) == (transfer.link, student.full_name)
    assert arrived.number_mask == student.identifiers.get().mask
    assert student.enrolments.get().valid_to is None


def test_the_child_stays_on_the_senders_roll_until_the_answer_is_home(
    transfer, student, school, there
):
    with tenancy.inside(THERE):
        group = ClassGroupFactory(school=school)
    number = student.identifiers.get().reveal()

    accept(there, school, class_group=group)

    assert student.enrolments.get().school_id == student.school_id
    carry(transfer.link)
    carry(transfer.link)

    student.refresh_from_db()
    transfer.refresh_from_db()
    stay = student.enrolments.get(valid_to=None)
    assert (student.school_id, stay.school_id, stay.valid_from) == (None, None, ENTERED)
    assert transfer.state == TransferState.ACCEPTED
    assert "民勤一小已确认接收" in transfer.proof
    assert AuditEntry.objects.filter(action="transfer.accepted").count() == 1
    assert not any(row.any for row in differing_students())
    with tenancy.inside(THERE):
        arrived = Student.objects.get()
        assert (arrived.full_name, arrived.county) == (student.full_name, THERE)
        assert (arrived.school_id, arrived.class_group_id) == (school.pk, group.pk)
        assert StudentIdentifier.objects.get().reveal() == number
        assert offer().number_sealed is None
        assert not any(row.any for row in differing_students())


def test_accepting_twice_makes_one_child(transfer, school, there):
    accept(there, school)
    accept(there, school)

    with tenancy.inside(THERE):
        assert Student.objects.count() == 1


def test_a_child_the_county_knows_by_its_number_is_not_made_twice(transfer, student, school, there):
    number = student.identifiers.get().reveal()
    with tenancy.inside(THERE):
        known = StudentFactory(county=THERE, class_group=None, number=number)

    accept(there, school)

    with tenancy.inside(THERE):
        assert Student.objects.get() == known
        assert known.enrolments.get().school_id == school.pk


def test_a_known_child_at_another_school_of_the_county_stops_the_receipt(
    transfer, student, school, there
):
    number = student.identifiers.get().reveal()
    with tenancy.inside(THERE):
        other = SchoolFactory(county=THERE, township=division("620621101"))
        StudentFactory(class_group=ClassGroupFactory(school=other), number=number)

    with pytest.raises(TransferRefused, match="请先由该校办理转学"):
        accept(there, school)


def test_a_refusal_with_its_reason_comes_home(transfer, student, there):
    with tenancy.inside(THERE):
        with pytest.raises(TransferRefused, match="退回须写明原因"):
            counties.refuse_offer(**there, offer_id=offer().pk, answer="")
        counties.refuse_offer(**there, offer_id=offer().pk, answer="该校三年级已满员")
    carry(transfer.link)

    transfer.refresh_from_db()
    assert (transfer.state, transfer.answer) == (TransferState.REFUSED, "该校三年级已满员")
    assert student.enrolments.get().valid_to is None


def test_a_withdrawal_reaches_the_other_county(transfer, here, school, there):
    services.withdraw(**here, transfer_id=transfer.pk)
    carrying.deliver(county=COUNTY, transfer_id=transfer.pk)

    with pytest.raises(TransferRefused, match="已撤回"):
        accept(there, school)
    with tenancy.inside(THERE):
        assert offer().number_sealed is None


def test_what_the_receiver_decided_cannot_be_withdrawn_before_the_answer_is_home(
    transfer, student, here, school, there
):
    accept(there, school)

    with pytest.raises(TransferRefused, match="已经办结接收"):
        services.withdraw(**here, transfer_id=transfer.pk)
    carry(transfer.link)

    transfer.refresh_from_db()
    assert transfer.state == TransferState.ACCEPTED
    assert student.enrolments.earliest("valid_from").valid_to == date(2026, 11, 1)


def test_what_was_withdrawn_cannot_be_accepted_before_the_news_is_there(
    transfer, student, here, school, there
):
    services.withdraw(**here, transfer_id=transfer.pk)

    with pytest.raises(TransferRefused, match="刚刚撤回"):
        accept(there, school)

    with tenancy.inside(THERE):
        assert not Student.objects.filter(county=THERE).exists()
    assert student.enrolments.get().valid_to is None


def test_a_refusal_stands_against_a_proof_on_paper(transfer, here, there):
    services.mark_overdue(today=date(2026, 12, 1))
    with tenancy.inside(THERE):
        counties.refuse_offer(**there, offer_id=offer().pk, answer="已满员")

    with pytest.raises(TransferRefused, match="退回了这份申请"):
        services.accept(**here, transfer_id=transfer.pk, entered_on=ENTERED, proof="在读证明第12号")


@pytest.mark.django_db(transaction=True)
def test_accepting_and_withdrawing_at_one_moment_is_one_decision(
    transfer, student, here, school, there
):
    def run(county, deed):
        try:
            with tenancy.inside(county):
                return deed()
        except TransferRefused:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        accepted = pool.submit(run, THERE, lambda: accept(there, school))
        withdrawn = pool.submit(
            run, COUNTY, lambda: services.withdraw(**here, transfer_id=transfer.pk)
        )
        done = [accepted.result(), withdrawn.result()]

    assert done.count(None) == 1
    with tenancy.inside(THERE):
        on_their_roll = Student.objects.filter(county=THERE).exists()
    transfer.refresh_from_db()
    assert (transfer.state == TransferState.WITHDRAWN) is not on_their_roll


def test_the_sender_waits_for_the_receipt_and_may_file_proof_only_when_it_is_late(
    transfer, student, here
):
    asked = {"transfer_id": transfer.pk, "entered_on": ENTERED, "proof": "在读证明第12号"}

    with pytest.raises(Transfer.DoesNotExist):
        services.accept(**here, **asked)
    services.mark_overdue(today=date(2026, 12, 1))

    assert services.accept(**here, **asked).state == TransferState.ACCEPTED


def test_another_county_does_not_find_the_offer(transfer, here):
    with pytest.raises(TransferOffer.DoesNotExist):
        counties.refuse_offer(**here, offer_id=transfer.link, answer="满员")
