"""What is known of columns beforehand: the contract, profiles of offices, layouts."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from core.models import AuditEntry
from schools.imports import import_schools
from students.models import ColumnProfile, ImportBatch, SheetColumns, Student
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


@pytest.fixture
def row(school):
    return ROW.format(school=school.code)


def known(heads=HEADS):
    return heads.replace("真名", "学生姓名").replace("在读学校编码", "学校标识码")


# -- profiles and layouts -----------------------------------------------------------------------


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
def test_u033_the_files_of_the_contract_come_out_the_same_when_each_step_is_only_confirmed():
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
