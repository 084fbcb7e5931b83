"""The audit trail as auditors read it: in words, masked, and no more than their county's."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core import audit, codes, tenancy, trail
from core.models import AuditEntry
from tests.factories import (
    COUNTY,
    DropoutCaseFactory,
    StudentFactory,
    audit_admin,
    auditor,
    county_officer,
    holder,
)

pytestmark = pytest.mark.django_db
LIST = reverse("audit-list")


@pytest.fixture
def student():
    return StudentFactory()


@pytest.fixture
def officer():
    return county_officer(full_name="王建国")


def edited(student, officer, **more):
    changes = {
        "before": {"full_name": "张三"},
        "after": {"full_name": "张山", "note": "电话 13993512345，证件 629900201303070018"},
    }
    return audit.record(
        county=COUNTY, actor=officer, action="student.edit", target=student, **changes, **more
    )


def text_of(client, reader, **asked):
    client.force_login(reader)
    return client.get(LIST, asked).content.decode()


def test_an_auditor_reads_the_change_in_words_and_opens_the_child(client, student, officer):
    edited(student, officer)

    text = text_of(client, auditor())

    for words in ("王建国", "修改学生", "张三 改为 张山", "电话 1*********5", "629***********0018"):
        assert words in text
    assert reverse("students:student-detail", args=[student.pk]) in text
    assert "13993512345" not in text
    assert "629900201303070018" not in text


def test_an_audit_administrator_learns_what_changed_but_not_the_contents(client, student, officer):
    edited(student, officer)

    text = text_of(client, audit_admin())

    assert f"姓名、说明：{trail.HIDDEN}" in text
    assert "张山" not in text
    assert reverse("students:student-detail", args=[student.pk]) not in text


def test_codes_are_said_in_the_words_of_their_fields(client, officer):
    case = DropoutCaseFactory()
    audit.record(
        county=COUNTY,
        actor=officer,
        action="case.persuade",
        target=case,
        before={"state": "confirmed"},
        after={"state": "persuading"},
    )

    text = text_of(client, auditor())

    assert "确认辍学 改为 劝返中" in text
    assert "开始劝返" in text


def test_the_newest_come_first_and_another_county_is_not_there(client, student, officer):
    first, second = edited(student, officer), edited(student, officer)
    with tenancy.inside("620621"):
        audit.record(county="620621", actor=officer, action="student.edit", target=student)
    client.force_login(auditor())

    assert client.get(LIST).context["page"].rows == [second, first]


def test_the_list_narrows_by_matter_person_and_days(client, student, officer):
    now = timezone.now()
    by_officer = edited(student, officer)
    other = county_officer()
    opened = audit.record(county=COUNTY, actor=other, action="case.open", target=student)
    old = AuditEntry.objects.create(
        county=COUNTY, action="student.edit", target_type="x", at=now - timedelta(days=9)
    )
    client.force_login(auditor())

    def rows(**asked):
        return client.get(LIST, asked).context["page"].rows

    today = timezone.localdate()
    assert rows(group="cases") == [opened]
    assert rows(person=officer.pk) == [by_officer]
    assert rows(first_day=today.isoformat()) == [opened, by_officer]
    assert rows(last_day=(today - timedelta(days=1)).isoformat()) == [old]
    assert "请写成日期" in client.get(LIST, {"first_day": "昨天"}).content.decode()


def test_a_reader_of_less_than_the_county_reads_nothing(client, student, officer):
    from accounts.roles import Role

    edited(student, officer)
    client.force_login(holder(Role.AUDITOR, school=student.school))

    assert client.get(LIST).context["page"].rows == []


def test_the_home_page_counts_the_entries_of_today(client, student, officer):
    edited(student, officer)
    AuditEntry.objects.create(
        county=COUNTY, action="x", target_type="x", at=timezone.now() - timedelta(days=2)
    )
    client.force_login(audit_admin())

    figure = client.get(reverse("home")).context["counts"][0]

    assert (figure.label, figure.count) == ("今天的审计记录", 1)
    assert len(client.get(figure.href).context["page"].rows) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("629900201303070018", "629***********0018"),
        ("学校 2162000001，村 620602100201", "学校 2162000001，村 620602100201"),
        ("629***********0018", "629***********0018"),
        ("G629900201303070018", "G629***********0018"),
    ],
)
def test_numbers_of_people_are_masked_and_codes_of_places_are_not(text, said):
    assert trail.masked(text) == said


def test_no_machine_word_is_shown_for_a_deed_or_item_without_one(client, student, officer):
    audit.record(
        county=COUNTY,
        actor=officer,
        action="student.unheard_of",
        target=student,
        after={"unheard_of": "新内容"},
    )

    text = text_of(client, auditor())

    assert "学生：其他事项" in text
    assert "其他项目" in text
    assert "unheard_of" not in text


def test_a_grade_is_said_by_its_name(client, student, officer):
    changed = {"before": {"grade": "21"}, "after": {"grade": "22"}}
    audit.record(county=COUNTY, actor=officer, action="student.change", target=student, **changed)

    text = text_of(client, auditor())

    assert f"{codes.name('grade', '21')} 改为 {codes.name('grade', '22')}" in text
