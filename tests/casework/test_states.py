from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.states import (
    BACK_STATES,
    DROPOUT_STATES,
    ENDED_STATES,
    LEADS_TO,
    OPEN_STATES,
    SETTLED_STATES,
    SIGNED_STATES,
    STARTS_FROM,
    STAYS,
    VISIT_KINDS,
    Action,
    CaseState,
    Receipt,
    TransitionRefused,
    VisitKind,
    VisitOutcome,
    actions_from,
    after,
    after_check,
    after_receipt,
    after_visit,
    ending,
    is_step,
    refuse_unlikely_day,
)

states = st.sampled_from(CaseState)
texts = st.sampled_from(["", "RP01"])


def step(state, draw):
    """One step somebody tries; a refused one leaves the case as it was."""
    action = draw(st.sampled_from(Action))
    try:
        if action == Action.VERIFY:
            leads_to = draw(st.sampled_from(["", "excluded", "confirmed", "suspected", "closed"]))
            return action, after_check(state, leads_to=leads_to), ""
        if action == Action.VISIT:
            kind, outcome = draw(st.sampled_from(VisitKind)), draw(st.sampled_from(VisitOutcome))
            return action, after_visit(state, kind=kind, outcome=outcome), ""
        if action == Action.RECEIPT:
            receipt = draw(st.sampled_from(Receipt))
            return action, after_receipt(state, receipt, former=CaseState.PERSUADING), ""
        if action == Action.OPEN or action in STAYS:
            return action, state, ""
        placement, reason = draw(texts), draw(texts)
        to = after(state, action, placement=placement, lapse_reason=reason)
        return action, to, placement or reason
    except TransitionRefused:
        return action, state, ""


@given(st.data())
def test_no_road_leads_to_closed_without_a_placement_or_a_lapse_reason(data):
    state = CaseState.SUSPECTED
    for _ in range(12):
        before, (action, state, ground) = state, step(state, data.draw)
        if state in SIGNED_STATES and before != state:
            assert ground
            assert action in (Action.CLOSE, Action.LAPSE)


@given(st.data())
def test_an_ended_case_stays_as_it_is(data):
    ended = data.draw(st.sampled_from(ENDED_STATES))

    assert step(ended, data.draw)[1] == ended
    assert actions_from(ended) == []


@given(states, st.sampled_from(VisitKind), st.sampled_from(VisitOutcome))
def test_a_visit_never_ends_a_case(state, kind, outcome):
    try:
        assert after_visit(state, kind=kind, outcome=outcome) in OPEN_STATES
    except TransitionRefused:
        assert state in ENDED_STATES or kind not in VISIT_KINDS[state]


def test_every_open_state_can_come_to_an_end():
    reached = set(ENDED_STATES)
    for _ in CaseState:
        for action, starts in STARTS_FROM.items():
            goals = {LEADS_TO[action]} if action in LEADS_TO else set()
            if action == Action.VERIFY:
                goals = {CaseState.EXCLUDED}
            if action == Action.RECEIPT:
                goals = {CaseState.RETURNED}
            if goals & reached:
                reached |= set(starts)

    assert reached == set(CaseState)


def test_the_states_fall_into_open_and_ended():
    assert set(OPEN_STATES) | set(ENDED_STATES) == set(CaseState)
    assert not set(OPEN_STATES) & set(ENDED_STATES)
    aside = {CaseState.SUSPECTED, CaseState.TRANSFERRED}
    assert set(DROPOUT_STATES) | set(SETTLED_STATES) == set(OPEN_STATES) - aside
    assert set(BACK_STATES) < set(SETTLED_STATES)


@given(st.data())
def test_whatever_is_tried_every_step_stands_in_the_tables(data):
    state = CaseState.SUSPECTED
    for _ in range(12):
        before = state
        action, state, _ = step(state, data.draw)
        if state != before:
            assert is_step(before, action, state)


@pytest.mark.parametrize(
    "before, action, to",
    [
        ("confirmed", "close", "closed"),
        ("persuading", "close", "closed"),
        ("returned", "close", "closed"),
        ("returned", "relapse", "closed"),
        ("confirmed", "verify", "suspected"),
        ("transferred", "receipt", "closed"),
        ("closed", "visit", "closed"),
        ("observing", "sign", "closed"),
    ],
)
def test_what_is_no_step_is_known_as_none(before, action, to):
    assert not is_step(CaseState(before), Action(action), CaseState(to))


@pytest.mark.parametrize(
    "receipt, then",
    [
        ("accepted", "returned"),
        ("refused", "escalated"),
        ("withdrawn", "escalated"),
        ("overdue", "escalated"),
    ],
)
def test_only_a_receipt_ends_the_waiting_otherwise_the_case_stands_as_before(receipt, then):
    found = after_receipt(CaseState.TRANSFERRED, Receipt(receipt), former=CaseState("escalated"))

    assert found == then


@pytest.mark.parametrize(
    "state, lapse_reason, signed_for",
    [
        ("observing", "", "close"),
        ("placed", "", "close"),
        ("observing", "died", "lapse"),
        ("persuading", "over_age", "lapse"),
        ("persuading", "", None),
        ("transferred", "died", None),
        ("closed", "", None),
    ],
)
def test_the_lines_sign_for_the_ending_in_sight(state, lapse_reason, signed_for):
    assert ending(CaseState(state), lapse_reason=lapse_reason) == signed_for


@pytest.mark.parametrize(
    "state, kind, outcome, then",
    [
        ("suspected", "first_check", "back", "suspected"),
        ("confirmed", "persuasion", "refused", "persuading"),
        ("confirmed", "phone", "talked", "confirmed"),
        ("confirmed", "persuasion", "back", "returned"),
        ("persuading", "persuasion", "promised", "persuading"),
        ("persuading", "care", "back", "returned"),
        ("escalated", "persuasion", "talked", "escalated"),
        ("escalated", "persuasion", "back", "returned"),
        ("returned", "observation", "back", "observing"),
        ("returned", "phone", "back", "returned"),
        ("observing", "observation", "not_met", "observing"),
    ],
)
def test_a_visit_leads_to(state, kind, outcome, then):
    found = after_visit(CaseState(state), kind=VisitKind(kind), outcome=VisitOutcome(outcome))

    assert found == then


@pytest.mark.parametrize(
    "state, leads_to, then",
    [
        ("suspected", "excluded", "excluded"),
        ("suspected", "confirmed", "confirmed"),
        ("suspected", "suspected", "suspected"),
        ("confirmed", "excluded", "excluded"),
        ("confirmed", "confirmed", "confirmed"),
    ],
)
def test_a_check_leads_to(state, leads_to, then):
    assert after_check(CaseState(state), leads_to=leads_to) == then


def test_a_refusal_names_the_state_the_deed_and_the_remedy():
    with pytest.raises(TransitionRefused) as refusal:
        after(CaseState.SUSPECTED, Action.CLOSE, placement="RP01")

    assert str(refusal.value) == (
        "个案现为“疑似”，不能办理“销号”。请先登记核查结果，确认是否辍学。"
    )


def test_a_visit_of_the_wrong_kind_is_told_the_right_ones():
    with pytest.raises(TransitionRefused, match="请改选：首次核查、电话联系、关爱走访"):
        after_visit(CaseState.SUSPECTED, kind=VisitKind.PERSUASION, outcome=VisitOutcome.TALKED)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-40, 40), st.integers(-40, 40))
def test_a_day_lies_between_its_ground_and_today(today, of_day, of_ground):
    day, ground = today + timedelta(of_day), today + timedelta(of_ground)
    said = ""
    try:
        refuse_unlikely_day("日期", day, today=today, earliest=ground, earliest_name="建案日期")
    except TransitionRefused as refusal:
        said = str(refusal)

    assert (said == "") == (ground <= day <= today)
    assert not said or f"{today if day > today else ground:%Y-%m-%d}" in said
