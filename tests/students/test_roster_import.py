"""The fixtures of the import contract through the whole road, on a real database."""

import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from core import crypto, tenancy
from core.models import AuditEntry
from schools.imports import import_schools
from schools.models import School
from students.models import (
    Enrolment,
    ImportBatch,
    PersonCategory,
    RosterRow,
    SealedExtra,
    Student,
    StudentIdentifier,
)
from students.rosters import services

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
COUNTY = EXPECTED["county"]
COMPARED = ("sheet", "data_rows", "created", "changed", "unchanged", "rejected")
COMPARED += ("changed_rows", "unchanged_rows")

pytestmark = pytest.mark.django_db


def import_roster(capsys, *files, options=()):
    capsys.readouterr()
    paths = [str(WORKBOOKS / file) for file in files]
    call_command("import_roster", *paths, "--json", "--school-year", "2026", *options)
    return json.loads(capsys.readouterr().out)


def wanted(entry):
    """What of an entry of expected.json a program must answer."""
    keys = {"file", "refused", "ignored_sheets", "rejected_rows", "students_after"}
    kept = {key: entry[key] for key in keys if key in entry}
    if "sheets" in entry:
        kept["sheets"] = [{key: sheet[key] for key in COMPARED} for sheet in entry["sheets"]]
    return kept


def find(identity):
    numbers = StudentIdentifier.objects.filter(valid_to=None)
    for kind in ("id_number", "student_no"):
        if kind in identity:
            return numbers.get(kind=kind, blind=crypto.blind_index(identity[kind])).student
    return Student.objects.get(
        full_name=identity["name"], birth_date=date.fromisoformat(identity["birth_date"])
    )


def stored(student):
    numbers = {n.kind: n.reveal() for n in student.identifiers.filter(valid_to=None)}
    enrolment = student.enrolments.filter(valid_to=None).first()
    held = student.categories.filter(valid_to=None).values_list("type_id", flat=True)
    return {
        "name": student.full_name,
        "id_number": numbers.get("id_number"),
        "student_no": numbers.get("student_no"),
        "birth_date": student.birth_date.isoformat() if student.birth_date else None,
        "sex": student.sex or None,
        "ethnicity": student.ethnicity_code or None,
        "school": student.school.code if student.school else None,
        "grade": str(student.grade) if student.grade else None,
        "class": student.class_group.number if student.class_group else None,
        "boarding": (enrolment.attendance_mode or None) if enrolment else None,
        "categories": sorted(held),
    }


def kept_extra(student):
    kept = list(student.extra.values())
    for sealed in student.sealed_extras.all():
        kept += sealed.reveal().values()
    return kept


def test_u033_u034_the_whole_contract(capsys):
    outcome = import_schools(WORKBOOKS / EXPECTED["schools"]["file"])
    assert (outcome.created, outcome.rejected) == (EXPECTED["schools"]["count"], [])
    assert School.objects.count() == EXPECTED["schools"]["count"]
    checks = {}
    for check in EXPECTED["spot_checks"]:
        checks.setdefault(check["after"], []).append(check)
    for entry in EXPECTED["files"]:
        (got,) = import_roster(capsys, entry["file"])
        assert got == wanted(entry)
        with tenancy.inside(COUNTY):
            for check in checks.get(entry["file"], []):
                student = find(check["find"])
                assert stored(student) == check["expect"], check["why"]
                for value in check.get("extra_contains", []):
                    assert any(value in text for text in kept_extra(student)), check["why"]


# -- deeds -------------------------------------------------------------------------------------


@pytest.fixture
def schools():
    import_schools(WORKBOOKS / EXPECTED["schools"]["file"])


def csv(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def counts(outcome):
    sheet = outcome["sheets"][0]
    return tuple(sheet[verdict] for verdict in ("created", "changed", "unchanged", "rejected"))


@pytest.fixture
def roster(tmp_path, capsys, schools):
    """Import lines as a CSV, each call another file."""
    calls = iter(range(100))

    def run(*lines, options=()):
        path = csv(tmp_path / f"{next(calls)}.csv", *lines)
        [outcome] = import_roster(capsys, path, options=options)
        return outcome

    return run


HEAD = "姓名,身份证号,学籍号,学校标识码,年级,班级,是否住校,是否低保,联系电话,备注"
ROW = "张三,629900201308310018,G629900201308310018,2162990001,六年级,2班,否,是,14000000098,"


def test_the_same_file_twice_changes_nothing(capsys, schools):
    file = "02-黄羊镇学生花名册.xlsx"
    import_roster(capsys, file)
    before = list(Student.objects.order_by("pk").values())
    facts = [
        list(model.objects.order_by("pk").values())
        for model in (StudentIdentifier, Enrolment, PersonCategory, SealedExtra)
    ]

    [again] = import_roster(capsys, file)

    verdicts = counts(again)
    assert verdicts == (0, 0, 114, 32)
    assert list(Student.objects.order_by("pk").values()) == before
    assert facts == [
        list(model.objects.order_by("pk").values())
        for model in (StudentIdentifier, Enrolment, PersonCategory, SealedExtra)
    ]


def test_a_dry_run_writes_nothing_and_leaves_the_way_free(roster):
    assert counts(roster(HEAD, ROW, options=["--dry-run"])) == (1, 0, 0, 0)
    assert not Student.objects.exists()
    assert not RosterRow.objects.exists()
    assert counts(roster(HEAD, ROW)) == (1, 0, 0, 0)


def test_created_and_changed_children_are_in_the_audit(roster):
    roster(HEAD, ROW)
    roster(HEAD, ROW.replace("六年级,2班,否", "六年级,3班,是"))

    created, changed = AuditEntry.objects.filter(target_type="students.student").order_by("pk")
    assert created.action == "student.create"
    assert changed.action == "student.change"
    assert changed.before == {"class": "2", "boarding": "day"}
    assert changed.after == {"class": "3", "boarding": "boarding"}
    assert "629900201308310018" not in json.dumps([created.after, changed.after])


def test_numbers_and_phones_never_lie_open(roster):
    roster(HEAD, ROW)

    student = Student.objects.get()
    assert student.extra == {"联系电话": "1*********8"}
    assert student.sealed_extras.get().reveal() == {"联系电话": "14000000098"}
    masks = student.identifiers.order_by("kind").values_list("mask", flat=True)
    assert list(masks) == ["629***********0018", "G629***********0018"]


def test_a_moved_child_has_two_enrolments_and_one_today(roster):
    roster(HEAD, ROW)
    Enrolment.objects.update(valid_from=date(2026, 9, 1))
    roster(HEAD, ROW.replace("2162990001", "2162990002"))

    old, new = Enrolment.objects.order_by("valid_from", "pk")
    today = ImportBatch.objects.latest("pk").created_at
    assert old.school.code == "2162990001"
    assert (old.valid_to, new.valid_from) == (
        timezone.localdate(today) - timedelta(days=1),
        timezone.localdate(today),
    )
    student = Student.objects.get()
    assert (student.school.code, student.class_group.school.code) == ("2162990002", "2162990002")
    assert student.township == "620602100"


def test_a_correction_of_the_same_day_leaves_one_enrolment(roster):
    roster(HEAD, ROW)
    Enrolment.objects.update(valid_from=timezone.localdate())
    roster(HEAD, ROW.replace("六年级", "五年级"))

    assert Enrolment.objects.get().grade == 15


def test_a_no_ends_a_category_and_a_yes_of_another_day_begins_it_again(roster):
    roster(HEAD, ROW)
    roster(HEAD, ROW.replace("否,是,140", "否,否,140"))
    assert not PersonCategory.objects.filter(valid_to=None).exists()
    roster(HEAD, ROW)

    ended, held = PersonCategory.objects.order_by("valid_from")
    assert ended.valid_to < held.valid_from
    assert held.valid_to is None


def test_a_new_number_ends_the_old_one_and_both_are_kept(roster):
    no_id = ROW.replace("629900201308310018,G629900201308310018", ",J629900201308310018")
    roster(HEAD, no_id)
    roster(HEAD, ROW.replace("G629900201308310018", "J629900201308310018"))

    assert Student.objects.count() == 1
    assert counts(roster(HEAD, ROW)) == (0, 1, 0, 0)
    numbers = StudentIdentifier.objects.filter(kind="student_no").order_by("valid_to")
    assert [number.reveal() for number in numbers] == [
        "J629900201308310018",
        "G629900201308310018",
    ]
    # The old 学籍号 is still this child's.
    assert counts(roster(HEAD, no_id)) == (0, 0, 1, 0)


def test_a_student_number_of_another_child_joins_nobody(roster):
    roster(HEAD, ROW)
    other = ROW.replace("张三,629900201308310018", "李四,629900201309010025")

    assert counts(roster(HEAD, other)) == (1, 0, 0, 0)
    assert Student.objects.count() == 2
    assert not Student.objects.get(full_name="李四").identifiers.filter(kind="student_no").exists()
    assert counts(roster(HEAD, other)) == (0, 0, 1, 0)


def test_one_child_under_two_numbers_in_a_file_is_a_duplicate(roster):
    by_student_no = ROW.replace("629900201308310018,G", ",G")

    outcome = roster(HEAD, ROW, by_student_no)

    assert counts(outcome) == (1, 0, 0, 1)
    assert outcome["rejected_rows"] == [["1", 3, "duplicate_in_file"]]


LATER = "姓名,身份证号,出生日期,性别,学校标识码,年级,无户口学生"
UNNUMBERED = "张三,,2013-08-31,男,2162990001,六年级,是"
NUMBERED = "张三,629900201308310018,,,2162990001,六年级,"


def test_u052_a_number_that_comes_later_by_roster_joins_the_child(roster):
    roster(LATER, UNNUMBERED)

    assert counts(roster(LATER, NUMBERED)) == (0, 1, 0, 0)
    child = Student.objects.get()
    assert child.identifiers.get().reveal() == "629900201308310018"
    assert not child.has_no_number
    assert counts(roster(LATER, NUMBERED)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("known", "rows"),
    [
        # another school, another sex, another birthday, two rows of the name
        ([UNNUMBERED.replace("2162990001", "2162990002")], [NUMBERED]),
        ([UNNUMBERED.replace("男", "女")], [NUMBERED]),
        ([UNNUMBERED.replace("2013-08-31", "2013-09-01")], [NUMBERED]),
        ([UNNUMBERED], [NUMBERED, NUMBERED.replace("629900201308310018", "629900201308310034")]),
    ],
)
def test_u052_a_number_that_may_be_another_child_s_joins_nobody(roster, known, rows):
    roster(LATER, *known)

    assert counts(roster(LATER, *rows)) == (len(rows), 0, 0, 0)
    assert Student.objects.filter(has_no_number=True).count() == 1


def test_the_rejected_rows_come_back_as_a_workbook(roster, tmp_path):
    errors = tmp_path / "errors.xlsx"

    roster(HEAD, ROW.replace("0018,G", "0019,G"), options=["--errors", str(errors)])

    sheet = openpyxl.load_workbook(errors).active
    row = [cell.value for cell in sheet[3]]
    assert row[2:6] == [2, "张三", "身份证号校验位不符", "629***********0019"]
    assert "请按户口簿核对" in row[6]


def test_a_refused_file_is_told_with_its_remedy(capsys):
    call_command("import_roster", str(WORKBOOKS / "22-加密.xlsx"))

    assert "取消密码" in capsys.readouterr().out


def test_a_missing_file_is_told_before_anything_is_done(tmp_path):
    with pytest.raises(CommandError, match="找不到文件") as fault:
        call_command("import_roster", str(WORKBOOKS / "schools.xlsx"), str(tmp_path / "no.xlsx"))

    assert fault.value.returncode == 2
    assert not ImportBatch.objects.exists()


def test_a_name_changed_by_hand_between_check_and_commit_gets_its_search_keys(roster, tmp_path):
    roster(HEAD, ROW)
    path = csv(tmp_path / "late.csv", HEAD, ROW.replace("2班", "4班"))
    batch = open_file(path)
    services.check(county=COUNTY, batch_id=batch.pk, path=path)
    Student.objects.update(full_name="别名", name_key="bie ming", name_tokens=["别"])

    commit(batch)

    student = Student.objects.get()
    assert (student.full_name, student.name_key) == ("张三", "zhang san")
    assert "zhang" in student.name_tokens
    row = RosterRow.objects.get(batch=batch)
    assert row.changes["name"] == ["别名", "张三"]


def open_file(path):
    return services.open_batch(
        county=COUNTY,
        school_year=2026,
        file_name=path.name,
        stored_as="",
        sha256=path.name,
        actor=None,
    )[0]


def commit(batch):
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.COMMITTING)
    return services.commit(county=COUNTY, batch_id=batch.pk)


def test_a_commit_that_breaks_down_leaves_nothing_and_can_be_done_again(schools):
    path = WORKBOOKS / "02-黄羊镇学生花名册.xlsx"
    batch = open_file(path)
    services.check(county=COUNTY, batch_id=batch.pk, path=path)
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.COMMITTING)

    def break_down():
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        services.commit(county=COUNTY, batch_id=batch.pk, guard=break_down)
    assert not Student.objects.exists()
    assert services.commit(county=COUNTY, batch_id=batch.pk).state == "committed"
    assert Student.objects.count() == 114
    # A second delivery of the job finds the work done.
    services.commit(county=COUNTY, batch_id=batch.pk)
    assert Student.objects.count() == 114


def test_a_check_that_breaks_down_leaves_no_rows(schools):
    path = WORKBOOKS / "02-黄羊镇学生花名册.xlsx"
    batch = open_file(path)

    def break_down():
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        services.check(county=COUNTY, batch_id=batch.pk, path=path, guard=break_down)
    assert not RosterRow.objects.exists()
    services.check(county=COUNTY, batch_id=batch.pk, path=path)
    services.check(county=COUNTY, batch_id=batch.pk, path=path)
    assert RosterRow.objects.count() == 146


def test_old_batches_lose_their_rows(roster):
    roster(HEAD, ROW, ROW.replace("0018,G", "0019,G"))
    assert RosterRow.objects.count() == 2

    services.purge(before=timezone.localdate())
    assert RosterRow.objects.count() == 2
    services.purge(before=timezone.localdate() + timedelta(days=1))
    assert not RosterRow.objects.exists()
