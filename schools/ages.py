"""Which children a school year counts as of school age. Pure; source: 义务教育法第十一条.

A child enters school in the year it is six by the cut-off day, and stays for nine years.
"""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Cohort:
    """Birthdays, both ends included."""

    first_birth: date
    last_birth: date

    def holds(self, born: date) -> bool:
        return self.first_birth <= born <= self.last_birth


def school_year_of(day: date) -> int:
    """First year of the statistical school year, 1 September to 31 August (教育统计口径)."""
    return day.year if day.month >= 9 else day.year - 1


def cohort(
    start_year: int, *, entry_age: int, cutoff_month: int, cutoff_day: int, years: int
) -> Cohort:
    """2021, 6, 8, 31, 9 -> born 2006-09-01 … 2015-08-31."""
    last = date(start_year - entry_age, cutoff_month, cutoff_day)
    before_first = date(last.year - years, cutoff_month, cutoff_day)
    return Cohort(before_first + timedelta(days=1), last)
