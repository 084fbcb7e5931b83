"""The step 对应列: proposals, a person's choice, what is remembered of it."""

import io
import json

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from core.models import AuditEntry, Job
from schools.imports import import_schools
from students.models import ColumnProfile, ImportBatch, RosterRow, SheetColumns, Student
from students.rosters import files, profiles, receiving, reporting, services
from tests.factories import COUNTY, SchoolFactory, county_officer, school_head
from tests.students.test_roster_import import EXPECTED, WORKBOOKS, wanted

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


def test_the_command_goes_by_contract_and_profile_without_the_step(school, row, tmp_path, capsys):
    profiles.remember(
        county=COUNTY,
        office=OFFICE,
        chosen={"真名": "name", "在读学校编码": "school_code", "年级": ""},
        actor=None,
    )
    path = tmp_path / "名册.csv"
    path.write_text(f"{HEADS}\n{row}\n")
    capsys.readouterr()

    call_command("import_roster", str(path), "--json")
    assert json.loads(capsys.readouterr().out)[0]["refused"] == "no_header"
    call_command("import_roster", str(path), "--json", "--office", OFFICE)

    [outcome] = json.loads(capsys.readouterr().out)
    assert outcome["sheets"][0]["created"] == 1
    student = Student.objects.get()
    assert (student.full_name, student.school, student.grade) == ("张小禾", school, None)


def test_the_command_takes_over_a_file_that_waits_for_its_columns(client, officer, row, tmp_path):
    batch = heads_read(client, known().replace("学生姓名", "姓名"), row)
    path = tmp_path / "名册.csv"
    with files.opened(batch.stored_as) as plain:
        path.write_bytes(plain.read_bytes())

    call_command("import_roster", str(path), "--json", "--school-year", "2026")

    batch.refresh_from_db()
    assert batch.state == "committed"
    assert not SheetColumns.objects.exists()


def test_a_profile_can_be_loaded_by_command(tmp_path, db):
    path = tmp_path / "profile.csv"
    path.write_text("label,field\n*真 名,name\n是否困难,category:child_in_difficulty\n杂项,\n")

    call_command("load_columns", str(path), "--office", OFFICE)

    kept = dict(ColumnProfile.objects.values_list("label", "field"))
    assert kept == {"真名": "name", "是否困难": "category:child_in_difficulty", "杂项": ""}
    path.write_text("label,field\n真名,full_name\n")
    with pytest.raises(CommandError, match="没有“full_name”这个项目"):
        call_command("load_columns", str(path), "--office", OFFICE)


def test_a_layout_can_be_loaded_by_command_and_is_offered(client, officer, tmp_path):
    path = tmp_path / "layout.json"
    columns = [{"label": "真名", "field": "name"}, {"label": "证", "field": "id_number"}]
    layout = {"code": "ours", "title": "县里的表", "source": "县教育局", "columns": columns}
    path.write_text(json.dumps(layout | {"valid_from": "2026-01-01"}))

    call_command("load_columns", str(path))
    call_command("load_columns", str(path))

    assert "县里的表" in client.get(NEW).content.decode()
    batch = heads_read(client, "真名,证,性别", "张小禾,,女", office="县里的表")
    assert fields_of(batch) == {"真名": "name", "证": "id_number", "性别": "sex"}


def test_profiles_can_be_added_and_forgotten_on_their_page(client, officer):
    page = reverse("students:profile-list")
    said = {"office": f" {OFFICE} ", "label": "*学 生 证件：", "field": "id_number"}

    assert "已记住" in client.post(page, said, follow=True).content.decode()
    row = ColumnProfile.objects.get()
    assert (row.office, row.label, row.field) == (OFFICE, "学生证件", "id_number")
    assert OFFICE in client.get(page).content.decode()

    wrong = client.post(page, {"office": OFFICE, "label": "（）", "field": "nonsense"})
    assert "请照表头写出列名" in wrong.content.decode()
    assert "对应为没有这个选项" in wrong.content.decode()

    client.post(reverse("students:profile-forget", args=[row.pk]))
    assert not ColumnProfile.objects.exists()
    actions = AuditEntry.objects.filter(target_type="students.columnprofile")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "roster.profile",
        "roster.profile_forget",
    ]


def test_the_offices_known_so_far_are_offered(client, officer, row):
    heads_read(client, known(), row, office=OFFICE)

    page = client.get(NEW).content.decode()

    assert f'<option value="{OFFICE}">' in page
    assert '<option value="学籍基础信息表（71 列）">' in page


def test_a_school_has_no_part_in_it(client, officer, row, school):
    batch = heads_read(client, known(), row)
    client.force_login(school_head(school))

    assert client.get(url(batch)).status_code == 403
    assert client.post(url(batch)).status_code == 403


# -- the contract through the step -------------------------------------------------------------


@pytest.mark.timeout(170)
def test_the_files_of_the_contract_come_out_the_same_when_each_step_is_only_confirmed():
    import_schools(WORKBOOKS / EXPECTED["schools"]["file"])
    for entry in EXPECTED["files"]:
        with (WORKBOOKS / entry["file"]).open("rb") as content:
            batch = receiving.receive(
                county=COUNTY,
                school_year=2026,
                file_name=entry["file"],
                content=content,
                actor=None,
            )
        key = {"county": COUNTY, "batch_id": batch.pk}
        receiving.read_columns(**key)
        receiving.confirm_columns(**key, chosen={}, office="", actor=None)
        batch = services.check(**key)
        if batch.state == "checked":
            services.submit(**key, actor=None)
            batch = services.commit(**key)

        assert reporting.outcome(batch) == wanted(entry)
