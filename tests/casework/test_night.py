"""The night marks what became late, with the day, and tells those concerned once."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.models import CaseTask
from casework.models.task import TaskKind
from casework.services.night import Night, mark_late, set_missing
from casework.services.task import set_task
from core.models import Notice
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    GrantFactory,
    auditor,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
SET = date(2026, 11, 9)
DUE = date(2026, 11, 18)  # a Wednesday
AFTER = date(2026, 11, 19)


@pytest.fixture
def case():
    return DropoutCaseFactory()


def task(case, due_on=DUE, **fields):
    return set_task(case, kind=TaskKind.VERIFY, on=SET, due_on=due_on, **fields)


def test_on_its_day_a_task_is_not_late_and_the_day_after_it_is(case):
    one = task(case)

    assert mark_late(today=DUE).marked == 0
    assert mark_late(today=AFTER).marked == 1
    one.refresh_from_db()
    assert one.late_since == AFTER


def test_nights_without_a_worker_lose_no_day(case):
    one = task(case)

    mark_late(today=date(2026, 11, 25))

    one.refresh_from_db()
    assert one.late_since == AFTER


def test_the_same_night_again_marks_and_tells_nothing(case):
    county_officer()
    task(case)

    assert mark_late(today=AFTER) == Night(marked=1, told=1)
    assert mark_late(today=AFTER) == Night(marked=0, told=0)


def test_each_person_of_the_place_gets_one_notice_however_many_tasks(case):
    group = case.student.class_group
    other = DropoutCaseFactory(student__class_group=ClassGroupFactory(school=group.school))
    officer, town = county_officer(), township_officer()
    head, teacher = school_head(group.school), class_teacher(group)
    strangers = [auditor(), class_teacher(ClassGroupFactory()), county_officer("620621")]
    task(case)
    task(other)

    assert mark_late(today=AFTER).told == 4

    words = dict(Notice.objects.values_list("person_id", "words"))
    assert words.keys().isdisjoint(person.pk for person in strangers)
    for person in (officer, town, head):
        assert words[person.pk] == "有 2 项任务已过应办日期"
    assert words[teacher.pk] == "有 1 项任务已过应办日期"


def test_one_of_two_grants_over_a_place_is_enough(case):
    group = case.student.class_group
    teacher = class_teacher(group)
    GrantFactory(user=teacher, role="school_head", school=group.school)
    task(case)

    mark_late(today=AFTER)

    assert Notice.objects.get().words == "有 1 项任务已过应办日期"


def test_what_is_due_the_next_working_day_is_told_the_working_day_before(case):
    county_officer()
    task(case, due_on=date(2026, 11, 23))  # a Monday

    assert mark_late(today=date(2026, 11, 19)).told == 0
    assert mark_late(today=date(2026, 11, 20)).told == 1
    assert mark_late(today=date(2026, 11, 21)).told == 0  # a Saturday
    notice = Notice.objects.get()
    assert notice.words == "有 1 项任务 2026-11-23 到期"
    assert notice.path == "/cases/tasks/?due=2026-11-23"


def test_late_and_due_next_stand_in_one_notice(case):
    officer = county_officer()
    task(case)
    task(DropoutCaseFactory(), due_on=date(2026, 11, 20))

    assert mark_late(today=AFTER) == Night(marked=1, told=1)

    notice = Notice.objects.get(person_id=officer.pk)
    assert notice.words == "有 1 项任务已过应办日期，另有 1 项 2026-11-20 到期"
    assert (notice.path, notice.tone) == ("/cases/tasks/?when=late", "bad")


def test_the_notice_leads_to_the_list_it_counts(client, case):
    officer = county_officer()
    task(case)
    task(DropoutCaseFactory())
    task(DropoutCaseFactory(), due_on=date(2099, 12, 18))
    mark_late(today=AFTER)
    client.force_login(officer)

    answer = client.get(Notice.objects.get().path)

    assert answer.status_code == 200
    assert all(one.late_since == AFTER for one in answer.context["page"].rows)
    assert answer.context["page"].count == 2


def test_the_whole_night_is_one_statement(case):
    task(case)

    with CaptureQueriesContext(connection) as seen:
        mark_late(today=AFTER)

    writing = [one["sql"] for one in seen.captured_queries if "UPDATE" in one["sql"]]
    assert len(writing) == 1


def test_a_case_of_before_there_were_tasks_gets_one_and_time_to_do_it(case):
    ended = DropoutCaseFactory(
        state="excluded", verification_result="X01", closed_on=date(2026, 10, 1)
    )

    assert set_missing(today=DUE) == 1
    assert set_missing(today=AFTER) == 0
    found = CaseTask.objects.get()
    assert (found.case, found.kind, found.set_on) == (case, TaskKind.VERIFY, DUE)
    assert found.due_on == date(2026, 12, 2)
    assert ended.tasks.count() == 0
