from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from casework import services
from casework.models import CaseEvent, DropoutCase
from casework.services.rebuild import differences, set_right
from core.models import AuditEntry
from tests.casework.walks import TODAY, confirm, deed, officer, to_the_end
from tests.factories import DropoutCaseFactory, StudentFactory

pytestmark = pytest.mark.django_db


def a_whole_case():
    asked = officer()
    case = services.open_case(
        **asked,
        student_id=StudentFactory().pk,
        today=TODAY,
        opened_on=date(2026, 9, 8),
        source="school",
    )
    to_the_end(case, asked)
    deed(services.close_case, case, asked, closed_on=TODAY)
    return case


def check(capsys):
    try:
        call_command("rebuild_case_states", "--check")
    finally:
        said = capsys.readouterr().out
    return said


def test_cases_made_by_the_services_are_what_their_events_tell(capsys):
    a_whole_case()

    assert check(capsys) == "个案状态与办理过程一致。\n"


@pytest.mark.parametrize(
    "field, wrong",
    [
        ("state_since", date(2026, 9, 1)),
        ("opened_on", date(2026, 9, 1)),
        ("verification_result", "X01"),
        ("verified_on", date(2026, 9, 1)),
        ("main_cause", "R01"),
        ("dropped_out_on", None),
        ("returned_on", date(2026, 9, 1)),
        ("placement", "RP09"),
        ("lapse_reason", "died"),
        ("ending_proof", "另一份"),
        ("closed_on", date(2026, 11, 20)),
    ],
)
def test_each_seeded_difference_is_found_and_set_right(field, wrong, capsys):
    case, other = a_whole_case(), a_whole_case()
    right = getattr(DropoutCase.objects.get(pk=case.pk), field)
    untouched = DropoutCase.objects.filter(pk=other.pk).values().get()
    DropoutCase.objects.filter(pk=case.pk).update(**{field: wrong})

    with pytest.raises(CommandError):
        check(capsys)
    assert [(one.case, one.field) for one in differences()] == [(case.pk, field)]

    call_command("rebuild_case_states")
    assert f"个案 {case.pk} 已按办理过程更正：{field}" in capsys.readouterr().out
    assert getattr(DropoutCase.objects.get(pk=case.pk), field) == right
    assert DropoutCase.objects.filter(pk=other.pk).values().get() == untouched
    entry = AuditEntry.objects.get(action="case.rebuild")
    assert list(entry.after) == [field]


def test_a_seeded_state_is_found_and_set_right():
    case = a_whole_case()
    DropoutCase.objects.filter(pk=case.pk).update(state="observing", closed_on=None)

    assert {one.field for one in set_right()} == {"state", "closed_on"}
    case.refresh_from_db()
    assert (case.state, case.closed_on) == ("closed", TODAY)
    assert differences() == []


def test_a_gap_in_the_events_and_a_case_without_any_are_told_and_left(capsys):
    case, bare = DropoutCaseFactory(), DropoutCaseFactory()
    confirm(case, officer())  # its opening is missing

    with pytest.raises(CommandError):
        call_command("rebuild_case_states")

    said = capsys.readouterr().out
    assert f"个案 {case.pk} 与办理过程不一致：办理过程不连贯" in said
    assert f"个案 {bare.pk} 与办理过程不一致：没有办理过程" in said


def test_the_comparison_is_one_statement_for_any_number_of_cases(django_assert_num_queries):
    for _ in range(3):
        a_whole_case()

    with django_assert_num_queries(1):
        assert differences() == []


@pytest.mark.parametrize(
    "deed_of", ["UPDATE casework_caseevent SET note = ''", "DELETE FROM casework_caseevent"]
)
def test_events_are_neither_changed_nor_removed(deed_of):
    case = DropoutCaseFactory()
    confirm(case, officer())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed_of)
    assert CaseEvent.objects.filter(case=case).exists()
