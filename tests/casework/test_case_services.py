from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import transaction

from accounts.scope import scope_for
from casework import services
from casework.models import CaseCode, CaseEvent, DropoutCase
from casework.services import OpenCaseExists
from casework.states import Action, CaseState, TransitionRefused
from core.access import Scope
from core.models import AuditEntry
from tests.casework.walks import (
    TODAY,
    bring_back,
    confirm,
    deed,
    observe,
    officer,
    sign_both,
    to_the_end,
    who,
)
from tests.factories import DropoutCaseFactory, StudentFactory, class_teacher, school_head

OPENED = date(2026, 9, 8)
pytestmark = pytest.mark.django_db


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
    observe(case, asked)
    sign_both(case)
    closed = deed(services.close_case, case, asked, closed_on=TODAY)

    assert (closed.state, closed.placement, closed.closed_on) == ("closed", "RP01", TODAY)
    assert closed.causes == ["R02", "R06"]
    moved = [event for event in chain(case) if event.from_state != event.to_state]
    assert [event.to_state for event in moved] == [
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
    assert (case.state, case.closed_on, case.placement) == ("relapsed", date(2026, 10, 9), "RP01")
    assert (new.state, new.previous_case, new.opened_on) == ("suspected", case, date(2026, 10, 9))


def test_a_case_after_a_closed_one_names_it():
    case, asked = DropoutCaseFactory(), officer()
    to_the_end(case, asked)
    deed(services.close_case, case, asked, closed_on=TODAY)

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
    own = who(school_head(case.student.school))

    confirm(case, own)
    bring_back(case, own)
    observe(case, own)
    sign_both(case)

    with pytest.raises(DropoutCase.DoesNotExist):
        deed(services.close_case, case, own, closed_on=TODAY)
    assert deed(services.close_case, case, asked, closed_on=TODAY)


def test_every_code_of_a_check_leads_somewhere():
    results = CaseCode.objects.of(CaseCode.List.VERIFICATION)

    assert set(results.values_list("leads_to", flat=True)) == {
        "excluded",
        "confirmed",
        "suspected",
    }
