from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools import calendar
from schools.calendar import WorkCalendar

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
calendars = st.builds(
    WorkCalendar,
    st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.booleans(), max_size=60),
)
counts = st.integers(0, 120)


@given(calendars, days, counts)
def test_counting_finds_the_days_that_were_added(works, day, n):
    assert works.between(day, works.add(day, n)) == n


@given(calendars, days, counts, counts)
def test_two_periods_are_one_of_their_sum(works, day, one, other):
    assert works.add(works.add(day, one), other) == works.add(day, one + other)


@given(calendars, days, st.integers(-200, 200))
def test_a_period_counts_what_a_finger_on_the_calendar_counts(works, first, length):
    last = first + timedelta(days=length)
    low, high = sorted((first, last))
    after_low = (low + timedelta(days=step) for step in range(1, (high - low).days + 1))

    plain = sum(works.works(day) for day in after_low)

    assert works.between(first, last) == (plain if length >= 0 else -plain)


@given(calendars, days)
def test_the_next_working_day_is_worked_and_none_before_it_is(works, day):
    found = works.next(day)

    assert works.works(found)
    assert works.between(day - timedelta(days=1), found) == 1


def test_working_days_are_not_counted_backwards():
    with pytest.raises(ValueError, match="forwards"):
        WorkCalendar({}).add(date(2026, 9, 1), -1)


@pytest.mark.django_db
def test_the_national_day_holiday_of_2026():
    assert calendar.next_working_day(date(2026, 10, 1)) == date(2026, 10, 8)
    # Saturday the 10th is worked; Sunday the 11th is not.
    assert calendar.add_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert calendar.working_days_between(date(2026, 9, 30), date(2026, 10, 12)) == 4


@pytest.mark.django_db
def test_fifteen_working_days_over_the_spring_festival_of_2026():
    assert calendar.add_working_days(date(2026, 2, 13), 2) == date(2026, 2, 24)
