"""The added sheet: how many rows came back for which reason, and a link to every bad cell."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from core.sheets.marking.parts import MAIN, Styles, reference, without_illegal
from core.sheets.marking.rows import Scan

_WIDTHS = (24, 10, 26, 12, 90)


class Summary:
    def __init__(self, order: dict[str, Any], scans: dict[str, Scan], styles: Styles) -> None:
        self._order, self._scans, self._styles = order, scans, styles
        self._rows: list[str] = []
        self._links: list[str] = []

    def content(self) -> bytes:
        for line, style in zip(self._order["lines"], self._line_styles(), strict=False):
            self._row([(line, style)])
        for line in self._limits():
            self._row([(line, self._styles.plain)])
        self._row([])
        self._counts()
        self._row([])
        self._places()
        widths = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
            for n, width in enumerate(_WIDTHS, start=1)
        )
        links = f"<hyperlinks>{''.join(self._links)}</hyperlinks>" if self._links else ""
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            f'<worksheet xmlns="{MAIN}"><cols>{widths}</cols>'
            f"<sheetData>{''.join(self._rows)}</sheetData>{links}</worksheet>"
        ).encode()

    def _limits(self) -> Iterator[str]:
        notes, links = self._order["most_notes"], self._order["most_links"]
        rows = [len(scan.rows) for scan in self._scans.values()]
        if max(rows, default=0) > notes:
            yield f"要改的行很多：每张表只在前 {notes:,} 行加批注，其余的原因见最右边一栏。"
        if sum(rows) > links:
            yield f"下面逐处列出前 {links:,} 处，其余的请按颜色查找。"

    def _line_styles(self) -> Iterator[str]:
        yield self._styles.bold
        while True:
            yield self._styles.plain

    def _counts(self) -> None:
        self._row_of(self._styles.bold, "工作表", "行数", "原因", "第一处", "怎样改正")
        for sheet, scan in self._scans.items():
            by_reason: dict[str, list[int]] = {}
            for row, reason in scan.rows:
                by_reason.setdefault(reason, []).append(row)
            for reason in self._order["titles"]:
                if reason in by_reason:
                    self._line(sheet, reason, by_reason[reason][0], len(by_reason[reason]))

    def _places(self) -> None:
        self._row_of(self._styles.bold, "工作表", "行号", "原因", "单元格", "怎样改正")
        places = [
            (sheet, row, reason) for sheet, scan in self._scans.items() for row, reason in scan.rows
        ]
        for sheet, row, reason in islice(places, self._order["most_links"]):
            self._line(sheet, reason, row, row)

    def _line(self, sheet: str, reason: str, row: int, number: int) -> None:
        scan = self._scans[sheet]
        place = reference(row, scan.bad.get(row, scan.column))
        plain, link = self._styles.plain, self._styles.link
        title, remedy = self._order["titles"][reason], self._order["remedies"][reason]
        self._row(
            [(sheet, plain), (str(number), plain), (title, link), (place, link), (remedy, plain)]
        )
        target = "'" + sheet.replace("'", "''") + f"'!{place}"
        for column in (2, 3):
            at = reference(len(self._rows), column)
            self._links.append(f'<hyperlink ref="{at}" location={quoteattr(target)}/>')

    def _row_of(self, style: str, *texts: str) -> None:
        self._row([(text, style) for text in texts])

    def _row(self, cells: list[tuple[str, str]]) -> None:
        number = len(self._rows) + 1
        inside = "".join(
            f'<c r="{reference(number, column)}" s="{style}" t="inlineStr">'
            f'<is><t xml:space="preserve">{escape(without_illegal(text))}</t></is></c>'
            for column, (text, style) in enumerate(cells)
        )
        self._rows.append(f'<row r="{number}">{inside}</row>')
