"""Notes on the cells of one sheet, beside those that people wrote."""

from collections.abc import Callable
from itertools import count

from lxml import etree

from core.sheets.marking.parts import (
    MAIN,
    Relations,
    Types,
    parsed,
    reference,
    serialised,
    without_illegal,
)

AUTHOR = "名册核对"
_V, _O = "urn:schemas-microsoft-com:vml", "urn:schemas-microsoft-com:office:office"
_X = "urn:schemas-microsoft-com:office:excel"
_NO_COMMENTS = f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
_NO_DRAWING = (
    f'<xml xmlns:v="{_V}" xmlns:o="{_O}" xmlns:x="{_X}">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202"'
    ' path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
).encode()
_SHAPE = (
    f'<v:shape xmlns:v="{_V}" xmlns:o="{_O}" xmlns:x="{_X}" id="_x0000_s{{id}}"'
    ' type="#_x0000_t202" style="position:absolute;visibility:hidden" fillcolor="#ffffe1"'
    ' o:insetmode="auto"><v:fill color2="#ffffe1"/><v:path o:connecttype="none"/>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor>"
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
    "</x:ClientData></v:shape>"
)
_FIRST_ID = 500_001


class Notes:
    """A part with the texts and one with the drawings; those of the sheet, or new ones."""

    def __init__(
        self,
        relations: Relations,
        types: Types,
        *,
        read: Callable[[str], bytes],
        taken: set[str],
    ) -> None:
        self._relations, self._types, self._taken = relations, types, taken
        self._comments_at = relations.find("comments")
        self._drawing_at = relations.find("vmlDrawing")
        if (self._comments_at is None) != (self._drawing_at is None):
            raise ValueError("notes without drawings")
        self._comments = parsed(read(self._comments_at[1]) if self._comments_at else _NO_COMMENTS)
        self._drawing = parsed(read(self._drawing_at[1]) if self._drawing_at else _NO_DRAWING)
        self._list = self._comments.find(f"{{{MAIN}}}commentList")
        self._author = self._own_author()
        self._by_place = {one.get("ref"): one for one in self._list}
        self.parts: dict[str, bytes] = {}

    def _own_author(self) -> str:
        authors = self._comments.find(f"{{{MAIN}}}authors")
        names = [author.text or "" for author in authors]
        if AUTHOR not in names:
            etree.SubElement(authors, f"{{{MAIN}}}author").text = AUTHOR
            names.append(AUTHOR)
        return str(names.index(AUTHOR))

    def clear(self, titles: list[str]) -> None:
        """The notes of an earlier round, known by their first line."""
        for place, note in list(self._by_place.items()):
            text = "".join(note.itertext()).strip()
            if any(text.startswith(title) for title in titles):
                self._list.remove(note)
                del self._by_place[place]
                self._remove_shape(place)

    def _remove_shape(self, place: str) -> None:
        for shape in self._drawing.findall(f"{{{_V}}}shape"):
            row, column = shape.find(f".//{{{_X}}}Row"), shape.find(f".//{{{_X}}}Column")
            if row is None or column is None:
                continue
            if reference(int(row.text) + 1, int(column.text)) == place:
                self._drawing.remove(shape)

    def add(self, row: int, column: int, text: str) -> None:
        place = reference(row, column)
        note = self._by_place.get(place)
        if note is None:
            note = etree.SubElement(
                self._list, f"{{{MAIN}}}comment", ref=place, authorId=self._author
            )
            self._by_place[place] = note
            etree.SubElement(note, f"{{{MAIN}}}text")
            self._draw(row, column)
        else:
            text = f"\n{text}"
        run = etree.SubElement(
            etree.SubElement(note.find(f"{{{MAIN}}}text"), f"{{{MAIN}}}r"), f"{{{MAIN}}}t"
        )
        run.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.text = without_illegal(text)

    def _draw(self, row: int, column: int) -> None:
        shape = _SHAPE.format(
            id=_FIRST_ID + len(self._drawing),
            left=column + 1,
            right=column + 5,
            top=max(row - 2, 0),
            bottom=row + 4,
            row=row - 1,
            column=column,
        )
        self._drawing.append(parsed(shape.encode()))

    def finish(self, drawing: str) -> str:
        """The relation a sheet names its drawings by; `drawing` is the one it names already."""
        if not len(self._list) and self._comments_at is None:
            return ""
        if self._comments_at is None:
            comments = self._new_part("xl/comments{}.xml")
            self._types.add(comments, "comments")
            self._relations.add("comments", comments)
        else:
            comments = self._comments_at[1]
        self.parts[comments] = serialised(self._comments)
        if self._drawing_at is None:
            part = self._new_part("xl/drawings/vmlDrawing{}.vml")
            self._types.allow_drawings()
            drawing = self._relations.add("vmlDrawing", part)
        else:
            part = self._drawing_at[1]
        self.parts[part] = serialised(self._drawing, declaration=False)
        return drawing

    def _new_part(self, pattern: str) -> str:
        part = next(p for n in count(901) if (p := pattern.format(n)) not in self._taken)
        self._taken.add(part)
        return part
