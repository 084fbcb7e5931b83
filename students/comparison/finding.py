"""The findings of a run, as rows: one statement over what `matching` left behind."""

from typing import Any

from django.db import connection

from students.comparison import matching
from students.comparison.taking import MOVING
from students.lists.places import IN_PLACES, values_of
from students.models import MatchDifference, MatchRun

_OURS = f"""
DROP TABLE IF EXISTS pg_temp.ours;
CREATE TEMPORARY TABLE ours ON COMMIT DROP AS
SELECT student_id, bool_or(is_expected) AND {IN_PLACES.format("student_id")} AS is_expected
  FROM ({{side}}) side GROUP BY student_id;
ANALYZE ours
"""
_BORN = """
AND (%(born_from)s::date IS NULL OR e.birth_date IS NULL
     OR e.birth_date BETWEEN %(born_from)s AND %(born_to)s)
"""
# What a register says of a child counts as differing only where we hold nothing of it.
_HELD = """
SELECT student_id, array_agg(type_id) AS types FROM (
    SELECT c.student_id, c.type_id FROM students_personcategory c
     WHERE c.county = %(county)s AND c.valid_from <= %(as_of)s
       AND (c.valid_to IS NULL OR c.valid_to >= %(as_of)s)
     UNION ALL
    SELECT m.student_id, c.type_id
      FROM students_householdmember m
      JOIN students_householdcategory c ON c.household_id = m.household_id
     WHERE m.county = %(county)s
       AND m.valid_from <= %(as_of)s AND (m.valid_to IS NULL OR m.valid_to >= %(as_of)s)
       AND c.valid_from <= %(as_of)s AND (c.valid_to IS NULL OR c.valid_to >= %(as_of)s)
) each_type
 WHERE EXISTS (SELECT FROM theirs WHERE categories <> '{}')
 GROUP BY student_id
"""
_FIND = f"""
INSERT INTO students_matchdifference
       (county, run_id, found, how, entry_id, student_id, fields, decision, decided_by_name, note)
SELECT %(county)s, %(run)s, found, how, entry, student_id, fields, 'open', '', '' FROM (
    SELECT CASE WHEN ours.student_id IS NULL THEN 'only_theirs'
                WHEN differing.fields <> '{{}}' THEN 'differs'
                WHEN m.how = 'number' THEN 'exact' ELSE 'by_other' END AS found,
           coalesce(m.how, '') AS how, t.entry, m.student_id,
           CASE WHEN ours.student_id IS NULL THEN '{{}}' ELSE differing.fields END AS fields
      FROM theirs t
      LEFT JOIN matched m ON m.entry = t.entry
      LEFT JOIN ours ON ours.student_id = m.student_id
      LEFT JOIN students_student s ON s.id = m.student_id
      LEFT JOIN ({_HELD}) held ON held.student_id = m.student_id
     CROSS JOIN LATERAL (
         SELECT CASE WHEN t.full_name = s.full_name
                      AND (t.birth_date IS NULL OR t.birth_date = s.birth_date)
                      AND (t.sex = '' OR t.sex = s.sex)
                      AND (t.ethnicity_code = '' OR t.ethnicity_code = s.ethnicity_code)
                      AND (t.grade IS NULL OR NOT %(tells_grade)s OR t.grade = s.grade)
                      AND (t.school_id IS NULL OR t.school_id = s.school_id)
                      AND (t.categories = '{{}}' OR t.categories <@ coalesce(held.types, '{{}}'))
                     THEN '{{}}'::jsonb
                     ELSE jsonb_strip_nulls(jsonb_build_object(
                         'name', CASE WHEN t.full_name <> s.full_name
                             THEN jsonb_build_array(s.full_name, t.full_name) END,
                         'birth_date', CASE WHEN t.birth_date IS DISTINCT FROM s.birth_date
                             AND t.birth_date IS NOT NULL
                             THEN jsonb_build_array(s.birth_date, t.birth_date) END,
                         'sex', CASE WHEN t.sex NOT IN ('', s.sex)
                             THEN jsonb_build_array(s.sex, t.sex) END,
                         'ethnicity_code', CASE
                             WHEN t.ethnicity_code NOT IN ('', s.ethnicity_code)
                             THEN jsonb_build_array(s.ethnicity_code, t.ethnicity_code) END,
                         'grade', CASE WHEN %(tells_grade)s AND t.grade IS NOT NULL
                             AND t.grade IS DISTINCT FROM s.grade
                             THEN jsonb_build_array(s.grade, t.grade) END,
                         'school', CASE WHEN t.school_id IS DISTINCT FROM s.school_id
                             AND t.school_id IS NOT NULL THEN jsonb_build_array(
                             (SELECT x.name FROM schools_school x WHERE x.id = s.school_id),
                             (SELECT x.name FROM schools_school x WHERE x.id = t.school_id)) END,
                         'categories', CASE WHEN NOT t.categories <@ coalesce(held.types, '{{}}')
                             THEN jsonb_build_array(to_jsonb(coalesce(held.types, '{{}}')),
                                                    to_jsonb(t.categories)) END
                     )) END AS fields
     ) differing
     UNION ALL
    SELECT 'only_ours', '', NULL, o.student_id, '{{}}'::jsonb
      FROM ours o
     WHERE o.is_expected
       AND NOT EXISTS (SELECT FROM matched m WHERE m.student_id = o.student_id)
) findings
"""
_COUNT = """
SELECT (SELECT count(*) FROM theirs), (SELECT count(*) FROM ours WHERE is_expected)
"""


def find(
    run: MatchRun, *, side: str, types: list[str], report: matching.Report = matching.silent
) -> dict[str, int]:
    """Write the findings of a run; counts of both sides and of every class."""
    values: dict[str, Any] = {
        "county": run.county,
        "run": run.pk,
        "as_of": run.as_of,
        "born_from": run.born_from,
        "born_to": run.born_to,
        "types": types,
        # The grade another office writes is often that of the year before.
        "tells_grade": run.office_list.kind in MOVING,
        **values_of(run.office_list),
    }
    usable = run.office_list.counts.get("good", 0) + run.office_list.counts.get("doubtful", 0)
    matching.match(
        county=run.county,
        list_id=run.office_list_id,
        rows=usable,
        of=_BORN,
        values=values,
        report=report,
    )
    with connection.cursor() as cursor:
        cursor.execute(_OURS.format(side=side), values)
        cursor.execute(_COUNT)
        theirs, ours = cursor.fetchone()
        report(f"名单 {theirs:,} 人、本县 {ours:,} 人，正在逐人比较并写入结果")
        cursor.execute(_FIND, values)
    return {"theirs": theirs, "ours": ours, "outside": usable - theirs, **_classes(run)}


_CLASSES = """
SELECT found, count(*) FROM students_matchdifference WHERE run_id = %s GROUP BY found
"""


def _classes(run: MatchRun) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_CLASSES, [run.pk])
        counted: dict[str, int] = dict(cursor.fetchall())
    return {found: counted.get(found, 0) for found in MatchDifference.Found.values}
