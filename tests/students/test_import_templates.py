"""U027: empty forms to download, and the way back in of what was written into them."""

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import codes
from core.sheets import gate
from students.models import ColumnLayout, ImportBatch, SheetColumns, Student
from students.rosters import fields, profiles, receiving, services
from students.rosters.header import field_of
from tests.factories import COUNTY, SchoolFactory, county_officer, division, id_number

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
WORDS, CODES, REGISTER = "roster-words", "roster-codes", "status-register-71"
ALL = (WORDS, CODES, REGISTER)
BORN = date(2016, 1, 1)
CHILD = {
    "姓名": "张小禾",
    "出生日期": "20160101",
    "身份证件号": id_number(born=BORN, sex="女"),
    "学籍号": "G" + id_number(born=BORN, sex="女"),
    "班级": "1",
    "班号": "1",
    "监护人姓名": "张建国",
    "监护人电话": "14000000098",
}
IN_WORDS = {"性别": "女", "民族": "藏族", "年级": "四年级", "就读方式": "住校", "是否低保": "是"}
IN_WORDS |= {"身份证件类型": "居民身份证", "是否孤儿": "否", "残疾类别": "听力残疾"}
IN_CODES = {"性别": "2", "民族": "04", "年级": "4", "就读方式": "2", "是否低保": "1"}
IN_CODES |= {"身份证件类型": "1", "是否孤儿": "0", "残疾类型": "听力残疾", "残疾类别": "听力残疾"}
IN_CODES |= {"成员1姓名": "张建国", "成员1身份证件号": id_number(born=date(1985, 1, 1))}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def school(db):
    return SchoolFactory()


@pytest.fixture
def officer(client, school):
    user = county_officer()
    client.force_login(user)
    return user


def download(client, layout):
    sent = client.get(reverse("students:import-template", args=[layout]))
    assert "attachment" in sent["Content-Disposition"]
    return b"".join(sent.streaming_content)


def book_of(client, layout):
    return openpyxl.load_workbook(io.BytesIO(download(client, layout)))


def rules(sheet):
    """By head, the rule of its column."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        letter = str(rule.sqref).partition("2:")[0]
        found[sheet[f"{letter}1"].value] = rule
    return found


def offered(book, rule):
    """What the drop-down of a rule holds."""
    name, _, cells = rule.formula1.partition("!")
    return [cell.value for (cell,) in book[name.strip("'")][cells.replace("$", "")]]


def hand_in(client, content, name="名册.xlsx"):
    file = SimpleUploadedFile(name, content)
    client.post(reverse("students:import-new"), {"file": file, "school_year": "2026"})
    batch = ImportBatch.objects.latest("pk")
    return receiving.read_columns(county=COUNTY, batch_id=batch.pk)


def test_u027_in_words_every_list_has_a_drop_down_and_every_number_is_text(client, officer, school):
    other = SchoolFactory(township=division("620621100"), name="民勤县第一小学")
    book = book_of(client, WORDS)
    sheet = book.worksheets[0]
    by_head = rules(sheet)

    assert offered(book, by_head["性别"]) == ["男", "女"]
    assert len(offered(book, by_head["民族"])) == len(codes.choices("ethnicity", on=BORN))
    assert "七年级" in offered(book, by_head["年级"])
    assert offered(book, by_head["就读方式"]) == ["走读", "住校", "送教上门"]
    assert offered(book, by_head["是否脱贫户"]) == ["是", "否"]
    assert offered(book, by_head["残疾等级"]) == ["一级", "二级", "三级", "四级"]
    assert offered(book, by_head["学校名称"]) == [school.name]
    assert other.name not in offered(book, by_head["学校名称"])
    assert all(next(iter(rule.sqref.ranges)).max_row > 100_000 for rule in by_head.values())
    for cell in sheet[1]:
        assert sheet.column_dimensions[cell.column_letter].number_format == "@"


def test_u027_in_codes_every_list_holds_codes_and_a_sheet_says_what_they_mean(
    client, officer, school
):
    book = book_of(client, CODES)
    by_head = rules(book.worksheets[0])

    assert offered(book, by_head["性别"]) == ["1", "2"]
    assert offered(book, by_head["民族"])[:2] == ["01", "02"]
    assert offered(book, by_head["学校标识码"]) == [school.code]
    assert offered(book, by_head["是否留守儿童"]) == ["0", "1", "2"]
    assert book["选项"].sheet_state == "visible"
    meanings = {cell.value for row in book["选项"].iter_rows() for cell in row}
    assert {"汉族", "双亲留守", school.name} <= meanings


@pytest.mark.parametrize("layout", ALL)
def test_u027_heads_are_locked_and_noted_and_everything_below_is_free(client, officer, layout):
    book = book_of(client, layout)
    sheet = book.worksheets[0]

    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert sheet.freeze_panes == "A2"
    for cell in sheet[1]:
        assert cell.protection.locked
        assert not sheet.column_dimensions[cell.column_letter].protection.locked
    heads = {cell.value: cell for cell in sheet[1]}
    assert "必填" in heads["姓名"].comment.text
    assert "18 位" in heads["身份证件号"].comment.text
    assert "18 位" in rules(sheet)["身份证件号"].prompt
    guide = [row[0] for row in book["填写说明"].iter_rows(values_only=True)]
    assert [head for head in heads if head not in guide] == []


def test_u027_the_register_has_its_seventy_one_columns_in_order(client, officer):
    sheet = book_of(client, REGISTER).worksheets[0]

    heads = [cell.value for cell in sheet[1]]
    assert len(heads) == 71
    assert heads[:4] == ["学校标识码", "姓名", "性别", "出生日期"]
    assert heads[-1] == "是否进城务工人员随迁子女"


@pytest.mark.parametrize("layout", ALL)
def test_u027_an_empty_form_comes_back_as_empty(client, officer, layout):
    content = download(client, layout)

    batch = hand_in(client, content)

    assert (batch.state, batch.refusal) == ("refused", "empty")


@pytest.mark.parametrize("layout", ALL)
def test_u027_a_form_that_was_filled_in_comes_back_as_it_is(client, officer, school, layout):
    book = book_of(client, layout)
    sheet = book.worksheets[0]
    said = CHILD | (IN_WORDS if layout == WORDS else IN_CODES)
    said |= {"学校名称": school.name, "学校标识码": school.code}
    for cell in list(sheet[1]):
        sheet[f"{cell.column_letter}2"] = said.get(cell.value)
    filled = io.BytesIO()
    book.save(filled)

    batch = hand_in(client, filled.getvalue())
    columns = SheetColumns.objects.get(batch=batch).columns
    assert {column["why"] for column in columns} == {"layout"}
    client.post(reverse("students:import-columns", args=[batch.pk]))
    services.check(county=COUNTY, batch_id=batch.pk)
    client.post(reverse("students:import-commit", args=[batch.pk]))
    services.commit(county=COUNTY, batch_id=batch.pk)

    child = Student.objects.get()
    assert (child.full_name, child.sex, child.birth_date) == ("张小禾", "女", BORN)
    assert (child.school, child.ethnicity_code) == (school, "04")
    assert child.grade == (None if layout == REGISTER else 14)
    assert child.enrolments.get().attendance_mode == "boarding"
    held = {"disabled"} | (set() if layout == REGISTER else {"subsistence_allowance"})
    assert set(child.categories.values_list("type_id", flat=True)) == held
    assert child.class_group.number == "1"


def test_the_files_pass_the_gate(client, officer, tmp_path):
    for layout in ALL:
        path = tmp_path / layout
        path.write_bytes(download(client, layout))
        assert gate.inspect(path).kind == "xlsx"


def test_the_register_of_the_contract_follows_its_layout(client, officer):
    [path] = (p for p in FIXTURES.glob("01-*"))
    batch = hand_in(client, path.read_bytes())

    columns = SheetColumns.objects.get(batch=batch).columns
    assert {column["why"] for column in columns} == {"layout"}


def test_every_ready_layout_says_of_its_columns_what_the_contract_says():
    for layout in ColumnLayout.objects.all():
        for column in layout.columns:
            known = field_of(column["label"])
            assert column["field"] == (fields.code_of(*known) if known else ""), column


def test_a_layout_is_followed_only_by_a_file_that_is_nearly_it():
    known = profiles.layouts(on=date(2026, 11, 1))
    labels = [column["label"] for column in ColumnLayout.objects.get(pk=REGISTER).columns]

    assert profiles.layout_of(labels[:-4], known).title.startswith("学籍基础信息表")
    assert profiles.layout_of(labels[:20], known) is None
    assert profiles.layout_of([*labels, *map(str, range(20))], known) is None


def test_a_layout_that_ended_is_offered_no_more(client, officer):
    ColumnLayout.objects.filter(pk=REGISTER).update(valid_to=date(2020, 1, 1))

    assert client.get(reverse("students:import-template", args=[REGISTER])).status_code == 404
    assert "71 列" not in client.get(reverse("students:import-new")).content.decode()
