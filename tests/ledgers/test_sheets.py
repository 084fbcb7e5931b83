from datetime import date
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.scope import scope_for
from core.models import AuditEntry
from core.sheets import report
from core.sheets.report import Field, Heading, Report, column_letter
from ledgers import sheets
from ledgers.kinds import KINDS
from tests.factories import (
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    county_officer,
    division,
    id_number,
    township_officer,
)
from tests.ledgers.books import build_ledger, dropout

TODAY = date(2026, 12, 1)
FORM = Report(
    sheet_name="台账",
    title="标题",
    filing=("左", "中", "右"),
    headings=(
        Heading("", (Field("序号", 6, is_number=True),)),
        Heading("基本", (Field("姓名"), Field("说明"))),
        Heading("", (Field("次数", is_number=True),)),
    ),
    when_empty="零报告",
    foot=("签字", "说明一"),
)


def written(rows):
    book = BytesIO()
    report.write(book, report=FORM, rows=rows, expected_rows=len(rows))
    return openpyxl.load_workbook(book).active


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(words, words, st.sampled_from(["", "0", "12"])), max_size=4))
def test_whatever_stands_in_a_cell_comes_back_as_text(lines):
    sheet = written([[str(n), *line] for n, line in enumerate(lines, start=1)])

    for n, (name, note, times) in enumerate(lines, start=1):
        cells = [cell.value for cell in sheet[4 + n]]
        assert cells[0] == n
        assert cells[1:3] == [legal(name), legal(note)]
        assert cells[3] == (int(times) if times else None)


def legal(text):
    """XML knows neither control characters nor the last two of the plane; it reads CR as LF."""
    kept = "".join(c for c in text if c >= " " or c in "\t\n\r").replace("\ufffe", "")
    return kept.replace("\uffff", "").replace("\r\n", "\n").replace("\r", "\n") or None


def test_columns_are_lettered_as_in_a_spreadsheet():
    assert [column_letter(n) for n in (1, 26, 27, 52, 53, 702, 703)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


def test_a_form_too_long_for_a_sheet_is_refused_before_it_is_written():
    with pytest.raises(report.TooManyRows):
        report.write(BytesIO(), report=FORM, rows=[], expected_rows=1_048_576)


def exported(version, user, *, wish=None, chosen=None):
    book = BytesIO()
    kind = KINDS[version.kind]
    scope = scope_for(user, on=TODAY)
    asked = {"version": version, "kind": kind, "scope": scope, "actor": user, "today": TODAY}
    sheets.export(book, wish=wish or sheets.Wish(), chosen=chosen, **asked)
    return openpyxl.load_workbook(book).active


@pytest.mark.django_db
class TestLedger:
    def test_the_layout_of_the_official_form(self):
        dropout(StudentFactory(full_name="=1+1"))
        version = build_ledger("dropout").version

        sheet = exported(version, county_officer(full_name="周敏"))

        merged = {str(span) for span in sheet.merged_cells.ranges}
        assert sheet["A1"].value == "凉州区2026年11月辍学学生台账"
        assert {"A1:AD1", "A3:A4", "AD3:AD4", "B3:H3", "AA3:AC3"} <= merged
        line = [cell.value for cell in sheet[2] if cell.value]
        assert line == [
            "填报单位（盖章）：凉州区", "填报人/联系电话：周敏", "填报日期：2026年12月1日",
        ]  # fmt: skip
        assert (sheet["A3"].value, sheet["B3"].value, sheet["B4"].value) == ("序号", "基本", "姓名")
        assert (sheet["AD3"].value, sheet["AD4"].value) == ("备注", None)
        assert sheet.freeze_panes == "A5"
        assert sheet.print_title_rows == "$3:$4"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
        assert sheet.page_setup.fitToWidth == 1
        assert (sheet["A5"].value, sheet["B5"].value) == (1, "=1+1")
        assert (sheet["B5"].data_type, sheet["E5"].number_format) == ("s", "@")
        assert sheet["B5"].border.left.style == sheet["B4"].border.top.style == "thin"
        assert sheet.column_dimensions["E"].width > 20
        foot = [sheet.cell(row, 1).value for row in range(6, sheet.max_row + 1)]
        assert foot[0].startswith("单位负责人（签字）：")
        assert "审核人：" in foot[0]
        assert foot[1].startswith("填表说明：1. 本表数据截至2026-11-30，为第1版")
        assert any(version.rule in note for note in foot)

    def test_a_zero_report_is_a_valid_sheet_that_says_so(self):
        sheet = exported(build_ledger("suspected").version, county_officer())

        assert sheet["A5"].value == ("零报告：截至2026-11-30，凉州区没有应列入本台账的个案。")
        assert sheet["A6"].value.startswith("单位负责人")
        assert sheet.page_setup.paperSize == 9

    def test_numbers_are_masked_unless_asked_for_in_full_with_a_purpose(self):
        number = id_number(born=date(2017, 3, 4))
        student = StudentFactory(birth_date=date(2017, 3, 4), number=number)
        guardian = GuardianFactory(full_name="王秀英", phone="13912345678")
        StudentGuardianFactory(student=student, guardian=guardian)
        dropout(student)
        version = build_ledger("suspected").version
        officer = county_officer(full_name="周敏")

        masked = exported(version, officer)
        full = exported(version, officer, wish=sheets.Wish(full=True, purpose="报市局核查"))

        assert masked["G5"].value == f"629***********{number[-4:]}"
        assert masked["I5"].value == "王秀英 139****5678"
        assert full["G5"].value == number
        assert full["I5"].value == "王秀英 13912345678"
        first, second = AuditEntry.objects.filter(action="ledger.export").order_by("pk")
        assert (first.after["full"], first.after["rows"]) == (False, 1)
        assert (second.after["full"], second.purpose) == (True, "报市局核查")
        assert number not in str(second.after)

    def test_a_caller_who_may_not_see_numbers_gets_masks_even_when_asking(self):
        dropout(StudentFactory())
        version = build_ledger("dropout").version

        sheet = exported(version, auditor(), wish=sheets.Wish(full=True, purpose="核查"))

        assert "*" in sheet["E5"].value

    def test_a_township_takes_its_own_rows_only(self):
        dropout(StudentFactory(full_name="本镇"))
        elsewhere = division("620602101")
        dropout(StudentFactory(full_name="外镇", class_group__school__township=elsewhere))
        version = build_ledger("dropout").version

        sheet = exported(version, township_officer())

        assert [sheet.cell(row, 2).value for row in (5, 6)] == ["本镇", None]

    def test_what_the_page_was_narrowed_to_is_what_is_exported(self):
        dropout(StudentFactory(full_name="在册"))
        dropout(StudentFactory(full_name="复学"), state="returned", returned_on=date(2026, 10, 1))
        version = build_ledger("dropout").version

        sheet = exported(version, county_officer(), chosen={"status": "returned"})

        assert [sheet.cell(row, 2).value for row in (5, 6)] == ["复学", None]
