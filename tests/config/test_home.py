"""Every figure of the home page equals the list it leads to."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models import Job
from ledgers.models import LedgerVersion
from students.models import ImportBatch
from tests.factories import (
    COUNTY,
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
    security_admin,
    system_admin,
    township_officer,
)

pytestmark = pytest.mark.django_db
HOME = reverse("home")


@pytest.fixture
def county():
    StudentFactory.create_batch(3)
    StudentFactory(class_group=None)
    opened = timezone.localdate() - timedelta(days=40)
    case = DropoutCaseFactory(opened_on=opened, last_present_on=None)
    DropoutCaseFactory(opened_on=timezone.localdate(), last_present_on=None)
    DropoutCaseFactory(state="persuading", opened_on=opened, last_present_on=None)
    now = timezone.now()
    Job.objects.create(county=COUNTY, task="t", title="t", state="failed", finished_at=now)
    ImportBatch.objects.create(
        county=COUNTY, school_year=2026, file_name="a.xlsx", sha256="0" * 64, state="checked"
    )
    return case


def figures(response):
    return [*response.context["counts"], *response.context["todos"]]


@pytest.mark.parametrize(
    "person",
    [
        lambda case: county_officer(),
        lambda case: township_officer(),
        lambda case: school_head(case.student.school),
        lambda case: class_teacher(case.student.class_group),
        lambda case: system_admin(),
    ],
)
def test_every_count_is_that_of_the_list_behind_it(client, county, person):
    client.force_login(person(county))

    shown = figures(client.get(HOME))

    assert any(figure.count for figure in shown)
    for figure in shown:
        page = client.get(figure.href)
        assert (figure.href, page.status_code) == (figure.href, 200)
        assert (figure.label, page.context["page"].count) == (figure.label, figure.count)
        assert (figure.label, len(page.context["page"].rows)) == (figure.label, figure.count)


def test_the_to_dos_of_a_county_officer(client, county):
    client.force_login(county_officer())

    todos = {figure.label: figure.count for figure in client.get(HOME).context["todos"]}

    assert todos == {
        "名册已核对，待提交": 1,
        "近 7 天未完成的任务": 1,
        "个案 30 天以上没有家访": 2,
        "疑似辍学待核查": 2,
    }


def test_a_figure_nobody_may_open_is_not_shown(client, county):
    client.force_login(security_admin())

    answer = client.get(HOME)

    assert figures(answer) == []
    assert "您的岗位不办理业务数据" in answer.content.decode()


def test_the_latest_ledgers_stand_with_their_rows(client, county):
    LedgerVersion.objects.create(
        county=COUNTY,
        kind="dropout",
        unit=COUNTY,
        number=1,
        period="2026-10",
        as_of=timezone.localdate(),
        rows=0,
        born_rows=0,
        died_rows=0,
        rule="",
        digest="",
    )
    client.force_login(county_officer())

    answer = client.get(HOME).content.decode()

    assert "2026-10" in answer
    assert "零报告" in answer
