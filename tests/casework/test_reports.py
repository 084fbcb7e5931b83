"""Every school reports every month, zero or not, and who has not is listed."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.scope import scope_for
from casework.models import CaseTask, MonthReport
from casework.services.report import ask_reports, due_day, report_month
from casework.states import TransitionRefused
from core.models import AuditEntry
from schools.deadlines import Deadline
from schools.models import DeadlineRule, School
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    SchoolFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
)

pytestmark = pytest.mark.django_db
MONTH = date(2026, 11, 1)
TODAY = date(2026, 11, 20)


@pytest.fixture
def school():
    return SchoolFactory()


def report(user, school, *, month=MONTH, today=TODAY, note=""):
    return report_month(
        scope=scope_for(user, on=today),
        actor=user,
        school_id=school.pk,
        month=month,
        today=today,
        note=note,
    )


def case_of(school, **fields):
    return DropoutCaseFactory(student__class_group=ClassGroupFactory(school=school), **fields)


def test_a_school_without_cases_reports_zero(school):
    done = report(school_head(school), school)

    assert done.is_zero
    assert AuditEntry.objects.get(action="report.month").after["month"] == "2026-11"


def test_the_figures_are_counted_and_not_typed(school):
    case_of(school)
    case_of(school, state="persuading")
    case_of(school, state="returned", returned_on=date(2026, 11, 5), placement="RP01")
    case_of(school, state="returned", returned_on=date(2026, 10, 5), placement="RP01")
    case_of(SchoolFactory())

    done = report(school_head(school), school)

    assert (done.suspected, done.dropped_out, done.returned) == (1, 1, 1)
    assert not done.is_zero


def test_reported_again_the_new_figures_stand(school):
    head = school_head(school)
    report(head, school)
    case_of(school)

    report(head, school, note="新发现一名")

    assert MonthReport.objects.get().suspected == 1


def test_a_month_to_come_is_refused(school):
    with pytest.raises(TransitionRefused, match="还没有到"):
        report(school_head(school), school, month=date(2026, 12, 1))


@pytest.mark.parametrize("make", [class_teacher, school_head])
def test_another_school_is_as_if_it_did_not_exist(school, make):
    other = SchoolFactory()
    place = ClassGroupFactory(school=school) if make is class_teacher else other

    with pytest.raises(School.DoesNotExist):
        report(make(place), school)


def test_every_school_is_asked_once_and_late_ones_keep_the_mark(school):
    SchoolFactory(stages=["preschool"])
    SchoolFactory(valid_to=date(2026, 8, 31))
    told = SchoolFactory()
    report(school_head(told), told)

    assert ask_reports(today=TODAY) == 1
    assert ask_reports(today=TODAY) == 0
    task = CaseTask.objects.get()
    assert (task.school, task.due_on, task.about) == (school, date(2026, 11, 30), "2026-11")
    report(school_head(school), school, today=date(2026, 12, 2))
    task.refresh_from_db()
    assert (task.done_on, task.late_since) == (date(2026, 12, 2), date(2026, 12, 1))


def test_a_county_may_ask_for_another_day():
    assert due_day(MONTH, county=COUNTY) == date(2026, 11, 30)
    DeadlineRule.objects.create(
        county=COUNTY,
        code=Deadline.SCHOOL_MONTH_REPORT,
        value=28,
        valid_from=date(2026, 9, 1),
    )
    assert due_day(MONTH, county=COUNTY) == date(2026, 11, 28)


LIST = reverse("casework:report-list")


def test_the_list_of_who_has_not_reported_is_as_long_as_its_count(client):
    missing, zero, some = SchoolFactory.create_batch(3)
    case_of(some)
    for school in (zero, some):
        report(school_head(school), school)
    SchoolFactory(township=division("620621100"))  # of another county
    client.force_login(county_officer())

    for state, expected in (("missing", missing), ("zero", zero), ("some", some)):
        answer = client.get(f"{LIST}?month=2026-11&state={state}")
        assert [school for school, _ in answer.context["lines"]] == [expected]
        assert {value: count for value, _, count in answer.context["chips"]}[state] == 1


def test_a_head_reports_zero_with_one_tap(client, school):
    client.force_login(school_head(school))
    month = f"{timezone.localdate():%Y-%m}"
    shown = client.get(reverse("casework:report-detail", args=[school.pk, month]))
    assert "零报告" in shown.content.decode()

    sent = client.post(reverse("casework:report-send", args=[school.pk, month]), follow=True)

    assert "零报告已报送" in sent.content.decode()
    assert MonthReport.objects.get().school == school


def test_the_county_looks_and_does_not_report(client, school):
    client.force_login(county_officer())
    month = f"{timezone.localdate():%Y-%m}"

    shown = client.get(reverse("casework:report-detail", args=[school.pk, month]))

    assert shown.context["may_report"] is False
    for wrong in ("2099-01", "2026-13", "x"):
        address = reverse("casework:report-detail", args=[school.pk, wrong])
        assert client.get(address).status_code == 404
