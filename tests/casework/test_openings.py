"""Many suspected cases in one act."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.scope import scope_for
from casework.models import CaseEvent, DropoutCase
from casework.services import open_cases
from casework.states import CaseState, TransitionRefused
from core.models import AuditEntry
from tests.factories import ClassGroupFactory, DropoutCaseFactory, StudentFactory, county_officer
from tests.factories import school_head as head_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


def opening(user, students, **fields):
    return open_cases(
        scope=scope_for(user, on=TODAY),
        actor=user,
        student_ids=[student.pk for student in students],
        **{"source": "transfer", "today": TODAY, "opened_on": TODAY, **fields},
    )


def test_each_child_gets_one_case_one_event_and_one_audit_entry():
    user, students = county_officer(), StudentFactory.create_batch(3)

    opened = opening(user, students, suspicion="转学逾期未接收")

    assert {case.student_id for case in opened.cases} == {s.pk for s in students}
    for case in DropoutCase.objects.all():
        assert (case.state, case.suspicion) == (CaseState.SUSPECTED, "转学逾期未接收")
        assert CaseEvent.objects.get(case=case).actor_name == user.full_name
        assert AuditEntry.objects.get(action="case.open", target_id=case.pk).after["source"]


def test_doing_it_again_opens_nothing():
    user, students = county_officer(), StudentFactory.create_batch(2)
    opening(user, students)

    again = opening(user, students)

    assert (len(again.cases), again.already_open) == (0, 2)
    assert DropoutCase.objects.count() == 2
    assert again.words == "已建疑似个案 0 个；2 人已有未结个案，未重复建案。"


def test_a_relapse_names_the_case_before_it_and_never_starts_before_its_end():
    ended = DropoutCaseFactory(
        state=CaseState.CLOSED, placement="RP01", closed_on=date(2026, 10, 10)
    )
    user = county_officer()

    too_early = opening(user, [ended.student], opened_on=date(2026, 10, 9))
    opened = opening(user, [ended.student])

    assert (len(too_early.cases), too_early.closed_later) == (0, 1)
    assert opened.cases[0].previous_case_id == ended.pk


def test_a_child_of_another_school_stays_without_case():
    own, foreign = StudentFactory(), StudentFactory(class_group=ClassGroupFactory())

    opened = opening(head_of(own.school), [own, foreign])

    assert [case.student_id for case in opened.cases] == [own.pk]
    assert opened.out_of_scope == 1


def test_an_unknown_source_is_refused():
    with pytest.raises(TransitionRefused, match="数据来源"):
        opening(county_officer(), [StudentFactory()], source="rumour")


def test_the_number_of_statements_does_not_grow_with_the_children():
    user = county_officer()
    few, many = StudentFactory.create_batch(2), StudentFactory.create_batch(20)
    with CaptureQueriesContext(
        connection,
    ) as for_few:
        opening(user, few)
    with CaptureQueriesContext(connection) as for_many:
        opening(user, many)

    assert len(for_many) == len(for_few)
