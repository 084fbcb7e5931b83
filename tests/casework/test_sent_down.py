"""A list from above becomes cases of its batch; who is not to be found is listed."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.scope import scope_for
from casework.models import DropoutCase
from casework.services.sent_down import open_sent_down
from casework.states import TransitionRefused
from core.models import AuditEntry
from students.models import OfficeList
from tests.factories import (
    DropoutCaseFactory,
    StudentFactory,
    county_officer,
    id_number,
    school_head,
)
from tests.students.test_lists import AUTUMN, given, number_of, workbook

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 20)
HEADER = ["姓名", "身份证号", "学校"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sent_down(*students, strangers=0):
    rows = [[one.full_name, number_of(one), "某小学"] for one in students]
    rows += [
        [f"外县{'甲乙丙'[n]}", id_number(born=date(2012, 1, 1), number=n), "外县小学"]
        for n in range(strangers)
    ]
    return given(workbook(*rows, header=HEADER), "sent_down", body="省教育厅")


def opening(office_list, **asked):
    user = county_officer()
    facts = {"batch": "2026年秋季第1批", "received_on": AUTUMN, "today": TODAY, **asked}
    scope = scope_for(user, on=TODAY)
    return open_sent_down(scope=scope, actor=user, list_id=office_list.pk, **facts)


def test_each_child_of_the_list_gets_a_case_of_the_batch():
    children = StudentFactory.create_batch(2)
    standing = DropoutCaseFactory()

    opened = opening(sent_down(*children, standing.student, strangers=2))

    assert (len(opened.cases), opened.already_open) == (2, 1)
    for case in DropoutCase.objects.filter(student__in=children):
        assert (case.source, case.sent_down_batch) == ("sent_down", "2026年秋季第1批")
        assert case.opened_on == AUTUMN
        assert case.tasks.get().set_on == AUTUMN
    entry = AuditEntry.objects.get(action="list.open_cases")
    assert (entry.after["opened"], entry.after["unmatched"]) == (2, 2)


def test_a_child_entered_afterwards_is_found_the_second_time():
    known = StudentFactory()
    office_list = sent_down(known, strangers=1)
    opening(office_list)

    late = StudentFactory(number=id_number(born=date(2012, 1, 1), number=0))
    opened = opening(office_list)

    assert [case.student_id for case in opened.cases] == [late.pk]
    assert opened.already_open == 1


def test_a_list_of_strangers_opens_nothing():
    with pytest.raises(TransitionRefused, match="没有找到本县学生"):
        opening(sent_down(strangers=2))


def test_a_list_of_another_kind_is_none():
    office_list = given(workbook(["甲", "", ""], header=HEADER), "other", body="某局")

    with pytest.raises(OfficeList.DoesNotExist):
        opening(office_list)


def address(office_list):
    return reverse("casework:cases-from-sent-down", args=[office_list.pk])


def test_the_page_counts_who_is_found_and_lists_who_is_not(client):
    client.force_login(county_officer())
    child = StudentFactory()
    office_list = sent_down(child, strangers=2)
    detail = client.get(reverse("students:list-detail", args=[office_list.pk]))
    assert address(office_list) in detail.content.decode()

    for state, expected in (("found", 1), ("unknown", 2)):
        page = client.get(f"{address(office_list)}?state={state}")
        assert len(page.context["lines"]) == expected
        assert {value: n for value, _, n in page.context["chips"]}[state] == expected

    sent = client.post(address(office_list), {"batch": "第1批", "received_on": AUTUMN}, follow=True)
    assert "已建疑似个案 1 个" in sent.content.decode()
    assert "第1批" in sent.content.decode()


def test_a_day_to_come_is_refused_and_the_answers_stay(client):
    client.force_login(county_officer())
    office_list = sent_down(StudentFactory())
    later = timezone.localdate() + timedelta(days=1)

    page = client.post(address(office_list), {"batch": "第1批", "received_on": later})

    assert "不能晚于今天" in page.content.decode()
    assert page.context["form"]["batch"].value() == "第1批"
    assert not DropoutCase.objects.exists()


def test_a_school_does_not_see_the_countys_list(client):
    child = StudentFactory()
    office_list = sent_down(child)
    client.force_login(school_head(child.school))

    assert client.get(address(office_list)).status_code == 404
