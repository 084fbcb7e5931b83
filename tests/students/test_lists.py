"""Lists of other offices: read, found, applied with their owner's word, ended, disputed."""

import io
from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command

from core.models import AuditEntry
from students.lists import services
from students.lists.services import Described, ListRefused
from students.models import (
    DisabilityRecord,
    FactConflict,
    HouseholdCategory,
    HouseholdMember,
    LeftBehindFact,
    ListEntry,
    OfficeList,
    PersonCategory,
)
from tests.factories import COUNTY, StudentFactory, county_officer

pytestmark = pytest.mark.django_db
WORKBOOKS = Path(__file__).parent.parent / "fixtures" / "workbooks"
AUTUMN, SPRING = date(2026, 9, 15), date(2027, 3, 15)
HEADER = ["姓名", "身份证号", "出生日期", "户编号", "户主姓名", "人员类别"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def workbook(*rows, header=HEADER):
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def given(content, kind="relief", *, body="民政局", on=AUTUMN, **more):
    office_list = services.receive(
        county=COUNTY,
        described=Described(kind, body, on, **more),
        file_name="名单.xlsx",
        content=content,
        actor=None,
    )
    return services.read(county=COUNTY, list_id=office_list.pk)


def applied(content, kind="relief", **more):
    office_list = given(content, kind, **more)
    assert office_list.state == "ready", office_list.state
    services.submit(county=COUNTY, list_id=office_list.pk, actor=county_officer())
    return services.apply(county=COUNTY, list_id=office_list.pk)


def number_of(student):
    return student.identifiers.get(kind="id_number").reveal()


def row(student, says="低保", *, number=None, household="", head=""):
    number = number_of(student) if number is None else number
    return [student.full_name, number, f"{student.birth_date:%Y-%m-%d}", household, head, says]


def spans(student, type_id):
    held = PersonCategory.objects.filter(student=student, type=type_id).order_by("valid_from")
    return list(held.values_list("valid_from", "valid_to"))


@pytest.mark.parametrize(
    "number, kind", [("13", "poverty_register"), ("14", "disability"), ("15", "civil")]
)
def test_the_fixture_lists_are_read_and_their_rows_add_up(number, kind, capsys):
    call_command("import_schools", str(WORKBOOKS / "schools.xlsx"))
    [path] = WORKBOOKS.glob(f"{number}-*")

    office_list = given(io.BytesIO(path.read_bytes()), kind, body="本局")

    rows = Counter(ListEntry.objects.values_list("verdict", flat=True))
    assert office_list.state == "ready"
    assert {v: n for v, n in office_list.counts.items() if n} == dict(rows)
    assert sum(s["data_rows"] for s in office_list.sheets) == rows.total()
    assert rows["good"] > 20
    assert not ListEntry.objects.filter(number_blind=None, number_sealed__isnull=False).exists()


def test_brothers_and_sisters_share_the_merged_household_cell():
    [path] = WORKBOOKS.glob("13-*")
    given(io.BytesIO(path.read_bytes()), "poverty_register", body="农业农村局")

    second = ListEntry.objects.get(row_no=7)
    assert (second.household_no, second.head_name) == ("8768480160", "于欣龙")
    assert "14000020009" not in str(second.extra)
    assert "629900199010164337" not in str(second.extra)


def test_the_same_file_of_the_same_day_is_one_list():
    child = StudentFactory()
    content = workbook(row(child))

    first = given(content)
    content.seek(0)
    again = services.receive(
        county=COUNTY,
        described=Described("relief", "民政局", AUTUMN),
        file_name="另存.xlsx",
        content=content,
        actor=None,
    )

    assert again.pk == first.pk


def test_two_rows_for_one_person_or_one_household_member_count_once():
    child, other = StudentFactory(), StudentFactory()
    made = given(
        workbook(
            row(child, household="1001", head="王国"),
            row(child, household="1001", head="王国"),
            row(other, household="1002", head="李国"),
            row(other, number="", household="1002", head="李国"),
            ["", number_of(child), "", "", "", ""],
        )
    )

    assert made.counts == {"good": 2, "doubtful": 0, "duplicate": 2, "rejected": 1}
    reasons = ListEntry.objects.filter(verdict="duplicate").values_list("row_no", "reason")
    assert set(reasons) == {(3, "duplicate_member"), (5, "duplicate_member")}


def test_a_damaged_number_is_marked_and_the_child_found_by_name_and_birth():
    child = StudentFactory(number="")
    given(workbook(row(child, number="6.29900E+17")))

    entry = ListEntry.objects.get()
    assert (entry.verdict, entry.reason) == ("doubtful", "id_damaged")
    assert (entry.student, entry.matched_by) == (child, "name_birth")


def test_nothing_is_written_before_it_is_submitted_and_the_preview_is_what_happens():
    child = StudentFactory()
    office_list = given(workbook(row(child)))

    assert not PersonCategory.objects.exists()
    assert not AuditEntry.objects.filter(action="student.change").exists()
    services.submit(county=COUNTY, list_id=office_list.pk, actor=None)
    written = services.apply(county=COUNTY, list_id=office_list.pk)
    assert written.result == written.plan
    assert written.result["added"] == 1


def test_a_listed_child_holds_the_category_from_the_date_by_the_offices_word():
    child = StudentFactory()
    applied(workbook(row(child)))

    fact = PersonCategory.objects.get()
    assert (fact.student, fact.type_id, fact.valid_from) == (child, "subsistence_allowance", AUTUMN)
    assert (fact.valid_to, fact.source) == (None, "名单：民政局")
    entry = AuditEntry.objects.get(action="student.change")
    assert entry.target_id == child.pk
    assert entry.after["categories"] == ["subsistence_allowance"]


def test_applying_twice_changes_nothing():
    child = StudentFactory()
    office_list = applied(workbook(row(child)))

    again = services.apply(county=COUNTY, list_id=office_list.pk)

    assert again.applied_at == office_list.applied_at
    assert PersonCategory.objects.count() == 1


def test_who_is_no_longer_listed_ends_on_the_lists_date_and_is_not_deleted():
    gone, stays = StudentFactory(), StudentFactory()
    applied(workbook(row(gone), row(stays)))

    applied(workbook(row(stays)), on=SPRING)

    assert spans(gone, "subsistence_allowance") == [(AUTUMN, SPRING)]
    assert spans(stays, "subsistence_allowance") == [(AUTUMN, None)]


def test_a_list_of_one_category_ends_no_other_of_the_same_office():
    child, orphan = StudentFactory(), StudentFactory()
    applied(workbook(row(child, "农村留守儿童")), kind="civil")

    applied(workbook(row(orphan, "孤儿")), kind="civil", on=SPRING)

    assert spans(child, "left_behind_civil") == [(AUTUMN, None)]


def test_an_older_list_asks_and_then_only_fills_the_days_before():
    early, stays = StudentFactory(), StudentFactory()
    applied(workbook(row(stays)), on=SPRING)

    older = given(workbook(row(early), row(stays)))
    assert older.state == "needs_confirm"
    assert services.submit(county=COUNTY, list_id=older.pk, actor=None).state == "needs_confirm"
    services.confirm(county=COUNTY, list_id=older.pk, actor=county_officer())
    services.submit(county=COUNTY, list_id=older.pk, actor=None)
    services.apply(county=COUNTY, list_id=older.pk)

    assert spans(early, "subsistence_allowance") == [(AUTUMN, SPRING)]
    before = date(2027, 3, 14)
    assert spans(stays, "subsistence_allowance") == [(AUTUMN, before), (SPRING, None)]


def test_the_poverty_register_makes_households_members_and_their_category():
    son, daughter = StudentFactory(), StudentFactory()
    listed = workbook(
        row(son, "脱贫户", household="1001", head="王国"),
        row(daughter, "", household="1001", head="王国"),
    )
    applied(listed, kind="poverty_register", body="农业农村局")

    members = HouseholdMember.objects.filter(household__household_no="1001")
    assert set(members.values_list("student", flat=True)) == {son.pk, daughter.pk}
    category = HouseholdCategory.objects.get()
    assert (category.type_id, category.valid_from) == ("lifted_household", AUTUMN)
    assert not PersonCategory.objects.exists()


def test_a_child_in_another_household_moves_and_a_household_off_the_register_ends():
    child, other = StudentFactory(), StudentFactory()
    poverty = {"kind": "poverty_register", "body": "农业农村局"}
    applied(
        workbook(
            row(child, "监测户", household="1", head="甲国"), row(other, "监测户", household="1")
        ),
        **poverty,
    )

    applied(workbook(row(child, "监测户", household="2", head="乙国")), on=SPRING, **poverty)

    spent = HouseholdMember.objects.filter(student=child).order_by("valid_from")
    assert list(spent.values_list("household__household_no", "valid_to")) == [
        ("1", date(2027, 3, 14)),
        ("2", None),
    ]
    assert HouseholdMember.objects.get(student=other).valid_to == SPRING
    ended = HouseholdCategory.objects.get(household__household_no="1")
    assert ended.valid_to == SPRING


def disability(*rows):
    header = ["残疾人姓名", "身份证号", "性别", "残疾类别", "残疾等级", "残疾人证号"]
    return workbook(*rows, header=header)


def test_the_disability_list_writes_records_and_asks_where_another_source_differs():
    child = StudentFactory()
    old = DisabilityRecord.objects.create(
        county=COUNTY,
        student=child,
        disability_type="5",
        disability_level=3,
        valid_from=date(2026, 9, 1),
        source="教育评估",
    )
    applied(
        disability([child.full_name, number_of(child), child.sex, "听力", "二级", "6299002016"]),
        kind="disability",
        body="残联",
    )

    old.refresh_from_db()
    new = DisabilityRecord.objects.get(valid_to=None)
    assert old.valid_to == date(2026, 9, 14)
    assert (new.disability_type, new.disability_level, new.has_card) == ("2", 2, True)
    conflict = FactConflict.objects.get()
    assert (conflict.kind, conflict.row_id, conflict.state) == ("differs", old.pk, "open")
    assert "等级3" in conflict.other_says
    assert "等级2" in conflict.owner_says


def test_the_civil_list_says_where_the_parents_are():
    child = StudentFactory()
    header = ["儿童姓名", "身份证号", "儿童类别", "父母双方同时外出", "一方外出另一方无监护能力"]
    said = [child.full_name, number_of(child), "农村留守儿童", "否", "是"]
    applied(workbook(said, header=header), kind="civil")

    fact = LeftBehindFact.objects.get()
    assert (fact.one_parent_away, fact.both_parents_away, fact.other_parent_able) == (
        True,
        False,
        False,
    )


def school_says(child, type_id="subsistence_allowance"):
    return PersonCategory.objects.create(
        county=COUNTY,
        student=child,
        type_id=type_id,
        valid_from=date(2026, 9, 1),
        source="名册：一小",
    )


def test_the_owners_list_holds_against_a_school_and_a_person_may_decide_otherwise():
    child, listed = StudentFactory(), StudentFactory()
    school_says(child)
    applied(workbook(row(listed)))

    conflict = FactConflict.objects.get()
    assert (conflict.student, conflict.kind) == (child, "dropped")
    assert spans(child, "subsistence_allowance") == [(date(2026, 9, 1), AUTUMN)]

    services.decide_conflict(
        county=COUNTY, conflict_id=conflict.pk, upheld=False, note="已核实", actor=county_officer()
    )
    assert spans(child, "subsistence_allowance") == [(date(2026, 9, 1), None)]
    # Once decided it is not taken away by the next list, nor asked again.
    applied(workbook(row(listed), row(StudentFactory())), on=SPRING)
    assert spans(child, "subsistence_allowance") == [(date(2026, 9, 1), None)]
    assert FactConflict.objects.filter(state="open").count() == 0


def test_another_offices_claim_is_asked_where_the_owner_has_a_list():
    child, listed = StudentFactory(), StudentFactory()
    applied(workbook(row(listed)))
    poverty = workbook(row(child, "脱贫户、低保", household="1", head="甲国"))
    applied(poverty, kind="poverty_register", body="农业农村局", on=SPRING)

    conflict = FactConflict.objects.get()
    assert (conflict.student, conflict.kind) == (child, "claimed")
    assert spans(child, "subsistence_allowance") == []
    services.decide_conflict(
        county=COUNTY, conflict_id=conflict.pk, upheld=False, note="", actor=county_officer()
    )
    assert spans(child, "subsistence_allowance") == [(SPRING, None)]


def test_a_conflict_is_decided_once():
    child = StudentFactory()
    school_says(child)
    applied(workbook(row(StudentFactory())))
    conflict = FactConflict.objects.get()
    decide = {"county": COUNTY, "conflict_id": conflict.pk, "note": "", "actor": county_officer()}

    services.decide_conflict(upheld=True, **decide)

    assert spans(child, "subsistence_allowance") == [(date(2026, 9, 1), AUTUMN)]
    with pytest.raises(ListRefused):
        services.decide_conflict(upheld=False, **decide)


def test_a_list_that_is_only_compared_cannot_be_applied():
    office_list = given(workbook(row(StudentFactory(), "")), kind="population", body="公安局")

    with pytest.raises(ListRefused, match="比对"):
        services.submit(county=COUNTY, list_id=office_list.pk, actor=None)


def test_a_workbook_that_is_none_is_refused_with_its_code():
    assert given(io.BytesIO(b"\x89PNG\r\n\x1a\n\0\0")).state == "refused"
    assert OfficeList.objects.get().refusal == "not_a_spreadsheet"


def test_what_was_entered_in_the_offices_own_name_ends_without_a_dispute():
    child = StudentFactory()
    PersonCategory.objects.create(
        county=COUNTY,
        student=child,
        type_id="subsistence_allowance",
        valid_from=date(2026, 9, 1),
        source="民政局",
    )

    applied(workbook(row(StudentFactory())))

    assert spans(child, "subsistence_allowance") == [(date(2026, 9, 1), AUTUMN)]
    assert not FactConflict.objects.exists()
