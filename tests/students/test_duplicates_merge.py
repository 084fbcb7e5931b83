"""Merging two records of one child, and parting them again to the letter."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.scope import scope_for
from casework.models import DropoutCase
from core.models import AuditEntry
from students.duplicates import services
from students.duplicates.images import references
from students.duplicates.rules import NAMES
from students.models import (
    DisabilityRecord,
    DuplicatePair,
    Enrolment,
    LeftBehindFact,
    MergedRow,
    PersonCategory,
    SealedExtra,
    Student,
    StudentGuardian,
)
from tests.factories import (
    COUNTY,
    FIRST_DAY,
    ClassGroupFactory,
    DropoutCaseFactory,
    EnrolmentFactory,
    GuardianFactory,
    HomeVisitFactory,
    HouseholdMemberFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    school_head,
    seal_identifier,
)

pytestmark = pytest.mark.django_db
BORN = date(2016, 3, 7)
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def officer():
    return county_officer()


def pair_of(one, other):
    first, second = sorted([one, other], key=lambda student: student.pk)
    return DuplicatePair.objects.create(
        county=COUNTY, first=first, second=second, score=80, facts="0" * 32
    )


def two_records(**second):
    """The same boy twice: with his number, and as the child without papers he once was."""
    one = StudentFactory(full_name="张小明", birth_date=BORN, sex="男", number=id_number(born=BORN))
    other = StudentFactory(
        **{
            "full_name": "张晓明",
            "birth_date": BORN,
            "sex": "男",
            "number": "",
            "has_no_number": True,
            "class_group": None,
            **second,
        }
    )
    return one, other


def merge(officer, kept, absorbed, **chosen):
    pair = DuplicatePair.objects.filter(second=max(kept.pk, absorbed.pk)).first()
    return services.merge(
        scope=scope_for(officer, on=TODAY),
        actor=officer,
        pair_id=(pair or pair_of(kept, absorbed)).pk,
        kept_id=kept.pk,
        chosen=chosen,
        now=NOW,
    )


def undo(officer, done):
    return services.undo(
        scope=scope_for(officer, on=TODAY), actor=officer, pair_id=done.pair_id, now=NOW
    )


def everything(*students):
    """All rows that name one of the students, of every table there is, as JSON."""
    pks = [student.pk for student in students]
    said = {}
    asked = [("students_student", "id")] + [
        (reference.table, reference.column) for reference in references()
    ]
    with connection.cursor() as cursor:
        for table, column in asked:
            cursor.execute(
                f"SELECT to_jsonb(t)::text FROM {table} t WHERE {column} = ANY(%s) ORDER BY 1",
                [pks],
            )
            said[f"{table}.{column}"] = [json.loads(row) for (row,) in cursor.fetchall()]
    return said


def full_life(one, other):
    """Something of every kind on both records, with every clash there is a rule for."""
    EnrolmentFactory(
        student=one,
        valid_from=date(2024, 9, 1),
        valid_to=date(2026, 8, 31),
        school=one.school,
        class_group=None,
    )
    elsewhere = ClassGroupFactory()
    EnrolmentFactory(
        student=other,
        school=elsewhere.school,
        class_group=elsewhere,
        grade=14,
        valid_from=date(2023, 9, 1),
    )
    Student.objects.filter(pk=other.pk).update(
        school=elsewhere.school, class_group=elsewhere, grade=14
    )
    seal_identifier(one, text="G" + id_number(born=BORN), kind="student_no")
    seal_identifier(other, text="J" + id_number(born=BORN, number=9), kind="student_no")
    father = GuardianFactory(full_name="张大民")
    StudentGuardianFactory(student=one, guardian=father)
    StudentGuardianFactory(student=other, guardian=GuardianFactory(full_name="张大民"))
    StudentGuardianFactory(
        student=other, guardian=GuardianFactory(full_name="李秀英"), relation_code="52"
    )
    StudentGuardianFactory(student=other, guardian=father, relation_code="97")
    HouseholdMemberFactory(student=one, valid_from=date(2020, 1, 1))
    HouseholdMemberFactory(student=other, valid_from=date(2023, 1, 1))
    for student, begin, end in (
        (one, date(2021, 1, 1), date(2022, 12, 31)),
        (other, date(2022, 6, 1), None),
        (one, date(2025, 1, 1), None),
    ):
        PersonCategory.objects.create(
            county=COUNTY, student=student, type_id="orphan", valid_from=begin, valid_to=end
        )
    for student, level in ((one, 2), (other, 3)):
        DisabilityRecord.objects.create(
            county=COUNTY, student=student, disability_level=level, valid_from=FIRST_DAY
        )
        LeftBehindFact.objects.create(
            county=COUNTY,
            student=student,
            one_parent_away=True,
            valid_from=FIRST_DAY + timedelta(days=level),
        )
        SealedExtra.objects.create(
            county=COUNTY, student=student, columns="x", blind=b"1" * 16, sealed=b"\x00\xff" * level
        )
    HomeVisitFactory(case=DropoutCaseFactory(student=other))


def test_all_that_hangs_on_the_child_moves_and_undo_restores_both_to_the_letter(officer):
    one, other = two_records(extra={"家长职业": "务农"}, former_name="张三")
    full_life(one, other)
    before = everything(one, other)

    done = merge(officer, one, other)

    kept, absorbed = (Student.objects.get(pk=student.pk) for student in (one, other))
    assert absorbed.merged_into == kept
    assert (kept.full_name, kept.former_name) == ("张小明", "张三")
    assert kept.extra == {"家长职业": "务农"}
    held = everything(absorbed)
    assert {table for table, rows in held.items() if rows} == {"students_student.id"}
    numbers = kept.identifiers.order_by("kind", "valid_to")
    assert [(n.kind, n.valid_to) for n in numbers] == [
        ("id_number", None),
        ("student_no", TODAY),
        ("student_no", None),
    ]
    assert [(s.valid_from, s.valid_to) for s in kept.enrolments.order_by("valid_from")] == [
        (date(2023, 9, 1), date(2024, 8, 31)),
        (date(2024, 9, 1), date(2026, 8, 31)),
        (FIRST_DAY, None),
    ]
    (category,) = kept.categories.all()
    assert (category.valid_from, category.valid_to) == (date(2021, 1, 1), None)
    assert {t.guardian.full_name for t in kept.guardianships.all()} == {"张大民", "李秀英"}
    assert kept.memberships.count() == 2
    assert kept.memberships.get(valid_to=None).valid_from == date(2023, 1, 1)
    assert kept.disabilities.get().disability_level == 2
    assert kept.left_behind_facts.get(valid_to=None).valid_from == FIRST_DAY + timedelta(days=3)
    assert kept.cases.get().visits.get().student == kept

    undo(officer, done)

    assert everything(one, other) == before
    assert DuplicatePair.objects.get().state == DuplicatePair.State.OPEN
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"student.merge", "student.absorbed", "student.unmerge"} <= actions


def test_the_chosen_values_hold(officer):
    one, other = two_records(residence_address="黄羊镇二坝村", hukou_address="甲")
    Student.objects.filter(pk=one.pk).update(residence_address="黄羊镇一坝村")
    group = ClassGroupFactory()
    EnrolmentFactory(student=other, school=group.school, class_group=group, grade=13)
    merge(officer, one, other, full_name="absorbed", residence_address="absorbed", place="absorbed")

    kept = Student.objects.get(pk=one.pk)
    assert (kept.full_name, kept.name_key) == ("张晓明", "zhang xiao ming")
    assert (kept.residence_address, kept.hukou_address) == ("黄羊镇二坝村", "甲")
    assert (kept.school, kept.class_group, kept.grade) == (group.school, group, 13)
    assert Enrolment.objects.get(student=kept).school == group.school


def test_the_number_of_the_other_record_ends_the_want_of_papers(officer):
    numbered, paperless = two_records()

    merge(officer, paperless, numbered, full_name="absorbed")

    kept = Student.objects.get(pk=paperless.pk)
    assert not kept.has_no_number
    assert kept.id_type == "1"
    assert kept.identifiers.get(valid_to=None).reveal() == id_number(born=BORN)


def test_a_number_of_another_birthday_is_refused(officer):
    one, other = two_records(
        birth_date=BORN + timedelta(days=1), number=id_number(born=BORN + timedelta(days=1))
    )
    with pytest.raises(services.MergeRefused, match="出生日期"):
        merge(officer, one, other, id_number="absorbed")
    assert not MergedRow.objects.exists()


def test_two_open_cases_are_refused_in_words_and_nothing_moves(officer):
    one, other = two_records()
    for student in (one, other):
        DropoutCaseFactory(student=student)
    before = everything(one, other)

    with pytest.raises(services.MergeRefused, match="各有一个未结的控辍保学个案"):
        merge(officer, one, other)

    assert everything(one, other) == before
    assert DropoutCase.objects.filter(student=other).exists()


def test_sent_twice_it_is_one_merge(officer):
    one, other = two_records()

    assert merge(officer, one, other) == merge(officer, one, other)


def test_a_school_head_may_not_merge(officer):
    one, other = two_records()
    pair = pair_of(one, other)
    head = school_head(one.school)

    with pytest.raises(DuplicatePair.DoesNotExist):
        services.merge(
            scope=scope_for(head, on=TODAY),
            actor=head,
            pair_id=pair.pk,
            kept_id=one.pk,
            chosen={},
            now=NOW,
        )


def test_undo_lists_what_was_touched_since_and_changes_nothing(officer):
    one, other = two_records()
    case = DropoutCaseFactory(student=other)
    done = merge(officer, one, other)
    case.refresh_from_db()
    HomeVisitFactory(case=case, visited_on=date(2026, 9, 20))
    DropoutCase.objects.filter(pk=case.pk).update(suspicion="外出务工")
    before = everything(one, other)

    with pytest.raises(services.TouchedSince) as refusal:
        undo(officer, done)

    assert refusal.value.rows == [
        "家访（2026-09-20）：合并后新增",
        "控辍保学个案（2026-09-08）：合并后有修改",
    ]
    assert everything(one, other) == before


def test_merges_on_merges_are_undone_from_the_top(officer):
    one, other = two_records()
    third = StudentFactory(full_name="张小明", birth_date=BORN, sex="男", class_group=None)
    lower = merge(officer, one, other)
    before = everything(one, other, third)
    upper = merge(officer, third, one, id_number="kept")
    assert Student.objects.get(pk=other.pk).merged_into == third

    with pytest.raises(services.MergeRefused):
        undo(officer, lower)
    undo(officer, upper)
    assert everything(one, other, third) == before
    undo(officer, lower)
    assert not Student.objects.filter(merged_into__isnull=False).exists()


def test_a_rejected_pair_is_not_merged_by_a_second_click(officer):
    pair = pair_of(*two_records())
    for _ in range(2):
        services.reject(
            scope=scope_for(officer, on=TODAY),
            actor=officer,
            pair_id=pair.pk,
            now=NOW,
            note="堂兄弟",
        )
    pair.refresh_from_db()
    assert (pair.state, pair.note) == (DuplicatePair.State.REJECTED, "堂兄弟")
    assert AuditEntry.objects.filter(action="duplicate.reject").count() == 1


def test_every_table_that_names_a_student_is_known_by_name():
    """A new one moves by itself; its name stands in lists of what moved and what was touched."""
    assert {reference.label for reference in references()} <= set(NAMES)


def test_one_guardian_in_two_relations_stays_once(officer):
    one, other = two_records()
    both = GuardianFactory()
    StudentGuardianFactory(student=one, guardian=both, relation_code="51")
    StudentGuardianFactory(student=other, guardian=both, relation_code="97")

    merge(officer, one, other)

    assert StudentGuardian.objects.get().relation_code == "51"
