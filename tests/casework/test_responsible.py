"""Who answers for a child: the narrowest cover on each line, on any day."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from casework.duties import DutyRefused, Line, lines_of
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from casework.queries.gaps import Gaps, total
from casework.queries.responsible import responsible_for
from casework.services import responsibility as services
from casework.services.responsibility import ASSIGN, Named
from students.models import Student
from tests.casework.duties import DAY, assign, scope_of
from tests.factories import (
    COUNTY,
    FIRST_DAY,
    TOWNSHIP,
    HouseholdFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
VILLAGE = f"{TOWNSHIP}201"


def persons(student, on=DAY):
    rows = Student.objects.filter(pk=student.pk)
    found = responsible_for(rows, county=COUNTY, on=on)[student.pk]
    return [one and one.full_name for one in (found.education, found.government, found.leader)]


def test_the_narrowest_cover_answers_on_each_line():
    student = StudentFactory(hukou_division=VILLAGE)
    division(VILLAGE)
    steps = [
        ("district_head", TOWNSHIP, "学区负责人", 0),
        ("school_head", student.school_id, "校长甲", 0),
        ("class_teacher", student.class_group_id, "班主任甲", 0),
        ("child_teacher", student.pk, "包人教师甲", 0),
        ("township_head", TOWNSHIP, "镇长甲", 1),
        ("village_officer", VILLAGE, "包村干部甲", 1),
        ("household_officer", student.pk, "包户干部甲", 1),
        ("county_head", COUNTY, "县长甲", 2),
        ("county_leader", TOWNSHIP, "县领导甲", 2),
    ]
    for post, key, name, place in steps:
        assign(post, key, name)
        assert persons(student)[place] == name, post


def test_leaders_alone_leave_the_child_without_a_person():
    student = StudentFactory()
    assign("county_head", COUNTY, "县长甲")
    assign("bureau_head", COUNTY, "局长甲")

    assert persons(student) == [None, None, "县长甲"]


def test_among_posts_of_one_cover_the_first_in_the_county_s_order_answers():
    student = StudentFactory(hukou_division=VILLAGE)
    division(VILLAGE)
    assign("village_officer", VILLAGE, "包村干部甲")
    assign("village_head", VILLAGE, "村主任甲")
    assert persons(student)[1] == "村主任甲"

    usual = ResponsibilityRole.objects.get(code="village_head")
    usual.pk, usual.county, usual.sort = None, COUNTY, 900
    usual.save()

    assert persons(student)[1] == "包村干部甲"


def test_the_village_is_the_household_s_where_the_hukou_tells_none():
    student = StudentFactory(hukou_division=COUNTY)
    division(VILLAGE)
    HouseholdMemberFactory(student=student, household=HouseholdFactory(village=VILLAGE))
    assign("village_head", VILLAGE, "村主任甲")

    assert persons(student)[1] == "村主任甲"


def test_a_past_day_is_told_as_it_was():
    student = StudentFactory()
    duty = assign("school_head", student.school_id, "校长甲", on=FIRST_DAY)
    services.replace(
        **scope_of(county_officer()),
        duty_id=duty.pk,
        person=Named("校长乙"),
        on=date(2026, 11, 1),
        today=DAY,
    )

    assert persons(student, on=date(2026, 8, 31))[0] is None
    assert persons(student, on=date(2026, 10, 31))[0] == "校长甲"
    assert persons(student, on=date(2026, 11, 1))[0] == "校长乙"


def test_counts_by_place_equal_the_lists_they_lead_to():
    here, there = SchoolFactory(), SchoolFactory(township=division("620602104"))
    covered = StudentFactory(class_group__school=here)
    StudentFactory.create_batch(3, class_group__school=there)
    nowhere = StudentFactory(class_group=None)
    StudentFactory(birth_date=date(2022, 1, 1))  # not yet of school age
    assign("class_teacher", covered.class_group_id, "班主任甲")
    assign("township_head", TOWNSHIP, "镇长甲")
    scope = scope_of(county_officer())["scope"]

    towns = Gaps(scope, DAY, {}).lines("town")

    assert {(one.key, one.children, one.education, one.government) for one in towns} == {
        (TOWNSHIP, 2, 1, 0),
        ("620602104", 3, 3, 3),
    }
    whole = total(towns)
    assert (whole.children, whole.either) == (5, 4)
    for line in ("", "education", "government"):
        name = line or "either"
        for town in towns:
            listed = Gaps(scope, DAY, {"town": town.key, "line": line}).rows
            assert listed.count() == getattr(town, name)
        assert Gaps(scope, DAY, {"line": line}).rows.count() == getattr(whole, name)
    schools = Gaps(scope, DAY, {"town": TOWNSHIP}).lines("school")
    assert {(one.name, one.either) for one in schools} == {(here.name, 0), ("未就读", 1)}
    gap = Gaps(scope, DAY, {"town": TOWNSHIP, "school": "none"}).rows
    assert list(gap) == [nowhere]
    assert not Gaps(scope, DAY, {"school": str(here.pk)}).rows.exists()


def test_everybody_sees_the_gaps_of_their_own_reach_only():
    mine, other = StudentFactory(), StudentFactory()
    for holder in (school_head(mine.school), class_teacher(mine.class_group)):
        scope = scope_of(holder)["scope"]
        assert list(Gaps(scope, DAY, {}).rows) == [mine]
        assert [one.children for one in Gaps(scope, DAY, {}).lines("school")] == [1]
    assert other.pk != mine.pk


def test_a_page_without_children_asks_for_nobody():
    assert responsible_for(Student.objects.none(), county=COUNTY, on=DAY) == {}


def test_a_township_names_the_government_line_and_a_school_its_own():
    student = StudentFactory()
    township, head = township_officer(), school_head(student.school)
    assert lines_of(scope_of(township)["scope"], ASSIGN) == {Line.GOVERNMENT}
    assert lines_of(scope_of(head)["scope"], ASSIGN) == {Line.EDUCATION}
    assert lines_of(scope_of(county_officer())["scope"], ASSIGN) == set(Line)

    with pytest.raises(DutyRefused, match="教育线的责任人由学校、县教育局登记"):
        assign("class_teacher", student.class_group_id, "班主任甲", by=township)
    with pytest.raises(DutyRefused, match="政府线"):
        assign("household_officer", student.pk, "包户干部甲", by=head)
    assert assign("class_teacher", student.class_group_id, "班主任甲", by=head).line == "education"


def test_a_place_out_of_reach_is_refused():
    head = school_head(SchoolFactory())
    with pytest.raises(DutyRefused, match="不在您的负责范围内"):
        assign("school_head", SchoolFactory().pk, "校长甲", by=head)


def test_one_post_of_one_cover_has_one_person_at_a_time():
    school = SchoolFactory()
    assign("school_head", school.pk, "校长甲")
    with pytest.raises(DutyRefused, match="现由校长甲担任"):
        assign("school_head", school.pk, "校长乙")

    with pytest.raises(IntegrityError, match="responsibility_one_at_a_time_per_school"):
        with transaction.atomic():
            ResponsibilityAssignment.objects.create(
                county=COUNTY,
                role="school_head",
                line="education",
                full_name="校长乙",
                school=school,
                valid_from=DAY,
            )


def test_a_row_covers_exactly_one_thing():
    student = StudentFactory()
    with pytest.raises(IntegrityError, match="responsibility_has_exactly_one_cover"):
        with transaction.atomic():
            ResponsibilityAssignment.objects.create(
                county=COUNTY,
                role="school_head",
                line="education",
                full_name="校长甲",
                school=student.school,
                student=student,
                valid_from=DAY,
            )


def test_the_telephone_is_sealed_and_shown_masked():
    duty = assign("school_head", SchoolFactory().pk, "校长甲", phone="19900001234")

    assert duty.phone_mask == "199****1234"
    assert b"19900001234" not in bytes(duty.phone_sealed)
    assert ResponsibilityAssignment.objects.get(pk=duty.pk).phone() == "19900001234"


def test_whoever_began_today_by_mistake_is_replaced_without_a_trace_in_the_rows():
    student = StudentFactory()
    wrong = assign("school_head", student.school_id, "校长错")
    services.replace(
        **scope_of(county_officer()),
        duty_id=wrong.pk,
        person=Named("校长对"),
        on=DAY,
        today=DAY,
    )

    assert [duty.full_name for duty in ResponsibilityAssignment.objects.all()] == ["校长对"]


def test_an_ended_duty_leaves_a_gap_from_the_next_day():
    student = StudentFactory()
    duty = assign("school_head", student.school_id, "校长甲", on=FIRST_DAY)
    who = scope_of(county_officer())
    services.end(**who, duty_id=duty.pk, last_day=DAY, today=DAY)

    assert persons(student, on=DAY)[0] == "校长甲"
    assert persons(student, on=date(2026, 11, 23))[0] is None
    with pytest.raises(DutyRefused, match="结束"):
        services.end(**who, duty_id=duty.pk, last_day=DAY, today=date(2026, 11, 24))
