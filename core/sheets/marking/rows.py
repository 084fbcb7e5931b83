"""A worksheet part row by row: looked at once, then written anew with its marks."""

import re
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree

from core.sheets.marking.parts import (
    MAIN,
    Styles,
    column_number,
    parsed,
    reference,
    serialised,
    without_illegal,
)

CHUNK = 1 << 20
REASON_WIDTH = "60"
_HEAD = re.compile(rb"<(\w+:)?sheetData\s*>")
_ROOT = re.compile(rb"<(?:\w+:)?worksheet\b[^>]*>")
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\b[^>]*?(?:/>|>\s*</(?:\w+:)?dimension>)")
_NUMBER = re.compile(rb"""\sr=["'](\d+)["']""")
_DECLARATIONS = re.compile(rb"""\sxmlns(?::[\w.-]+)?=(?:"[^"]*"|'[^']*')""")
_ENCODING = re.compile(rb"""^[^>]*\sencoding=["']([^"']+)""")
# What may follow the drawing of notes in a worksheet (ECMA-376 part 1, 18.3.1.99).
_AFTER_NOTES = re.compile(
    rb"<(?:\w+:)?(?:legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems"
    rb"|tableParts|extLst)\b|</(?:\w+:)?worksheet>"
)


class RowStream:
    """`head` up to the first row, then rows by number with what lies between, then the tail."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._buffer = b""
        while not (found := _HEAD.search(self._buffer)):
            self._more()
        self.prefix = found[1] or b""
        self.head, self._buffer = self._buffer[: found.end()], self._buffer[found.end() :]
        told = _ENCODING.match(self.head)
        if told and told[1].lower() not in (b"utf-8", b"us-ascii"):
            raise ValueError("another encoding")
        root = _ROOT.search(self.head)
        if root is None:
            raise ValueError("no worksheet")
        self.root = root[0]

    def _more(self) -> None:
        chunk = self._source.read(CHUNK)
        if not chunk:
            raise ValueError("the part ends too early")
        self._buffer += chunk

    def segments(self) -> Iterator[tuple[int | None, bytes]]:
        begin = re.compile(rb"<(?:%srow\b[^>]*>|/%ssheetData)" % (self.prefix, self.prefix))
        end = b"</%srow>" % self.prefix
        at, number = 0, 0
        while True:
            found = begin.search(self._buffer, at)
            if not found:
                at = self._forward(at)
                continue
            if found[0].startswith(b"</"):
                break
            stop = found.end()
            if not found[0].endswith(b"/>"):
                stop = self._buffer.find(end, stop) + len(end)
                if stop < len(end):
                    at = self._forward(found.start())
                    continue
            if found.start() > at:
                yield None, self._buffer[at : found.start()]
            told = _NUMBER.search(found[0])
            number = int(told[1]) if told else number + 1
            yield number, self._buffer[found.start() : stop]
            at = stop
        yield None, self._buffer[at:] + self._source.read()

    def _forward(self, at: int) -> int:
        """Forget what lies before `at`, read on, and begin at nought again."""
        self._buffer = self._buffer[at:]
        self._more()
        return 0


class Row:
    """One parsed row."""

    def __init__(self, content: bytes, number: int, root: bytes) -> None:
        closing = b"</" + root[1:].split(None, 1)[0].rstrip(b">") + b">"
        self.element = parsed(root + content + closing)[0]
        self.number = number
        self.element.attrib.pop("spans", None)
        self.cells: dict[int, Any] = {}
        column = -1
        for cell in self.element.iter(f"{{{MAIN}}}c"):
            told = cell.get("r")
            column = column_number(told) if told else column + 1
            cell.set("r", reference(number, column))
            self.cells[column] = cell

    def has_content(self, column: int) -> bool:
        cell = self.cells.get(column)
        return cell is not None and len(cell) > 0

    @property
    def last(self) -> int:
        return max((column for column in self.cells if self.has_content(column)), default=-1)

    def style(self, column: int) -> str:
        cell = self.cells.get(column)
        return str((self.element if cell is None else cell).get("s") or 0)

    def cell(self, column: int) -> Any:
        if column not in self.cells:
            before = sum(1 for other in self.cells if other < column)
            cell = self.element.makeelement(
                f"{{{MAIN}}}c", {"r": reference(self.number, column), "s": self.style(column)}
            )
            self.element.insert(before, cell)
            self.cells[column] = cell
        return self.cells[column]

    def write(self, column: int, text: str, *, style: str | None = None) -> None:
        cell = self.cell(column)
        for child in list(cell):
            cell.remove(child)
        cell.attrib.pop("t", None)
        if style is not None:
            cell.set("s", style)
        if text:
            # An inline string is text whatever it begins with: no formula comes alive.
            cell.set("t", "inlineStr")
            inside = etree.SubElement(etree.SubElement(cell, f"{{{MAIN}}}is"), f"{{{MAIN}}}t")
            inside.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            inside.text = without_illegal(text)

    def serialised(self) -> bytes:
        text: bytes = etree.tostring(self.element, encoding="utf-8", with_tail=False)
        tag, _, rest = text.partition(b">")
        return _DECLARATIONS.sub(b"", tag) + b">" + rest


class Scan:
    """What the rows with marks look like, and the styles their cells will need."""

    def __init__(
        self, source: IO[bytes], marks: dict[str, Any], *, heading: str, styles: Styles
    ) -> None:
        self.head_row: int = marks["head_row"]
        self.column: int = marks["column"]
        self.stands: bool = marks["stands"]
        self.rows: list[tuple[int, str]] = [(row, reason) for row, reason, _ in marks["rows"]]
        self.edits = {
            int(row): {int(column): text for column, text in cells.items()}
            for row, cells in marks["edits"].items()
        }
        self.heading = heading
        self.styles = styles
        self.reason_of = dict(self.rows)
        self.bad = {row: column for row, _, column in marks["rows"] if column is not None}
        self.drawing = ""
        self._look(source)

    def touches(self, number: int) -> bool:
        return (
            number in self.reason_of
            or number in self.edits
            or number == self.head_row
            or (self.stands and number > self.head_row)
        )

    def _look(self, source: IO[bytes]) -> None:
        stream = RowStream(source)
        last = self.column - 1
        tail = b""
        for number, content in stream.segments():
            tail = content
            if number is None or not self.touches(number):
                continue
            row = Row(content, number, stream.root)
            last = max(last, row.last)
            if number == self.head_row:
                self.head_style = row.style(max(self.column - 1, 0))
        if not self.stands:
            self.column = last + 1
        drawing = re.search(rb"<(?:\w+:)?legacyDrawing\b[^>]*\bid=[\"']([^\"']+)", tail)
        self.drawing = drawing[1].decode() if drawing else ""


class Rewriting:
    def __init__(self, source: IO[bytes], scan: Scan, texts: dict[str, str]) -> None:
        self._stream = RowStream(source)
        self._scan = scan
        self._texts = texts

    def pieces(self) -> Iterator[bytes]:
        yield self._head()
        held = b""
        for number, content in self._stream.segments():
            if held:
                yield held
            held = content
            if number is not None and self._scan.touches(number):
                held = self._row(Row(content, number, self._stream.root))
        yield self._tail(held)

    def _row(self, row: Row) -> bytes:
        scan, styles = self._scan, self._scan.styles
        if scan.stands and row.number > scan.head_row:
            self._clear(row)
        for column, text in scan.edits.get(row.number, {}).items():
            row.write(column, text)
        if row.number == scan.head_row and not scan.stands:
            row.write(scan.column, scan.heading, style=scan.head_style)
        bad = scan.bad.get(row.number)
        if bad is not None:
            row.cell(bad).set("s", styles.red(row.style(bad)))
        if row.number in scan.reason_of:
            row.write(scan.column, self._texts[scan.reason_of[row.number]], style=styles.reason)
        return row.serialised()

    def _clear(self, row: Row) -> None:
        """The marks of the round before."""
        for column, cell in row.cells.items():
            cell.set("s", self._scan.styles.calm(row.style(column)))
        if row.has_content(self._scan.column):
            row.write(self._scan.column, "")

    def _head(self) -> bytes:
        """Without <dimension>, which may lie, and with the width of the added column."""
        head = re.sub(
            rb"<(\w+:)?dimension\b[^>]*?(/>|>\s*</(\w+:)?dimension>)", b"", self._stream.head
        )
        start = head.rfind(b"<" + self._stream.prefix + b"sheetData")
        prefix = self._stream.prefix
        found = re.search(rb"<%scols\b.*?</%scols>" % (prefix, prefix), head[:start], re.S)
        given = found[0] if found else b"<%scols></%scols>" % (prefix, prefix)
        columns = with_width(given, self._stream.root, self._scan.column + 1)
        if found:
            return head[: found.start()] + columns + head[found.end() :]
        return head[:start] + columns + head[start:]

    def _tail(self, tail: bytes) -> bytes:
        if not self._scan.drawing or b"legacyDrawing " in tail:
            return tail
        found = _AFTER_NOTES.search(tail)
        if found is None:
            raise ValueError("no end")
        relations = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
        note = b'<%slegacyDrawing %s r:id="%s"/>' % (
            self._stream.prefix,
            relations,
            self._scan.drawing.encode(),
        )
        return tail[: found.start()] + note + tail[found.start() :]


def with_width(columns: bytes, root: bytes, number: int) -> bytes:
    """The <cols> with a width of its own for column `number`, counted from 1."""
    closing = b"</" + root[1:].split(None, 1)[0].rstrip(b">") + b">"
    element = parsed(root + columns + closing)[0]
    for col in list(element):
        first, last = int(col.get("min")), int(col.get("max"))
        if first <= number <= last:
            for low, high in ((first, number - 1), (number + 1, last)):
                if low <= high:
                    part = element.makeelement(col.tag, dict(col.attrib))
                    part.set("min", str(low))
                    part.set("max", str(high))
                    col.addprevious(part)
            element.remove(col)
    own = element.makeelement(
        f"{{{MAIN}}}col",
        {"min": str(number), "max": str(number), "width": REASON_WIDTH, "customWidth": "1"},
    )
    after = [col for col in element if int(col.get("min")) < number]
    element.insert(len(after), own)
    text = serialised(element, declaration=False)
    tag, _, rest = text.partition(b">")
    return _DECLARATIONS.sub(b"", tag) + b">" + rest
