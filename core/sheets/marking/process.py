"""Runs as a process of its own: one hostile workbook in, the same workbook with marks out.

Started by core.sheets.marking as `python -m core.sheets.marking.process PATH` under limits of
memory and processor time; the order comes as JSON on stdin, the new workbook goes to stdout. A
sheet passes row by row; only rows with a mark are parsed.
"""

import resource
import sys
import zipfile
from itertools import count
from typing import IO, Any

import orjson
from lxml import etree

from core.sheets.marking.notes import Notes
from core.sheets.marking.parts import MAIN, Relations, Styles, Types, parsed, serialised
from core.sheets.marking.rows import Rewriting, Scan
from core.sheets.marking.summary import Summary

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 300
CHUNK = 1 << 20


def main() -> None:
    confine()
    order = orjson.loads(sys.stdin.buffer.read())
    with zipfile.ZipFile(sys.argv[1]) as book:
        Marking(book, order).write(sys.stdout.buffer)
    sys.stdout.buffer.flush()


def confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Marking:
    """Looks at every sheet first, because styles and notes stand in parts of their own."""

    def __init__(self, book: zipfile.ZipFile, order: dict[str, Any]) -> None:
        self._book = book
        self._names = set(book.namelist())
        self._order = order
        self._root = parsed(book.read("xl/workbook.xml"))
        if self._root.tag != f"{{{MAIN}}}workbook":
            raise ValueError("a dialect of its own")
        self._types = Types(book.read("[Content_Types].xml"))
        self._relations = Relations(book.read("xl/_rels/workbook.xml.rels"), folder="xl")
        self._styles_part = self._relations.part_of_type("styles")
        self._styles = Styles(book.read(self._styles_part))
        self._new: dict[str, bytes] = {}
        self._scans = {self._part(name): self._scan(name) for name in order["sheets"]}

    def _sheets(self) -> Any:
        return self._root.find(f"{{{MAIN}}}sheets")

    def _part(self, name: str) -> str:
        found = next(element for element in self._sheets() if element.get("name") == name)
        return self._relations.part_of(found)

    def _scan(self, name: str) -> Scan:
        part, marks = self._part(name), self._order["sheets"][name]
        with self._book.open(part) as source:
            scan = Scan(source, marks, heading=self._order["heading"], styles=self._styles)
        folder, _, file = part.rpartition("/")
        rels = f"{folder}/_rels/{file}.rels"
        given = self._book.read(rels) if rels in self._names else None
        relations = Relations(given, folder=folder)
        notes = Notes(relations, self._types, read=self._book.read, taken=self._names)
        self._write_notes(notes, scan)
        scan.drawing = notes.finish(scan.drawing)
        self._new |= notes.parts | {rels: relations.serialised()}
        self._names |= notes.parts.keys()
        return scan

    def _write_notes(self, notes: Notes, scan: Scan) -> None:
        titles, remedies = self._order["titles"], self._order["remedies"]
        if scan.stands:
            notes.clear(list(titles.values()))
        for row, reason in scan.rows[: self._order["most_notes"]]:
            if row in scan.bad:
                text = f"{titles[reason]}\n{remedies[reason]}"
                notes.add(row, scan.bad[row], text)

    def write(self, target: IO[bytes]) -> None:
        summary_part = self._summary_part()
        texts = {
            reason: f"{title}：{self._order['remedies'][reason]}"
            for reason, title in self._order["titles"].items()
        }
        scans = {name: self._scans[self._part(name)] for name in self._order["sheets"]}
        summary = Summary(self._order, scans, self._styles)
        self._new |= {
            summary_part: summary.content(),
            "[Content_Types].xml": self._types.serialised(),
            "xl/workbook.xml": serialised(self._root),
            "xl/_rels/workbook.xml.rels": self._relations.serialised(),
        }
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in self._new.items():
                out.writestr(name, content)
            for name in self._book.namelist():
                if name in self._scans:
                    self._rewrite(name, out, texts)
                elif name not in self._new and name != self._styles_part:
                    self._copy(name, out)
            # Last: the rows have told which styles they need.
            out.writestr(self._styles_part, self._styles.serialised())

    def _rewrite(self, part: str, out: zipfile.ZipFile, texts: dict[str, str]) -> None:
        with self._book.open(part) as source, out.open(part, "w", force_zip64=True) as target:
            for piece in Rewriting(source, self._scans[part], texts).pieces():
                target.write(piece)

    def _copy(self, name: str, out: zipfile.ZipFile) -> None:
        with self._book.open(name) as source, out.open(name, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)

    def _summary_part(self) -> str:
        """The part of the added sheet; that of an earlier round is written over."""
        sheets = self._sheets()
        by_name = {element.get("name"): element for element in sheets}
        if self._order["replaces"] in by_name:
            return self._relations.part_of(by_name[self._order["replaces"]])
        wanted = self._order["summary"]
        name = next(one for one in (wanted, *_numbered(wanted)) if one not in by_name)
        part = next(p for n in count(1) if (p := _summary_file(n)) not in self._names)
        self._types.add(part, "worksheet")
        number = max(int(element.get("sheetId", "1")) for element in sheets) + 1
        attributes = {
            "name": name,
            "sheetId": str(number),
            Relations.ID: self._relations.add("worksheet", part),
        }
        etree.SubElement(sheets, f"{{{MAIN}}}sheet", attributes)
        return part


def _numbered(name: str) -> list[str]:
    return [f"{name}{number}" for number in range(2, 100)]


def _summary_file(number: int) -> str:
    return f"xl/worksheets/returned{number}.xml"


if __name__ == "__main__":
    main()
