"""Where the header of a sheet is, and what each of its columns means (contract 3.2)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.sheets.reader import Merged
from core.sheets.text import squeeze
from students.rosters import cells
from students.rosters.labels import (
    CATEGORY_OF_LABEL,
    FIELD_OF_LABEL,
    LEADING_WORDS,
    OTHER_PERSONS,
    Field,
)

LAST_FIRST_ROW = 20
MAX_ROWS = 3
# Rows to look at: a header that begins in row 20, its other rows, and one that numbers columns.
WINDOW = LAST_FIRST_ROW + MAX_ROWS
MIN_LABELS = 3
MAX_LABEL = 200

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|〈[^〈〉]*〉")
_STEMS = "甲乙丙丁戊己庚辛壬癸"

Row = list[str]
# The field a bare label stands for, and the category if it is a yes/no column of one.
Meaning = Callable[[str], tuple[Field, str] | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it says of the pupil, or None and then it is kept as extra."""

    index: int
    label: str
    field: Field | None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    first_row: int
    last_row: int
    columns: tuple[Column, ...]
    texts: tuple[frozenset[str], ...]  # by column, every text of the header: to know it again

    def first(self, field: Field) -> Column | None:
        """If a field has several columns, the leftmost counts."""
        return next((column for column in self.columns if column.field is field), None)

    def all(self, field: Field) -> list[Column]:
        return [column for column in self.columns if column.field is field]

    def with_meanings(self, by_label: Mapping[str, tuple[Field | None, str]]) -> "Header":
        """What a person said of a column goes before what its label says."""
        columns = (
            replace(column, field=field, category=category)
            for column in self.columns
            for field, category in [by_label.get(column.label, (column.field, column.category))]
        )
        return replace(self, columns=tuple(columns))


def bare_label(text: str) -> str:
    """姓 名*(必填): -> 姓名"""
    bare = squeeze(text[:MAX_LABEL]).replace("*", "")
    while (shorter := _BRACKETS.sub("", bare)) != bare:
        bare = shorter
    return bare.rstrip(":")


def field_of(label: str) -> tuple[Field, str] | None:
    """The field a bare label stands for, and the category if it is a yes/no column of one."""
    for word in (label, *(label.removeprefix(w) for w in LEADING_WORDS if label.startswith(w))):
        if word in FIELD_OF_LABEL:
            return FIELD_OF_LABEL[word], ""
        if word in CATEGORY_OF_LABEL:
            return Field.CATEGORY, CATEGORY_OF_LABEL[word]
    return None


def find_header(
    rows: dict[int, Row],
    merged: Iterable[Merged],
    *,
    least: int = MIN_LABELS,
    meaning: Meaning = field_of,
    guess: Meaning | None = None,
) -> Header | None:
    """The header within the first rows of a sheet, given by their numbers.

    `least` is how many columns have to be known: an office's list may hold a name and a number.
    `meaning` decides where the header is; `guess` is asked of the columns it does not know.
    """
    grid = _Grid(rows, merged)
    for row in range(1, WINDOW + 1):
        if grid.names_someone(row, meaning) and not grid.holds_values(row):
            first, last = grid.block(row)
            header = _read(grid, first, last, [meaning])
            if first <= LAST_FIRST_ROW and _names_people(header, least):
                return _read(grid, first, last, [meaning, guess]) if guess else header
    return None


def header_at(
    rows: dict[int, Row],
    merged: Iterable[Merged],
    *,
    first_row: int,
    last_row: int,
    columns: Sequence[Column],
) -> Header:
    """The header that was found here before, with what its columns are agreed to mean."""
    grid = _Grid(rows, merged)
    last = last_row - 1 if grid.numbers_columns(last_row) else last_row
    return Header(first_row, last_row, tuple(columns), grid.all_texts(first_row, last))


def _names_people(header: Header, least: int) -> bool:
    fields = [column.field for column in header.columns if column.field]
    return Field.NAME in fields and len(fields) >= least


def _read(grid: "_Grid", first: int, last: int, meanings: Sequence[Meaning]) -> Header:
    columns: list[Column] = []
    seen: dict[str, int] = {}
    for index in range(grid.width):
        column = _column(index, grid.texts(index, first, last), meanings)
        if column is not None:
            # Two columns of one label would be kept under one key.
            seen[column.label] = seen.get(column.label, 0) + 1
            if seen[column.label] > 1:
                column = replace(column, label=f"{column.label}{seen[column.label]}")
            columns.append(column)
    numbered = last + 1 if grid.numbers_columns(last + 1) else last
    return Header(first, numbered, tuple(columns), grid.all_texts(first, last))


def _column(index: int, texts: list[str], meanings: Sequence[Meaning]) -> Column | None:
    if not texts:
        return None
    lowest, headings = bare_label(texts[-1]), [bare_label(text) for text in texts[:-1]]
    joined = headings[-1] + lowest if headings else lowest
    if any(word in heading for heading in headings for word in OTHER_PERSONS):
        return Column(index, joined, None)
    for meaning in meanings:
        for label in (joined, lowest):
            found = meaning(label)
            if found:
                return Column(index, label, *found)
    return Column(index, lowest, None)


class _Grid:
    """The top of a sheet, in which a merged cell counts for all cells it covers."""

    def __init__(self, rows: dict[int, Row], merged: Iterable[Merged]) -> None:
        self._rows = rows
        self._cover: dict[tuple[int, int], Merged] = {}
        self.width = max((len(row) for row in rows.values()), default=0)
        for area in merged:
            # Areas that overlap are no Excel's, and would only cost time.
            if area.first_row <= WINDOW and not self._is_covered(area):
                self._mark(area)

    def _is_covered(self, area: Merged) -> bool:
        return (area.first_row, area.first_column) in self._cover

    def _mark(self, area: Merged) -> None:
        for row in range(area.first_row, min(area.last_row, WINDOW + MAX_ROWS) + 1):
            for column in range(area.first_column, min(area.last_column + 1, self.width)):
                self._cover[row, column] = area

    def text(self, row: int, column: int) -> str:
        area = self._cover.get((row, column))
        return self._own(area.first_row, area.first_column) if area else self._own(row, column)

    def _own(self, row: int, column: int) -> str:
        cells_of_row = self._rows.get(row, [])
        return cells_of_row[column] if column < len(cells_of_row) else ""

    def _filled(self, row: int) -> list[tuple[int, str]]:
        return [(c, text) for c, text in enumerate(self._rows.get(row, [])) if text]

    def texts(self, column: int, first: int, last: int) -> list[str]:
        """From top to bottom, a cell merged over several rows once."""
        found: list[str] = []
        before: Merged | None = None
        for row in range(first, last + 1):
            area = self._cover.get((row, column))
            text = self.text(row, column)
            if text and not (area and area is before):
                found.append(text)
            before = area
        return found

    def own_texts(self, column: int, first: int, last: int) -> frozenset[str]:
        rows = range(first, last + 1)
        return frozenset(squeeze(self.text(row, column)) for row in rows) - {""}

    def all_texts(self, first: int, last: int) -> tuple[frozenset[str], ...]:
        return tuple(self.own_texts(index, first, last) for index in range(self.width))

    def names_someone(self, row: int, meaning: Meaning) -> bool:
        for column in range(self.width):
            found = meaning(bare_label(self.text(row, column)))
            if found and found[0] is Field.NAME:
                return True
        return False

    def holds_values(self, row: int) -> bool:
        return any(cells.looks_like_value(text) for _, text in self._filled(row))

    def block(self, row: int) -> tuple[int, int]:
        """The rows of the header that has a name label in this row."""
        first = row
        while row - first < MAX_ROWS - 1 and self._is_headings(first - 1):
            first -= 1
        last = self._reached(row)
        while last - first < MAX_ROWS - 1 and self._continues(last + 1):
            last = self._reached(last + 1)
        return first, last

    def _reached(self, row: int) -> int:
        areas = [self._cover.get((row, column)) for column in range(self.width)]
        return max([row, *(area.last_row for area in areas if area)])

    def _is_headings(self, row: int) -> bool:
        """Group headings above the labels: a cell reaches down from there, or covers some columns.

        A title covers all columns, and lines above a header (填报单位:…) carry colons.
        """
        filled = self._filled(row)
        if not filled or self.holds_values(row):
            return False
        areas = [self._cover[row, column] for column, _ in filled if (row, column) in self._cover]
        if any(area.last_row > row for area in areas):
            return True
        wide = [area for area in areas if area.last_column > area.first_column]
        return len(filled) > 1 and bool(wide) and not any(":" in text for _, text in filled)

    def _continues(self, row: int) -> bool:
        """Lower labels, all of them under a heading that covers several columns."""
        filled = self._filled(row)
        if not filled or self.holds_values(row):
            return False
        above = [self._cover.get((row - 1, column)) for column, _ in filled]
        return all(area and area.last_column > area.first_column for area in above)

    def numbers_columns(self, row: int) -> bool:
        texts = [text for _, text in self._filled(row)]
        numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 4]
        stems = [text for text in texts if len(text) == 1 and text in _STEMS]
        in_order = numbers == list(range(1, len(numbers) + 1))
        return len(texts) >= MIN_LABELS and len(numbers) + len(stems) == len(texts) and in_order
