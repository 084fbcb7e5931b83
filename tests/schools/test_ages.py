from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import idnumber
from schools.ages import cohort, school_year_of
from schools.models import AgeRule

USUAL = {"entry_age": 6, "cutoff_month": 8, "cutoff_day": 31, "years": 9}


@pytest.mark.parametrize(
    "year, first, last",
    [
        (2021, date(2006, 9, 1), date(2015, 8, 31)),
        (2020, date(2005, 9, 1), date(2014, 8, 31)),
        (2026, date(2011, 9, 1), date(2020, 8, 31)),
    ],
)
def test_published_cohorts(year, first, last):
    years = cohort(year, **USUAL)

    assert (years.first_birth, years.last_birth) == (first, last)


def test_a_child_of_31_august_enters_and_one_of_1_september_waits_a_year():
    entrant = idnumber.birth_date("62990020130831" + "0010")

    assert cohort(2019, **USUAL).last_birth == entrant
    assert not cohort(2019, **USUAL).holds(date(2013, 9, 1))
    assert cohort(2020, **USUAL).holds(date(2013, 9, 1))


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(5, 7), st.integers(8, 10))
def test_every_child_is_of_school_age_for_exactly_as_many_years_as_the_rule_says(
    born, entry_age, years
):
    rule = {**USUAL, "entry_age": entry_age, "years": years}
    holding = [y for y in range(1985, 2070) if cohort(y, **rule).holds(born)]

    assert len(holding) == years
    assert holding == list(range(holding[0], holding[0] + years))
    first_year_ends = date(holding[0], 8, 31)
    assert born <= date(first_year_ends.year - entry_age, 8, 31)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_the_school_year_turns_on_1_september(day):
    start = school_year_of(day)

    assert date(start, 9, 1) <= day < date(start + 1, 9, 1)
    assert school_year_of(date(start, 9, 1) - timedelta(days=1)) == start - 1


@pytest.mark.django_db
def test_a_county_with_a_rule_of_its_own_goes_before_the_common_one():
    AgeRule.objects.create(county="620602", entry_age=7, valid_from=date(2026, 9, 1))

    assert AgeRule.objects.for_county("620602", on=date(2026, 11, 1)).entry_age == 7
    assert AgeRule.objects.for_county("620602", on=date(2026, 8, 31)).entry_age == 6
    assert AgeRule.objects.for_county("500113", on=date(2026, 11, 1)).entry_age == 6
