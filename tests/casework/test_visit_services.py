import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection

from accounts.scope import scope_for
from casework import services
from casework.models import CaseEvent, DropoutCase, HomeVisit
from casework.services import VisitConflict
from casework.states import CaseState, TransitionRefused
from core import tenancy
from core.models import AuditEntry
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    class_teacher,
    county_officer,
)

TODAY = date(2026, 11, 21)
pytestmark = pytest.mark.django_db


def teacher_of(case):
    user = class_teacher(case.student.class_group)
    return {"scope": scope_for(user, on=TODAY), "actor": user, "case_id": case.pk, "today": TODAY}


def log(asked, **fields):
    return services.log_home_visit(
        **asked,
        **{
            "client_uuid": uuid.uuid4(),
            "visited_on": date(2026, 9, 20),
            "kind": "persuasion",
            "outcome": "talked",
            "visitors": "李老师、村干部",
            **fields,
        },
    )


def dropout(**fields):
    return DropoutCaseFactory(state=CaseState.CONFIRMED, **fields)


def test_the_first_persuasion_begins_the_persuading():
    case = dropout()

    visit = log(teacher_of(case), findings="家中无人劝说", promised_on=date(2026, 9, 25))

    case.refresh_from_db()
    assert case.state == CaseState.PERSUADING
    assert (visit.attempt_no, visit.student, visit.case) == (1, case.student, case)
    event = CaseEvent.objects.get(case=case)
    assert event.detail["visit"] == str(visit.pk)
    assert (event.from_state, event.to_state) == ("confirmed", "persuading")
    assert AuditEntry.objects.filter(action="case.visit", target_id=case.pk).count() == 1


def test_persuasions_are_numbered_and_other_visits_are_not():
    asked = teacher_of(dropout())

    visits = [log(asked, kind=kind) for kind in ("persuasion", "phone", "persuasion")]

    assert [visit.attempt_no for visit in visits] == [1, None, 2]


def test_a_child_found_back_has_returned_on_the_day_of_the_visit():
    case = dropout()

    log(teacher_of(case), outcome="back")

    case.refresh_from_db()
    assert (case.state, case.returned_on) == (CaseState.RETURNED, date(2026, 9, 20))


def test_the_same_visit_sent_again_is_the_same_visit_whatever_became_of_the_case():
    case = dropout()
    asked, key = teacher_of(case), uuid.uuid4()

    first = log(asked, client_uuid=key, outcome="back")
    again = [log(asked, client_uuid=key, outcome="back") for _ in range(3)]

    assert {visit.pk for visit in again} == {first.pk}
    assert HomeVisit.objects.count() == CaseEvent.objects.count() == 1


def test_the_same_key_with_other_words_is_a_conflict_and_the_first_stands():
    asked, key = teacher_of(dropout()), uuid.uuid4()
    log(asked, client_uuid=key, findings="孩子在家")

    with pytest.raises(VisitConflict, match="2026-09-20"):
        log(asked, client_uuid=key, findings="孩子不在家")

    assert HomeVisit.objects.get().findings == "孩子在家"


def test_the_key_of_another_case_is_a_conflict():
    classes = ClassGroupFactory()
    one, other = (dropout(student__class_group=classes) for _ in range(2))
    key = uuid.uuid4()
    log(teacher_of(one), client_uuid=key)

    with pytest.raises(VisitConflict):
        log(teacher_of(other), client_uuid=key)


def test_the_key_of_a_visit_behind_another_wall_is_a_conflict():
    key = uuid.uuid4()
    far = county_officer("620622")
    with tenancy.inside("620622"):
        hidden = dropout(student__school=None, student__class_group=None, student__county="620622")
        asked = {"scope": scope_for(far, on=TODAY), "actor": far, "case_id": hidden.pk}
        log({**asked, "today": TODAY}, client_uuid=key)

    with tenancy.inside(COUNTY), pytest.raises(VisitConflict):
        log(teacher_of(dropout()), client_uuid=key)


def test_a_case_out_of_reach_is_no_case():
    case, stranger = dropout(), teacher_of(dropout())

    for case_id in (case.pk, 0):
        with pytest.raises(DropoutCase.DoesNotExist):
            log({**stranger, "case_id": case_id})


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"visited_on": TODAY + timedelta(1)}, "家访日期不能晚于今天（2026-11-21）"),
        ({"promised_on": date(2026, 9, 19)}, "承诺返校日期不能早于家访日期"),
        ({"next_visit_on": date(2026, 9, 19)}, "下次走访日期不能早于家访日期"),
        ({"visited_on": date(2026, 9, 7), "outcome": "back"}, "不能早于建案日期（2026-09-08）"),
        ({"kind": "observation"}, "请改选：劝返、电话联系、关爱走访"),
    ],
)
def test_a_visit_is_refused_in_words_and_writes_nothing(fields, said):
    asked = teacher_of(dropout())

    with pytest.raises(TransitionRefused, match=said):
        log(asked, **fields)

    assert not HomeVisit.objects.exists()
    assert not CaseEvent.objects.exists()


def test_an_ended_case_takes_no_visit():
    case = DropoutCaseFactory(
        state=CaseState.EXCLUDED, verification_result="X01", closed_on=date(2026, 9, 10)
    )

    with pytest.raises(TransitionRefused, match="另建新个案"):
        log(teacher_of(case))


def at_once(*sends):
    """Each in a thread, a connection and a transaction of its own."""

    def run(send):
        try:
            with tenancy.inside(COUNTY):
                return send()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sends)) as pool:
        return list(pool.map(run, sends))


@pytest.mark.django_db(transaction=True)
def test_two_visits_at_once_are_decided_one_after_the_other():
    case = dropout()
    asked = teacher_of(case)

    visits = at_once(lambda: log(asked, outcome="refused"), lambda: log(asked, outcome="promised"))

    assert sorted(visit.attempt_no for visit in visits) == [1, 2]
    first, second = CaseEvent.objects.filter(case=case).order_by("pk")
    assert first.from_state == "confirmed"
    assert second.from_state == first.to_state == "persuading"


@pytest.mark.django_db(transaction=True)
def test_one_visit_sent_twice_at_the_same_moment_is_one():
    asked, key = teacher_of(dropout()), uuid.uuid4()

    visits = at_once(*[lambda: log(asked, client_uuid=key)] * 4)

    assert {visit.pk for visit in visits} == {key}
    assert HomeVisit.objects.count() == CaseEvent.objects.count() == 1
