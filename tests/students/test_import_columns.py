"""The step 对应列: proposals, a person's choice, what is remembered of it."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.models import AuditEntry, Job
from students.models import ColumnProfile, ImportBatch, RosterRow, SheetColumns, Student
from students.rosters import profiles, receiving, services
from tests.factories import COUNTY, SchoolFactory, county_officer

pytestmark = pytest.mark.django_db
NEW = reverse("students:import-new")
HEADS = "真名,性别,身份证号,在读学校编码,年级,家里几口人,联系电话"
ROW = "张小禾,女,629900201601013522,{school},四年级,5,14000000098"
OFFICE = "黄羊镇中心学区"


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


def upload(client, *lines, office="", name="名册.csv"):
    file = SimpleUploadedFile(name, "\n".join(lines).encode())
    client.post(NEW, {"file": file, "school_year": "2026", "office": office})
    return ImportBatch.objects.latest("pk")


def heads_read(client, *lines, **more):
    return receiving.read_columns(county=COUNTY, batch_id=upload(client, *lines, **more).pk)


def url(batch, name="columns"):
    return reverse(f"students:import-{name}", args=[batch.pk])


def proposed(batch):
    found = {}
    for sheet in SheetColumns.objects.filter(batch=batch).order_by("position"):
        found |= {column["label"]: column for column in sheet.columns}
    return found


def fields_of(batch):
    return {label: column["field"] for label, column in proposed(batch).items()}


def agree(client, batch, office="", **chosen):
    """Send the page with these heads changed."""
    by_label = {label: f"c0-{column['index']}" for label, column in proposed(batch).items()}
    said = {by_label[label]: code for label, code in chosen.items()}
    return client.post(url(batch), {"office": office, **said})


@pytest.fixture
def row(school):
    return ROW.format(school=school.code)


def known(heads=HEADS):
    return heads.replace("真名", "学生姓名").replace("在读学校编码", "学校标识码")


def test_the_page_shows_each_column_with_a_masked_sample_and_its_field(client, officer, row):
    batch = heads_read(client, known(), row)

    page = client.get(url(batch)).content.decode()

    assert "待对应列" in page
    assert "张**" in page
    assert "629***********3522" in page
    assert "张小禾" not in page
    assert "629900201601013522" not in page
    assert "14000000098" not in page
    assert '<option value="name" selected>姓名</option>' in page
    assert "没有认出，照原样保存" in page
    assert 'aria-current="step">对应列' in page


def test_a_column_near_to_a_known_one_is_proposed_and_marked(client, officer, row):
    batch = heads_read(client, known().replace("学生姓名", "※学生名字"), row)

    column = proposed(batch)["※学生名字"]
    assert (column["field"], column["why"]) == ("name", "similar")
    assert "列名相近，请确认" in client.get(url(batch)).content.decode()


def test_what_is_missing_and_what_does_not_fit_is_marked(client, officer):
    batch = heads_read(client, "姓名,性别,出生日期", "张小禾,三年级,2016-01-01")

    page = client.get(url(batch)).content.decode()

    assert "没有身份证件号和学籍号" in page
    assert "没有学校" in page
    assert "内容不像性别，请核对" in page


def test_nothing_is_checked_before_a_person_agrees(client, officer, row):
    batch = heads_read(client, known(), row)

    services.check(county=COUNTY, batch_id=batch.pk)

    batch.refresh_from_db()
    assert batch.state == "mapping"
    assert not RosterRow.objects.exists()
    assert Job.objects.count() == 1


def test_the_check_reads_the_columns_as_agreed(client, officer, school, row):
    heads = "学生姓名,性别,身份证号,在读学校编码,年级,家里几口人,联系电话"
    batch = heads_read(client, heads, row)
    assert fields_of(batch)["在读学校编码"] == ""

    answer = agree(client, batch, 在读学校编码="school_code", 年级="")
    batch = services.check(county=COUNTY, batch_id=batch.pk)
    client.post(url(batch, "commit"))
    services.commit(county=COUNTY, batch_id=batch.pk)

    assert answer["Location"] == url(batch, "detail")
    student = Student.objects.get()
    assert (student.school, student.grade) == (school, None)
    assert student.extra["年级"] == "四年级"
    assert student.extra["家里几口人"] == "5"


def test_a_double_click_starts_one_check(client, officer, row):
    batch = heads_read(client, known(), row)

    agree(client, batch, OFFICE)
    agree(client, batch, OFFICE, 年级="")

    assert Job.objects.filter(task=services.CHECK_TASK).count() == 1
    assert fields_of(batch)["年级"] == "grade"


def test_without_a_name_nothing_starts_and_the_choice_is_kept_on_the_page(client, officer, row):
    batch = heads_read(client, known(), row)

    page = agree(client, batch, OFFICE, 学生姓名="", 家里几口人="category_list").content.decode()

    assert "里没有哪一列对应“姓名”" in page
    assert f'value="{OFFICE}"' in page
    assert '<option value="category_list" selected>' in page
    batch.refresh_from_db()
    assert batch.state == "mapping"
    assert not ColumnProfile.objects.exists()


def test_a_field_that_there_is_not_is_refused(client, officer, row):
    batch = heads_read(client, known(), row)

    page = agree(client, batch, 年级="../etc").content.decode()

    assert "请从列表中重新选择" in page
    assert fields_of(batch)["年级"] == "grade"


def test_u028_what_an_office_chose_is_proposed_to_it_the_next_time(client, officer, row):
    heads = HEADS.replace("真名", "学生姓名")
    batch = heads_read(client, heads, row, office=OFFICE)
    agree(client, batch, OFFICE, 在读学校编码="school_code", 家里几口人="class")

    kept = dict(ColumnProfile.objects.values_list("label", "field"))
    assert kept == {"在读学校编码": "school_code", "家里几口人": "class"}

    later = heads_read(client, heads, row, row.replace("张", "李"), office=OFFICE, name="b.csv")
    assert fields_of(later)["在读学校编码"] == "school_code"
    assert proposed(later)["家里几口人"]["why"] == "office"
    assert "按这个单位以前的选择" in client.get(url(later)).content.decode()

    other = heads_read(client, heads, row, row, office="武南镇中心学区", name="c.csv")
    assert fields_of(other)["在读学校编码"] == ""

    # A choice taken back is remembered as well.
    agree(client, later, OFFICE, 家里几口人="")
    last = heads_read(client, heads, row, row, row, office=OFFICE, name="d.csv")
    assert (fields_of(last)["家里几口人"], proposed(last)["家里几口人"]["why"]) == ("", "office")


def test_u028_a_name_only_the_office_knows_makes_a_header(client, officer, row):
    profiles.remember(county=COUNTY, office=OFFICE, chosen={"真名": "name"}, actor=officer)

    assert heads_read(client, HEADS, row).refusal == "no_header"
    batch = heads_read(client, HEADS, row, row, office=OFFICE)

    assert (batch.state, fields_of(batch)["真名"]) == ("mapping", "name")


def test_a_nameless_source_is_not_remembered(client, officer, row):
    agree(client, heads_read(client, known(), row), 家里几口人="class")

    assert not ColumnProfile.objects.exists()


def test_the_choice_is_in_the_trail(client, officer, row):
    batch = heads_read(client, known(), row)
    agree(client, batch, OFFICE, 家里几口人="class")

    entry = AuditEntry.objects.get(action="roster.map")
    assert entry.actor_name == officer.full_name
    assert entry.after["office"] == OFFICE
    assert entry.after["columns"] == "家里几口人：班级（原为其他信息（照原样保存））"


def test_of_two_columns_for_one_field_the_page_says_which_counts(client, officer, row):
    batch = heads_read(client, known() + ",姓名", row + ",别名")

    assert "与“学生姓名”列重复，以左边的为准" in client.get(url(batch)).content.decode()


def test_the_agreement_can_be_changed_after_the_check(client, officer, school, row):
    batch = heads_read(client, known(), row)
    agree(client, batch)
    services.check(county=COUNTY, batch_id=batch.pk)
    assert "已核对过" in client.get(url(batch)).content.decode()

    agree(client, batch)
    batch.refresh_from_db()
    assert batch.state == "checked"

    agree(client, batch, 学校标识码="")
    batch.refresh_from_db()
    assert batch.state == "checking"
    services.check(county=COUNTY, batch_id=batch.pk)
    assert RosterRow.objects.get().school is None


def test_sheets_with_the_same_heads_are_agreed_on_once(client, officer, row):
    one, two = ([known().split(","), [name, *row.split(",")[1:]]] for name in ("甲某", "乙某"))
    three = [["姓名", "性别", "学籍号"], ["丁某", "女", "G629900201601013528"]]
    file = SimpleUploadedFile("班.xlsx", book(一班=one, 二班=two, 三班=three))
    client.post(NEW, {"file": file, "school_year": "2026"})
    batch = ImportBatch.objects.get()
    receiving.read_columns(county=COUNTY, batch_id=batch.pk)

    groups = client.get(url(batch)).context["groups"]
    assert [group.title for group in groups] == ["一班、二班", "三班"]

    agree(client, batch, 家里几口人="class")
    for sheet in SheetColumns.objects.filter(batch=batch, position__lt=2):
        assert [c["field"] for c in sheet.columns if c["label"] == "家里几口人"] == ["class"]


def book(**sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def test_a_sheet_that_is_no_roster_can_be_left_out(client, officer, row):
    pupils = [known().split(","), row.split(",")]
    teachers = [["姓名", "性别", "身份证号", "任教学科"], ["王老师", "女", "", "语文"]]
    file = SimpleUploadedFile("校.xlsx", book(学生=pupils, 教师=teachers))
    client.post(NEW, {"file": file, "school_year": "2026"})
    batch = ImportBatch.objects.get()
    receiving.read_columns(county=COUNTY, batch_id=batch.pk)

    both = client.post(url(batch), {"skip0": "on", "skip1": "on"}).content.decode()
    assert "请至少留下一张" in both
    client.post(url(batch), {"skip1": "on", "c1-0": ""})
    batch = services.check(county=COUNTY, batch_id=batch.pk)

    assert [sheet["sheet"] for sheet in batch.sheets] == ["学生"]
    assert batch.ignored_sheets == ["教师"]
    assert RosterRow.objects.get().verdict == "created"

    # 教师 has no name column any more: it cannot come back in as it is.
    assert "没有哪一列对应“姓名”" in client.post(url(batch), {}).content.decode()
    client.post(url(batch), {"c1-0": "name"})
    assert len(services.check(county=COUNTY, batch_id=batch.pk).sheets) == 2


@pytest.mark.parametrize(
    "lines, refusal",
    [
        (["甲,乙,丙", "1,2,3"], "no_header"),
        ([HEADS.replace("真名", "姓名")], "empty"),
        (["", ",,"], "empty"),
        (["%PDF-1.4"], "not_a_spreadsheet"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(client, officer, lines, refusal):
    batch = heads_read(client, *lines)

    assert (batch.state, batch.refusal) == ("refused", refusal)
    assert client.get(url(batch))["Location"] == url(batch, "detail")


def test_the_page_polls_while_the_heads_are_read_and_then_becomes_another(client, officer, row):
    batch = upload(client, known(), row)
    assert 'hx-trigger="every 1s"' in client.get(url(batch)).content.decode()
    polled = client.get(url(batch), headers={"HX-Request": "true"})
    assert "<html" not in polled.content.decode()
    assert client.get(url(batch, "detail"))["Location"] == url(batch)

    receiving.read_columns(county=COUNTY, batch_id=batch.pk)

    assert client.get(url(batch), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_broken_reading_says_so_and_the_same_file_goes_on(client, officer, row):
    batch = upload(client, known(), row)
    Job.objects.update(state="failed", error="试了 5 次仍未完成。", finished_at=batch.created_at)

    assert "试了 5 次仍未完成。" in client.get(url(batch)).content.decode()
    again = upload(client, known(), row)

    assert again.pk == batch.pk
    assert again.read_job.state == "queued"


def test_a_discarded_or_old_roster_leaves_no_samples(client, officer, row):
    batch = heads_read(client, known(), row)

    client.post(url(batch, "discard"))

    assert not SheetColumns.objects.exists()


def test_a_roster_that_waited_too_long_for_its_columns_is_discarded(client, officer, row):
    batch = heads_read(client, known(), row)

    services.purge(before=batch.created_at.date().replace(year=2100))

    batch.refresh_from_db()
    assert batch.state == "discarded"
    assert not SheetColumns.objects.exists()
