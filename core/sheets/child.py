"""Runs as a process of its own: opens one hostile file, writes its cells as JSON lines.

Started by core.sheets.reader as `python child.py PATH KIND ENCODING MOST` (MOST: how many rows of
each sheet are wanted, 0 for all), with no way to the database and under limits of memory and
processor time; if a file breaks it, only it breaks. It knows the modules beside it (text.py) by
the folder it was started from, and no others of the project.
Messages, one a line: {"sheet": name, "merged": [[row, column, row, column], …]}, then for the
sheet any number of {"first": row, "rows": [[text, …], …]}, at last {"end": true}.
Rows count from 1; the first cell of each list is column A. Every value is clean text: see
core.sheets.text, and `_text` below for numbers and days.
"""

import csv
import ctypes
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO

import orjson
from text import clean  # type: ignore[import-not-found]

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 300
BATCH_CELLS = 40_000
MAX_CACHED = 50_000
PR_SET_PDEATHSIG = 1

Rows = Iterable[list[Any]]
Merged = list[tuple[int, int, int, int]]


def main() -> None:
    path, kind, encoding, most = sys.argv[1:5]
    wanted = int(most) or None
    confine()
    write = sys.stdout.buffer.write
    for name, merged, rows in READERS[kind](path, encoding):
        write(orjson.dumps({"sheet": name, "merged": merged}) + b"\n")
        for first, batch in batches(islice(rows, wanted)):
            write(orjson.dumps({"first": first, "rows": batch}) + b"\n")
    write(b'{"end": true}\n')
    sys.stdout.buffer.flush()


def confine() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def batches(rows: Rows) -> Iterator[tuple[int, list[list[str]]]]:
    """Clean rows in bundles of bounded size, each with the number of its first row."""
    cell = cleaner()
    batch: list[list[str]] = []
    first, cells = 1, 0
    for row in rows:
        batch.append([cell(value) for value in row])
        cells += len(row) + 1
        if cells > BATCH_CELLS:
            yield first, batch
            first, batch, cells = first + len(batch), [], 0
    if batch:
        yield first, batch


def cleaner() -> Callable[[Any], str]:
    """Most cells of a column repeat a few values, so a small memory saves most of the work."""
    known: dict[Any, str] = {"": ""}

    def cell(value: Any) -> str:
        kind = type(value)
        if kind is not str:
            return _text(value)
        text = known.get(value)
        if text is None:
            text = clean(value)
            if len(known) < MAX_CACHED:
                known[value] = text
        return text

    return cell


def _text(value: Any) -> str:
    """A whole number is its digits; one of more than 15 digits has lost some and shows it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float | int):
        return _number(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    if abs(value) >= 1e15:
        return f"{value:.14E}"
    return str(int(value)) if value == int(value) else repr(value)


# -- kinds -------------------------------------------------------------------------------------


def read_workbook(path: str, encoding: str) -> Iterator[tuple[str, Merged, Rows]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    book = CalamineWorkbook.from_path(path)
    for meta in book.sheets_metadata:
        if meta.typ == SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(meta.name)
            merged = [(*one, *two) for one, two in sheet.merged_cell_ranges or ()]
            yield meta.name, merged, _from_column_a(sheet)


def _from_column_a(sheet: Any) -> Iterator[list[Any]]:
    """iter_rows gives the empty rows above, but not the empty columns at the left."""
    if sheet.start is None:
        return
    left = [""] * sheet.start[1]
    for row in sheet.iter_rows():
        yield left + row if left else row


def read_csv(path: str, encoding: str) -> Iterator[tuple[str, Merged, Rows]]:
    csv.field_size_limit(1024 * 1024)
    with open(path, encoding=encoding, newline="") as file:
        yield "1", [], ([_unwrapped(cell) for cell in row] for row in csv.reader(file))


def _unwrapped(cell: str) -> str:
    """="629900…" is how exporters keep Excel from rounding a number."""
    text = cell.strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') else cell


def read_html(path: str, encoding: str) -> Iterator[tuple[str, Merged, Rows]]:
    from lxml import etree

    parser = etree.HTMLParser(encoding=encoding.removesuffix("-sig"), no_network=True)
    file: BinaryIO
    with open(path, "rb") as file:
        tree = etree.parse(file, parser)
    for number, table in enumerate(tree.iter("table"), start=1):
        merged: Merged = []
        yield str(number), merged, list(_table_rows(table, merged))


def _table_rows(table: Any, merged: Merged) -> Iterator[list[str]]:
    """One list for each <tr>; cells under a rowspan are left free, as in a merged sheet."""
    taken: dict[int, int] = {}
    for number, row in enumerate(_own(table, "tr")):
        cells: list[str] = []
        for cell in _own(row, "td", "th"):
            while taken.get(len(cells), 0) > number:
                cells.append("")
            wide, high = _span(cell, "colspan", 1000), _span(cell, "rowspan", 65534)
            at = len(cells)
            cells += [_cell_text(cell), *[""] * (wide - 1)]
            taken.update(dict.fromkeys(range(at, at + wide), number + high))
            if wide > 1 or high > 1:
                merged.append((number, at, number + high - 1, at + wide - 1))
        yield cells


def _own(element: Any, *tags: str) -> Iterator[Any]:
    """Descendants with a tag, but none of a table inside."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag in ("thead", "tbody", "tfoot", "form"):
            yield from _own(child, *tags)


def _span(cell: Any, attribute: str, most: int) -> int:
    text = (cell.get(attribute) or "").strip()
    return max(1, min(int(text), most)) if text.isdecimal() else 1


def _cell_text(cell: Any) -> str:
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    return "".join(cell.itertext())


READERS = {"xlsx": read_workbook, "xls": read_workbook, "csv": read_csv, "html": read_html}

if __name__ == "__main__":
    main()
