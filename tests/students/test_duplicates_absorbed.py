"""A record that was merged into another one is nobody: no list, search, ledger or roster has it."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.scope import scope_for
from core import names, tenancy
from core.access import Permission
from students.models import RosterRow, Student
from students.queries import children
from tests.factories import COUNTY, StudentFactory, county_officer, id_number
from tests.ledgers.books import build_ledger, rows_of
from tests.students.test_duplicates_merge import BORN, TODAY, merge, two_records

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer():
    return county_officer()


@pytest.fixture
def merged(officer):
    one, other = two_records()
    merge(officer, one, other)
    return one, other


def test_no_list_and_no_page_has_it(client, officer, merged):
    one, other = merged
    client.force_login(officer)
    listed = client.get(reverse("students:student-list")).context["lines"]

    assert [student.pk for student, _ in listed] == [one.pk]
    assert client.get(reverse("students:student-detail", args=[other.pk])).status_code == 404
    scope = scope_for(officer, on=TODAY)
    assert not Student.objects.within(scope, Permission.STUDENT_EDIT).filter(pk=other.pk).exists()


def test_the_search_by_name_passes_it_over(merged):
    one, _ = merged
    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute("SELECT students_named(%s)", [names.query_tokens("zhangxiaoming")])
        assert cursor.fetchall() == [(one.pk,)]


def test_the_ledger_of_school_age_counts_the_child_once(merged):
    one, _ = merged

    assert list(rows_of(build_ledger("school_age").version)) == [one.pk]


def test_its_columns_agree_with_its_want_of_an_enrolment(merged, capsys):
    call_command("check_students")

    assert "学校 0 人，班级 0 人，年级 0 人，乡镇 0 人" in capsys.readouterr().out


def test_the_history_of_the_child_is_that_of_both_records(officer, merged):
    one, other = merged
    deeds = [deed.words for deed in children.history(Student.objects.get(pk=one.pk))]

    assert deeds == ["作为重复记录并入", "与重复记录合并"]


def import_csv(folder, *rows):
    path = folder / "roster.csv"
    path.write_text("\n".join(["姓名,身份证号,性别,出生日期,是否无户口", *rows]), "utf-8")
    call_command("import_roster", str(path), "--school-year", "2026")


def test_a_row_without_papers_is_matched_with_the_record_that_stays(officer, tmp_path):
    """Such a row is matched by name and birthday among children who have no number at all."""
    for _ in range(2):
        StudentFactory(full_name="李一", birth_date=BORN, sex="男", number="", has_no_number=True)
    one, other = Student.objects.order_by("pk")
    merge(officer, other, one)

    import_csv(tmp_path, "李一,,男,2016-03-07,是")

    assert Student.objects.count() == 2
    assert Student.objects.get(merged_into=None).pk == other.pk
    assert RosterRow.objects.get().student == other


def test_the_number_of_the_absorbed_record_finds_the_one_that_stays(officer, tmp_path):
    one, other = two_records()
    merge(officer, other, one)

    import_csv(tmp_path, f"张小明,{id_number(born=BORN)},男,2016-03-07,")

    assert RosterRow.objects.get().student == other
