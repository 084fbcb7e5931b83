"""The cells of any readable file as a plain workbook: same sheets, same rows, all of it text."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from core.sheets import reader
from core.sheets.gate import Passed
from core.sheets.marking.parts import MAIN, letters, reference, without_illegal
from core.sheets.reader import Merged, Sheet

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="49" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    # Text is what every cell is by itself: it costs nothing a cell, and no number is rounded.
    '<cellXfs count="1"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0"'
    ' applyNumberFormat="1"/></cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def write(passed: Passed, target: Path) -> None:
    """Memory does not grow with the rows. Errors: FileRefused."""
    names: list[str] = []
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book,
        reader.sheets(passed) as sheets,
    ):
        for sheet in sheets:
            names.append(sheet.name)
            part = f"xl/worksheets/sheet{len(names)}.xml"
            with book.open(part, "w", force_zip64=True) as file:
                for piece in _sheet(sheet):
                    file.write(piece.encode())
        book.writestr("xl/styles.xml", _STYLES)
        book.writestr("xl/workbook.xml", _workbook(names, date1904=passed.date1904))
        book.writestr("xl/_rels/workbook.xml.rels", _relations(len(names)))
        book.writestr("_rels/.rels", _ROOT_RELATION)
        book.writestr("[Content_Types].xml", _types(len(names)))


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f'{_XML}<worksheet xmlns="{MAIN}"><sheetFormatPr defaultRowHeight="15"/>'
    yield '<cols><col min="1" max="200" width="16" customWidth="1"/></cols><sheetData>'
    for number, cells in sheet.rows():
        inside = "".join(_cells(number, cells))
        if inside:
            yield f'<row r="{number}">{inside}</row>'
    yield "</sheetData>"
    if sheet.merged:
        yield f"<mergeCells>{''.join(map(_merged, sheet.merged))}</mergeCells>"
    yield "</worksheet>"


def _cells(number: int, cells: list[str]) -> Iterator[str]:
    for column, text in enumerate(cells):
        if text:
            yield (
                f'<c r="{reference(number, column)}" t="inlineStr">'
                f"<is><t>{escape(without_illegal(text))}</t></is></c>"
            )


def _merged(area: Merged) -> str:
    first = f"{letters(area.first_column)}{area.first_row}"
    return f'<mergeCell ref="{first}:{letters(area.last_column)}{area.last_row}"/>'


def _workbook(names: list[str], *, date1904: bool) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(without_illegal(name))} sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    return (
        f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">'
        f'<workbookPr date1904="{int(date1904)}"/><sheets>{sheets}</sheets></workbook>'
    )


def _relations(sheets: int) -> str:
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, sheets + 1)
    )
    styles = f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    return f'{_XML}<Relationships xmlns="{_PACKAGE}relationships">{rows}{styles}</Relationships>'


_ROOT_RELATION = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)


def _types(sheets: int) -> str:
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}styles+xml"/>{parts}</Types>'
    )
