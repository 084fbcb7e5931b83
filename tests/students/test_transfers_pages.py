"""Sending, answering and taking back a transfer in the browser."""

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from students.models import Student, Transfer
from students.transfers.states import TransferState
from tests.factories import (
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    TransferFactory,
    county_officer,
    division,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST = reverse("students:transfer-list")


@pytest.fixture
def student():
    return StudentFactory()


@pytest.fixture
def other():
    return SchoolFactory(name="双城镇中心小学", township=division("620602104"))


def page(name, transfer):
    return reverse(f"students:transfer-{name}", args=[transfer.pk])


def new(student):
    return reverse("students:transfer-new", args=[student.pk])


def sign_in(client, user):
    client.force_login(user)
    return client


def test_a_head_sends_from_the_students_page_and_the_other_head_accepts(client, student, other):
    sign_in(client, school_head(student.school))
    assert (
        new(student)
        in client.get(reverse("students:student-detail", args=[student.pk])).content.decode()
    )

    sent = client.post(
        new(student),
        {"kind": "inside", "to_school": other.pk, "reason": "随父母搬迁"},
        follow=True,
    )
    assert "接收前学生仍在本校台账" in sent.content.decode()
    transfer = Transfer.objects.get()

    sign_in(client, school_head(other))
    group = ClassGroupFactory(school=other)
    assert "确认接收" in client.get(page("detail", transfer)).content.decode()
    accepted = client.post(
        page("accept", transfer),
        {"entered_on": timezone.localdate().isoformat(), "class_group": group.pk},
        follow=True,
    )

    assert "转学申请现为“已接收”" in accepted.content.decode()
    student.refresh_from_db()
    assert (student.school_id, student.class_group_id) == (other.pk, group.pk)


def test_the_boxes_count_what_they_show(client, student, other):
    TransferFactory(student=student, to_school=other)
    TransferFactory(student=StudentFactory(), to_school=other, state=TransferState.OVERDUE)
    sign_in(client, school_head(other))

    inbox = client.get(LIST)
    assert [(value, n) for value, _, n in inbox.context["counts"] if n] == [
        ("", 2),
        ("sent", 1),
        ("overdue", 1),
    ]
    for value, _, count in inbox.context["counts"]:
        assert len(client.get(LIST, {"state": value}).context["lines"]) == count
    assert not client.get(LIST, {"side": "out"}).context["lines"]


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"kind": "inside", "reason": "搬迁"}, "请选择本县转入学校"),
        ({"kind": "outside", "to_school_name": "某校", "reason": "搬迁"}, "请填写转往的县"),
        ({"kind": "outside", "to_division": "古浪县", "reason": "搬"}, "请填写县外学校名称"),
        (
            {"kind": "outside", "to_division": "无此县", "to_school_name": "某校", "reason": "搬"},
            "没有找到“无此县”",
        ),
        ({"kind": "inside"}, "请填写转学原因"),
    ],
)
def test_what_is_missing_is_said_in_words(client, student, asked, words):
    sign_in(client, school_head(student.school))

    assert words in client.post(new(student), asked).content.decode()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("typed", ["古浪县", "620622"])
def test_a_place_outside_is_named_or_given_by_code_and_needs_proof(client, student, typed):
    division("6206")
    place = division("620622")
    place.name = "古浪县"
    place.save()
    sign_in(client, school_head(student.school))
    client.post(
        new(student),
        {
            "kind": "outside",
            "to_division": typed,
            "to_school_name": "古浪县第三小学",
            "reason": "搬迁",
        },
    )
    transfer = Transfer.objects.get()
    today = timezone.localdate().isoformat()

    without = client.post(page("accept", transfer), {"entered_on": today})
    client.post(page("accept", transfer), {"entered_on": today, "proof": "在读证明第12号"})

    assert "请填写在读证明" in without.content.decode()
    assert Student.objects.get(pk=student.pk).school_id is None
    assert Transfer.objects.get().state == TransferState.ACCEPTED


def test_two_places_of_one_name_are_told_apart_by_code(client, student):
    for code in ("620622", "620623"):
        place = division(code)
        place.name = "城关区"
        place.save()
    sign_in(client, school_head(student.school))

    answer = client.post(
        new(student),
        {"kind": "outside", "to_division": "城关区", "to_school_name": "某校", "reason": "搬"},
    )

    assert "不止一处：" in answer.content.decode()
    assert "620623" in answer.content.decode()


def test_sending_back_shows_the_reason_to_the_sender(client, student, other):
    transfer = TransferFactory(student=student, to_school=other)
    sign_in(client, school_head(other))
    client.post(page("refuse", transfer), {"answer": "本校三年级已满员"})

    sign_in(client, school_head(student.school))
    text = client.get(page("detail", transfer)).content.decode()

    assert "已退回" in text
    assert "本校三年级已满员" in text


def test_the_sender_has_no_accept_button_and_takes_back(client, student, other):
    transfer = TransferFactory(student=student, to_school=other)
    sign_in(client, school_head(student.school))

    assert "确认接收" not in client.get(page("detail", transfer)).content.decode()
    answer = client.post(page("withdraw", transfer), follow=True)

    assert "转学申请已撤回" in answer.content.decode()


def test_the_receiver_sees_no_link_to_a_child_that_is_not_theirs_yet(client, student, other):
    transfer = TransferFactory(student=student, to_school=other)
    sign_in(client, school_head(other))

    text = client.get(page("detail", transfer)).content.decode()

    assert reverse("students:student-detail", args=[student.pk]) not in text
    assert student.identifiers.get().mask in text


def test_overdue_ones_that_are_ticked_get_a_suspected_case(client, other):
    late = [TransferFactory(to_school=other, state=TransferState.OVERDUE) for _ in range(3)]
    waiting = TransferFactory(to_school=other)
    sign_in(client, county_officer())
    ticked = [late[0].pk, late[1].pk, waiting.pk]

    answer = client.post(
        reverse("casework:cases-from-transfers"), {"transfer": ticked}, follow=True
    )

    assert "已建疑似个案 2 个" in answer.content.decode()
    cases = DropoutCase.objects.all()
    assert {case.student_id for case in cases} == {late[0].student_id, late[1].student_id}
    assert {case.source for case in cases} == {"transfer"}
