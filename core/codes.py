"""Official and house code lists, each with the days it holds on. Data: core/data/*.csv."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).with_name("data")


class UnknownCode(LookupError):
    """The list has no such code, or not on that day."""


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    name: str
    valid_from: date | None
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@lru_cache(maxsize=32)
def codes(kind: str) -> dict[str, Code]:
    """A whole list by code, withdrawn entries included: 'ethnicity', 'sex', 'grade', 'stage'."""
    with (_DATA / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Code(row["code"], row["name"], _day(row["valid_from"]), _day(row["valid_to"]))
            for row in csv.DictReader(file)
        ]
    return {row.code: row for row in rows}


def choices(kind: str, *, on: date) -> list[tuple[str, str]]:
    """Code and name of what may be chosen on a day, in the list's order."""
    return [(row.code, row.name) for row in codes(kind).values() if row.holds_on(on)]


def name(kind: str, code: str) -> str:
    """What a stored code is called; an empty code has no name. Withdrawn codes keep theirs."""
    if not code:
        return ""
    try:
        return codes(kind)[code].name
    except KeyError:
        raise UnknownCode(f"{kind} {code}") from None


def ethnicity_code(text: str) -> str | None:
    """汉, 汉族, 01 or 1 as the two digits of GB/T 3304; None if the list does not know it.

    穿青人 have no code of their own and are counted under 97 其他.
    """
    return _ethnicity_spellings().get(text)


@lru_cache(maxsize=1)
def _ethnicity_spellings() -> dict[str, str]:
    spellings = {"穿青人": "97", "穿青": "97", "其他": "97"}
    for code, row in codes("ethnicity").items():
        spellings |= {code: code, str(int(code)): code, row.name: code}
        spellings[row.name.removesuffix("族")] = code
    return spellings


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
