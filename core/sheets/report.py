"""Official forms as xlsx: title, filing line, two-level heading, rows, signatures and notes.

The sheet's XML is written row by row as text and deflated at level 1: no cell ever becomes an
object, so 100,000 rows of 25 columns take seconds and memory does not grow with rows (a general
writer takes ten times as long, and the fast ones cannot merge cells). Every cell of the body is
an inline string in text format, so a long number stays whole and nothing comes alive as a formula.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import IO
from xml.sax.saxutils import escape

ROW_LIMIT = 1_048_576
_FIRST_ROW = 5
_FLUSH_EVERY = 500
# Without ZIP64 a part may have 2 GiB, which a wide form passes at about 700,000 rows; older
# programs cannot read ZIP64, so it is used only where it must be.
_ROWS_FOR_ZIP64 = 500_000
_A3, _A4 = 8, 9
_A4_COLUMNS = 24

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NEEDS_CARE = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").search

# An empty string is not an empty cell: a form's COUNTA would count it.
_EMPTY_STRING = ' t="inlineStr"><is><t></t></is></c>'

# Styles by position in cellXfs of `_STYLES`.
_TITLE, _LINE, _HEAD, _TEXT, _NUMBER, _NOTE, _LINE_RIGHT, _EMPTY_REPORT = range(1, 9)


class TooManyRows(Exception):
    """A sheet holds 1,048,576 rows and no more."""


@dataclass(frozen=True, slots=True)
class Field:
    title: str
    width: int = 12
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A title over its fields; without one each field is merged over both heading rows."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Report:
    sheet_name: str
    title: str
    filing: tuple[str, str, str]  # left, middle and right of the second row
    headings: tuple[Heading, ...]
    when_empty: str
    foot: tuple[str, ...]  # signature line first, then the notes

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(field for heading in self.headings for field in heading.fields)


def write(
    target: IO[bytes], *, report: Report, rows: Iterable[Sequence[str]], expected_rows: int
) -> int:
    """Rows written. `target` must be seekable. Errors: TooManyRows."""
    if expected_rows > ROW_LIMIT - _FIRST_ROW - len(report.foot):
        raise TooManyRows(expected_rows)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in _parts(report):
            book.writestr(name, text)
        big = expected_rows > _ROWS_FOR_ZIP64
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=big) as sheet:
            return _Sheet(sheet, report).write(rows)


def column_letter(number: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class _Sheet:
    def __init__(self, part: IO[bytes], report: Report) -> None:
        self._part = part
        self._report = report
        self._last = column_letter(len(report.fields))
        self._merged: list[str] = []

    def write(self, rows: Iterable[Sequence[str]]) -> int:
        self._put(self._opening())
        self._put("".join(self._top()))
        count = self._body(rows)
        if not count:
            self._put(self._banner(_FIRST_ROW, self._report.when_empty, _EMPTY_REPORT, height=36))
        self._put("".join(self._foot(_FIRST_ROW + max(count, 1))))
        self._put(self._closing())
        return count

    def _put(self, text: str) -> None:
        self._part.write(text.encode())

    def _opening(self) -> str:
        widths = "".join(
            f'<col min="{i}" max="{i}" width="{field.width + 0.7:.1f}" customWidth="1"/>'
            for i, field in enumerate(self._report.fields, start=1)
        )
        return (
            f'{_XML}<worksheet xmlns="{_MAIN}">'
            '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
            '<sheetViews><sheetView workbookViewId="0">'
            f'<pane ySplit="4" topLeftCell="A{_FIRST_ROW}" activePane="bottomLeft" state="frozen"/>'
            '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="18"/>'
            f"<cols>{widths}</cols><sheetData>"
        )

    def _top(self) -> Iterator[str]:
        yield self._banner(1, self._report.title, _TITLE, height=30)
        yield self._filing_row()
        upper: list[str] = []
        lower: list[str] = []
        at = 1
        for heading in self._report.headings:
            upper += self._upper_cells(heading, at)
            lower += [
                _cell(at + i, 4, field.title if heading.title else "", _HEAD)
                for i, field in enumerate(heading.fields)
            ]
            at += len(heading.fields)
        yield f'<row r="3" ht="24" customHeight="1">{"".join(upper)}</row>'
        yield f'<row r="4" ht="36" customHeight="1">{"".join(lower)}</row>'

    def _upper_cells(self, heading: Heading, at: int) -> list[str]:
        width = len(heading.fields)
        if not heading.title:
            for i in range(at, at + width):
                self._merge(i, 3, i, 4)
            return [_cell(at + i, 3, field.title, _HEAD) for i, field in enumerate(heading.fields)]
        if width > 1:
            self._merge(at, 3, at + width - 1, 3)
        titles = chain([heading.title], [""] * (width - 1))
        return [_cell(at + i, 3, title, _HEAD) for i, title in enumerate(titles)]

    def _filing_row(self) -> str:
        """Three lines side by side, each over about a third of the columns."""
        columns = len(self._report.fields)
        starts = (1, 1 + columns // 3, 1 + 2 * columns // 3, columns + 1)
        cells = ""
        for i, text in enumerate(self._report.filing):
            self._merge(starts[i], 2, starts[i + 1] - 1, 2)
            cells += _cell(starts[i], 2, text, _LINE_RIGHT if i == 2 else _LINE)
        return f'<row r="2" ht="21" customHeight="1">{cells}</row>'

    def _banner(self, row: int, text: str, style: int, *, height: int) -> str:
        self._merge(1, row, len(self._report.fields), row)
        cell = _cell(1, row, text, style)
        return f'<row r="{row}" ht="{height}" customHeight="1">{cell}</row>'

    def _merge(self, left: int, top: int, right: int, bottom: int) -> None:
        if (left, top) != (right, bottom):
            first, last = column_letter(left), column_letter(right)
            self._merged.append(f'<mergeCell ref="{first}{top}:{last}{bottom}"/>')

    def _body(self, rows: Iterable[Sequence[str]]) -> int:
        shape = _row_shape(self._report.fields)
        numbers = [i for i, field in enumerate(self._report.fields) if field.is_number]
        pending: list[str] = []
        count = 0
        for row in rows:
            cells: Sequence[str] = _fit(row)
            if numbers:
                cells = _with_numbers(cells, numbers)
            line = shape.replace("\0", str(_FIRST_ROW + count)) % tuple(cells)
            pending.append(line.replace(_EMPTY_STRING, "/>"))
            count += 1
            if len(pending) == _FLUSH_EVERY:
                self._put("".join(pending))
                pending.clear()
        self._put("".join(pending))
        return count

    def _foot(self, row: int) -> Iterator[str]:
        for i, text in enumerate(self._report.foot):
            yield self._banner(row + i, text, _NOTE if i else _LINE, height=18 if i else 27)

    def _closing(self) -> str:
        paper = _A4 if len(self._report.fields) <= _A4_COLUMNS else _A3
        return (
            f'</sheetData><mergeCells count="{len(self._merged)}">{"".join(self._merged)}'
            '</mergeCells><printOptions horizontalCentered="1"/>'
            '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
            f'<pageSetup paperSize="{paper}" orientation="landscape" fitToWidth="1"'
            ' fitToHeight="0"/><headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页'
            "</oddFooter></headerFooter></worksheet>"
        )


def _cell(column: int, row: int, text: str, style: int) -> str:
    place = f'r="{column_letter(column)}{row}" s="{style}"'
    if not text:
        return f"<c {place}/>"
    return f'<c {place} t="inlineStr"><is><t>{escape(_UNFIT.sub("", text))}</t></is></c>'


def _row_shape(fields: Sequence[Field]) -> str:
    """A row with %s for each value and NUL for the row's number."""
    cells = "".join(
        f'<c r="{column_letter(i)}\0" s="{_NUMBER}">%s</c>'
        if field.is_number
        else f'<c r="{column_letter(i)}\0" s="{_TEXT}" t="inlineStr"><is><t>%s</t></is></c>'
        for i, field in enumerate(fields, start=1)
    )
    return f'<row r="\0">{cells}</row>'


def _fit(row: Sequence[str]) -> Sequence[str]:
    """Escaped for XML and without characters XML cannot hold; most rows need neither."""
    if not _NEEDS_CARE("".join(row)):
        return row
    return [escape(_UNFIT.sub("", cell)) for cell in row]


def _with_numbers(cells: Sequence[str], numbers: Sequence[int]) -> Sequence[str]:
    changed = list(cells)
    for i in numbers:
        changed[i] = f"<v>{changed[i]}</v>" if changed[i] else ""
    return changed


def _parts(report: Report) -> Iterator[tuple[str, str]]:
    name = escape(report.sheet_name[:31], {'"': "&quot;"})
    yield "[Content_Types].xml", _CONTENT_TYPES
    yield "_rels/.rels", _PACKAGE_RELATIONS
    yield "xl/_rels/workbook.xml.rels", _BOOK_RELATIONS
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets><definedNames>'
        '<definedName name="_xlnm.Print_Titles" localSheetId="0">'
        f"'{name}'!$3:$4</definedName></definedNames></workbook>",
    )
    yield "xl/styles.xml", _STYLES


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
_PACKAGE_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_BOOK_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/relationships/styles" Target="styles.xml"/>'
    "</Relationships>"
)


def _font(size: float, *, bold: bool = False, name: str = "宋体") -> str:
    return f'<font>{"<b/>" if bold else ""}<sz val="{size}"/><name val="{name}"/></font>'


def _style(
    font: int, *, across: str, border: int = 0, number_format: int = 0, wrap: bool = False
) -> str:
    wrapped = ' wrapText="1"' if wrap else ""
    return (
        f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="{border}" xfId="0"'
        ' applyNumberFormat="1" applyFont="1" applyBorder="1" applyAlignment="1">'
        f'<alignment horizontal="{across}" vertical="center"{wrapped}/></xf>'
    )


_THIN = "".join(f'<{side} style="thin"/>' for side in ("left", "right", "top", "bottom"))
_AS_TEXT = 49
_CELL_STYLES = (
    _style(0, across="general"),
    _style(1, across="center"),  # title
    _style(0, across="left"),  # filing and signature lines
    _style(2, across="center", border=1, wrap=True),  # heading
    _style(0, across="left", border=1, number_format=_AS_TEXT),  # text
    _style(0, across="center", border=1, number_format=1),  # number
    _style(0, across="left", wrap=True),  # notes
    _style(0, across="right"),  # filing date
    _style(1, across="center", border=1),  # nothing to report
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="3">{_font(10)}'
    f"{_font(16, bold=True)}{_font(10, bold=True)}</fonts>"
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    f'<borders count="2"><border/><border>{_THIN}</border></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    f'<cellXfs count="{len(_CELL_STYLES)}">{"".join(_CELL_STYLES)}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
