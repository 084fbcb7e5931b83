"""Tasks follow the steps of a case, by the county's own working days."""

from datetime import date
from uuid import uuid4

import pytest

from accounts.scope import scope_for
from casework import services
from casework.models import CaseTask
from casework.models.task import TaskKind, TaskLine
from casework.services.task import STEP_KINDS, STEP_TASKS, finish_tasks, set_task
from casework.states import OPEN_STATES, Action, CaseState, VisitKind, VisitOutcome
from core.access import Permission
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
FRIDAY = date(2026, 11, 13)
TODAY = date(2026, 11, 27)


def acting(user, today=TODAY):
    return {"scope": scope_for(user, on=today), "actor": user, "today": today}


def opened(user, on=FRIDAY):
    student = StudentFactory()
    return services.open_case(**acting(user), student_id=student.pk, opened_on=on, source="school")


def open_tasks(case):
    return {(task.kind, task.due_on) for task in CaseTask.objects.still_open().filter(case=case)}


def test_every_open_state_waits_for_something():
    assert set(STEP_TASKS) == set(OPEN_STATES)
    assert set(TaskKind) >= STEP_KINDS


def test_a_new_case_is_to_be_checked_within_the_working_days_of_the_rule():
    case = opened(county_officer())

    # Ten working days after Friday the 13th: two whole weeks.
    assert open_tasks(case) == {(TaskKind.VERIFY, date(2026, 11, 27))}
    task = CaseTask.objects.get()
    assert (task.set_on, task.line, task.county) == (FRIDAY, TaskLine.EDUCATION, case.county)
    assert task.event == case.events.get()


def test_the_countys_own_days_go_before_those_for_all():
    DeadlineRule.objects.create(
        county="620602", code=Deadline.TASK_VERIFY, value=3, valid_from=date(2026, 1, 1)
    )

    assert open_tasks(opened(county_officer())) == {(TaskKind.VERIFY, date(2026, 11, 18))}


def confirm(user, case, on):
    services.verify_case(
        **acting(user),
        case_id=case.pk,
        verified_on=on,
        result="C01",
        verified_by="李秀兰",
        main_cause="R02",
        dropped_out_on=on,
    )


def test_each_step_ends_the_task_of_the_state_before_and_begins_the_next():
    user = county_officer()
    case = opened(user)
    confirm(user, case, date(2026, 11, 16))
    assert open_tasks(case) == {(TaskKind.ASSIGN, date(2026, 11, 19))}

    services.advance_case(
        **acting(user), case_id=case.pk, action=Action.PERSUADE, on=date(2026, 11, 18)
    )
    assert open_tasks(case) == {(TaskKind.PERSUADE_VISIT, date(2026, 11, 25))}

    visit(user, case, date(2026, 11, 20), VisitKind.PERSUASION)
    assert open_tasks(case) == {(TaskKind.PERSUADE_VISIT, date(2026, 11, 27))}
    ended = CaseTask.objects.filter(case=case, done_on__isnull=False).order_by("pk")
    assert [(task.kind, task.done_on, task.late_since) for task in ended] == [
        (TaskKind.VERIFY, date(2026, 11, 16), None),
        (TaskKind.ASSIGN, date(2026, 11, 18), None),
        (TaskKind.PERSUADE_VISIT, date(2026, 11, 20), None),
    ]


def visit(user, case, on, kind, outcome=VisitOutcome.TALKED):
    services.log_home_visit(
        **acting(user),
        case_id=case.pk,
        client_uuid=uuid4(),
        visited_on=on,
        kind=kind,
        outcome=outcome,
        visitors="李秀兰",
    )


def test_a_call_by_telephone_is_no_persuasion():
    user = county_officer()
    case = opened(user)
    confirm(user, case, date(2026, 11, 16))
    visit(user, case, date(2026, 11, 17), VisitKind.PERSUASION)
    before = open_tasks(case)

    visit(user, case, date(2026, 11, 19), VisitKind.PHONE)

    assert open_tasks(case) == before == {(TaskKind.PERSUADE_VISIT, date(2026, 11, 24))}


def test_an_unclear_check_is_to_be_repeated():
    user = county_officer()
    case = opened(user)
    services.verify_case(
        **acting(user),
        case_id=case.pk,
        verified_on=date(2026, 11, 16),
        result="U01",
        verified_by="李秀兰",
    )

    assert open_tasks(case) == {(TaskKind.VERIFY, date(2026, 11, 30))}


def test_an_ended_case_waits_for_nothing():
    user = county_officer()
    case = opened(user)
    set_task(case, kind=TaskKind.PLAN_REVIEW, on=FRIDAY, due_on=date(2026, 12, 1))
    services.verify_case(
        **acting(user),
        case_id=case.pk,
        verified_on=date(2026, 11, 16),
        result="X01",
        verified_by="李秀兰",
        evidence="考勤表",
    )

    assert open_tasks(case) == set()


def test_a_task_done_too_late_keeps_the_mark_though_no_night_saw_it():
    user = county_officer()
    case = opened(user, on=date(2026, 11, 2))
    assert open_tasks(case) == {(TaskKind.VERIFY, date(2026, 11, 16))}

    confirm(user, case, date(2026, 11, 20))

    task = CaseTask.objects.get(kind=TaskKind.VERIFY)
    assert (task.done_on, task.late_since) == (date(2026, 11, 20), date(2026, 11, 17))


def test_many_cases_of_one_act_get_their_tasks_together():
    user = county_officer()
    students = StudentFactory.create_batch(3)

    services.open_cases(
        scope=scope_for(user, on=TODAY),
        actor=user,
        student_ids=[student.pk for student in students],
        source="school",
        today=TODAY,
        opened_on=FRIDAY,
    )

    tasks = CaseTask.objects.all()
    assert {(task.kind, task.due_on) for task in tasks} == {(TaskKind.VERIFY, TODAY)}
    assert tasks.count() == 3


def test_a_task_set_again_gets_the_new_day_and_stays_one():
    case = DropoutCaseFactory()
    first = set_task(case, kind=TaskKind.SIGN, on=FRIDAY, due_on=TODAY, about="education")
    set_task(case, kind=TaskKind.SIGN, on=FRIDAY, due_on=TODAY, about="government")

    again = set_task(
        case, kind=TaskKind.SIGN, on=FRIDAY, rule=Deadline.TASK_ASSIGN, about="education"
    )

    assert (again.pk, again.due_on) == (first.pk, date(2026, 11, 18))
    assert finish_tasks(case, on=TODAY, kinds=[TaskKind.SIGN], about="education") == 1
    assert CaseTask.objects.still_open().get().about == "government"


def test_a_task_without_a_day_or_a_rule_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="a day or a rule"):
        set_task(DropoutCaseFactory(), kind=TaskKind.SIGN, on=FRIDAY)


def test_a_task_lies_where_the_child_is_or_at_its_school():
    here, far = SchoolFactory(), SchoolFactory(township=division("620602104"))
    case = DropoutCaseFactory(student__class_group=ClassGroupFactory(school=here))
    of_case = set_task(case, kind=TaskKind.SIGN, on=FRIDAY, due_on=TODAY)
    of_school = CaseTask.objects.create(
        county="620602",
        school=here,
        kind=TaskKind.REPORT,
        line=TaskLine.EDUCATION,
        set_on=FRIDAY,
        due_on=TODAY,
    )

    def seen(user):
        scope = scope_for(user, on=TODAY)
        return set(CaseTask.objects.within(scope, Permission.CASE_VIEW))

    assert seen(county_officer()) == seen(school_head(here)) == {of_case, of_school}
    assert seen(township_officer()) == {of_case, of_school}
    assert seen(class_teacher(case.student.class_group)) == {of_case}
    assert seen(school_head(far)) == seen(township_officer("620602104")) == set()
    assert seen(class_teacher(ClassGroupFactory(school=here))) == set()


def test_a_case_of_state_placed_or_transferred_has_a_task_too():
    assert STEP_TASKS[CaseState.TRANSFERRED].kind == TaskKind.RECEIPT
    assert STEP_TASKS[CaseState.PLACED].kind == TaskKind.OBSERVE_CHECK
