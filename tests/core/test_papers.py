import io
import shutil
import subprocess
import zipfile
from datetime import date

import pytest
import typst
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from core import papers

DAY = date(2026, 11, 22)
TRICKS = '#strong[x] $1$ *a* _b_ @c \\ // #read("/etc/passwd") ]}" <b>&amp;'


def paper(**other):
    return {
        "title": "责令送被监护人接受义务教育通知书",
        "issuer": "凉州区黄羊镇人民政府",
        "number": "黄政教责〔2026〕1号",
        "addressee": "王某某",
        "blocks": [
            papers.text("请于2026年11月30日前送子女到校。"),
            papers.heading("一、依据"),
            papers.table([["送达方式", "直接送达"], ["受送达人", "王某某"]], widths=[1, 3]),
            papers.line("受送达人签名："),
        ],
        "signers": ["凉州区黄羊镇人民政府"],
        "sealed": True,
        "day": papers.day_in_words(DAY),
        "notes": ["本通知书一式两份。"],
        **other,
    }


def words_of_pdf(content):
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext reads the words of a PDF; it is not on this machine")
    done = subprocess.run([reader, "-", "-"], input=content, capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def words_of_docx(content):
    book = Document(io.BytesIO(content))
    cells = (cell.text for table in book.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(row.text for row in book.paragraphs), *cells])


def test_equal_data_makes_equal_bytes():
    assert papers.pdf([paper()], on=DAY) == papers.pdf([paper()], on=DAY)
    made = papers.docx([paper()], on=DAY)
    assert made == papers.docx([paper()], on=DAY)
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        assert {entry.date_time[0] for entry in book.infolist()} == {1980}


def test_every_word_stands_in_both_files():
    pdf, word = (
        words_of_pdf(papers.pdf([paper()], on=DAY)),
        words_of_docx(papers.docx([paper()], on=DAY)),
    )

    for words in (
        *("责令送被监护人接受义务教育通知书", "凉州区黄羊镇人民政府", "黄政教责〔2026〕1号"),
        *("王某某：", "请于2026年11月30日前送子女到校。", "一、依据", "直接送达"),
        *("受送达人签名：", "（印章）", "2026年11月22日", "本通知书一式两份。"),
    ):
        assert words in pdf
        assert words in word


def test_words_of_people_are_never_markup():
    tricky = paper(title=TRICKS, addressee=TRICKS, blocks=[papers.text(TRICKS)])

    assert words_of_docx(papers.docx([tricky], on=DAY)).count(TRICKS) == 3
    assert words_of_pdf(papers.pdf([tricky], on=DAY)).count("".join(TRICKS.split())) == 3


def test_characters_no_file_can_hold_are_left_out():
    odd = paper(addressee="王\x00\x0b\ud800某")

    assert "王某：" in words_of_docx(papers.docx([odd], on=DAY))
    assert papers.pdf([odd], on=DAY) == papers.pdf([paper(addressee="王某")], on=DAY)


def test_u055_a_rare_character_of_a_name_comes_out_of_the_file_again():
    rare = paper(addressee="𠮷·买买提")

    assert "𠮷·买买提" in words_of_pdf(papers.pdf([rare], on=DAY))
    assert "𠮷·买买提" in words_of_docx(papers.docx([rare], on=DAY))


def test_the_head_of_a_table_is_bold_and_stands_on_every_page():
    rows = [["措施", "责任人"], *([f"第{n}项", "班主任"] for n in range(60))]
    listed = paper(blocks=[papers.table(rows, widths=[3, 1], head=True)])

    (grid,) = Document(io.BytesIO(papers.docx([listed], on=DAY))).tables
    head, first = (row.cells[0].paragraphs[0].runs[0] for row in grid.rows[:2])
    assert (head.bold, first.bold) == (True, None)
    assert grid.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert words_of_pdf(papers.pdf([listed], on=DAY)).count("责任人") > 1


def test_each_paper_begins_a_page_of_its_own():
    pages = papers.pictures([paper(), paper()])

    assert len(pages) == 2
    with Image.open(io.BytesIO(pages[0])) as page:
        assert page.height / page.width == pytest.approx(297 / 210, abs=0.01)


def test_without_a_chinese_font_the_pdf_is_refused_in_words_and_the_word_file_made(monkeypatch):
    bare = typst.Fonts(include_system_fonts=False)
    monkeypatch.setattr(papers, "_fonts", lambda: bare)

    with pytest.raises(papers.NoChineseFont, match="fonts-noto-cjk"):
        papers.pdf([paper()], on=DAY)
    assert "王某某：" in words_of_docx(papers.docx([paper()], on=DAY))
