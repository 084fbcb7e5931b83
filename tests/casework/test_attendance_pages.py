"""One screen a class: exceptions only, and everybody there is one tap."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import Absence, ClassDay, DropoutCase
from tests.factories import (
    ClassGroupFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST, AWAY = reverse("casework:attendance-list"), reverse("casework:away-list")


@pytest.fixture
def group():
    return ClassGroupFactory()


@pytest.fixture
def children(group):
    return StudentFactory.create_batch(3, class_group=group)


@pytest.fixture
def teacher(client, group):
    user = class_teacher(group)
    client.force_login(user)
    return user


def address(group):
    return reverse("casework:attendance-form", args=[group.pk])


def call(client, group, absent=(), **asked):
    day = asked.pop("day", timezone.localdate())
    ticked = {"absent": [child.pk for child in absent]}
    return client.post(address(group), {"day": day, **ticked, **asked}, follow=True)


def test_all_present_is_one_tap(client, group, children, teacher):
    answer = call(client, group, all="1")

    assert "点名已保存：全部到校" in answer.content.decode()
    assert (ClassDay.objects.get().on_roll, Absence.objects.count()) == (3, 0)


def test_only_the_exceptions_are_entered_each_with_its_reason(client, group, children, teacher):
    ill = {f"reason-{children[0].pk}": "ill", f"reason-{children[2].pk}": "leave"}

    answer = call(client, group, children[:2], **ill)

    assert "2 人未到" in answer.content.decode()
    told = dict(Absence.objects.values_list("student", "reason"))
    assert told == {children[0].pk: "ill", children[1].pk: "unexcused"}


def test_ticks_and_all_present_at_once_are_asked_back(client, group, children, teacher):
    answer = call(client, group, children[:1], all="1")

    assert "又按了“全部到校”" in answer.content.decode()
    assert not ClassDay.objects.exists()


def test_who_was_away_the_last_time_is_ticked_already(client, group, children, teacher):
    call(client, group, children[:1], day=timezone.localdate() - timedelta(days=1))

    page = client.get(address(group))

    assert [seat.student for seat in page.context["sheet"].absent] == children[:1]
    assert "上次未到的 1 人已勾选" in page.content.decode()


def test_registration_asks_who_did_not_turn_up(client, group, children, teacher):
    page = client.get(f"{address(group)}?as=registration").content.decode()
    assert "勾选没有来报到的学生" in page

    call(client, group, children[:1], **{"as": "registration"})

    assert ClassDay.objects.get().is_registration
    assert Absence.objects.get().reason == "no_show"
    assert "开学报到" in client.get(address(group)).content.decode()


@pytest.mark.parametrize("day", ["2099-01-01", "2026-02-30", "gestern", ""])
def test_a_strange_day_breaks_nothing(client, group, children, teacher, day):
    assert client.get(f"{address(group)}?day={day}").status_code == 200
    assert call(client, group, day=day, all="1").status_code == 200
    assert not ClassDay.objects.exclude(day=timezone.localdate()).exists()


def test_a_child_that_left_the_class_meanwhile_is_told(client, group, children, teacher):
    answer = call(client, group, [StudentFactory()])

    assert "已不在本班" in answer.content.decode()
    assert not ClassDay.objects.exists()


def test_the_county_sees_which_classes_have_not_called(client, group, children, teacher):
    other = ClassGroupFactory()
    StudentFactory(class_group=other)
    call(client, group, all="1")
    client.force_login(county_officer())

    page = client.get(LIST)

    counts = {value: number for value, _, number in page.context["chips"]}
    assert counts == {"": 2, "missing": 1, "called": 1}
    for state, expected in (("missing", other), ("called", group)):
        rows = client.get(f"{LIST}?state={state}").context["page"].rows
        assert [row.pk for row in rows] == [expected.pk]
    assert page.context["mine"] == set()


def test_a_teacher_has_a_button_for_the_own_class_only(client, group, children, teacher):
    StudentFactory(class_group=ClassGroupFactory(school=group.school))

    page = client.get(LIST)

    assert page.context["page"].count == 1
    assert address(group) in page.content.decode()


def test_who_stays_away_is_listed_and_becomes_a_case(client, group, children, teacher):
    call(client, group, children[:2])
    client.force_login(school_head(group.school))
    listed = client.get(AWAY)
    assert {line.student for line in listed.context["lines"]} == set(children[:2])

    answer = client.post(
        reverse("casework:cases-from-away"), {"student": [children[0].pk]}, follow=True
    )

    assert "已建疑似个案 1 个" in answer.content.decode()
    assert DropoutCase.objects.get().student == children[0]
    lines = {line.student: line.case for line in answer.context["lines"]}
    assert (lines[children[0]] is None, lines[children[1]]) == (False, None)


def test_nobody_ticked_opens_nothing(client, group, children, teacher):
    answer = client.post(reverse("casework:cases-from-away"), {"student": ["x"]}, follow=True)

    assert "没有勾选学生" in answer.content.decode()
    assert not DropoutCase.objects.exists()


def test_the_no_shows_have_a_list_of_their_own(client, group, children, teacher):
    call(client, group, children[:1], **{"as": "registration"})

    chips = {value: number for value, _, number in client.get(AWAY).context["chips"]}

    assert chips == {"": 1, "no_show": 1, "absence": 0}
    shown = client.get(f"{AWAY}?kind=no_show").context["lines"]
    assert [line.student for line in shown] == children[:1]
