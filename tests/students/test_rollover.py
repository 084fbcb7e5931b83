"""One school year into the next: preview, writing once, taking back."""

import json
from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import tenancy
from core.models import AuditEntry, Job
from schools.models import Stage
from students.consistency import differing_students
from students.models import Enrolment, RollOver, RollOverRow, Student
from students.models.rollover import RollOverGroup as Group
from students.queries import history
from students.rollover import plan, services
from students.rollover.services import RollOverRefused
from tests.factories import (
    COUNTY,
    YEAR,
    ClassGroupFactory,
    DropoutCaseFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
)

pytestmark = pytest.mark.django_db
SEPTEMBER = date(YEAR + 1, 9, 1)
AUGUST = date(YEAR + 1, 8, 31)


def opened():
    return services.open_roll_over(county=COUNTY, from_year=YEAR, actor=None)


def previewed():
    return services.preview(county=COUNTY, roll_over_id=opened().pk)


def rolled():
    return services.commit(county=COUNTY, roll_over_id=previewed().pk, actor=None)


def pupil(grade, *, stages=(Stage.PRIMARY,), entry_year=None, status="in_school", **fields):
    group = ClassGroupFactory(
        school=SchoolFactory(stages=list(stages)),
        stage={1: Stage.PRIMARY, 2: Stage.JUNIOR, 4: Stage.VOCATIONAL}.get((grade or 10) // 10, ""),
        entry_year=entry_year,
    )
    return StudentFactory(
        class_group=group, grade=grade, number="", enrolment__status=status, **fields
    )


def row_of(student):
    row = RollOverRow.objects.get(student=student)
    return row.group, row.to_grade


@pytest.mark.parametrize(
    "grade, group, to",
    [
        *[(grade, Group.ADVANCE, grade + 1) for grade in (11, 12, 13, 14, 15, 21, 22, 41, 42)],
        (16, Group.PRIMARY_LEAVER, None),
        (23, Group.JUNIOR_LEAVER, None),
        (24, Group.JUNIOR_LEAVER, None),
        (43, Group.SENIOR_LEAVER, None),
        (None, Group.NOT_ADVANCED, None),
    ],
)
def test_each_grade_goes_where_it_belongs(grade, group, to):
    student = pupil(grade)

    previewed()

    assert row_of(student) == (group, to)


def test_grade_six_stays_in_a_school_that_has_both_stages_and_waits_for_its_class():
    student = pupil(16, stages=(Stage.PRIMARY, Stage.JUNIOR))

    rolled()

    student.refresh_from_db()
    assert row_of(student) == (Group.STAYS_ON, 21)
    assert (student.school_id, student.grade, student.class_group_id) == (
        student.enrolments.get(valid_to=None).school_id,
        21,
        None,
    )


def test_the_suspended_keep_their_grade_and_the_placeless_are_listed():
    resting, without = pupil(13, status="suspended"), StudentFactory(class_group=None, number="")

    rolled()

    assert row_of(resting) == (Group.SUSPENDED, None)
    assert row_of(without) == (Group.NOT_ENROLLED, None)
    assert resting.enrolments.get().valid_to is None


def test_a_grade_that_is_of_the_new_year_already_is_left_alone():
    early = pupil(14, entry_year=YEAR + 1 - 3)  # the class is in grade four in the new year
    entered = pupil(11, enrolment__valid_from=SEPTEMBER)

    previewed()

    reasons = dict(RollOverRow.objects.values_list("student", "reason"))
    assert reasons == {early.pk: "grade_is_new", entered.pk: "new_year"}


def test_writing_ends_the_old_enrolment_and_begins_one_of_the_same_class():
    student = pupil(13)

    rolled()

    old, new = student.enrolments.order_by("valid_from")
    assert (old.grade, old.valid_to) == (13, AUGUST)
    assert (new.grade, new.valid_from, new.valid_to) == (14, SEPTEMBER, None)
    assert new.class_group_id == old.class_group_id == student.class_group_id
    entry = AuditEntry.objects.get(action="student.roll_over", target_id=student.pk)
    assert (entry.before, entry.after) == ({"grade": 13}, {"grade": 14})


def test_a_leaver_has_no_school_and_is_answered_for_by_the_township_of_the_hukou():
    near = pupil(16, hukou_division="620602104203")
    far = pupil(23, hukou_division="620621101001")

    rolled()

    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.school_id, near.grade, near.township) == (None, None, "620602104")
    assert (far.school_id, far.township) == (None, "620602100")
    [deed] = history(near)
    assert deed.words == "学年升级"
    assert deed.changes == [
        ("年级", "小学六年级", ""),
        ("学校", near.enrolments.get().school.name, ""),
    ]
    assert not near.enrolments.filter(valid_to=None).exists()


def test_an_open_case_stays_with_the_child():
    case = DropoutCaseFactory(student=pupil(22))

    rolled()

    case.refresh_from_db()
    assert (case.is_open, case.student.grade, case.grade_at_opening) == (True, 23, 22)


def test_writing_twice_changes_nothing():
    student = pupil(12)
    first = rolled()

    again = services.commit(county=COUNTY, roll_over_id=first.pk, actor=None)

    assert again.committed_at == first.committed_at
    assert student.enrolments.count() == 2
    with pytest.raises(RollOverRefused, match="不必再测算"):
        services.preview(county=COUNTY, roll_over_id=first.pk)


def test_a_child_moved_after_the_preview_stops_the_writing():
    student = pupil(12)
    roll_over = previewed()
    Enrolment.objects.filter(student=student).update(grade=13)

    with pytest.raises(RollOverRefused, match="有 1 名学生的就读变动过"):
        services.commit(county=COUNTY, roll_over_id=roll_over.pk, actor=None)

    assert student.enrolments.get().valid_to is None


def test_nobody_submits_before_the_new_year_begins():
    roll_over = previewed()

    with pytest.raises(RollOverRefused, match=f"{SEPTEMBER}"):
        services.submit(county=COUNTY, roll_over_id=roll_over.pk, actor=None, today=AUGUST)
    submitted = services.submit(
        county=COUNTY, roll_over_id=roll_over.pk, actor=None, today=SEPTEMBER
    )

    assert submitted.state == RollOver.State.COMMITTING


def test_taking_back_is_refused_once_a_child_was_moved():
    one, other = pupil(12), pupil(13)
    roll_over = rolled()
    Enrolment.objects.filter(student=other, valid_to=None).update(grade=13)

    with pytest.raises(RollOverRefused, match="已有 1 名学生"):
        services.undo(county=COUNTY, roll_over_id=roll_over.pk, actor=None)

    assert one.enrolments.count() == 2


def test_a_record_merged_into_another_is_no_child():
    kept = pupil(13)
    StudentFactory(class_group=None, number="", merged_into=kept)

    previewed()

    assert list(RollOverRow.objects.values_list("student", flat=True)) == [kept.pk]


def test_another_countys_children_are_not_touched():
    school = SchoolFactory(county="620621", township=None)
    foreign = StudentFactory(class_group=ClassGroupFactory(school=school), grade=13, number="")
    own = pupil(13)

    rolled()

    assert set(RollOverRow.objects.values_list("student", flat=True)) == {own.pk}
    with tenancy.inside("620621"):
        assert foreign.enrolments.get().grade == 13


def test_the_command_previews_and_says_when_it_is_too_early(capsys):
    pupil(12)

    call_command("roll_over", str(YEAR), "--dry-run", "--json")
    outcome = json.loads(capsys.readouterr().out)

    assert (outcome["state"], outcome["children"]) == ("checked", 1)
    assert outcome["steps"] == {"advance": {"12>13": 1}}
    with pytest.raises(CommandError, match="请到那天再提交"):
        call_command("roll_over", "2090")


def test_the_command_writes_a_year_that_has_begun_once(capsys):
    student = pupil(12, enrolment__valid_from=date(2024, 9, 1))

    call_command("roll_over", "2024", "--json")
    call_command("roll_over", "2024")

    out = capsys.readouterr().out
    assert "（已升级）：共 1 人，升级 1" in out
    assert student.enrolments.count() == 2


def test_asking_twice_is_one_roll_over_and_one_job():
    officer = county_officer()

    first = services.ask_preview(county=COUNTY, from_year=YEAR, actor=officer)
    second = services.ask_preview(county=COUNTY, from_year=YEAR, actor=officer)

    assert first == second
    assert Job.objects.count() == 1


children = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 11, 13, 15, 16, 21, 22, 23, 24, 31, 33, 41, 43]),
        st.sampled_from(["in_school", "suspended", "deferred_entry", "home_taught", None]),
        st.integers(-400, 400),  # days between the enrolment's start and the new school year
        st.integers(0, 2),  # school
    ),
    max_size=12,
)


class EveryCounty(TestCase):
    @settings(max_examples=30, deadline=None)
    @given(children)
    def test_no_child_is_lost_and_taking_back_restores_all(self, drawn):
        schools = [
            SchoolFactory(stages=stages)
            for stages in (["primary"], ["junior"], ["primary", "junior"])
        ]
        for grade, status, days, place in drawn:
            self.enter(schools[place], grade, status, days)
        before = placements()

        roll_over = previewed()

        rows = Counter(RollOverRow.objects.values_list("student", flat=True))
        assert rows == Counter(Student.objects.values_list("pk", flat=True))
        assert plan.totals(roll_over).children == len(drawn)
        assert dict(Counter(RollOverRow.objects.values_list("group", flat=True))) == {
            group: count for group, count in plan.totals(roll_over).groups.items() if count
        }
        assert placements() == before

        services.commit(county=COUNTY, roll_over_id=roll_over.pk, actor=None)

        assert not any(differing.any for differing in differing_students())
        moved = RollOverRow.objects.filter(group__in=plan.MOVING)
        assert Enrolment.objects.filter(
            valid_from=SEPTEMBER, source__startswith="升入"
        ).count() == (moved.count())
        left = RollOverRow.objects.filter(group__in=plan.LEAVING).values("student")
        assert not Enrolment.objects.filter(student__in=left, valid_to=None).exists()

        services.undo(county=COUNTY, roll_over_id=roll_over.pk, actor=None)

        assert placements() == before

    def enter(self, school, grade, status, days):
        StudentFactory(
            class_group=None,
            school=school if status else None,
            grade=grade if status else None,
            county=COUNTY,
            number="",
            **(
                {
                    "enrolment__status": status,
                    "enrolment__valid_from": SEPTEMBER + timedelta(days=days),
                }
                if status
                else {}
            ),
        )


def placements():
    students = Student.objects.order_by("pk")
    return (
        list(students.values_list("pk", "school", "class_group", "grade", "township")),
        list(
            Enrolment.objects.order_by("pk").values_list(
                "pk", "student", "grade", "status", "valid_from", "valid_to"
            )
        ),
    )
