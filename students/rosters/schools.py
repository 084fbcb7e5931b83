"""Which school a row means (contract 3.5), given the county's schools."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from core.sheets.text import half_width, squeeze
from students.rosters.cells import blank

MIN_ENDING = 4
_BRACKETED_ENDING = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True, slots=True)
class KnownSchool:
    id: int
    code: str
    name: str
    stages: tuple[str, ...]
    township: str  # name


class SchoolFault(StrEnum):
    UNKNOWN = "school_unknown"
    AMBIGUOUS = "school_ambiguous"


class SchoolFinder:
    """The schools of one county, cut to what distinguishes them."""

    def __init__(self, schools: Iterable[KnownSchool], *, places: Iterable[str]) -> None:
        """`places`: names of the county's province, city and the county itself, in this order."""
        self._leading = re.compile("".join(f"(?:{re.escape(place)})?" for place in places))
        self._by_code: dict[str, KnownSchool] = {}
        self._by_name: dict[str, list[KnownSchool]] = {}
        for school in schools:
            self._by_code[school.code] = school
            self._by_name.setdefault(self._cut(school.name), []).append(school)
        self._memory = lru_cache(maxsize=1 << 14)(self._find)

    def find(self, *, code: str, name: str, township: str) -> KnownSchool | SchoolFault | None:
        """None if the row names no school."""
        return self._memory(code, name, township)

    def _find(self, code: str, name: str, township: str) -> KnownSchool | SchoolFault | None:
        code, name, township = blank(code), blank(name), blank(township)
        if not code and not name:
            return None
        if code:
            return self._by_code.get(squeeze(code), SchoolFault.UNKNOWN)
        found = self._named(self._cut(name))
        if len(found) > 1:
            wanted = self._cut(township)
            found = [s for s in found if self._cut(s.township) == wanted] or found
        if not found:
            return SchoolFault.UNKNOWN
        return found[0] if len(found) == 1 else SchoolFault.AMBIGUOUS

    def _named(self, cut: str) -> list[KnownSchool]:
        if cut in self._by_name or len(cut) < MIN_ENDING:
            return self._by_name.get(cut, [])
        return [s for name, same in self._by_name.items() if name.endswith(cut) for s in same]

    def _cut(self, name: str) -> str:
        bare = _BRACKETED_ENDING.sub("", squeeze(half_width(name)))
        match = self._leading.match(bare)
        return bare[match.end() :] if match else bare
