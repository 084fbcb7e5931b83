"""Files as offices send them, handed in on the page: the right table, or a refusal that helps."""

import json
import re
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from schools.imports import import_schools
from students.models import ImportBatch, RosterRow, Student
from tests.browsing import sign_in
from tests.factories import SchoolFactory, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
WORKBOOKS = Path(__file__).parents[1] / "fixtures" / "workbooks"
EXPECTED = {e["file"]: e for e in json.loads((WORKBOOKS / "expected.json").read_text())["files"]}
SLOW = 60_000  # ms, for what a worker does
READ = {
    "01": "a sheet of codes that is hidden",
    "02": "merged heads on three lines, totals, blank lines, the header once more",
    "03": "a sheet for each class, each begun elsewhere",
    "04": "a true .xls with two head lines",
    "05": "GB18030",
    "06": "a web page called .xls",
    "07": "a dimension that lies",
    "08": "days counted from 1904",
    "10": "hidden rows and columns",
    "11": "formulas",
    "14": "the header under a page of notes",
    "17": "line breaks within cells, lines of commas",
}
REFUSED = {
    "21": ("展开后过大", "按学校分成几个文件后重新导入"),
    "22": ("设有打开密码", "取消密码，保存后重新导入"),
    "23": ("带有宏", "另存为不带宏的“Excel 工作簿（.xlsx）”"),
    "24": ("引用了别的工作簿", "断开链接"),
    "25": ("不是电子表格", "另存为“Excel 工作簿（.xlsx）”"),
    "28": ("没有学生数据", "请核对选的是不是填好的那一份"),
}


@pytest.fixture
def desk(page, live_server, worker):
    import_schools(WORKBOOKS / "schools.xlsx")
    sign_in(page, live_server, county_officer())
    return page


def hand_in(page, live_server, number):
    [path] = WORKBOOKS.glob(f"{number}-*")
    page.goto(live_server.url + reverse("students:import-new"))
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="上传", exact=True).click()
    return EXPECTED[path.name]


def test_u033_each_unusual_file_gives_the_right_table(desk, live_server):
    for number in READ:
        sheets = hand_in(desk, live_server, number)["sheets"]
        desk.get_by_role("button", name="确认对应，开始核对").click(timeout=SLOW)
        rejected = sum(sheet["rejected"] for sheet in sheets)
        good = sum(sheet["data_rows"] for sheet in sheets) - rejected

        expect(desk.get_by_role("button", name=f"提交：新增 {good}")).to_be_visible(timeout=SLOW)
        returned = desk.get_by_role("link", name=f"退回 {rejected}", exact=True)
        expect(returned).to_have_count(1)
    assert not Student.objects.exists()
    # A day counted from 1904, a name in GB18030, a child in a hidden row.
    for name, born in (("08", "2019-04-11"), ("05", "2017-10-08"), ("10", "2020-07-11")):
        rows = RosterRow.objects.filter(batch__file_name__startswith=name, birth_date=born)
        assert (name, rows.exists()) == (name, True)


def test_u034_a_file_that_is_not_let_in_says_what_is_wrong_and_how_to_mend_it(desk, live_server):
    for number, (what, remedy) in REFUSED.items():
        hand_in(desk, live_server, number)

        told = desk.locator(".notice-error")
        expect(told).to_contain_text("文件未受理，没有读入任何学生", timeout=SLOW)
        expect(told).to_contain_text(what)
        expect(told).to_contain_text(remedy)
        expect(told.get_by_role("link", name="重新导入")).to_be_visible()
    assert set(ImportBatch.objects.values_list("state", flat=True)) == {"refused"}
    assert not RosterRow.objects.exists()


@pytest.mark.parametrize("title", ["汉字", "代码"])
def test_u027_a_template_is_downloaded_to_be_filled_in(page, live_server, title):
    SchoolFactory()
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + reverse("students:import-new"))

    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile(f"下载.*{title}")).click()

    sheet = openpyxl.load_workbook(BytesIO(got.value.path().read_bytes())).worksheets[0]
    heads = {cell.value: cell for cell in sheet[1]}
    number, sex = heads["身份证件号"], heads["性别"]
    assert sheet.column_dimensions[number.column_letter].number_format == "@"
    assert number.comment.text
    assert sheet.protection.sheet
    assert number.protection.locked
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert any(f"{sex.column_letter}2" in rule.sqref for rule in lists)
