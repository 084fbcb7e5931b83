"""A period is a calendar month like 2026-11; a ledger of it stands on one day. Pure rules."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])").fullmatch


class LedgerRefused(Exception):
    """The text names the thing and the remedy, in Chinese, for the person who asked."""


class PeriodUnknown(LedgerRefused):
    def __init__(self, text: str) -> None:
        super().__init__(f"期别“{text[:20]}”不是月份，请写成年-月，例如 2026-11。")


class PeriodNotBegun(LedgerRefused):
    def __init__(self, period: str) -> None:
        super().__init__(f"{period} 尚未开始，请在当月 1 日以后再生成该期台账。")


class PeriodIsLocked(LedgerRefused):
    """Figures already sent upwards are mended in a later period, never here."""

    def __init__(self, period: str) -> None:
        super().__init__(f"{period} 的台账已锁定，不再重新生成；如有更正，请在下一期体现。")


class KindUnknown(LedgerRefused):
    def __init__(self, code: str, known: str) -> None:
        super().__init__(f"没有“{code[:30]}”这种台账，可选：{known}。")


class UnitUnknown(LedgerRefused):
    def __init__(self, unit: str) -> None:
        super().__init__(
            f"没有找到填报单位“{unit[:20]}”，请填写本县 6 位区划代码、"
            "9 位乡镇代码或 10 位学校标识码。"
        )


@dataclass(frozen=True, slots=True, order=True)
class Period:
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> "Period":
        found = _MONTH(text)
        if not found:
            raise PeriodUnknown(text)
        year, month = int(found[1]), int(found[2])
        return cls(date(year, month, 1), date(year, month, monthrange(year, month)[1]))

    @classmethod
    def of(cls, day: date) -> "Period":
        return cls.parse(f"{day:%Y-%m}")

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def label(self) -> str:
        return f"{self.first.year}年{self.first.month}月"

    def as_of(self, today: date) -> date:
        """Its last day, or today while it runs. Errors: PeriodNotBegun."""
        if today < self.first:
            raise PeriodNotBegun(str(self))
        return min(self.last, today)
