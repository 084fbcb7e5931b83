"""A roster file from its first byte to judged rows, without a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from core.sheets import gate, reader
from core.sheets.gate import FileRefused, Refusal
from students.rosters.header import MAX_ROWS, WINDOW, Header, find_header
from students.rosters.rows import RowKind, RowSorter, with_merged
from students.rosters.verdict import Judge, Rejected, Said, Setting

Row = list[str]
# What a person corrected in the preview: given a sheet, a function of row number and cells that
# gives the cells to be judged; None where nothing of the sheet was corrected.
Amend = Callable[[int, Header], Callable[[int, Row], Row] | None]
# The header of a sheet, given its name, its first rows and its merged areas.
HeaderOf = Callable[[str, dict[int, Row], list[reader.Merged]], Header | None]
# Beyond this, lines of other kinds are counted on without being told one by one.
MAX_OTHER_LINES = 500


@dataclass(slots=True)
class SheetRead:
    """What was found on a sheet that has a header."""

    number: int
    name: str
    header: Header
    data_rows: int = 0
    other_rows: dict[str, int] = field(default_factory=dict)
    # [first row, last row, kind], neighbours of one kind together.
    other_lines: list[list[int | str]] = field(default_factory=list)

    @property
    def header_rows(self) -> tuple[int, int]:
        return self.header.first_row, self.header.last_row

    def count_other(self, number: int, kind: RowKind) -> None:
        self.other_rows[kind] = self.other_rows.get(kind, 0) + 1
        last = self.other_lines[-1] if self.other_lines else None
        if last and last[1] == number - 1 and last[2] == kind:
            last[1] = number
        elif len(self.other_lines) < MAX_OTHER_LINES:
            self.other_lines.append([number, number, str(kind)])


@dataclass(slots=True)
class JudgedRow:
    sheet: int
    row: int
    verdict: Said | Rejected
    values: Row


class Roster:
    """One file being read. When `rows()` is at its end, the sheets and counts are complete."""

    def __init__(
        self,
        sheets: Iterator[reader.Sheet],
        *,
        setting: Setting,
        date1904: bool,
        amend: Amend | None = None,
        header_of: HeaderOf,
    ) -> None:
        self.sheets: list[SheetRead] = []
        self.ignored_sheets: list[str] = []
        self._sheets = sheets
        self._setting = setting
        self._date1904 = date1904
        self._amend = amend
        self._header_of = header_of
        self._seen: set[tuple[object, ...]] = set()
        self._has_values = False

    def rows(self) -> Iterator[JudgedRow]:
        """Errors: FileRefused, also at the end, if there was no header or nothing to read."""
        for sheet in self._sheets:
            yield from self._sheet_rows(sheet)
        if not any(sheet.data_rows for sheet in self.sheets):
            found = bool(self.sheets) or not self._has_values
            raise FileRefused(Refusal.EMPTY if found else Refusal.NO_HEADER)

    def _sheet_rows(self, sheet: reader.Sheet) -> Iterator[JudgedRow]:
        rows = sheet.rows()
        top = dict(_first(rows, WINDOW + MAX_ROWS + 1))
        header = self._header_of(sheet.name, top, sheet.merged)
        self._has_values = self._has_values or any(map(any, top.values()))
        if header is None:
            self.ignored_sheets.append(sheet.name)
            self._has_values = self._has_values or any(any(row) for _, row in rows)
            return
        read = SheetRead(len(self.sheets), sheet.name, header)
        self.sheets.append(read)
        below = ((number, row) for number, row in chain(top.items(), rows))
        filled = with_merged(below, sheet.merged)
        amend = self._amend(read.number, header) if self._amend else None
        yield from self._judged(read, _amended(filled, amend) if amend else filled)

    def _judged(self, read: SheetRead, rows: Iterator[tuple[int, Row]]) -> Iterator[JudgedRow]:
        header = read.header
        sorter = RowSorter(header)
        judge = Judge(header, setting=self._setting, date1904=self._date1904, seen=self._seen)
        for number, row in rows:
            if number <= header.last_row:
                continue
            kind = sorter.kind(row)
            if kind is RowKind.DATA:
                read.data_rows += 1
                yield JudgedRow(read.number, number, judge.judge(row), row)
            else:
                read.count_other(number, kind)


def _amended(
    rows: Iterator[tuple[int, Row]], amend: Callable[[int, Row], Row]
) -> Iterator[tuple[int, Row]]:
    return ((number, amend(number, row)) for number, row in rows)


def _first(rows: Iterator[tuple[int, Row]], count: int) -> Iterator[tuple[int, Row]]:
    for number, row in rows:
        yield number, row
        if number >= count:
            return


def by_contract(_sheet: str, rows: dict[int, Row], merged: list[reader.Merged]) -> Header | None:
    return find_header(rows, merged)


@contextmanager
def open_roster(
    path: Path, *, setting: Setting, amend: Amend | None = None, header_of: HeaderOf = by_contract
) -> Iterator[Roster]:
    """Errors: FileRefused, OSError."""
    passed = gate.inspect(path)
    with reader.sheets(passed) as sheets:
        yield Roster(
            sheets,
            setting=setting,
            date1904=passed.date1904,
            amend=amend,
            header_of=header_of,
        )
