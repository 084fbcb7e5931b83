"""The one bulk writer: a titled sheet with a two-level header, from rows that are made on the way.

Text stays text: ID numbers, codes and days are written as text cells, a leading = is no formula.
A column has one type, because the library takes it from the first row. Memory does not grow with
the rows. Merged cells may stand above the header row only, so a column without a group has an
empty cell above it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from rustpy_xlsxwriter import FastExcel, Format

_TEXT, _WHOLE_NUMBER = "@", "0"
_HEADER_COLOUR = "#E8EEF4"


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: float = 12
    group: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet as its reader expects it: `name` of the tab, `title` over all columns."""

    name: str
    title: str
    columns: Sequence[Column]
    subtitle: str = ""
    signature: str = ""
    frozen_columns: int = 0

    @property
    def header_row(self) -> int:
        """Counted from 0: below title, subtitle and the groups."""
        return 1 + bool(self.subtitle) + any(column.group for column in self.columns)


def write(target: Path | BinaryIO, layout: Layout, rows: Iterable[Sequence[Any]]) -> int:
    """The number of rows written; each has a value for every column, in order."""
    counted = _Counted(rows)
    keys = _keys(layout.columns)
    book = FastExcel(str(target) if isinstance(target, Path) else target)
    book.freeze(row=layout.header_row + 1, col=layout.frozen_columns)
    book.sheet(
        layout.name,
        _records(layout, keys, counted),
        header_row=layout.header_row,
        merge_ranges=list(_merged(layout)),
        column_widths=[column.width for column in layout.columns],
        column_formats=[_format(column) for column in layout.columns],
        header_format=_heading(),
        row_heights={0: 30.0, layout.header_row: 24.0},
        ignore_errors=[
            key for key, column in zip(keys, layout.columns, strict=True) if not column.is_number
        ],
        page_setup={
            "landscape": True,
            "paper_size": 9,
            "fit_to_pages": (1, 0),
            "repeat_rows": (0, layout.header_row),
            "footer": "&C第 &P 页，共 &N 页",
        },
    )
    book.save()
    return counted.count


class _Counted:
    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _keys(columns: Sequence[Column]) -> list[str]:
    """The library wants one key a column: a title that comes again gets a blank behind it."""
    keys: list[str] = []
    for column in columns:
        key = column.title
        while key in keys:
            key += " "
        keys.append(key)
    return keys


def _records(
    layout: Layout, keys: list[str], rows: Iterable[Sequence[Any]]
) -> Iterator[dict[str, Any]]:
    numbers = [column.is_number for column in layout.columns]
    record: dict[str, Any] = dict.fromkeys(keys)
    for row in rows:
        record = {
            key: value if is_number else _text(value)
            for key, is_number, value in zip(keys, numbers, row, strict=True)
        }
        yield record
    if layout.signature:
        first_text = next(i for i, is_number in enumerate(numbers) if not is_number)
        yield dict.fromkeys(keys) | {keys[first_text]: layout.signature}
    elif not any(record.values()):
        # Without a row the library would not write the header: 零报告 is a report too.
        yield record


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _merged(layout: Layout) -> Iterator[tuple[Any, ...]]:
    last = len(layout.columns) - 1
    lines = [layout.title, layout.subtitle] if layout.subtitle else [layout.title]
    for row, text in enumerate(lines):
        style = Format().set_bold().set_font_size(16) if row == 0 else Format().set_font_size(11)
        if last:
            yield (row, 0, row, last, text, style.set_align("center"))
    start = 0
    for group, columns in groupby(layout.columns, key=lambda column: column.group):
        width = len(list(columns))
        if group and width > 1:
            row = layout.header_row - 1
            yield (row, start, row, start + width - 1, group, _heading())
        start += width


def _heading() -> Format:
    heading = Format().set_bold().set_border("thin").set_text_wrap()
    return heading.set_align("center").set_align("vcenter").set_background_color(_HEADER_COLOUR)


def _format(column: Column) -> Format:
    style = Format().set_border("thin")
    return style.set_num_format(_WHOLE_NUMBER if column.is_number else _TEXT)
