from datetime import date

import pytest

from schools.deadlines import Deadline, NoDeadline, deadline
from schools.models import DeadlineRule

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


def test_every_deadline_has_a_figure_for_all_counties_and_its_source():
    assert {code: deadline(code, county="620602", on=TODAY) for code in Deadline} == {
        Deadline.ABSENCE_REPORTED: 3,
        Deadline.SUSPECTED: 7,
        Deadline.DROPPED_OUT: 30,
        Deadline.SUSPECTED_CHECKED: 15,
        Deadline.TRANSFER_ANSWERED: 10,
        Deadline.LEFT_BEHIND_REGISTERED: 14,
        Deadline.TASK_VERIFY: 10,
        Deadline.TASK_ASSIGN: 3,
        Deadline.TASK_PERSUADE_VISIT: 5,
        Deadline.TASK_LEGAL_NEXT: 15,
        Deadline.TASK_OBSERVE_CHECK: 20,
        Deadline.TASK_SIGN: 5,
        Deadline.OBSERVATION_CHECKS: 3,
        Deadline.TASK_PLAN_REVIEW: 5,
        Deadline.TASK_HANDOVER: 3,
        Deadline.LEGAL_ENTRY: 7,
        Deadline.LEGAL_URGED: 3,
        Deadline.LEGAL_ORDER: 7,
        Deadline.LEGAL_STATEMENT: 5,
        Deadline.LEGAL_FINE_PAID: 15,
        Deadline.LEGAL_DEMAND: 10,
        Deadline.LEGAL_ANSWER: 30,
        Deadline.LEGAL_REVIEW: 60,
        Deadline.LEGAL_SERVED: 7,
        Deadline.LEGAL_SUIT: 6,
        Deadline.LEGAL_ENFORCEMENT: 3,
        Deadline.SCHOOL_MONTH_REPORT: 0,
        Deadline.TWINNING_MONTH_REPORT: 25,
    }
    assert not DeadlineRule.objects.filter(source="").exists()


def test_a_county_with_its_own_rule_follows_it_while_it_holds():
    DeadlineRule.objects.create(
        county="620602",
        code=Deadline.SCHOOL_MONTH_REPORT,
        value=28,
        source="区教育局通知",
        valid_from=date(2026, 9, 1),
        valid_to=date(2026, 12, 31),
    )

    def asked(county, on):
        return deadline(Deadline.SCHOOL_MONTH_REPORT, county=county, on=on)

    assert asked("620602", TODAY) == 28
    assert asked("620602", date(2026, 8, 31)) == 0
    assert asked("620602", date(2027, 1, 1)) == 0
    assert asked("370923", TODAY) == 0


def test_the_newest_rule_of_the_day_counts():
    DeadlineRule.objects.create(code=Deadline.SUSPECTED, value=5, valid_from=date(2027, 1, 1))

    assert deadline(Deadline.SUSPECTED, county="620602", on=date(2026, 12, 31)) == 7
    assert deadline(Deadline.SUSPECTED, county="620602", on=date(2027, 1, 1)) == 5


def test_before_any_rule_there_is_none():
    with pytest.raises(NoDeadline):
        deadline(Deadline.SUSPECTED, county="620602", on=date(2010, 1, 1))
