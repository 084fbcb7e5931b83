"""What 1 September brings each child, decided by one statement over the whole county."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from students.models import RollOver, RollOverRow
from students.models.rollover import RollOverGroup as Group

Reason = RollOverRow.Reason

# 小学 1x, 初中 2x, 高中 3x, 中职 4x; the last grade of each leads out of the stage.
_STEPS = {
    **{grade: grade + 1 for grade in (11, 12, 13, 14, 15, 21, 22, 31, 32, 41, 42)},
    16: None,
    23: None,
    24: None,
    33: None,
    43: None,
}
_LEAVERS = {
    16: Group.PRIMARY_LEAVER,
    23: Group.JUNIOR_LEAVER,
    24: Group.JUNIOR_LEAVER,
    33: Group.SENIOR_LEAVER,
    43: Group.SENIOR_LEAVER,
}
LEAVING = (Group.PRIMARY_LEAVER, Group.JUNIOR_LEAVER, Group.SENIOR_LEAVER)
MOVING = (Group.ADVANCE, Group.STAYS_ON)

_VALUES = ", ".join(
    f"({grade}, {to if to is not None else 'NULL::int'}, '{_LEAVERS.get(grade, Group.ADVANCE)}')"
    for grade, to in _STEPS.items()
)
# The first grade of a class's stage: with the entry year it tells the grade of any school year.
_FIRST_GRADES = "('primary', 11), ('junior', 21), ('senior', 31), ('vocational', 41)"

_PLAN = f"""
SELECT student.id AS student_id, stay.id AS enrolment_id, decided.kind AS "group", decided.reason,
       stay.school_id, stay.class_group_id, student.township, stay.grade AS from_grade,
       CASE decided.kind WHEN '{Group.ADVANCE}' THEN step.to_grade
                         WHEN '{Group.STAYS_ON}' THEN 21 END AS to_grade,
       student.name_key
  FROM students_student student
  LEFT JOIN students_enrolment stay
    ON stay.student_id = student.id AND stay.valid_to IS NULL
  LEFT JOIN schools_school school ON school.id = stay.school_id
  LEFT JOIN schools_classgroup class ON class.id = stay.class_group_id
  LEFT JOIN (VALUES {_FIRST_GRADES}) stage (name, first_grade) ON stage.name = class.stage
  LEFT JOIN (VALUES {_VALUES}) step (grade, to_grade, kind) ON step.grade = stay.grade
 CROSS JOIN LATERAL (
     SELECT CASE
            WHEN stay.id IS NULL THEN ARRAY['{Group.NOT_ENROLLED}', '']
            WHEN stay.status IN ('suspended', 'deferred_entry') THEN ARRAY['{Group.SUSPENDED}', '']
            WHEN stay.valid_from > %(last_day)s
            THEN ARRAY['{Group.NOT_ADVANCED}', '{Reason.NEW_YEAR_ALREADY}']
            WHEN stay.grade IS NULL
            THEN ARRAY['{Group.NOT_ADVANCED}', '{Reason.NO_GRADE}']
            WHEN stay.grade = stage.first_grade + %(to_year)s - class.entry_year
            THEN ARRAY['{Group.NOT_ADVANCED}', '{Reason.GRADE_IS_NEW}']
            WHEN step.grade IS NULL
            THEN ARRAY['{Group.NOT_ADVANCED}', '{Reason.OTHER_GRADE}']
            WHEN stay.grade = 16 AND 'junior' = ANY(school.stages)
            THEN ARRAY['{Group.STAYS_ON}', '']
            ELSE ARRAY[step.kind, ''] END
     ) said (words)
 CROSS JOIN LATERAL (SELECT said.words[1], said.words[2]) decided (kind, reason)
 WHERE student.county = %(county)s AND student.merged_into_id IS NULL
"""
_DECIDED = (
    'student_id, enrolment_id, "group", reason, school_id, class_group_id, township, from_grade,'
    " to_grade"
)
# Rows lie in the order they are read in: school, grade, class, name.
_KEEP = f"""
INSERT INTO students_rolloverrow (county, roll_over_id, {_DECIDED})
SELECT %(county)s, %(roll_over)s, {_DECIDED} FROM ({_PLAN}) plan
 ORDER BY school_id NULLS LAST, from_grade NULLS FIRST, class_group_id NULLS FIRST, name_key,
          student_id
"""
# To be asked while nobody else can move these children.
_DIFFERING = f"""
WITH plan AS MATERIALIZED (SELECT {_DECIDED} FROM ({_PLAN}) found),
     kept AS MATERIALIZED (
         SELECT {_DECIDED} FROM students_rolloverrow WHERE roll_over_id = %(roll_over)s)
SELECT count(DISTINCT student_id) FROM (
    (TABLE plan EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE plan)) differing
"""


def values_of(roll_over: RollOver) -> dict[str, Any]:
    return {
        "county": roll_over.county,
        "roll_over": roll_over.pk,
        "last_day": roll_over.last_day,
        "first_day": roll_over.first_day,
        "to_year": roll_over.to_year,
    }


def keep_plan(roll_over: RollOver) -> None:
    """The rows of the preview afresh, and their counts."""
    RollOverRow.objects.filter(roll_over=roll_over).delete()
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values_of(roll_over))
    roll_over.counts = _counts(roll_over)


def differing(roll_over: RollOver) -> int:
    """Children about whom today's county says otherwise than the rows kept."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING, values_of(roll_over))
        return int(cursor.fetchone()[0])


def _counts(roll_over: RollOver) -> dict[str, dict[str, int]]:
    rows = RollOverRow.objects.filter(roll_over=roll_over)
    counted: dict[str, dict[str, int]] = {}
    by_step = rows.values_list("group", "from_grade", "to_grade").annotate(count=Count("id"))
    for group, before, after, count in by_step.order_by("group", "from_grade", "to_grade"):
        counted.setdefault(group, {})[f"{before or ''}>{after or ''}"] = count
    return counted


@dataclass(frozen=True, slots=True)
class Totals:
    """Children by group; they add up to the children of the county."""

    groups: dict[str, int]

    @property
    def children(self) -> int:
        return sum(self.groups.values())


def totals(roll_over: RollOver) -> Totals:
    return Totals({group: sum(roll_over.counts.get(group, {}).values()) for group in Group.values})
