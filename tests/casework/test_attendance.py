"""Calling a class, and the rule that makes a child who stays away a suspicion."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.scope import scope_for
from casework import tasks
from casework.models import Absence, ClassDay, DropoutCase
from casework.models.attendance import AbsenceReason
from casework.queries.attendance import roll, runs
from casework.services.attendance import suspect_absent, take_class_day
from casework.states import CaseState, TransitionRefused
from config.celery import app
from core.models import AuditEntry
from schools.deadlines import Deadline
from schools.models import ClassGroup, DeadlineRule
from students.models import Enrolment
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    school_head,
)

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 9)
UNEXCUSED, ILL, NO_SHOW = AbsenceReason.UNEXCUSED, AbsenceReason.ILL, AbsenceReason.NO_SHOW


@pytest.fixture
def group():
    return ClassGroupFactory()


@pytest.fixture
def child(group):
    StudentFactory(class_group=group)
    return StudentFactory(class_group=group)


def call(group, day, absent=(), *, reason=UNEXCUSED, is_registration=False, user=None, today=None):
    user = user or class_teacher(group)
    return take_class_day(
        scope=scope_for(user, on=day),
        actor=user,
        class_group_id=group.pk,
        day=day,
        today=today or day,
        is_registration=is_registration,
        absent={student.pk: reason for student in absent},
    )


def november(day):
    return date(2026, 11, day)


def test_only_who_is_away_is_written_down(group, child):
    day = call(group, MONDAY, [child], reason=ILL)

    assert (day.on_roll, day.absences.count()) == (2, 1)
    assert Absence.objects.get().student == child
    entry = AuditEntry.objects.get(action="attendance.take")
    assert entry.after["absent"] == {str(child.pk): "ill"}


def test_called_again_the_new_list_takes_the_place_of_the_old_one(group, child):
    call(group, MONDAY, [child])

    call(group, MONDAY, [])

    assert ClassDay.objects.count() == 1
    assert not Absence.objects.exists()
    assert AuditEntry.objects.filter(action="attendance.take").latest("pk").before["absent"]


@pytest.mark.parametrize("day", [november(10), date(2026, 10, 25)])
def test_a_day_to_come_and_one_long_past_are_refused(group, day):
    with pytest.raises(TransitionRefused, match="点名日期"):
        call(group, day, today=MONDAY)


def test_a_child_of_another_class_is_refused(group):
    with pytest.raises(TransitionRefused, match="不在本班"):
        call(group, MONDAY, [StudentFactory()])


def test_another_teachers_class_is_as_if_it_did_not_exist(group):
    with pytest.raises(ClassGroup.DoesNotExist):
        call(group, MONDAY, user=class_teacher(ClassGroupFactory()))

    assert call(group, MONDAY, user=school_head(group.school)).taken_by


@pytest.mark.parametrize("status", ["suspended", "deferred_entry", "home_taught"])
def test_who_is_not_expected_in_class_is_not_called(group, child, status):
    Enrolment.objects.filter(student=child).update(status=status)

    assert child not in roll(group, on=MONDAY)
    assert roll(group, on=MONDAY).count() == 1


def away(group, child, *days, reason=UNEXCUSED):
    user = class_teacher(group)
    for day in days:
        call(group, november(day), [child], reason=reason, user=user)


def found(day):
    return {run.student: run.days for run in runs(county=COUNTY, today=november(day))}


def test_days_without_school_do_not_break_a_run(group, child):
    away(group, child, 12, 13, 16)

    assert found(16) == {child.pk: 5}


@pytest.mark.parametrize("reason", [ILL, AbsenceReason.LEAVE])
def test_leave_breaks_a_run(group, child, reason):
    away(group, child, 9, 10)
    away(group, child, 11, reason=reason)
    assert found(11) == {}

    away(group, child, 12)
    assert found(12) == {child.pk: 1}


def test_a_child_that_came_back_is_away_no_more(group, child):
    away(group, child, 9, 10)
    call(group, november(11))

    assert found(11) == {}


def test_a_run_ends_with_the_day_asked_about(group, child):
    away(group, child, 9, 10, 11)

    assert found(10) == {child.pk: 2}


def test_a_new_term_begins_anew(group, child):
    user = class_teacher(group)
    for day in (date(2027, 1, 29), date(2027, 2, 26)):
        call(group, day, [child], user=user)

    assert [run.days for run in runs(county=COUNTY, today=date(2027, 2, 26))] == [1]


def rule(days):
    DeadlineRule.objects.create(
        county=COUNTY, code=Deadline.SUSPECTED, value=days, valid_from=date(2026, 1, 1)
    )


@pytest.mark.parametrize(("days", "nights"), [(1, 9), (3, 11), (7, 16)])
def test_the_countys_days_decide_when_a_case_opens(group, child, days, nights):
    rule(days)
    user = class_teacher(group)
    opened_on = None
    for day in (9, 10, 11, 12, 13, 16):
        call(group, november(day), [child], user=user)
        if suspect_absent(today=november(day)) and opened_on is None:
            opened_on = day

    assert opened_on == nights
    case = DropoutCase.objects.get()
    assert (case.source, case.state, case.student) == ("absence", CaseState.SUSPECTED, child)


def test_thirty_days_are_possible_too(group, child):
    rule(30)
    away(group, child, 2, 9, 16, 23, 30)
    assert suspect_absent(today=november(30)) == 0

    call(group, date(2026, 12, 1), [child])
    assert suspect_absent(today=date(2026, 12, 1)) == 1


def test_the_case_tells_the_last_day_at_school_and_its_task(group, child):
    rule(3)
    call(group, november(6))
    away(group, child, 9, 10, 11)

    suspect_absent(today=november(11))

    case = DropoutCase.objects.get()
    assert (case.last_present_on, case.opened_on) == (november(6), november(11))
    assert case.tasks.get().kind == "verify"


def test_the_same_night_again_opens_nothing(group, child):
    rule(1)
    away(group, child, 9)

    assert suspect_absent(today=MONDAY) == 1
    assert suspect_absent(today=MONDAY) == 0


def test_an_absence_that_a_check_explained_opens_no_second_case(group, child):
    rule(1)
    away(group, child, 9, 10)
    DropoutCaseFactory(
        student=child,
        state="excluded",
        verification_result="X08",
        opened_on=november(9),
        closed_on=november(10),
    )

    assert suspect_absent(today=november(10)) == 0
    call(group, november(11))
    away(group, child, 12)
    assert suspect_absent(today=november(12)) == 1


def test_who_did_not_come_to_registration_is_a_case_of_its_own_source(group, child):
    rule(1)
    first = date(2026, 9, 1)
    call(group, first, [child], reason=NO_SHOW, is_registration=True)

    assert suspect_absent(today=first) == 1
    case = DropoutCase.objects.get()
    assert (case.source, case.suspicion) == ("no_show", "开学未报到")


def test_many_children_cost_the_same_statements(group):
    rule(1)
    children = StudentFactory.create_batch(3, class_group=group)
    call(group, MONDAY, children[:1])
    with CaptureQueriesContext(connection) as one:
        suspect_absent(today=MONDAY)
    call(group, november(10), children)
    with CaptureQueriesContext(connection) as many:
        suspect_absent(today=november(10))

    assert DropoutCase.objects.count() == 3
    assert len(many) == len(one)


def test_the_rounds_of_the_night_are_in_the_schedule():
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}

    for round_ in (tasks.suspect_absent_children, tasks.mark_late_tasks, tasks.ask_month_reports):
        assert round_.name in planned
        round_()
