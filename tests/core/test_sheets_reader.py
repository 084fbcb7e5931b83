"""What the reader makes of cells, and that a file can break nothing but its own child."""

import os
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sheets import gate, reader
from core.sheets.gate import FileRefused, Refusal
from core.sheets.text import clean, squeeze


def read(path):
    with reader.sheets(gate.inspect(path)) as sheets:
        return [(sheet.name, dict(sheet.rows())) for sheet in sheets]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def workbook(path, rows, *, at=(1, 1)):
    book = openpyxl.Workbook()
    sheet = book.active
    for row_no, row in enumerate(rows, start=at[0]):
        for column_no, value in enumerate(row, start=at[1]):
            sheet.cell(row_no, column_no, value)
    book.save(path)
    return path


@pytest.mark.parametrize(
    "value, text",
    [
        (3, "3"),
        (3.0, "3"),
        (2.5, "2.5"),
        (20130831, "20130831"),
        (629900201902173562, "6.29900201902174E+17"),
        (date(2013, 8, 31), "2013-08-31"),
        (datetime(2013, 8, 31, 9, 30), "2013-08-31 09:30:00"),
        (True, "是"),
        ("００７ ", "007"),
        ("'629900201308310018", "629900201308310018"),
        ("\u3000张\u00a0三\u200b", "张\u00a0三"),
        ("=1+1", ""),
    ],
)
def test_every_cell_becomes_clean_text(path, value, text):
    [(_, rows)] = read(workbook(path, [["head"], [value, "end"]]))

    assert rows[2][0] == text


def test_rows_and_columns_count_from_the_corner(path):
    [(_, rows)] = read(workbook(path, [["姓名", "性别"], ["张三", "男"]], at=(4, 3)))

    assert rows[4] == ["", "", "姓名", "性别"]
    assert rows[5] == ["", "", "张三", "男"]


def test_more_rows_than_one_message_holds(path):
    path.write_text("".join(f"{n},a,b\n" for n in range(1, 30_001)))

    [(name, rows)] = read(path)

    assert name == "1"
    assert list(rows) == list(range(1, 30_001))
    assert all(row == [str(number), "a", "b"] for number, row in rows.items())


def test_a_sheet_not_looked_at_is_passed_over(path):
    book = openpyxl.Workbook()
    for name in ("甲", "乙"):
        sheet = book.create_sheet(name)
        for _ in range(2_000):
            sheet.append([name] * 50)
    book.save(path)

    with reader.sheets(gate.inspect(path)) as sheets:
        seen = [(sheet.name, next(sheet.rows(), None)) for sheet in sheets]

    assert seen[0] == ("Sheet", None)
    assert [(name, row[1][0]) for name, row in seen[1:]] == [("甲", "甲"), ("乙", "乙")]


def test_merged_cells_are_told(path):
    book = openpyxl.Workbook()
    book.active["B2"] = "家长"
    book.active.merge_cells("B2:C4")
    book.save(path)

    with reader.sheets(gate.inspect(path)) as sheets:
        [merged] = [sheet.merged for sheet in sheets]

    assert merged == [reader.Merged(first_row=2, first_column=1, last_row=4, last_column=2)]


def test_csv_keeps_wrapped_numbers_and_quoted_line_breaks(path):
    path.write_bytes('号,址\r\n"=""0123""","a,""b""\nc"\r\n,\r\n'.encode("gb18030"))

    [(_, rows)] = read(path)

    assert rows == {1: ["号", "址"], 2: ["0123", 'a,"b"\nc'], 3: ["", ""]}


def test_html_tables_with_spans_entities_and_a_table_inside(path):
    path.write_text(
        "<html><table><tr><td rowspan=2>A</td><td colspan=2>B&middot;C</td></tr>"
        "<tr><td>D<br>E</td><td><table><tr><td>in</td></tr></table></td></tr></table></html>"
    )

    (first, rows), (second, inner) = read(path)

    assert (first, second) == ("1", "2")
    assert rows == {1: ["A", "B·C", ""], 2: ["", "D\nE", "in"]}
    assert inner == {1: ["in"]}


def test_a_part_that_is_broken_inside_is_refused(path):
    workbook(path, [["a"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = b"<worksheet><sheetData><row><c><v>1</"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    with pytest.raises(FileRefused) as refused:
        read(path)
    assert refused.value.code is Refusal.NOT_A_SPREADSHEET


def test_a_sheet_that_wants_too_much_memory_ends_only_the_child(path):
    """Two cells far apart: whoever keeps a rectangle asks for 17 thousand million cells."""
    workbook(path, [["a"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    with pytest.raises(FileRefused) as refused:
        read(path)
    assert refused.value.code is Refusal.TOO_LARGE_UNPACKED


def test_leaving_early_ends_the_child(path):
    path.write_text("a,b\n" * 500_000)

    with reader.sheets(gate.inspect(path)) as sheets:
        for sheet in sheets:
            next(sheet.rows())
            assert children()
            break

    assert not children()


def children():
    """Processes of ours that still read a sheet."""
    ours = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = " ".join(path.read_text() for path in ours).split()
    told = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
    return [words for words in told if b"child.py" in words]


@given(st.text())
def test_cleaning_is_stable_but_for_apostrophes(text):
    cleaned = clean(text)

    assert cleaned == cleaned.strip()
    assert squeeze(cleaned) == squeeze(squeeze(cleaned))
