"""The list of tasks and the board of what is late: every figure counts the list behind it."""

from datetime import timedelta
from itertools import product

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import CaseTask
from casework.models.task import TaskKind, TaskLine
from casework.services.task import set_task
from schools.deadlines import Deadline
from schools.models import DeadlineRule
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
LIST, BOARD = reverse("casework:task-list"), reverse("casework:task-board")


def case_at(town):
    school = SchoolFactory(township=division(town))
    return DropoutCaseFactory(student__class_group=ClassGroupFactory(school=school))


def late(case, kind=TaskKind.VERIFY, *, days=3, **fields):
    today = timezone.localdate()
    return set_task(
        case,
        kind=kind,
        on=today - timedelta(days=20),
        due_on=today - timedelta(days=days),
        **fields,
    )


@pytest.fixture
def county(client):
    """Late, due and done tasks in two townships, at a school, and of a child without one."""
    first, second = case_at("620602100"), case_at("620602104")
    nowhere = DropoutCaseFactory(student=StudentFactory(class_group=None, township=""))
    for case, kind in product((first, second, nowhere), (TaskKind.VERIFY, TaskKind.SIGN)):
        late(case, kind)
    late(case_at("620602104"))
    late(first, TaskKind.PLAN_REVIEW, days=-3)
    late(second, TaskKind.HANDOVER, days=0)
    today = timezone.localdate()
    CaseTask.objects.create(
        county="620602",
        school=first.student.school,
        kind=TaskKind.REPORT,
        line=TaskLine.EDUCATION,
        about="2026-10",
        set_on=today - timedelta(days=20),
        due_on=today - timedelta(days=2),
    )
    officer = county_officer()
    client.force_login(officer)
    return first


def count(client, query):
    page = client.get(f"{LIST}?{query}").context["page"]
    assert len(page.rows) == page.count
    return page.count


@pytest.mark.parametrize("chosen", ["", "town=620602104", "kind=verify", "school=none"])
def test_every_chip_counts_its_list(client, county, chosen):
    for query, _, number, _ in client.get(f"{LIST}?{chosen}").context["chips"]:
        assert count(client, query) == number


@pytest.mark.parametrize("chosen", ["", "town=620602104", "town=620602100", "town=none"])
def test_every_figure_of_the_board_counts_its_list(client, county, chosen):
    board = client.get(f"{BOARD}?{chosen}").context

    assert board["rows"]
    for row in board["rows"]:
        assert count(client, row["query"]) == row["total"]
        for _, number, query in row["cells"]:
            assert count(client, query) == number
    assert board["total"] == sum(row["total"] for row in board["rows"]) == sum(board["sums"])


def test_the_board_goes_from_townships_into_one_and_to_its_schools(client, county):
    board = client.get(BOARD).context
    assert {row["name"]: row["total"] for row in board["rows"]} == {
        "双城镇": 3,
        "黄羊镇": 3,
        "未划入乡镇": 2,
    }

    inside = client.get(f"{BOARD}?town=620602104").context
    assert sorted(row["total"] for row in inside["rows"]) == [1, 2]
    assert all(not row["inside"] for row in inside["rows"])


def test_a_township_begins_at_its_schools(client, county):
    client.force_login(township_officer("620602104"))

    board = client.get(BOARD).context

    assert board["town"].name == "双城镇"
    assert sum(row["total"] for row in board["rows"]) == 3


def test_nobody_is_ranked_by_name(client, county):
    teacher = class_teacher(county.student.class_group, full_name="测试班主任")
    client.force_login(county_officer())

    page = client.get(BOARD).content.decode()

    assert teacher.full_name not in page


def test_the_list_shows_the_case_its_day_and_since_when_it_is_late(client):
    case = case_at("620602100")
    late(case)
    client.force_login(school_head(case.student.school))

    page = client.get(f"{LIST}?when=late").content.decode()

    assert case.student.full_name in page
    assert "已逾期" in page
    assert reverse("casework:case-detail", args=[case.pk]) in page


def test_a_choice_that_does_not_exist_chooses_nothing(client, county):
    assert count(client, "when=soon&due=never&kind=x&town=1&school=x") == count(client, "")


RULES = reverse("casework:rule-list")


def change(client, code=Deadline.SUSPECTED, **asked):
    today = timezone.localdate()
    return client.post(
        reverse("casework:rule-change", args=[code.value]),
        {"value": 3, "valid_from": today, "source": "区教育局通知", **asked},
        follow=True,
    )


def test_a_county_sets_its_own_days_from_today_on(client):
    client.force_login(county_officer())

    assert "已设定" in change(client).content.decode()

    rule = DeadlineRule.objects.get(county="620602", code=Deadline.SUSPECTED)
    assert (rule.value, rule.source) == (3, "区教育局通知")
    assert "本县" in client.get(RULES).content.decode()


def test_what_is_past_stays_as_it_was(client):
    client.force_login(county_officer())
    yesterday = timezone.localdate() - timedelta(days=1)

    answer = change(client, valid_from=yesterday)

    assert "只能从今天" in answer.content.decode()
    assert not DeadlineRule.objects.filter(county="620602").exists()


def test_a_figure_for_later_is_shown_beside_the_one_of_now(client):
    client.force_login(county_officer())
    later = timezone.localdate() + timedelta(days=30)

    change(client, valid_from=later)

    page = client.get(RULES)
    rule = next(one for one in page.context["rules"] if one.code == Deadline.SUSPECTED)
    assert (rule.now.value, [one.value for one in rule.later]) == (7, [3])


def test_a_school_reads_the_rules_and_changes_none(client):
    client.force_login(school_head(SchoolFactory()))

    assert client.get(RULES).status_code == 200
    assert change(client).status_code == 403
