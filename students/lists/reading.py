"""An office's file from its first byte to read entries, without a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from core.sheets import gate, reader
from core.sheets.gate import FileRefused, Refusal
from students.lists.entries import Entry, EntryReader, Seen, Setting
from students.rosters.header import MAX_ROWS, WINDOW, Header, find_header
from students.rosters.reading import SheetRead
from students.rosters.rows import RowKind, RowSorter, with_merged

Row = list[str]
# A name and a number: police and civil lists often hold no more that we know.
_LEAST_LABELS = 2


@dataclass(slots=True)
class ReadRow:
    sheet: int
    row: int
    entry: Entry


class ListFile:
    """One file being read. When `rows()` is at its end, the sheets and counts are complete."""

    def __init__(
        self, sheets: Iterator[reader.Sheet], *, reader_for: Callable[[Header], EntryReader]
    ) -> None:
        self.sheets: list[SheetRead] = []
        self.ignored_sheets: list[str] = []
        self._sheets = sheets
        self._reader_for = reader_for
        self._has_values = False

    def rows(self) -> Iterator[ReadRow]:
        """Errors: FileRefused, also at the end, if there was no header or nothing to read."""
        for sheet in self._sheets:
            yield from self._sheet_rows(sheet)
        if not any(sheet.data_rows for sheet in self.sheets):
            found = bool(self.sheets) or not self._has_values
            raise FileRefused(Refusal.EMPTY if found else Refusal.NO_HEADER)

    def _sheet_rows(self, sheet: reader.Sheet) -> Iterator[ReadRow]:
        rows = sheet.rows()
        window = WINDOW + MAX_ROWS + 1
        top: dict[int, Row] = {}
        for number, row in rows:
            top[number] = row
            if number >= window:
                break
        header = find_header(top, sheet.merged, least=_LEAST_LABELS)
        self._has_values = self._has_values or any(map(any, top.values()))
        if header is None:
            self.ignored_sheets.append(sheet.name)
            self._has_values = self._has_values or any(any(row) for _, row in rows)
            return
        read = SheetRead(len(self.sheets), sheet.name, header)
        self.sheets.append(read)
        yield from self._entries(read, header, with_merged(chain(top.items(), rows), sheet.merged))

    def _entries(
        self, read: SheetRead, header: Header, rows: Iterator[tuple[int, Row]]
    ) -> Iterator[ReadRow]:
        sorter, reading = RowSorter(header), self._reader_for(header)
        for number, row in rows:
            if number <= header.last_row:
                continue
            kind = sorter.kind(row)
            if kind is RowKind.DATA:
                read.data_rows += 1
                yield ReadRow(read.number, number, reading.read(row))
            else:
                read.other_rows[kind] = read.other_rows.get(kind, 0) + 1


@contextmanager
def open_list(path: Path, *, setting: Setting) -> Iterator[ListFile]:
    """Errors: FileRefused, OSError."""
    passed = gate.inspect(path)
    seen = Seen()

    def reader_for(header: Header) -> EntryReader:
        return EntryReader(header, setting=setting, date1904=passed.date1904, seen=seen)

    with reader.sheets(passed) as sheets:
        yield ListFile(sheets, reader_for=reader_for)
