"""The error workbook: the user's own file with marks, and nothing else changed (U032)."""

import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter

from core.sheets import gate, reader
from students.rosters import errorbook, files
from students.rosters.labels import Field
from students.rosters.reading import open_roster
from students.rosters.reasons import FIELDS_AT_FAULT, REMEDIES, RETURNED, TITLES
from students.rosters.schools import KnownSchool, SchoolFinder
from students.rosters.verdict import Rejected, Setting

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
GOOD = [entry["file"] for entry in EXPECTED["files"] if not entry["refused"]]


@pytest.fixture(scope="module")
def setting():
    with reader.sheets(gate.inspect(WORKBOOKS / "schools.xlsx")) as sheets:
        [rows] = [list(sheet.rows()) for sheet in sheets]
    stages = {"小学": "primary", "初中": "junior", "中职": "vocational", "特殊教育": "special"}
    schools = [
        KnownSchool(
            id=number,
            code=row[0],
            name=row[1],
            stages=tuple(stages[stage] for stage in row[3].split("、")),
            township=row[4],
        )
        for number, row in rows[1:]
    ]
    return Setting(SchoolFinder(schools, places=["甘肃省", "武威市", "凉州区"]), school_year=2026)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def read(path, setting):
    """Sheets and rejected rows, and what every data row holds."""
    rejected, rows = [], []
    with open_roster(path, setting=setting) as roster:
        for judged in roster.rows():
            rows.append((judged.sheet, judged.row, judged.values))
            if isinstance(judged.verdict, Rejected):
                header = roster.sheets[judged.sheet].header
                rejected.append(
                    (judged.sheet, judged.row, judged.verdict.reason, _column(header, judged))
                )
    sheets = [
        {
            "sheet": sheet.name,
            "header_rows": list(sheet.header_rows),
            "data_rows": sheet.data_rows,
            "other_rows": sheet.other_rows,
            "heads": [[c.index, c.label, c.field or ""] for c in sheet.header.columns],
        }
        for sheet in roster.sheets
    ]
    return sheets, rejected, rows


def _column(header, judged):
    fields = FIELDS_AT_FAULT[judged.verdict.reason] or (Field.NAME, Field.ID_NUMBER)
    columns = [c.index for field in fields if (c := header.first(field))]
    filled = [index for index in columns if index < len(judged.values) and judged.values[index]]
    return next(iter(filled or columns), None)


def build(path, tmp_path, found, *, number=7, old=""):
    sheets, rejected, _ = found
    name = errorbook.write(path, errorbook.order_by(sheets, rejected, number=number, old=old))
    target = tmp_path / "订正表.xlsx"
    target.write_bytes(b"".join(files.pieces(name)))
    return target


def without_reasons(found):
    """What a reading says but for the added column."""
    sheets, rejected, rows = found
    added = [{c[0] for c in sheet["heads"] if c[1] == RETURNED} for sheet in sheets]
    bare = [sheet | {"heads": [c for c in sheet["heads"] if c[1] != RETURNED]} for sheet in sheets]
    cells = [
        (n, row, {i: v for i, v in enumerate(values) if v and i not in added[n]})
        for n, row, values in rows
    ]
    return bare, rejected, cells


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file[:2])
def test_u032_read_again_it_is_the_same_file(file, setting, tmp_path):
    found = read(WORKBOOKS / file, setting)

    again = read(build(WORKBOOKS / file, tmp_path, found), setting)

    assert without_reasons(again) == without_reasons(found)


def book_of(file, setting, tmp_path):
    path = WORKBOOKS / file
    return openpyxl.load_workbook(build(path, tmp_path, read(path, setting)))


ROSTER = "02-黄羊镇学生花名册.xlsx"
RED = "FFFF9B9B"


def test_u032_each_bad_cell_is_red_with_a_note_and_the_reason_stands_at_the_right(
    setting, tmp_path
):
    _, rejected, _ = read(WORKBOOKS / ROSTER, setting)
    sheet = book_of(ROSTER, setting, tmp_path)["Sheet1"]

    red = {(c.row, c.column - 1) for row in sheet.iter_rows() for c in row if _is_red(c)}
    noted = {(c.row, c.column - 1) for row in sheet.iter_rows() for c in row if c.comment}
    assert red == noted == {(row, column) for _, row, _, column in rejected}
    assert sheet["X4"].value == RETURNED
    for _, row, reason, column in rejected:
        text = f"{TITLES[reason]}：{REMEDIES[reason]}"
        assert sheet.cell(row, 24).value == text
        assert sheet.cell(row, column + 1).comment.text == text.replace("：", "\n", 1)
    assert sum(bool(sheet.cell(row, 24).value) for row in range(5, 200)) == len(rejected)


def _is_red(cell):
    return cell.fill.fgColor.rgb == RED


def test_u032_the_summary_counts_the_reasons_and_leads_to_the_cells(setting, tmp_path):
    _, rejected, _ = read(WORKBOOKS / ROSTER, setting)
    book = book_of(ROSTER, setting, tmp_path)
    summary = book["汇总"]

    rows = list(summary.iter_rows(min_row=6))
    counts = {row[2].value: int(row[1].value) for row in rows[: _blank(rows)]}
    assert counts == {
        TITLES[reason]: number
        for reason, number in Counter(reason for _, _, reason, _ in rejected).items()
    }
    places = rows[_blank(rows) + 2 :]
    assert len(places) == len(rejected)
    for cells, (_, row, reason, column) in zip(places, rejected, strict=True):
        place = f"{get_column_letter(column + 1)}{row}"
        assert (cells[1].value, cells[2].value) == (str(row), TITLES[reason])
        assert cells[3].value == place
        assert cells[3].hyperlink.location == f"'Sheet1'!{place}"
    assert book.active.title != "汇总"


def _blank(rows):
    return next(n for n, row in enumerate(rows) if not row[0].value)


@pytest.mark.parametrize("file", [f for f in GOOD if f.endswith("xlsx")], ids=lambda f: f[:2])
def test_u032_order_and_styles_are_kept(file, setting, tmp_path):
    _, rejected, _ = read(WORKBOOKS / file, setting)
    marked = {(n, row, column) for n, row, _, column in rejected}
    before = openpyxl.load_workbook(WORKBOOKS / file)
    after = book_of(file, setting, tmp_path)

    assert after.sheetnames[: len(before.sheetnames)] == before.sheetnames
    names = [sheet["sheet"] for sheet in read(WORKBOOKS / file, setting)[0]]
    for sheet in before:
        other = after[sheet.title]
        assert other.merged_cells == sheet.merged_cells
        assert other.freeze_panes == sheet.freeze_panes
        for letter, width in sheet.column_dimensions.items():
            assert other.column_dimensions[letter].width == width.width
        number = names.index(sheet.title) if sheet.title in names else None
        for row in sheet.iter_rows(max_row=200):
            for cell in row:
                same = other[cell.coordinate]
                assert same.value == cell.value
                font, fill, *more = _style(cell)
                if (number, cell.row, cell.column - 1) in marked:
                    assert (_style(same)[0], _style(same)[2]) == (font, more[0])
                else:
                    assert _style(same) == [font, fill, *more]


def _style(cell):
    book, style = cell.parent.parent, cell._style or StyleArray()
    return [
        book._fonts[style.fontId],
        book._fills[style.fillId],
        book._borders[style.borderId],
        book._alignments[style.alignmentId],
        cell.number_format if cell._style else "General",
    ]


def test_u032_parts_that_carry_no_mark_are_copied_as_they_are(setting, tmp_path):
    target = build(WORKBOOKS / ROSTER, tmp_path, read(WORKBOOKS / ROSTER, setting))

    with zipfile.ZipFile(WORKBOOKS / ROSTER) as before, zipfile.ZipFile(target) as after:
        for name in ("xl/theme/theme1.xml", "xl/sharedStrings.xml", "docProps/core.xml"):
            assert after.read(name) == before.read(name)


def rewritten(source, target, change):
    """The workbook with its parts changed by name."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def _prefixed(name, content):
    """As the Open XML SDK writes, and without the places that are not obligatory."""
    if name != "xl/worksheets/sheet1.xml":
        return content
    text = re.sub(r"<(/?)(\w)", r"<\1x:\2", content.decode()).replace("xmlns=", "xmlns:x=")
    return re.sub(r'(<x:(?:row|c)\b[^>]*?) r="[^"]*"', r"\1", text).encode()


def _without_styles(name, content):
    return None if name == "xl/styles.xml" else content


@pytest.mark.parametrize("change", [_prefixed, _without_styles])
def test_workbooks_of_an_unusual_build_are_marked_too(change, setting, tmp_path):
    path = rewritten(WORKBOOKS / "07-报表系统导出.xlsx", tmp_path / "other.xlsx", change)
    found = read(path, setting)
    assert found[1]

    target = build(path, tmp_path, found)

    assert without_reasons(read(target, setting)) == without_reasons(found)
    red = [
        c for row in openpyxl.load_workbook(target).active.iter_rows() for c in row if _is_red(c)
    ]
    assert len(red) == len(found[1])


def test_notes_that_people_wrote_stay_beside_ours(setting, tmp_path):
    _, rejected, _ = read(WORKBOOKS / ROSTER, setting)
    _, row, reason, column = rejected[0]
    book = openpyxl.load_workbook(WORKBOOKS / ROSTER)
    own = {book.active.cell(7, 1).coordinate, book.active.cell(row, column + 1).coordinate}
    for place in own:
        book.active[place].comment = Comment("请家长确认", "李老师")
    path = tmp_path / "noted.xlsx"
    book.save(path)

    target = build(path, tmp_path, read(path, setting))

    sheet = openpyxl.load_workbook(target)["Sheet1"]
    assert all("请家长确认" in sheet[place].comment.text for place in own)
    assert TITLES[reason] in sheet.cell(row, column + 1).comment.text
    assert sum(bool(c.comment) for line in sheet.iter_rows() for c in line) == len(rejected) + 1


def test_text_stays_text_whatever_it_begins_with(setting, tmp_path):
    path = tmp_path / "=list.csv"
    path.write_text(
        '姓名,身份证号,性别,备注\n=HYPERLINK("x"),629900201308310019,男,@SUM(A1)\n', "utf-8"
    )
    found = read(path, setting)
    order = errorbook.order_by(found[0], found[1], number=1, old="")
    order.sheets["1"].edits = {2: {2: "=1+1"}}

    name = errorbook.write(path, order)

    target = tmp_path / "book.xlsx"
    target.write_bytes(b"".join(files.pieces(name)))
    for sheet in openpyxl.load_workbook(target):
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "n" and c.value]
    sheet = openpyxl.load_workbook(target)["1"]
    assert sheet["C2"].value == "=1+1"
    assert sheet["D2"].value == "@SUM(A1)"
    assert {cell.number_format for cell in sheet[2]} == {"@"}


def test_thousands_of_bad_rows_are_told_without_thousands_of_notes(setting, tmp_path):
    found = read(WORKBOOKS / ROSTER, setting)
    order = errorbook.order_by(found[0], found[1], number=1, old="")
    order.most_notes, order.most_links = 5, 7

    name = errorbook.write(WORKBOOKS / ROSTER, order)

    target = tmp_path / "book.xlsx"
    target.write_bytes(b"".join(files.pieces(name)))
    book = openpyxl.load_workbook(target)
    cells = [cell for row in book["Sheet1"].iter_rows() for cell in row]
    assert sum(bool(cell.comment) for cell in cells) == 5
    assert sum(_is_red(cell) for cell in cells) == len(found[1])
    told = [str(row[0].value) for row in book["汇总"].iter_rows()]
    assert any("前 5 行加批注" in text for text in told)
    assert any("前 7 处" in text for text in told)
