from datetime import date

import pytest

from ledgers.periods import Period, PeriodNotBegun, PeriodUnknown


def test_a_past_month_stands_on_its_last_day_and_the_running_one_on_today():
    february = Period.parse("2028-02")

    assert february.as_of(date(2028, 5, 1)) == date(2028, 2, 29)
    assert february.as_of(date(2028, 2, 10)) == date(2028, 2, 10)


def test_a_month_to_come_has_no_ledger():
    with pytest.raises(PeriodNotBegun, match="2026-12 尚未开始"):
        Period.parse("2026-12").as_of(date(2026, 11, 30))


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-1", "26-01", "2026-01-01", "", "２０２６-01"]
)
def test_a_month_is_written_in_one_way(text):
    with pytest.raises(PeriodUnknown, match="请写成年-月"):
        Period.parse(text)
