from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.scope import scope_for
from casework import services
from casework.models import CaseCode, CaseEvent, DropoutCase
from casework.services import OpenCaseExists
from casework.states import Action, CaseState, TransitionRefused
from core.access import Scope
from core.models import AuditEntry
from tests.factories import (
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
)

TODAY = date(2026, 11, 21)
OPENED = date(2026, 9, 8)
pytestmark = pytest.mark.django_db


def officer(county="620602"):
    user = county_officer(county)
    return {"scope": scope_for(user, on=TODAY), "actor": user}


def deed(service, case, asked, **fields):
    return service(**asked, case_id=case.pk, today=TODAY, **fields)


def confirm(case, asked, on=date(2026, 9, 10)):
    return deed(
        services.verify_case,
        case,
        asked,
        verified_on=on,
        result="C01",
        verified_by="李老师",
        main_cause="R02",
        causes=["R06"],
        dropped_out_on=date(2026, 9, 1),
    )


def bring_back(case, asked, on=date(2026, 9, 20)):
    return deed(services.return_student, case, asked, returned_on=on, placement="RP01")


def chain(case):
    events = list(CaseEvent.objects.filter(case=case).order_by("pk"))
    for earlier, later in pairwise(events):
        assert later.from_state == earlier.to_state
    return events


def test_a_case_from_suspicion_to_closing():
    student, asked = StudentFactory(), officer()

    case = services.open_case(
        **asked,
        student_id=student.pk,
        today=TODAY,
        opened_on=OPENED,
        source="absence",
        last_present_on=date(2026, 8, 31),
    )
    confirm(case, asked)
    for action, on in [(Action.PERSUADE, 11), (Action.ESCALATE, 18)]:
        deed(services.advance_case, case, asked, action=action, on=date(2026, 9, on))
    bring_back(case, asked)
    deed(services.advance_case, case, asked, action=Action.OBSERVE, on=date(2026, 9, 21))
    closed = deed(services.close_case, case, asked, closed_on=TODAY)

    assert (closed.state, closed.placement, closed.closed_on) == ("closed", "RP01", TODAY)
    assert closed.causes == ["R02", "R06"]
    assert [event.to_state for event in chain(case)] == [
        "suspected",
        "confirmed",
        "persuading",
        "escalated",
        "returned",
        "observing",
        "closed",
    ]
    assert closed.school_at_opening == student.school


def test_each_step_leaves_event_and_audit_with_before_and_after():
    case, asked = DropoutCaseFactory(), officer()

    confirm(case, asked)

    event = CaseEvent.objects.get(case=case)
    assert (event.action, event.from_state, event.to_state) == ("verify", "suspected", "confirmed")
    assert event.actor_name == asked["actor"].full_name
    assert event.detail["dropped_out_on"] == "2026-09-01"
    entry = AuditEntry.objects.get(action="case.verify", target_id=case.pk)
    assert entry.before["state"] == "suspected"
    assert entry.after["state"] == "confirmed"


@pytest.mark.parametrize("result, then", [("X03", "excluded"), ("U01", "suspected")])
def test_the_result_of_the_check_decides(result, then):
    case = DropoutCaseFactory()

    found = deed(
        services.verify_case,
        case,
        officer(),
        verified_on=date(2026, 9, 10),
        result=result,
        verified_by="李老师",
        evidence="在读证明",
    )

    assert found.state == then
    assert found.closed_on == (date(2026, 9, 10) if then == "excluded" else None)


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"result": "X03"}, "佐证材料"),
        ({"result": "C01", "dropped_out_on": OPENED}, "主要辍学原因"),
        ({"result": "C01", "main_cause": "R02"}, "辍学日期"),
        ({"result": "C01", "main_cause": "R77", "dropped_out_on": OPENED}, "辍学原因“R77”"),
        ({"result": "C01", "main_cause": "R99", "dropped_out_on": OPENED}, "写明是什么原因"),
        ({"result": "Z99"}, "核查结果“Z99”"),
        ({"result": "U01", "verified_on": TODAY + timedelta(1)}, "不能晚于今天（2026-11-21）"),
        ({"result": "U01", "verified_on": OPENED - timedelta(1)}, "不能早于建案日期（2026-09-08）"),
        (
            {"result": "C01", "main_cause": "R02", "dropped_out_on": TODAY},
            "不能晚于核查日期（2026-09-10）",
        ),
    ],
)
def test_a_check_is_refused_in_words_and_writes_nothing(fields, said):
    case = DropoutCaseFactory()

    with pytest.raises(TransitionRefused, match=said), transaction.atomic():
        deed(
            services.verify_case,
            case,
            officer(),
            **{"verified_on": date(2026, 9, 10), "verified_by": "李老师", **fields},
        )

    case.refresh_from_db()
    assert case.state == CaseState.SUSPECTED
    assert not CaseEvent.objects.exists()


def test_a_second_open_case_is_refused_by_name():
    case = DropoutCaseFactory()

    with pytest.raises(OpenCaseExists, match=f"编号 {case.pk}") as refusal:
        services.open_case(
            **officer(),
            student_id=case.student_id,
            today=TODAY,
            opened_on=TODAY,
            source="school",
        )

    assert refusal.value.case_id == case.pk
    assert DropoutCase.objects.count() == 1


def test_a_child_back_at_school_is_closed_only_after_watching():
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    bring_back(case, asked)

    with pytest.raises(TransitionRefused, match="请先开始跟踪"):
        deed(services.close_case, case, asked, closed_on=TODAY)


def test_a_relapse_ends_the_case_and_opens_one_that_names_it():
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    bring_back(case, asked)

    new = deed(services.record_relapse, case, asked, on=date(2026, 10, 9))

    case.refresh_from_db()
    assert (case.state, case.closed_on, case.placement) == ("closed", date(2026, 10, 9), "RP01")
    assert (new.state, new.previous_case, new.opened_on) == ("suspected", case, date(2026, 10, 9))


def test_a_case_after_a_closed_one_names_it():
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    deed(services.lapse_case, case, asked, closed_on=TODAY, lapse_reason="moved_out")

    again = services.open_case(
        **asked, student_id=case.student_id, today=TODAY, opened_on=TODAY, source="township"
    )

    assert again.previous_case == case


def test_another_county_and_an_empty_scope_find_no_case():
    case = DropoutCaseFactory()
    teacher = class_teacher(DropoutCaseFactory().student.class_group)

    for scope in (Scope(), scope_for(teacher, on=TODAY)):
        with pytest.raises(DropoutCase.DoesNotExist):
            confirm(case, {"scope": scope, "actor": teacher})


def test_the_school_manages_but_does_not_close():
    case, asked = DropoutCaseFactory(), officer()
    head = school_head(case.student.school)
    own = {"scope": scope_for(head, on=TODAY), "actor": head}

    confirm(case, own)

    with pytest.raises(DropoutCase.DoesNotExist):
        deed(services.lapse_case, case, own, closed_on=TODAY, lapse_reason="died")
    assert deed(services.lapse_case, case, asked, closed_on=TODAY, lapse_reason="died")


def test_every_code_of_a_check_leads_somewhere():
    results = CaseCode.objects.of(CaseCode.List.VERIFICATION)

    assert set(results.values_list("leads_to", flat=True)) == {
        "excluded",
        "confirmed",
        "suspected",
    }


class AnyoneTriesAnything:
    """Deeds in any order, with and without what they ask for."""

    def __init__(self, case, asked):
        self.case, self.asked = case, asked
        self.deeds = [
            partial(confirm, case, asked, on=TODAY),
            partial(self.verify, "X01"),
            partial(self.verify, "U01"),
            partial(self.advance, Action.PERSUADE),
            partial(self.advance, Action.ESCALATE),
            partial(self.advance, Action.OBSERVE),
            partial(bring_back, case, asked, on=TODAY),
            partial(self.close, ""),
            partial(self.close, "RP05"),
            partial(deed, services.lapse_case, case, asked, closed_on=TODAY, lapse_reason="died"),
            partial(deed, services.lapse_case, case, asked, closed_on=TODAY, lapse_reason=""),
            partial(deed, services.record_relapse, case, asked, on=TODAY),
        ]

    def verify(self, result):
        deed(
            services.verify_case,
            self.case,
            self.asked,
            verified_on=TODAY,
            result=result,
            verified_by="李老师",
            evidence="考勤表",
        )

    def advance(self, action):
        deed(services.advance_case, self.case, self.asked, action=action, on=TODAY)

    def close(self, placement):
        deed(services.close_case, self.case, self.asked, closed_on=TODAY, placement=placement)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tries=st.lists(st.integers(0, 11), max_size=14))
def test_events_alone_lead_to_the_stored_state(tries):
    with transaction.atomic():
        asked = officer()
        case = services.open_case(
            **asked,
            student_id=StudentFactory().pk,
            today=TODAY,
            opened_on=OPENED,
            source="absence",
        )
        person = AnyoneTriesAnything(case, asked)
        for number in tries:
            try:
                person.deeds[number]()
            except TransitionRefused:
                continue
        case.refresh_from_db()
        events = chain(case)

        assert events[0].from_state == ""
        assert events[-1].to_state == case.state
        if case.state == CaseState.CLOSED:
            assert case.placement or case.lapse_reason
        transaction.set_rollback(True)
