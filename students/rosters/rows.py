"""What each row below a header is (contract 3.4); only data rows get a verdict."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from core.sheets.reader import Merged
from core.sheets.text import squeeze
from students.rosters.cells import blank
from students.rosters.header import Header
from students.rosters.labels import FOOTERS, TOTALS, Field

Row = list[str]


class RowKind(StrEnum):
    HEADER = "header"
    TOTAL = "total"
    FOOTER = "footer"
    DATA = "data"
    BLANK = "blank"


class RowSorter:
    """Tells the rows of one sheet apart by its header."""

    def __init__(self, header: Header) -> None:
        identity = (Field.NAME, Field.ID_NUMBER, Field.STUDENT_NO)
        # The name stands first: a header without one is no header.
        self._identity = [c.index for field in identity if (c := header.first(field))]
        self._name = self._identity[0]
        self._texts = header.texts

    def kind(self, row: Row) -> RowKind:
        first = next((text for text in row if text), "")
        if not first:
            return RowKind.BLANK
        if self._repeats_header(row):
            return RowKind.HEADER
        name = row[self._name] if self._name < len(row) else ""
        return _by_words(first, name) or self._by_identity(row)

    def _by_identity(self, row: Row) -> RowKind:
        if any(blank(row[index]) for index in self._identity if index < len(row)):
            return RowKind.DATA
        return RowKind.BLANK

    def _repeats_header(self, row: Row) -> bool:
        texts = self._texts
        for index, text in enumerate(row):
            if text and (index >= len(texts) or squeeze(text) not in texts[index]):
                return False
        return True


_TOTAL = re.compile("|".join(TOTALS)).search
_FOOTER = re.compile("|".join(FOOTERS)).match


def _by_words(first: str, name: str) -> RowKind | None:
    for text in (first, name):
        if text and not text.isascii():
            bare = squeeze(text)
            if _TOTAL(bare):
                return RowKind.TOTAL
            if _FOOTER(bare):
                return RowKind.FOOTER
    return None


def with_merged(
    rows: Iterable[tuple[int, Row]], merged: Iterable[Merged]
) -> Iterator[tuple[int, Row]]:
    """A cell merged over several rows holds for each of them, in its first column."""
    waiting = sorted((area for area in merged if area.last_row > area.first_row), key=_start)
    waiting.reverse()
    # By column: merged cells do not overlap, so one at most is open in each.
    held: dict[int, tuple[int, str]] = {}
    for number, row in rows:
        while waiting and waiting[-1].first_row <= number:
            area = waiting.pop()
            if area.first_column < len(row):
                held[area.first_column] = (area.last_row, row[area.first_column])
        if held:
            held = {column: kept for column, kept in held.items() if kept[0] >= number}
            row = _filled(row, held)
        yield number, row


def _start(area: Merged) -> int:
    return area.first_row


def _filled(row: Row, held: dict[int, tuple[int, str]]) -> Row:
    filled = list(row)
    for column, (_, text) in held.items():
        if column < len(filled) and not filled[column]:
            filled[column] = text
    return filled
