"""Decided rows into the county's tables: a fixed number of statements, however many rows.

The caller holds the transaction and the lock of the county. Every statement reads the temporary
table `decided` (students.rosters.deciding) and the staged rows of the batch.

Days: what a roster says of a child new to the county holds from the first day of its school year
(`start`); what it changes for a known child holds from the day of writing (`on`). A fact that
began on that very day is corrected in place, an older one ends on the day before.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from core import names


@dataclass(frozen=True, slots=True)
class Writing:
    """One commit: whose rows, under which name, from which day."""

    county: str
    batch_id: int
    source: str
    school_year: int
    start: date
    on: date
    actor_id: int | None
    actor_name: str


_ROWS = "JOIN students_rosterrow r ON r.batch_id = %(batch)s" + (
    " AND r.sheet_no = d.sheet_no AND r.row_no = d.row_no"
)

# Children to be created get their key now, so that all later statements know it.
_NUMBER_CHILDREN = """
UPDATE decided SET student_id = nextval(pg_get_serial_sequence('students_student', 'id'))
 WHERE is_new
"""

_CLASS_GROUPS = """
INSERT INTO schools_classgroup (county, school_id, stage, entry_year, number)
SELECT DISTINCT %(county)s, school_id, {stage}, {entry_year}, class_number
  FROM decided d
 WHERE is_placed_anew AND NOT is_duplicate AND class_number <> ''
    ON CONFLICT DO NOTHING
"""
# Grade codes: 1x 小学, 2x 初中, 4x 中职; the second digit counts the years from entry.
_STAGE = """
CASE grade / 10 WHEN 1 THEN 'primary' WHEN 2 THEN 'junior' WHEN 4 THEN 'vocational' ELSE '' END
"""
_ENTRY_YEAR = "%(school_year)s - (grade %% 10) + 1"

_PLACES = """
DROP TABLE IF EXISTS pg_temp.placed;
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
SELECT d.student_id, d.is_new, d.school_id, g.id AS class_group_id, d.grade, d.mode,
       coalesce(x.township_id, '') AS township
  FROM decided d
  LEFT JOIN schools_school x ON x.id = d.school_id
  LEFT JOIN schools_classgroup g
         ON g.school_id = d.school_id AND g.number = d.class_number AND g.stage = {stage}
        AND g.entry_year IS NOT DISTINCT FROM {entry_year}
 WHERE d.is_placed_anew AND NOT d.is_duplicate;
ANALYZE placed
"""

_CREATE = f"""
INSERT INTO students_student
       (id, county, full_name, name_key, name_tokens, former_name, sex, birth_date,
        ethnicity_code, id_type, has_no_number, hukou_division, hukou_address,
        residence_address, township, school_id, class_group_id, grade, extra,
        created_at, updated_at)
SELECT d.student_id, %(county)s, r.full_name, r.name_key, r.name_tokens, '', r.sex, r.birth_date,
       r.ethnicity_code, r.id_type, r.is_marked AND r.number_blind IS NULL, '', '', '',
       coalesce(p.township, ''), p.school_id, p.class_group_id, p.grade, r.extra, now(), now()
  FROM decided d {_ROWS}
  LEFT JOIN placed p ON p.student_id = d.student_id
 WHERE d.is_new
"""

# Only what the row says is set, so an edit by hand of another field is not undone.
_UPDATE = f"""
UPDATE students_student s
   SET full_name = r.full_name,
       name_key = CASE WHEN d.has_other_name THEN r.name_key ELSE s.name_key END,
       name_tokens = CASE WHEN d.has_other_name THEN r.name_tokens ELSE s.name_tokens END,
       sex = coalesce(nullif(r.sex, ''), s.sex),
       birth_date = coalesce(r.birth_date, s.birth_date),
       ethnicity_code = coalesce(nullif(r.ethnicity_code, ''), s.ethnicity_code),
       id_type = coalesce(nullif(r.id_type, ''), s.id_type),
       has_no_number = s.has_no_number AND r.number_blind IS NULL,
       extra = s.extra || r.extra,
       updated_at = now()
  FROM decided d {_ROWS}
 WHERE s.id = d.student_id AND NOT d.is_new AND NOT d.is_duplicate
   AND (d.changes <> '{{}}' OR NOT s.extra @> r.extra)
"""
_MOVE = """
UPDATE students_student s
   SET school_id = p.school_id, class_group_id = p.class_group_id, grade = p.grade,
       township = p.township
  FROM placed p
 WHERE s.id = p.student_id AND NOT p.is_new
"""

_END_NUMBERS = """
UPDATE students_studentidentifier i SET valid_to = %(on)s
  FROM decided d
 WHERE i.student_id = d.student_id AND NOT d.is_new AND i.valid_to IS NULL
   AND ((i.kind = 'id_number' AND d.number_is_new)
        OR (i.kind = 'student_no' AND d.student_no_is_new))
"""
_ADD_NUMBERS = f"""
INSERT INTO students_studentidentifier
       (id, county, student_id, kind, sealed, blind, mask, source, valid_from)
SELECT n.id, %(county)s, d.student_id, n.kind, n.sealed, n.blind, n.mask, %(source)s,
       CASE WHEN d.is_new THEN %(start)s::date ELSE %(on)s::date END
  FROM decided d {_ROWS}
 CROSS JOIN LATERAL (VALUES
       ('id_number', d.number_is_new, r.number_id, r.number_sealed, r.number_blind,
        r.number_mask),
       ('student_no', d.student_no_is_new, r.student_no_id, r.student_no_sealed,
        r.student_no_blind, r.student_no_mask)
       ) n (kind, is_new, id, sealed, blind, mask)
 WHERE n.is_new AND NOT d.is_duplicate
"""
_ADD_SECRETS = f"""
INSERT INTO students_sealedextra (id, county, student_id, columns, blind, sealed)
SELECT r.secret_id, %(county)s, d.student_id, r.secret_columns, r.secret_blind, r.secret_sealed
  FROM decided d {_ROWS}
 WHERE r.secret_sealed IS NOT NULL AND NOT d.is_duplicate
    ON CONFLICT (student_id, columns) DO UPDATE
   SET id = excluded.id, blind = excluded.blind, sealed = excluded.sealed
"""

_CORRECT_ENROLMENTS = """
UPDATE students_enrolment e
   SET school_id = p.school_id, class_group_id = p.class_group_id, grade = p.grade,
       attendance_mode = p.mode, status = {status}, source = %(source)s
  FROM placed p
 WHERE e.student_id = p.student_id AND NOT p.is_new AND e.valid_to IS NULL
   AND e.valid_from >= %(on)s
"""
_END_ENROLMENTS = """
UPDATE students_enrolment e SET valid_to = %(day_before)s
  FROM placed p
 WHERE e.student_id = p.student_id AND NOT p.is_new AND e.valid_to IS NULL
   AND e.valid_from < %(on)s
"""
_ADD_ENROLMENTS = """
INSERT INTO students_enrolment
       (county, student_id, school_id, class_group_id, grade, attendance_mode, status,
        valid_from, source)
SELECT %(county)s, p.student_id, p.school_id, p.class_group_id, p.grade, p.mode, {status},
       CASE WHEN p.is_new OR before.last IS NULL THEN %(start)s::date ELSE %(on)s::date END,
       %(source)s
  FROM placed p
  LEFT JOIN LATERAL (
      SELECT max(e.valid_to) AS last FROM students_enrolment e
       WHERE NOT p.is_new AND e.student_id = p.student_id
  ) before ON true
 WHERE p.is_new OR NOT EXISTS (
      SELECT FROM students_enrolment e
       WHERE e.student_id = p.student_id AND e.valid_to IS NULL)
"""
# Home teaching is a state of its own in the ledgers, not only a way to get to school.
_STATUS = "CASE WHEN p.mode = 'home_taught' THEN 'home_taught' ELSE 'in_school' END"

_TAKE_BACK_CATEGORIES = """
DELETE FROM students_personcategory c USING decided d
 WHERE c.student_id = d.student_id AND NOT d.is_duplicate AND c.type_id = ANY(d.to_drop)
   AND c.valid_from >= %(on)s
"""
_END_CATEGORIES = """
UPDATE students_personcategory c SET valid_to = %(day_before)s
  FROM decided d
 WHERE c.student_id = d.student_id AND NOT d.is_duplicate AND c.type_id = ANY(d.to_drop)
   AND (c.valid_to IS NULL OR c.valid_to >= %(on)s)
"""
_ADD_CATEGORIES = """
INSERT INTO students_personcategory (county, student_id, type_id, valid_from, source, batch_id)
SELECT %(county)s, d.student_id, added.type,
       CASE WHEN d.is_new THEN %(start)s::date ELSE %(on)s::date END, %(source)s, %(batch)s
  FROM decided d CROSS JOIN LATERAL unnest(d.to_add) added (type)
 WHERE NOT d.is_duplicate
"""

_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT %(county)s, now(), %(actor_id)s, %(actor_name)s,
       CASE WHEN d.is_new THEN 'student.create' ELSE 'student.change' END,
       'students.student', d.student_id,
       CASE WHEN d.is_new THEN '{}' ELSE (
           SELECT jsonb_object_agg(key, value -> 0) FROM jsonb_each(d.changes)) END,
       CASE WHEN d.is_new THEN %(created_by)s::jsonb ELSE (
           SELECT jsonb_object_agg(key, value -> 1) FROM jsonb_each(d.changes)) END,
       %(source)s
  FROM decided d
 WHERE NOT d.is_duplicate AND (d.is_new OR d.changes <> '{}')
"""

_WITHOUT_KEYS = f"""
SELECT r.id, r.full_name FROM decided d {_ROWS}
 WHERE d.has_other_name AND NOT d.is_duplicate AND r.name_tokens IS NULL
"""
_SET_KEYS = """
UPDATE students_rosterrow SET name_key = %s, name_tokens = %s WHERE id = %s
"""


def merge(writing: Writing) -> None:
    values = _values(writing)
    grade_keys = {"stage": _STAGE, "entry_year": _ENTRY_YEAR}
    status = {"status": _STATUS}
    _complete_keys(values)
    for statement in (
        _NUMBER_CHILDREN,
        _CLASS_GROUPS.format(**grade_keys),
        _PLACES.format(**grade_keys),
        _CREATE,
        _UPDATE,
        _MOVE,
        _END_NUMBERS,
        _ADD_NUMBERS,
        _ADD_SECRETS,
        _CORRECT_ENROLMENTS.format(**status),
        _END_ENROLMENTS,
        _ADD_ENROLMENTS.format(**status),
        _TAKE_BACK_CATEGORIES,
        _END_CATEGORIES,
        _ADD_CATEGORIES,
        _AUDIT,
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


def _values(writing: Writing) -> dict[str, Any]:
    return {
        "county": writing.county,
        "batch": writing.batch_id,
        "source": writing.source,
        "school_year": writing.school_year,
        "start": min(writing.start, writing.on),
        "on": writing.on,
        "day_before": writing.on - timedelta(days=1),
        "actor_id": writing.actor_id,
        "actor_name": writing.actor_name,
        "created_by": f'{{"batch": {writing.batch_id}}}',
    }


def _complete_keys(values: dict[str, Any]) -> None:
    """A child that had another name when the file was checked: its keys were not made then."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_KEYS, values)
        for row_id, full_name in cursor.fetchall():
            keys = names.search_keys(full_name)
            cursor.execute(_SET_KEYS, [keys.pinyin[:200], keys.tokens, row_id])
