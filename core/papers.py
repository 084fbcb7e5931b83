"""Official papers (公文) from plain data: a PDF to print and seal, a Word file to edit further.

The look follows GB/T 9704—2012: A4 with margins of 37, 35, 28 and 26 mm, the title in size 2
(22 pt), the text in 仿宋 of size 3 (16 pt) on lines of 28 pt, indented by two characters.
Data is data: no word of it is ever read as markup, and equal data makes equal bytes.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, TypedDict

import typst
from django.conf import settings
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

FOLDER = Path(settings.BASE_DIR) / "templates" / "papers"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# By preference: what offices own, then what a Linux server has.
_TEXT = (
    *("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "STFangsong", "华文仿宋"),
    *("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "思源宋体", "SimSun", "宋体"),
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
)
_TITLE = ("FZXiaoBiaoSong-B05S", "方正小标宋简体", "方正小标宋_GBK", "STZhongsong")
_HEADING = ("SimHei", "黑体", "STHeiti", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC")
_NOT_TEXT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIRST_DAY_OF_ZIP = 1980


class NoChineseFont(Exception):
    """The words are for the person who wanted the paper."""


class Block(TypedDict):
    """A part of the text. `rows` for a table; its first row is the head where `head` says so."""

    kind: Literal["text", "heading", "line", "table"]
    text: NotRequired[str]
    rows: NotRequired[list[list[str]]]
    widths: NotRequired[list[int]]
    head: NotRequired[bool]


class Paper(TypedDict, total=False):
    """One paper, as JSON holds it: it can be kept and made anew, word for word, years later."""

    title: Required[str]
    issuer: str  # above the title
    number: str  # 文号
    addressee: str
    blocks: Required[list[Block]]
    signers: list[str]  # 署名: the body, or several lines to sign on
    sealed: bool  # leaves the place of the seal
    day: str  # 成文日期 in words
    notes: list[str]  # below, small


def text(words: str) -> Block:
    return {"kind": "text", "text": words}


def heading(words: str) -> Block:
    return {"kind": "heading", "text": words}


def line(words: str) -> Block:
    """Without the indent: a line to write on."""
    return {"kind": "line", "text": words}


def table(
    rows: Sequence[Sequence[str]], *, widths: Sequence[int] = (), head: bool = False
) -> Block:
    """`widths` are shares of the whole."""
    return {
        "kind": "table",
        "rows": [list(row) for row in rows],
        "widths": list(widths),
        "head": head,
    }


def day_in_words(day: date) -> str:
    """成文日期 in Arabic figures without leading zeros (GB/T 9704—2012, 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def pdf(papers: Sequence[Paper], *, on: date, source: str = "paper") -> bytes:
    """One file, each paper on a new page; `on` dates the file. Errors: NoChineseFont."""
    return typst.compile(
        FOLDER / f"{source}.typ",
        root=FOLDER,
        font_paths=_fonts(),
        format="pdf",
        sys_inputs=_inputs(papers),
        timestamp=_midnight(on),
    )


def pictures(papers: Sequence[Paper], *, source: str = "paper", ppi: int = 60) -> list[bytes]:
    """The pages as PNG. Errors: NoChineseFont."""
    made: bytes | list[bytes] = typst.compile(
        FOLDER / f"{source}.typ",
        root=FOLDER,
        font_paths=_fonts(),
        format="png",
        ppi=ppi,
        sys_inputs=_inputs(papers),
    )
    return made if isinstance(made, list) else [made]


def _inputs(papers: Sequence[Paper]) -> dict[str, str]:
    found = set(_fonts().families())
    body, title, heads = (
        [name for name in wanted if name in found] for wanted in (_TEXT, _TITLE, _HEADING)
    )
    if not body:
        raise NoChineseFont(
            "服务器没有中文字体，不能生成 PDF。请联系系统管理员安装仿宋或思源宋体"
            "（Debian 软件包 fonts-noto-cjk）后重试；Word 文件可照常下载。"
        )
    fonts = {"body": body, "title": title + body, "heading": heads + body}
    return {"papers": json.dumps(_plain(papers), ensure_ascii=False), "fonts": json.dumps(fonts)}


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts()


def _plain(value: Any) -> Any:
    """Without the characters that neither XML nor paper can hold."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("", value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def docx(papers: Sequence[Paper], *, on: date) -> bytes:
    """One file, each paper on a new page; `on` dates the file."""
    book = Document()
    _set_page(book)
    for position, paper in enumerate(_plain(papers)):
        _write(book, paper, new_page=position > 0)
    about = book.core_properties
    about.title, about.author, about.comments = papers[0]["title"], papers[0].get("issuer", ""), ""
    about.last_modified_by = about.author
    about.created = about.modified = _midnight(on).replace(tzinfo=None)
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def _set_page(book: Any) -> None:
    page = book.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    style = book.styles["Normal"]
    style.font.size = Pt(16)
    _name_fonts(style.element.get_or_add_rPr(), "仿宋_GB2312")
    style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    style.paragraph_format.line_spacing = Pt(28)


def _name_fonts(properties: Any, chinese: str) -> None:
    fonts = properties.get_or_add_rFonts()
    fonts.set(qn("w:ascii"), "Times New Roman")
    fonts.set(qn("w:hAnsi"), "Times New Roman")
    fonts.set(qn("w:eastAsia"), chinese)


def _write(book: Any, paper: Paper, *, new_page: bool) -> None:
    head = [paper.get("issuer", ""), paper["title"]]
    for words in filter(None, head):
        row = _row(book, words, font="方正小标宋简体", size=22, align=ALIGN.CENTER)
        row.paragraph_format.line_spacing = Pt(34)
        row.paragraph_format.page_break_before = new_page
        new_page = False
    if paper.get("number"):
        _row(book, paper["number"], align=ALIGN.CENTER)
    _row(book, "")
    if paper.get("addressee"):
        _row(book, f"{paper['addressee']}：")
    for block in paper["blocks"]:
        _write_block(book, block)
    _write_end(book, paper)


def _write_block(book: Any, block: Block) -> None:
    if block["kind"] == "table":
        _write_table(book, block)
    elif block["kind"] == "line":
        _row(book, block.get("text", ""))
    else:
        font = "黑体" if block["kind"] == "heading" else ""
        row = _row(book, block.get("text", ""), font=font)
        row.paragraph_format.first_line_indent = Pt(32)


def _write_table(book: Any, block: Block) -> None:
    rows = block.get("rows", [])
    shares = block.get("widths") or [1] * len(rows[0])
    grid = book.add_table(rows=len(rows), cols=len(shares), style="Table Grid")
    has_head = block.get("head", False)
    for place, (cells, values) in enumerate(zip(grid.rows, rows, strict=True)):
        for cell, words, share in zip(cells.cells, values, shares, strict=True):
            cell.width = Mm(156 * share / sum(shares))
            row = cell.paragraphs[0]
            row.paragraph_format.line_spacing = Pt(22)
            _run(row, words, font="", size=14, bold=has_head and place == 0)
    if has_head:  # stands again at the top of the next page
        grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _write_end(book: Any, paper: Paper) -> None:
    _row(book, "")
    for words in paper.get("signers", []):
        _row(book, words, align=ALIGN.RIGHT)
    if paper.get("sealed"):
        _row(book, "（印章）", align=ALIGN.RIGHT)
    if paper.get("day"):
        _row(book, paper["day"], align=ALIGN.RIGHT)
    for words in paper.get("notes", []):
        _row(book, words, size=12).paragraph_format.line_spacing = Pt(20)


def _row(book: Any, words: str, *, font: str = "", size: int = 16, align: Any = None) -> Any:
    row = book.add_paragraph()
    row.alignment = align
    _run(row, words, font=font, size=size)
    return row


def _run(row: Any, words: str, *, font: str, size: int, bold: bool = False) -> None:
    run = row.add_run(words)
    run.font.size = Pt(size)
    run.font.bold = bold or None
    if font:
        _name_fonts(run._element.get_or_add_rPr(), font)


def _undated(content: bytes) -> bytes:
    """The same package, its entries without the clock."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename, (_FIRST_DAY_OF_ZIP, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, old.read(entry))
    return out.getvalue()
