"""A decided roll-over into enrolments and students, and back: a few statements for any county.

The caller holds the transaction and the lock of the county. Every statement reads the rows of the
preview; what they say was compared with the county a moment ago.
"""

from typing import Any

from django.db import connection

from students.models import RollOver
from students.rollover.plan import LEAVING, MOVING, values_of

# The rows that move, apart and counted: the planner knows nothing of rows written a moment ago.
_TAKE = (
    "DROP TABLE IF EXISTS pg_temp.moving",
    """
CREATE TEMPORARY TABLE moving ON COMMIT DROP AS
SELECT * FROM students_rolloverrow
 WHERE roll_over_id = %(roll_over)s AND "group" = ANY(%(groups)s)
""",
    "ANALYZE moving",
)
# One order for everybody who moves children: the student first, then the enrolments.
_HOLD = """
SELECT s.id FROM students_student s JOIN moving r ON r.student_id = s.id
 ORDER BY s.id FOR UPDATE OF s
"""
_END = """
UPDATE students_enrolment e SET valid_to = %(last_day)s
  FROM moving r WHERE e.id = r.enrolment_id
"""
# The new enrolments get their keys now, so that nothing has to look for them.
_NUMBER = """
UPDATE moving SET new_enrolment_id = nextval(pg_get_serial_sequence('students_enrolment', 'id'))
 WHERE to_grade IS NOT NULL
"""
# A primary class ends with grade six; the junior classes of the same school are formed anew.
_BEGIN = """
INSERT INTO students_enrolment
       (id, county, student_id, school_id, class_group_id, grade, attendance_mode, status,
        valid_from, source)
SELECT r.new_enrolment_id, e.county, e.student_id, e.school_id,
       CASE WHEN r."group" = 'advance' THEN e.class_group_id END,
       r.to_grade, e.attendance_mode, e.status, %(first_day)s, %(source)s
  FROM moving r JOIN students_enrolment e ON e.id = r.enrolment_id
 WHERE r.to_grade IS NOT NULL
"""
_REMEMBER = """
UPDATE students_rolloverrow kept SET new_enrolment_id = r.new_enrolment_id
  FROM moving r WHERE kept.id = r.id AND r.new_enrolment_id IS NOT NULL
"""
# A child who left is answered for by the township of the hukou, so none is outside every scope.
_PLACE = """
UPDATE students_student s
   SET school_id = CASE WHEN r.to_grade IS NOT NULL THEN r.school_id END,
       class_group_id = CASE WHEN r."group" = 'advance' THEN r.class_group_id END,
       grade = r.to_grade,
       township = CASE WHEN r.to_grade IS NULL AND s.hukou_division ~ %(own_township)s
                       THEN left(s.hukou_division, 9) ELSE s.township END,
       updated_at = now()
  FROM moving r WHERE s.id = r.student_id
"""
_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT r.county, now(), %(actor_id)s, %(actor_name)s, %(action)s, 'students.student', r.student_id,
       {before}, {after}, %(source)s
  FROM moving r LEFT JOIN schools_school x ON x.id = r.school_id
"""
# As a child's history tells it: the school by its name, and only where it is left.
_OLD = (
    "jsonb_build_object('grade', r.from_grade)"
    " || CASE WHEN r.to_grade IS NULL THEN jsonb_build_object('school', x.name) ELSE '{}' END"
)
_NEW = (
    "jsonb_build_object('grade', r.to_grade)"
    " || CASE WHEN r.to_grade IS NULL THEN jsonb_build_object('school', NULL) ELSE '{}' END"
)

# A child is as the roll-over left it: the same open enrolment, or none after the last day.
_EDITED_SINCE = """
SELECT count(*)
  FROM moving r
  LEFT JOIN students_enrolment was ON was.id = r.enrolment_id
  LEFT JOIN students_enrolment e ON e.id = r.new_enrolment_id
  LEFT JOIN students_student s ON s.id = r.student_id
  LEFT JOIN (
      SELECT DISTINCT later.student_id FROM students_enrolment later
       WHERE later.county = %(county)s AND later.valid_from > %(last_day)s
         AND NOT EXISTS (SELECT FROM moving m WHERE m.new_enrolment_id = later.id)
  ) other ON other.student_id = r.student_id
 WHERE NOT coalesce(
       was.valid_to = %(last_day)s AND was.student_id = r.student_id
       AND other.student_id IS NULL
       AND CASE WHEN r.to_grade IS NULL THEN s.school_id IS NULL
                ELSE e.valid_to IS NULL AND e.valid_from = %(first_day)s
                     AND e.grade = r.to_grade AND e.school_id IS NOT DISTINCT FROM r.school_id
                     AND e.class_group_id IS NOT DISTINCT FROM
                         CASE WHEN r."group" = 'advance' THEN r.class_group_id END
                     AND (e.attendance_mode, e.status) = (was.attendance_mode, was.status) END,
       false)
"""
_TAKE_BACK = """
DELETE FROM students_enrolment e USING moving r
 WHERE e.id = r.new_enrolment_id
"""
_REOPEN = """
UPDATE students_enrolment e SET valid_to = NULL
  FROM moving r WHERE e.id = r.enrolment_id
"""
_REPLACE = """
UPDATE students_student s
   SET school_id = r.school_id, class_group_id = r.class_group_id, grade = r.from_grade,
       township = r.township, updated_at = now()
  FROM moving r WHERE s.id = r.student_id
"""
_FORGET = """
UPDATE students_rolloverrow kept SET new_enrolment_id = NULL FROM moving r WHERE kept.id = r.id
"""


def hold(roll_over: RollOver) -> None:
    """Comes before everything else here: makes the temporary table the statements read."""
    _run(roll_over, [*_TAKE, _HOLD])


def write(roll_over: RollOver, *, actor_id: int | None, actor_name: str) -> None:
    audit = _AUDIT.format(before=_OLD, after=_NEW)
    who = {"actor_id": actor_id, "actor_name": actor_name, "action": "student.roll_over"}
    _run(roll_over, [_NUMBER, _END, _BEGIN, _REMEMBER, _PLACE, audit], **who)


def edited_since(roll_over: RollOver) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_EDITED_SINCE, _values(roll_over))
        return int(cursor.fetchone()[0])


def take_back(roll_over: RollOver, *, actor_id: int | None, actor_name: str) -> None:
    audit = _AUDIT.format(before=_NEW, after=_OLD)
    who = {"actor_id": actor_id, "actor_name": actor_name, "action": "student.roll_back"}
    _run(roll_over, [_TAKE_BACK, _REOPEN, _REPLACE, _FORGET, audit], **who)


def _run(roll_over: RollOver, statements: list[str], **more: Any) -> None:
    values = _values(roll_over) | more
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def _values(roll_over: RollOver) -> dict[str, Any]:
    return values_of(roll_over) | {
        "groups": [*MOVING, *LEAVING],
        "source": f"升入{roll_over.to_year}—{roll_over.to_year + 1}学年",
        "own_township": f"^{roll_over.county}\\d{{3}}",
    }
