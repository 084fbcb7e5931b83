"""个案移交: whose case it is changes when the other side accepts, and not before."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from casework import services as cases
from casework.models import CaseHandover
from casework.models.task import TaskKind
from casework.queries.handovers import Handing, receivers
from casework.services import handover as services
from casework.states import TransitionRefused
from core.models import AuditEntry, Notice
from students.transfers import services as transfers
from tests.casework.walks import confirm, officer, who
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def teacher():
    return class_teacher(ClassGroupFactory(), full_name="王丽")


@pytest.fixture
def case(teacher, today):
    """Opened by the teacher, so it is hers."""
    student = StudentFactory(class_group=teacher.grants.get().class_group)
    return cases.open_case(
        **who(teacher, on=today),
        student_id=student.pk,
        today=today,
        opened_on=today,
        source="school",
    )


@pytest.fixture
def other(case):
    return class_teacher(case.student.class_group, full_name="陈静")


def offer(case, giver, receiver, **words):
    facts = {"why": "本人调离", "work": "已家访两次，待联系父亲", **words}
    to = receiver if isinstance(receiver, str) else str(receiver.pk)
    asked = who(giver, on=timezone.localdate()) | {"now": timezone.now()}
    return services.offer_case(**asked, case_id=case.pk, to=to, **facts)


def answer(handover, user, *, is_accepted=True, answer=""):
    asked = who(user, on=timezone.localdate()) | {"now": timezone.now()}
    return services.answer_offer(
        **asked, handover_id=handover.pk, is_accepted=is_accepted, answer=answer
    )


def owner(case):
    return Handing(case).owner


def test_the_case_stays_with_its_owner_until_the_other_accepts(case, teacher, other, today):
    assert owner(case).person_id == teacher.pk
    asked = offer(case, teacher, other)

    assert owner(case).person_id == teacher.pk
    task = case.tasks.get(kind=TaskKind.HANDOVER)
    assert (task.due_on, task.done_on) == (asked.due_on, None)
    assert asked.due_on > today
    assert Notice.objects.get(person_id=other.pk).event == f"handover-{asked.pk}-offered"

    answer(asked, other)

    assert owner(case).person_id == other.pk
    assert owner(case).words.startswith("陈静（")
    task.refresh_from_db()
    assert task.done_on == today
    told = Notice.objects.get(person_id=teacher.pk, event=f"handover-{asked.pk}-accepted")
    assert told.words.endswith("的个案已接收。")
    assert AuditEntry.objects.filter(target_id=case.pk, action__startswith="case.hand").count() == 2


def test_sent_back_it_says_why_and_stays(case, teacher, other):
    asked = offer(case, teacher, other)

    with pytest.raises(TransitionRefused, match="退回须写明原因"):
        answer(asked, other, is_accepted=False)
    answer(asked, other, is_accepted=False, answer="该生已换班")

    assert owner(case).person_id == teacher.pk
    assert "该生已换班" in Notice.objects.get(person_id=teacher.pk).words
    with pytest.raises(TransitionRefused, match="这次移交已退回"):
        answer(asked, other)


def test_one_open_offer_at_a_time_and_it_can_be_taken_back(case, teacher, other):
    third = class_teacher(case.student.class_group)
    asked = offer(case, teacher, other)

    with pytest.raises(TransitionRefused, match="请先撤回那一次移交"):
        offer(case, teacher, third)
    with pytest.raises(IntegrityError, match="handover_one_open_per_case"):
        CaseHandover.objects.create(
            county=case.county,
            case=case,
            to_user=third,
            to_words="第三人",
            why="w",
            work="w",
            offered_by=teacher.pk,
            due_on=asked.due_on,
        )


def test_taken_back_it_is_answered_no_more(case, teacher, other, today):
    asked = offer(case, teacher, other)
    back = {**who(teacher, on=today), "handover_id": asked.pk, "now": timezone.now()}

    assert services.withdraw_offer(**back).state == "withdrawn"

    assert not case.tasks.still_open().filter(kind=TaskKind.HANDOVER).exists()
    with pytest.raises(TransitionRefused, match="已撤回"):
        answer(asked, other)
    assert offer(case, teacher, other).is_open


def test_only_the_owner_or_who_manages_the_case_offers_it(case, teacher, other):
    with pytest.raises(TransitionRefused, match="这个个案由王丽负责"):
        offer(case, other, class_teacher(case.student.class_group))

    assert offer(case, school_head(case.student.school), other).is_open


def test_it_is_offered_only_to_people_of_the_places_the_child_is_in(case, teacher, other, today):
    head, town = school_head(case.student.school), township_officer(case.student.township)
    county, far = county_officer(), class_teacher(ClassGroupFactory())

    found = {user.pk for user, _ in receivers(case, on=today, without={teacher.pk})}

    assert found == {other.pk, head.pk, town.pk, county.pk}
    with pytest.raises(TransitionRefused, match="请从列表中重新选择"):
        offer(case, teacher, far)


def test_who_lost_the_child_meanwhile_cannot_accept(case, teacher, other):
    asked = offer(case, teacher, other)
    case.student.class_group = ClassGroupFactory(school=case.student.school)
    case.student.save(update_fields=["class_group"])

    with pytest.raises(TransitionRefused, match="已不在您的负责范围"):
        answer(asked, other)


def test_a_case_that_ends_takes_its_open_offer_along(case, teacher, other, today):
    asked = offer(case, teacher, other)

    cases.verify_case(
        **who(county_officer(), on=today),
        case_id=case.pk,
        today=today,
        verified_on=today,
        result="X03",
        verified_by="李老师",
        evidence="在读证明",
    )

    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("withdrawn", "个案已排除")
    with pytest.raises(TransitionRefused, match="不再移交"):
        offer(case, teacher, other)


# -- with the child, to another school ----------------------------------------------------------


@pytest.fixture
def leaving(today):
    """A confirmed dropout whose child is on its way to another school."""
    case = DropoutCaseFactory()
    confirm(case, officer())
    target = SchoolFactory()
    transfer = transfers.send(
        **who(county_officer(), on=today),
        student_id=case.student_id,
        to=transfers.Destination(school=target),
        reason="随父母搬迁",
        now=timezone.now(),
    )
    return case, transfer


def settle(case, today):
    cases.take_receipts(today=today)
    case.refresh_from_db()


def test_between_schools_the_case_goes_with_its_child(leaving, today):
    case, transfer = leaving
    sender, receiver = school_head(case.student.school), school_head(transfer.to_school)

    asked = offer(case, sender, "transfer")

    case.refresh_from_db()
    assert (case.state, asked.due_on) == ("transferred", transfer.due_on)
    assert not case.tasks.filter(kind=TaskKind.HANDOVER).exists()  # the receipt has its own task
    assert Notice.objects.filter(person_id=receiver.pk, event__startswith="handover").exists()
    assert owner(case).words != transfer.to_words

    transfers.accept(
        **who(receiver, on=today), transfer_id=transfer.pk, entered_on=today, now=timezone.now()
    )
    settle(case, today)

    asked.refresh_from_db()
    assert (case.state, asked.state) == ("returned", "accepted")
    assert owner(case).words == transfer.to_school.name


def test_a_transfer_that_is_sent_back_brings_the_case_back(leaving, today):
    case, transfer = leaving
    asked = offer(case, county_officer(), "transfer")

    transfers.send_back(
        **who(school_head(transfer.to_school), on=today),
        transfer_id=transfer.pk,
        answer="本校三年级已满员",
        now=timezone.now(),
    )
    settle(case, today)

    asked.refresh_from_db()
    assert (case.state, asked.state, asked.answer) == ("confirmed", "refused", "本校三年级已满员")


def test_without_a_transfer_on_its_way_there_is_no_offer_with_the_child(case, today):
    with pytest.raises(TransitionRefused, match="请先从学生页面办理转学"):
        offer(case, county_officer(), "transfer")


# -- pages ---------------------------------------------------------------------------------------

LIST = reverse("casework:handover-list")


def test_offered_and_answered_on_the_pages(client, case, teacher, other):
    client.force_login(teacher)
    new = reverse("casework:handover-new", args=[case.pk])
    assert new in client.get(reverse("casework:case-detail", args=[case.pk])).content.decode()
    assert "陈静（" in client.get(new).content.decode()
    client.post(new, {"to": other.pk, "why": "本人调离", "work": "已家访两次"})
    assert "撤回" in client.get(LIST, {"tab": "offered"}).content.decode()

    client.force_login(other)
    asked = CaseHandover.objects.get()
    door = reverse("casework:handover-answer", args=[asked.pk])
    assert door in client.get(LIST).content.decode()
    assert "已家访两次" in client.get(door).content.decode()
    assert "退回须写明原因" in client.post(door, {"verdict": "refuse"}).content.decode()
    done = client.post(door, {"verdict": "accept"}, follow=True).content.decode()

    assert "个案现在由您负责" in done
    assert "没有等待答复的移交" in client.get(LIST).content.decode()
    assert "本人调离" in client.get(LIST, {"answered": 1}).content.decode()


def test_the_receiving_school_sees_what_comes_with_the_child_and_its_transfer(client, leaving):
    case, transfer = leaving
    offer(case, county_officer(), "transfer")
    client.force_login(school_head(transfer.to_school))

    page = client.get(LIST).content.decode()

    assert reverse("students:transfer-detail", args=[transfer.pk]) in page
    assert reverse("casework:case-detail", args=[case.pk]) not in page  # not theirs yet


def test_every_count_of_the_tabs_is_that_of_its_list(client, case, teacher, other):
    offer(case, teacher, other)
    for user, counts in ((teacher, (0, 1, 1)), (other, (1, 0, 1)), (county_officer(), (0, 0, 1))):
        client.force_login(user)
        for tab, count in zip(("asked", "offered", "reach"), counts, strict=True):
            page = client.get(LIST, {"tab": tab})
            assert dict((t, n) for t, _, n in page.context["tabs"])[tab] == count
            assert len(page.context["lines"]) == count


def test_a_late_answer_is_marked(client, case, teacher, other, today):
    asked = offer(case, teacher, other)
    CaseHandover.objects.filter(pk=asked.pk).update(due_on=today - timedelta(days=1))
    client.force_login(other)

    assert "已逾期" in client.get(LIST).content.decode()
