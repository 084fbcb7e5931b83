"""Who each staged row is, and what it would change (contract 3.6 and 3.8), in one statement."""

from datetime import date
from typing import Any

from django.db import connection

# {rows} is the temporary table `incoming`, or the rows of a batch that were staged before.
# Columns: see the SELECT at the end; student_id is null where a child would be created.
_DECIDE = """
DROP TABLE IF EXISTS pg_temp.decided;
CREATE TEMPORARY TABLE decided ON COMMIT DROP AS
WITH rows AS (
    SELECT * FROM {rows} WHERE reason = ''
), unnumbered AS MATERIALIZED (
    SELECT s.id, s.full_name, s.birth_date, s.sex, s.school_id FROM students_student s
     WHERE s.county = %(county)s AND s.has_no_number AND s.merged_into_id IS NULL
       AND s.birth_date IS NOT NULL
       AND NOT EXISTS (SELECT FROM students_studentidentifier n
                        WHERE n.student_id = s.id AND n.kind = 'id_number')
), arrived AS (
    -- A child registered without a number whose number has come: one such child, one such row,
    -- nothing that speaks against it. Whatever is less clear is a new child and a pair to look at.
    SELECT min(sheet_no) AS sheet_no, min(row_no) AS row_no, student_id FROM (
        SELECT r.sheet_no, r.row_no, u.id AS student_id,
               count(*) OVER (PARTITION BY r.sheet_no, r.row_no) AS candidates
          FROM rows r
          JOIN unnumbered u ON u.full_name = r.full_name AND u.birth_date = r.birth_date
         WHERE r.number_blind IS NOT NULL
           AND (u.sex = '' OR r.sex = '' OR u.sex = r.sex)
           AND (u.school_id IS NULL OR r.school_id IS NULL OR u.school_id = r.school_id)
    ) likely
     GROUP BY student_id HAVING count(*) = 1 AND min(candidates) = 1
), matched AS (
    SELECT r.sheet_no, r.row_no, r.number_blind, r.student_no_blind,
           by_number.student_id AS by_number,
           by_student_no.student_id AS by_student_no,
           by_student_no.student_id IS NOT NULL AND EXISTS (
               SELECT FROM students_studentidentifier other
                WHERE other.student_id = by_student_no.student_id AND other.kind = 'id_number'
           ) AS owner_has_number,
           CASE WHEN r.is_marked AND r.number_blind IS NULL AND r.student_no_blind IS NULL THEN (
               SELECT min(s.id) FROM students_student s
                WHERE s.county = %(county)s AND s.full_name = r.full_name
                  AND s.merged_into_id IS NULL
                  AND (s.birth_date = r.birth_date
                       OR (s.birth_date IS NULL AND r.birth_date IS NULL))
                  AND NOT EXISTS (
                      SELECT FROM students_studentidentifier n WHERE n.student_id = s.id)
           ) END AS by_name,
           arrived.student_id AS by_arrival
      FROM rows r
      LEFT JOIN arrived ON arrived.sheet_no = r.sheet_no AND arrived.row_no = r.row_no
      LEFT JOIN students_studentidentifier by_number
             ON by_number.county = %(county)s AND by_number.kind = 'id_number'
            AND by_number.blind = r.number_blind
      LEFT JOIN students_studentidentifier by_student_no
             ON by_student_no.county = %(county)s AND by_student_no.kind = 'student_no'
            AND by_student_no.blind = r.student_no_blind
), who AS (
    SELECT sheet_no, row_no, number_blind, student_no_blind,
           -- A 学籍号 of a child with another ID number decides nothing: two children must not
           -- become one. The row stands for itself, without that 学籍号.
           coalesce(by_number,
                    CASE WHEN number_blind IS NULL OR NOT owner_has_number THEN by_student_no END,
                    by_name,
                    CASE WHEN by_student_no IS NULL THEN by_arrival END) AS student_id,
           number_blind IS NOT NULL AND by_number IS NULL AS number_is_new,
           student_no_blind IS NOT NULL AND by_student_no IS NULL AS student_no_is_new
      FROM matched
), told_apart AS (
    SELECT w.*,
           row_number() OVER same_child AS of_child,
           row_number() OVER same_no AS of_student_no,
           first_value(number_blind) OVER same_no AS first_number
      FROM who w
    WINDOW same_child AS (PARTITION BY student_id ORDER BY sheet_no, row_no),
           same_no AS (PARTITION BY student_no_blind ORDER BY sheet_no, row_no)
), judged AS (
    SELECT sheet_no, row_no, student_id, number_is_new,
           student_no_is_new AND of_student_no = 1 AS student_no_is_new,
           -- The same child under two numbers in one file: the earlier row stands.
           (student_id IS NOT NULL AND of_child > 1)
           OR (student_no_blind IS NOT NULL AND of_student_no > 1
               AND (number_blind IS NULL OR first_number IS NULL)) AS is_duplicate
      FROM told_apart
), compared AS (
    SELECT j.*, r.full_name, r.sex, r.birth_date, r.ethnicity_code,
           r.number_mask, r.student_no_mask, r.added, r.dropped,
           s.full_name AS old_name, s.sex AS old_sex, s.birth_date AS old_birth_date,
           s.ethnicity_code AS old_ethnicity_code,
           s.school_id AS old_school_id, s.grade AS old_grade,
           coalesce(c.number, '') AS old_class, coalesce(e.attendance_mode, '') AS old_mode,
           coalesce(r.school_id, s.school_id) AS school_id,
           coalesce(r.grade, s.grade) AS grade,
           CASE WHEN coalesce(r.school_id, s.school_id) IS NULL THEN ''
                ELSE coalesce(nullif(r.class_number, ''), c.number, '') END AS class_number,
           coalesce(nullif(r.attendance_mode, ''), e.attendance_mode, '') AS mode,
           coalesce(held.types, '{{}}') AS held
      FROM judged j
      JOIN rows r USING (sheet_no, row_no)
      LEFT JOIN students_student s ON s.id = j.student_id
      LEFT JOIN schools_classgroup c ON c.id = s.class_group_id
      LEFT JOIN students_enrolment e ON e.student_id = j.student_id AND e.valid_to IS NULL
      LEFT JOIN (
          SELECT student_id, array_agg(type_id ORDER BY type_id) AS types
            FROM students_personcategory
           WHERE student_id IN (SELECT student_id FROM judged)
             AND (valid_to IS NULL OR valid_to >= %(on)s)
           GROUP BY student_id
      ) held ON held.student_id = j.student_id
), differing AS (
    SELECT d.*,
           CASE WHEN added <@ held THEN '{{}}'
                ELSE ARRAY(SELECT unnest(added) EXCEPT SELECT unnest(held) ORDER BY 1)
           END AS to_add,
           CASE WHEN dropped && held
                THEN ARRAY(SELECT unnest(dropped) INTERSECT SELECT unnest(held) ORDER BY 1)
                ELSE '{{}}'
           END AS to_drop,
           (school_id, grade, class_number, mode)
               IS DISTINCT FROM (old_school_id, old_grade, old_class, old_mode) AS is_placed_anew
      FROM compared d
)
SELECT sheet_no, row_no, student_id, student_id IS NULL AND NOT is_duplicate AS is_new,
       number_is_new, student_no_is_new, is_duplicate,
       school_id, grade, class_number, mode, is_placed_anew, to_add, to_drop,
       full_name IS DISTINCT FROM old_name AS has_other_name,
       CASE WHEN student_id IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
           'name', CASE WHEN full_name <> old_name
               THEN jsonb_build_array(old_name, full_name) END,
           'id_number', CASE WHEN number_is_new THEN jsonb_build_array(
               (SELECT mask FROM students_studentidentifier i WHERE i.student_id = d.student_id
                   AND i.kind = 'id_number' AND i.valid_to IS NULL), number_mask) END,
           'student_no', CASE WHEN student_no_is_new THEN jsonb_build_array(
               (SELECT mask FROM students_studentidentifier i WHERE i.student_id = d.student_id
                   AND i.kind = 'student_no' AND i.valid_to IS NULL), student_no_mask) END,
           'sex', CASE WHEN sex NOT IN ('', old_sex) THEN jsonb_build_array(old_sex, sex) END,
           'birth_date', CASE WHEN birth_date IS NOT NULL
               AND birth_date IS DISTINCT FROM old_birth_date
               THEN jsonb_build_array(old_birth_date, birth_date) END,
           'ethnicity', CASE WHEN ethnicity_code NOT IN ('', old_ethnicity_code)
               THEN jsonb_build_array(old_ethnicity_code, ethnicity_code) END,
           'school', CASE WHEN school_id IS DISTINCT FROM old_school_id THEN jsonb_build_array(
               (SELECT name FROM schools_school x WHERE x.id = old_school_id),
               (SELECT name FROM schools_school x WHERE x.id = d.school_id)) END,
           'grade', CASE WHEN grade IS DISTINCT FROM old_grade
               THEN jsonb_build_array(old_grade, grade) END,
           'class', CASE WHEN class_number <> old_class
               THEN jsonb_build_array(old_class, class_number) END,
           'boarding', CASE WHEN mode <> old_mode THEN jsonb_build_array(old_mode, mode) END,
           'categories', CASE WHEN to_add <> '{{}}' OR to_drop <> '{{}}' THEN jsonb_build_array(
               to_jsonb(held), to_jsonb(ARRAY(
                   SELECT unnest(held || to_add) EXCEPT SELECT unnest(to_drop) ORDER BY 1))) END
       )) END AS changes
  FROM differing d
"""

# A copy, because only its owner may ANALYZE a table: unknown to the planner, the fresh rows of a
# batch were joined row by row (5,000 took 16 s).
_STAGED = """
DROP TABLE IF EXISTS pg_temp.staged;
CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
SELECT sheet_no, row_no, reason, full_name, is_marked, number_blind, number_mask,
       student_no_blind, student_no_mask, sex, birth_date, ethnicity_code, school_id, grade,
       class_number, attendance_mode, added, dropped
  FROM students_rosterrow WHERE batch_id = %(batch)s AND verdict <> 'rejected';
ANALYZE staged
"""

_VERDICT = """
CASE WHEN d.sheet_no IS NULL OR d.is_duplicate THEN 'rejected'
     WHEN d.student_id IS NULL THEN 'created'
     WHEN d.changes = '{}' THEN 'unchanged'
     ELSE 'changed' END
"""
_REASON = "CASE WHEN d.is_duplicate THEN 'duplicate_in_file' ELSE r.reason END"
_CHANGES = "CASE WHEN NOT d.is_duplicate THEN d.changes END"

_KEEP = """
INSERT INTO students_rosterrow
       (county, batch_id, verdict, reason, student_id, changes, {columns})
SELECT %(county)s, %(batch)s, {verdict}, {reason}, d.student_id, {changes}, {values}
  FROM incoming r LEFT JOIN decided d USING (sheet_no, row_no)
"""

# Between the check and the commit somebody may have changed a child.
_CORRECT = """
UPDATE students_rosterrow r
   SET verdict = {verdict}, reason = {reason}, changes = {changes}, student_id = d.student_id
  FROM decided d
 WHERE r.batch_id = %(batch)s AND r.sheet_no = d.sheet_no AND r.row_no = d.row_no
   AND (r.verdict, r.changes) IS DISTINCT FROM ({verdict}, {changes})
"""


# After a large batch the planner's figures are old until autovacuum has been there, and a nested
# loop over tables it takes for empty would compare every row with every child.
BULK = 2_000


def plan_for(rows: int) -> None:
    """For this transaction: large batches are joined by hashing."""
    if rows >= BULK:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")


def decide_incoming(*, county: str, on: date) -> None:
    """Make the temporary table `decided` from `incoming`."""
    _decide("incoming", {"county": county, "on": on})


def decide_batch(*, county: str, batch_id: int, on: date) -> None:
    """The same from the rows of a batch that were good when they were checked."""
    values: dict[str, Any] = {"county": county, "batch": batch_id, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_STAGED, values)
    _decide("staged", values)


def _decide(rows: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_DECIDE.format(rows=rows), values)
        cursor.execute("ANALYZE decided")


def keep_rows(*, county: str, batch_id: int, columns: list[str]) -> None:
    """The staged rows with their verdicts into the table of the batch."""
    own = [column for column in columns if column != "reason"]
    statement = _KEEP.format(
        columns=", ".join(own),
        values=", ".join(f"r.{column}" for column in own),
        verdict=_VERDICT,
        reason=_REASON,
        changes=_CHANGES,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"county": county, "batch": batch_id})


def correct_rows(*, batch_id: int) -> int:
    """Rows whose verdict is not the one that was shown."""
    statement = _CORRECT.format(verdict=_VERDICT, reason=_REASON, changes=_CHANGES)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"batch": batch_id})
        return int(cursor.rowcount)
