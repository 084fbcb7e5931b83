"""The small parts of a workbook that marks reach into: types, relations, styles, notes."""

import posixpath
import re
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any

from lxml import etree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
RED, TEXT_FORMAT = "FFFF9B9B", "49"
# General and 0: an ID number typed there would be rounded.
_ROUNDING_FORMATS = ("0", "1")
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parsed(content: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(content, parser)


def serialised(element: Any, *, declaration: bool = True) -> bytes:
    text: bytes = etree.tostring(
        element, encoding="UTF-8", xml_declaration=declaration, standalone=declaration or None
    )
    return text


def without_illegal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def letters(column: int) -> str:
    """0 -> A, 26 -> AA"""
    text, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


def reference(row: int, column: int) -> str:
    return f"{letters(column)}{row}"


def column_number(place: str) -> int:
    number = 0
    for sign in place.rstrip("0123456789"):
        number = number * 26 + ord(sign) - 64
    return number - 1


class Types:
    """[Content_Types].xml"""

    def __init__(self, content: bytes) -> None:
        self._root = parsed(content)
        self._namespace = f"{{{_PACKAGE}content-types}}"

    def add(self, part: str, kind: str) -> None:
        self._element("Override", PartName=f"/{part}", ContentType=f"{_TYPE}{kind}+xml")

    def allow_drawings(self) -> None:
        if not any(one.get("Extension", "").lower() == "vml" for one in self._root):
            self._element("Default", Extension="vml", ContentType=_VML)

    def _element(self, tag: str, **attributes: str) -> None:
        self._root.append(self._root.makeelement(self._namespace + tag, attributes))

    def serialised(self) -> bytes:
        return serialised(self._root)


class Relations:
    """The .rels of a part in `folder`."""

    ID = f"{{{_OFFICE}}}id"

    def __init__(self, content: bytes | None, *, folder: str) -> None:
        empty = f'<Relationships xmlns="{_PACKAGE}relationships"/>'.encode()
        self._root = parsed(content or empty)
        self._folder = folder

    def part_of(self, element: Any) -> str:
        """The part that an element names by r:id."""
        return self._target(self._by_id(element.get(self.ID)))

    def _by_id(self, wanted: str) -> Any:
        return next(one for one in self._root if one.get("Id") == wanted)

    def _target(self, one: Any) -> str:
        target = str(one.get("Target"))
        if target.startswith("/"):
            return target[1:]
        return posixpath.normpath(posixpath.join(self._folder, target))

    def find(self, kind: str) -> tuple[str, str] | None:
        """Id and part of the first relation of a kind."""
        for one in self._root:
            if one.get("Type") == f"{_OFFICE}/{kind}" and one.get("TargetMode") != "External":
                return str(one.get("Id")), self._target(one)
        return None

    def part_of_type(self, kind: str) -> str:
        found = self.find(kind)
        if found is None:
            raise ValueError(f"no {kind}")
        return found[1]

    def add(self, kind: str, part: str) -> str:
        taken = {one.get("Id") for one in self._root}
        new = next(name for n in count(1) if (name := f"rIdMark{n}") not in taken)
        attributes = {"Id": new, "Type": f"{_OFFICE}/{kind}", "Target": f"/{part}"}
        self._root.append(
            self._root.makeelement(f"{{{_PACKAGE}relationships}}Relationship", attributes)
        )
        return new

    def serialised(self) -> bytes:
        return serialised(self._root)


class Styles:
    """Cell formats: each new one is a copy of one that is there, so fonts and borders stay."""

    def __init__(self, content: bytes) -> None:
        self._root = parsed(content)
        self._formats = self._child("cellXfs")
        self._known: dict[tuple[str, str], str] = {}
        self._fills = self._child("fills")
        self._fonts = self._child("fonts")
        self._red = self._fill(RED)
        self.reason = self._text_style(colour="FFC00000")
        self.plain = self._text_style()
        self.bold = self._text_style(bold=True)
        self.link = self._text_style(colour="FF0563C1", underlined=True)

    def _child(self, tag: str) -> Any:
        found = self._root.find(f"{{{MAIN}}}{tag}")
        if found is None:
            raise ValueError(f"no {tag}")
        return found

    def red(self, style: str) -> str:
        return self._derived("red", style, self._make_red)

    def calm(self, style: str) -> str:
        """The style without our red; any other stays as it is."""
        fill = self._formats[int(style)].get("fillId", "0")
        if not self._is_red(self._fills[int(fill)]):
            return style
        return self._derived("calm", style, _make_calm)

    def _derived(self, kind: str, style: str, change: Callable[[Any], None]) -> str:
        if (kind, style) not in self._known:
            copy = deepcopy(self._formats[int(style)])
            change(copy)
            self._known[kind, style] = self._append(self._formats, copy)
        return self._known[kind, style]

    def _make_red(self, copy: Any) -> None:
        copy.set("fillId", self._red)
        copy.set("applyFill", "1")
        if copy.get("numFmtId", "0") in _ROUNDING_FORMATS:
            copy.set("numFmtId", TEXT_FORMAT)
            copy.set("applyNumberFormat", "1")

    def _fill(self, colour: str) -> str:
        fill = etree.SubElement(self._fills, f"{{{MAIN}}}fill")
        pattern = etree.SubElement(fill, f"{{{MAIN}}}patternFill", patternType="solid")
        etree.SubElement(pattern, f"{{{MAIN}}}fgColor", rgb=colour)
        etree.SubElement(pattern, f"{{{MAIN}}}bgColor", indexed="64")
        return self._counted(self._fills)

    def _is_red(self, fill: Any) -> bool:
        return any(one.get("rgb", "").upper() == RED for one in fill.iter(f"{{{MAIN}}}fgColor"))

    def _text_style(self, *, colour: str = "", bold: bool = False, underlined: bool = False) -> str:
        font = deepcopy(self._fonts[0])
        for tag in ("color", "b", "u"):
            for old in font.findall(f"{{{MAIN}}}{tag}"):
                font.remove(old)
        if colour:
            font.insert(0, font.makeelement(f"{{{MAIN}}}color", {"rgb": colour}))
        if underlined:
            font.insert(0, font.makeelement(f"{{{MAIN}}}u", {}))
        if bold:
            font.insert(0, font.makeelement(f"{{{MAIN}}}b", {}))
        style = self._formats.makeelement(
            f"{{{MAIN}}}xf",
            {
                "numFmtId": TEXT_FORMAT,
                "fontId": self._append(self._fonts, font),
                "fillId": "0",
                "borderId": "0",
                "xfId": "0",
                "applyNumberFormat": "1",
                "applyFont": "1",
            },
        )
        return self._append(self._formats, style)

    def _append(self, parent: Any, child: Any) -> str:
        parent.append(child)
        return self._counted(parent)

    def _counted(self, parent: Any) -> str:
        parent.set("count", str(len(parent)))
        return str(len(parent) - 1)

    def serialised(self) -> bytes:
        return serialised(self._root)


def _make_calm(copy: Any) -> None:
    copy.set("fillId", "0")
