"""Working days: the week, corrected by the State Council's yearly notice (CalendarDay).

Counting follows 民事诉讼法: the day it begins on is not counted, and a period that would end on a
day off ends on the next working day. A year without a notice yet has its plain weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from schools.models import CalendarDay

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """One reading of the table, for many questions."""

    differing: Mapping[date, bool]

    def works(self, day: date) -> bool:
        return self.differing.get(day, day.weekday() < 5)

    def next(self, day: date) -> date:
        """The day itself where it is worked, else the first worked day after it."""
        while not self.works(day):
            day += _ONE_DAY
        return day

    def add(self, day: date, n: int) -> date:
        """The n-th working day after a day; the day itself for 0."""
        if n < 0:
            raise ValueError("working days are counted forwards")
        while n:
            day = self.next(day + _ONE_DAY)
            n -= 1
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative when it is earlier."""
        return self._worked_until(last) - self._worked_until(first)

    def _worked_until(self, day: date) -> int:
        weeks, rest = divmod(day.toordinal(), 7)  # day 1 of the era was a Monday
        moved = (
            works - (other.weekday() < 5) for other, works in self.differing.items() if other <= day
        )
        return 5 * weeks + min(rest, 5) + sum(moved)


def work_calendar() -> WorkCalendar:
    return WorkCalendar(dict(CalendarDay.objects.values_list("day", "is_working")))


def add_working_days(day: date, n: int) -> date:
    return work_calendar().add(day, n)


def working_days_between(first: date, last: date) -> int:
    return work_calendar().between(first, last)


def next_working_day(day: date) -> date:
    return work_calendar().next(day)
