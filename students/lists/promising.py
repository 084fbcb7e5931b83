"""小升初: a list of promised junior schools into the promises that a roll-over asks for."""

from typing import Any

from django.db import connection

from students.models import OfficeList

# A later word replaces an earlier one. The list names the child; whether it leaves grade six is
# the roll-over's question.
_PROMISE = """
WITH said AS (
    SELECT DISTINCT ON (m.student_id) m.student_id, e.school_id
      FROM matched m JOIN students_listentry e ON e.id = m.entry
     WHERE e.school_id IS NOT NULL
     ORDER BY m.student_id, e.id
), before AS (
    SELECT p.student_id, p.school_id FROM students_schoolpromise p
      JOIN said USING (student_id) WHERE p.school_year = %(year)s
), written AS (
    INSERT INTO students_schoolpromise
           (county, student_id, school_year, school_id, set_by, set_by_name, set_at)
    SELECT %(county)s, student_id, %(year)s, school_id, %(actor_id)s, %(actor_name)s, now()
      FROM said
        ON CONFLICT (student_id, school_year) DO UPDATE
       SET school_id = excluded.school_id, set_by = excluded.set_by,
           set_by_name = excluded.set_by_name, set_at = excluded.set_at
     WHERE students_schoolpromise.school_id <> excluded.school_id
    RETURNING student_id, school_id
), noted AS (
    INSERT INTO core_auditentry
           (county, at, actor_id, actor_name, action, target_type, target_id, before, after,
            purpose)
    SELECT %(county)s, now(), %(actor_id)s, %(actor_name)s, 'student.change', 'students.student',
           w.student_id,
           coalesce(jsonb_build_object('promised_school', old.name), '{}'),
           jsonb_build_object('promised_school', new.name), %(source)s
      FROM written w
      JOIN schools_school new ON new.id = w.school_id
      LEFT JOIN before b ON b.student_id = w.student_id
      LEFT JOIN schools_school old ON old.id = b.school_id
)
SELECT (SELECT count(*) FROM written),
       (SELECT count(*) FROM written JOIN before USING (student_id)),
       (SELECT count(*) FROM said)
"""
_PEOPLE = "SELECT (SELECT count(*) FROM theirs), (SELECT count(*) FROM matched)"


def school_year_of(office_list: OfficeList) -> int:
    """Promises of spring and summer are for the autumn of the same year."""
    return office_list.list_date.year


def promise(office_list: OfficeList, *, actor_id: int | None, actor_name: str) -> dict[str, int]:
    """Reads the temporary tables of students.comparison.matching; the caller holds the lock."""
    values: dict[str, Any] = {
        "county": office_list.county,
        "year": school_year_of(office_list),
        "source": office_list.source[:60],
        "actor_id": actor_id,
        "actor_name": actor_name,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PROMISE, values)
        written, replaced, said = cursor.fetchone()
        cursor.execute(_PEOPLE)
        usable, matched = cursor.fetchone()
    return {
        "usable": usable,
        "matched": matched,
        "children": written,
        "promised": written - replaced,
        "promise_changed": replaced,
        "promise_same": said - written,
    }
