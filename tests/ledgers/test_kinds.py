"""What each ledger says of a child on a day."""

from datetime import date

import pytest

from casework.models import CaseEvent
from ledgers.kinds import KINDS
from ledgers.models import LedgerRow
from ledgers.secrets import reveal
from schools.models import Division
from students.models import DisabilityRecord, HouseholdCategory, LeftBehindFact, PersonCategory
from tests.casework.duties import assign, scope_of
from tests.factories import (
    COUNTY,
    TOWNSHIP,
    DropoutCaseFactory,
    EnrolmentFactory,
    GuardianFactory,
    HomeVisitFactory,
    HouseholdFactory,
    HouseholdMemberFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    division,
    seal_identifier,
)
from tests.ledgers.books import build_ledger, dropout, rows_of, statuses_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "kind, sizes",
    [
        ("school_age", [6, 7, 10, 6, 5, 4, 1]),
        ("suspected", [7, 2, 5, 6]),
        ("dropout", [7, 5, 4, 3, 3, 3, 3]),
    ],
)
def test_groups_are_as_wide_as_the_forms_headings(kind, sizes):
    *titled, last = KINDS[kind].groups

    assert [len(group.columns) for group in titled] == sizes
    assert (last.title, [column.title for column in last.columns]) == ("", ["备注"])


def school_age_row(student, **asked):
    return rows_of(build_ledger("school_age", **asked).version)[student.pk]


def test_a_child_at_school_with_its_family():
    Division.objects.create(
        code=f"{TOWNSHIP}201", name="二坝村", level="village", parent=division(TOWNSHIP)
    )
    student = StudentFactory(full_name="张明", hukou_division=f"{TOWNSHIP}201", sex="男")
    seal_identifier(student, text="G62990020130831001X", kind="student_no")
    head = GuardianFactory(full_name="张国", phone="13900001234", work_place="广东省深圳市")
    StudentGuardianFactory(student=student, guardian=head, relation_code="51")
    mother = GuardianFactory(full_name="李芳", work_place="")
    StudentGuardianFactory(student=student, guardian=mother, relation_code="52")
    home = HouseholdFactory(head_name="张国", group_name="三组")
    HouseholdMemberFactory(household=home, student=student, relation_to_head="之子")
    HouseholdCategory.objects.create(
        county=COUNTY, household=home, type_id="lifted_household", valid_from=date(2021, 1, 1)
    )

    row = school_age_row(student)

    assert (
        row
        | {
            "乡镇（街道）": "黄羊镇",
            "村（社区）": "二坝村",
            "组": "三组",
            "户主姓名": "张国",
            "与户主关系": "之子",
            "姓名": "张明",
            "民族": "汉族",
            "就读状态": "在读",
            "就读学校全称": student.school.name,
            "学校所在省市县": "甘肃省武威市凉州区",
            "学校标识码": student.school.code,
            "学段": "小学",
            "年级": "小学四年级",
            "班级": f"{student.class_group.number}班",
            "学籍号": "G629***********001X",
            "入学年月": "2023-09",
            "就读方式": "走读",
            "是否脱贫户/监测户": "脱贫户",
            "是否低保/特困": "否",
            "父亲姓名": "张国",
            "母亲姓名": "李芳",
            "监护人姓名": "张国",
            "监护人电话": "139****1234",
            "务工地": "广东省深圳市",
        }
        == row
    )
    assert row["身份证号"].startswith("629***")


def test_only_children_of_school_age_stand_in_the_ledger():
    born = [date(2011, 8, 31), date(2011, 9, 1), date(2020, 8, 31), date(2020, 9, 1), None]
    children = [StudentFactory(birth_date=day, number="" if day is None else None) for day in born]

    inside = rows_of(build_ledger("school_age").version)

    assert [child.pk in inside for child in children] == [False, True, True, False, False]


def test_a_record_merged_into_another_is_no_second_child():
    kept = StudentFactory()
    StudentFactory(merged_into=kept, class_group=None, township="")

    assert set(rows_of(build_ledger("school_age").version)) == {kept.pk}


def test_the_status_of_schooling():
    at_school = StudentFactory()
    never = StudentFactory(class_group=None)
    paused = StudentFactory(enrolment={"status": "suspended"})
    taught_at_home = StudentFactory(enrolment={"status": "home_taught"})
    away = StudentFactory(enrolment={"valid_to": date(2026, 10, 1)})
    gone = StudentFactory()
    dropout(gone)
    merely_suspected = StudentFactory()
    DropoutCaseFactory(student=merely_suspected)

    assert statuses_of(build_ledger("school_age").version) == {
        at_school.pk: "in_school",
        never.pk: "not_enrolled",
        paused.pk: "suspended",
        taught_at_home.pk: "home_taught",
        away.pk: "unclear",
        gone.pk: "dropped_out",
        merely_suspected.pk: "in_school",
    }


def test_a_past_day_is_told_as_it_was():
    student = StudentFactory(enrolment={"valid_to": date(2026, 10, 9)})
    new = StudentFactory().class_group
    EnrolmentFactory(
        student=student, school=new.school, class_group=new, valid_from=date(2026, 10, 10)
    )
    PersonCategory.objects.create(
        county=COUNTY,
        student=student,
        type_id="orphan",
        valid_from=date(2026, 10, 1),
        valid_to=date(2026, 10, 31),
    )

    def told(period):
        row = school_age_row(student, period=period)
        return row["就读学校全称"], row["是否孤儿/事实无人抚养"]

    assert told("2026-09") == (student.school.name, "否")
    assert told("2026-10") == (new.school.name, "孤儿")
    assert told("2026-11") == (new.school.name, "否")


def test_a_category_bears_the_name_it_had_on_the_day():
    student = StudentFactory(birth_date=date(2013, 5, 1))
    home = HouseholdFactory()
    HouseholdMemberFactory(household=home, student=student, valid_from=date(2015, 1, 1))
    for code, first, last in (
        ("registered_poor", date(2016, 1, 1), date(2020, 12, 31)),
        ("lifted_household", date(2021, 1, 1), None),
    ):
        HouseholdCategory.objects.create(
            county=COUNTY, household=home, type_id=code, valid_from=first, valid_to=last
        )

    poverty = "是否脱贫户/监测户"
    assert school_age_row(student, period="2020-11")[poverty] == "建档立卡贫困户"
    assert school_age_row(student, period="2021-01")[poverty] == "脱贫户"


@pytest.mark.parametrize(
    "one, both, able, told",
    [
        (True, False, None, "单亲留守（教育口径）"),
        (True, False, True, "单亲留守（教育口径）"),
        (True, False, False, "单亲留守（教育口径）、留守（民政口径）"),
        (False, True, None, "双亲留守（教育口径）、留守（民政口径）"),
        (False, False, None, "否"),
    ],
)
def test_two_definitions_of_left_behind_from_the_same_facts(one, both, able, told):
    student = StudentFactory()
    LeftBehindFact.objects.create(
        county=COUNTY,
        student=student,
        one_parent_away=one,
        both_parents_away=both,
        other_parent_able=able,
        valid_from=date(2026, 9, 1),
    )

    assert school_age_row(student)["是否留守"] == told


def test_disability_with_kind_and_level():
    student = StudentFactory()
    DisabilityRecord.objects.create(
        county=COUNTY,
        student=student,
        disability_type="5",
        disability_level=2,
        valid_from=date(2020, 1, 1),
    )

    assert school_age_row(student)["是否残疾（类别/等级）"] == "智力二级"


def test_duty_columns_stay_blank_until_duties_are_assigned():
    row = school_age_row(StudentFactory())

    assert {row["教育线责任人"], row["政府线责任人"], row["政府线责任人电话"]} == {""}


def test_duty_columns_name_the_persons_of_the_day_with_their_masked_telephones():
    student = StudentFactory(class_group__school__township=division(TOWNSHIP))
    taught = {"on": date(2026, 9, 1), "phone": "19900001234"}
    assign("class_teacher", student.class_group_id, "曾晓燕", **taught)
    assign("township_head", TOWNSHIP, "张永福", on=date(2026, 11, 20))
    assign("county_leader", TOWNSHIP, "包领导", on=date(2026, 9, 1))

    row = school_age_row(student)

    assert (row["教育线责任人"], row["教育线责任人电话"]) == ("曾晓燕", "199****1234")
    assert (row["政府线责任人"], row["政府线责任人电话"]) == ("张永福", "")
    earlier = school_age_row(student, period="2026-10")
    assert (earlier["教育线责任人"], earlier["政府线责任人"]) == ("曾晓燕", "")
    case = dropout(student)
    told = rows_of(build_ledger("dropout").version)[case.pk]
    duties = [told[title] for title in ("学校责任人", "乡镇责任人", "包保领导")]
    assert duties == ["曾晓燕", "张永福", "包领导"]


def test_the_telephones_of_duty_open_with_the_others_and_rows_of_before_have_none():
    student = StudentFactory()
    assign("school_head", student.school_id, "单文海", on=date(2026, 9, 1), phone="19900001234")
    build_ledger("school_age")
    row = LedgerRow.objects.get(student_id=student.pk, kind="school_age")
    before = (row.pk, list(row.cells), list(row.secrets)[:4])
    today = (row.pk, list(row.cells), list(row.secrets))

    opened = reveal(KINDS["school_age"], [before, today], scope=scope_of(county_officer())["scope"])

    assert opened == 2
    assert "19900001234" in today[1]
    assert "19900001234" not in before[1]


def test_a_suspicion_and_how_its_check_ended():
    student = StudentFactory(residence_address="黄羊镇二坝村三组")
    case = DropoutCaseFactory(
        student=student,
        opened_on=date(2026, 11, 10),
        last_present_on=date(2026, 11, 2),
        suspicion="外出打工",
        state="excluded",
        verification_result="X02",
        verified_on=date(2026, 11, 13),
        verified_by="李老师",
        closed_on=date(2026, 11, 13),
    )
    HomeVisitFactory(case=case, kind="first_check", visited_on=date(2026, 11, 12))
    moved = {"county": COUNTY, "case": case, "action": "verify"}
    CaseEvent.objects.create(
        **moved, happened_on=date(2026, 11, 10), from_state="", to_state="suspected"
    )
    CaseEvent.objects.create(
        **moved, happened_on=date(2026, 11, 13), from_state="suspected", to_state="excluded"
    )

    before = build_ledger("suspected", as_of=date(2026, 11, 12)).version
    assert statuses_of(before) == {case.pk: "pending"}
    assert rows_of(before)[case.pk]["核查结果"] == ""
    after = build_ledger("suspected").version
    assert statuses_of(after) == {case.pk: "excluded"}
    row = rows_of(after)[case.pk]
    assert (
        row
        | {
            "学校": student.school.name,
            "家庭住址": "黄羊镇二坝村三组",
            "数据来源": "学校上报",
            "最后到校日期": "2026-11-02",
            "缺勤天数": "9",  # 3-6, 9-13 November
            "核查方式": "入户走访",
            "核查人": "李老师",
            "核查日期": "2026-11-13",
            "核查结果": "县内他校就读",
            "是否转为辍学": "否",
        }
        == row
    )


def test_a_suspicion_checked_in_an_earlier_school_year_is_no_longer_listed():
    old = DropoutCaseFactory(
        opened_on=date(2025, 10, 1),
        state="confirmed",
        verified_on=date(2025, 10, 8),
        verification_result="C01",
    )
    still = DropoutCaseFactory(opened_on=date(2026, 6, 1))

    assert statuses_of(build_ledger("suspected").version) == {still.pk: "pending"}
    assert statuses_of(build_ledger("dropout").version) == {old.pk: "open"}


def test_a_dropout_from_confirmation_to_closing():
    student = StudentFactory(hukou_address="黄羊镇二坝村")
    guardian = GuardianFactory(full_name="王秀英", phone="13912345678")
    StudentGuardianFactory(student=student, guardian=guardian, relation_code="62")
    case = dropout(
        student,
        state="closed",
        causes=["R02", "R06"],
        whereabouts="在家",
        returned_on=date(2026, 10, 12),
        placement="RP01",
        closed_on=date(2026, 11, 20),
    )
    for number, day in enumerate([date(2026, 9, 20), date(2026, 10, 8)], start=1):
        HomeVisitFactory(case=case, attempt_no=number, visited_on=day, advice=f"措施{number}")

    expected = {"2026-09": "open", "2026-10": "returned", "2026-11": "closed"}
    for period, status in expected.items():
        version = build_ledger("dropout", period).version
        assert statuses_of(version) == {case.pk: status}, period
    row = rows_of(version)[case.pk]
    assert (
        row
        | {
            "监护人": "王秀英",
            "关系": "祖母",
            "电话": "139****5678",
            "原就读学校及年级": f"{student.school.name}小学四年级",
            "辍学年月": "2026-09",
            "辍学原因（主/次）": "厌学/家庭经济困难",
            "劝返次数": "2",
            "最近劝返日期": "2026-10-08",
            "采取措施": "措施2",
            "复学日期": "2026-10-12",
            "安置方式": "原班",
            "销号日期": "2026-11-20",
        }
        == row
    )
    september = rows_of(build_ledger("dropout", "2026-09").version)[case.pk]
    assert (september["劝返次数"], september["复学日期"], september["销号日期"]) == ("1", "", "")


def test_a_case_closed_in_an_earlier_school_year_has_left_the_ledger():
    closed = dropout(
        StudentFactory(),
        opened_on=date(2025, 9, 8),
        verified_on=date(2025, 9, 15),
        state="closed",
        returned_on=date(2026, 3, 2),
        placement="RP01",
        closed_on=date(2026, 8, 31),
    )

    assert statuses_of(build_ledger("dropout", "2026-08").version) == {closed.pk: "closed"}
    assert statuses_of(build_ledger("dropout", "2026-09").version) == {}


def test_a_ledger_of_one_township_and_of_one_school():
    here = StudentFactory()
    there = StudentFactory(class_group__school__township=division("620602101"))

    township = build_ledger("school_age", unit="620602101").version
    school = build_ledger("school_age", unit=here.school.code).version

    assert set(rows_of(township)) == {there.pk}
    assert set(rows_of(school)) == {here.pk}
