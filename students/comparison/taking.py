"""What an accepted 字段不一致 brings the child: the list's word in place of ours.

A fixed number of statements for any number of findings. Each field is taken by itself; where it
cannot be, the finding keeps the reason and the child keeps what it has. What was written stands in
the finding's `outcome`, so that it can be taken back (students.comparison.undoing).

Name, birth date, sex and ethnicity are the child's own. A school or grade is taken from a list of
who sits in class only: another office names schools by hearsay, and a school that another asked
for is a transfer. A category begins on the list's date with the list as its source; one whose
owning body says otherwise goes to the queue of disputes instead.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from core import names
from students.lists import applying
from students.lists.services import newer_than
from students.models import MatchRun

# Of one finding: why a field was left, by the code its outcome keeps.
LEFT = {
    "changed": "比对以后我方内容已改动",
    "merged": "该生记录已并入另一份",
    "number": "该生另有证件号，以证件号为准",
    "elsewhere": "只有在校点名名单可以改学校和年级，转校请办理转学",
    "transfer": "该生有未办结的转学申请",
    "newer_stay": "该生现在的就读开始于名单日期当天或以后",
    "claimed": "主管部门的名单没有此人，已列入待核定",
    "held": "该生在名单日期已属于这些类别",
}
_ASKED = """
DROP TABLE IF EXISTS pg_temp.taking, pg_temp.parts, pg_temp.moves;
CREATE TEMPORARY TABLE taking ON COMMIT DROP AS
SELECT d.id AS difference, d.student_id, d.entry_id, d.fields, d.decided_by, d.decided_by_name
  FROM students_matchdifference d
 WHERE d.county = %(county)s AND d.run_id = %(run)s AND d.found = 'differs'
   AND d.decision = 'accepted' AND d.outcome IS NULL
   AND (%(ids)s::bigint[] IS NULL OR d.id = ANY(%(ids)s))
 ORDER BY d.id LIMIT %(most)s
"""
# In one order with every other act on many children.
_HOLD = """
SELECT s.id FROM students_student s WHERE s.id IN (SELECT student_id FROM taking)
 ORDER BY s.id FOR UPDATE
"""
_PARTS = """
CREATE TEMPORARY TABLE parts ON COMMIT DROP AS
SELECT t.difference, t.student_id, t.entry_id, f.key AS field,
       f.value->0 AS before, f.value->1 AS after,
       CASE WHEN s.merged_into_id IS NOT NULL THEN 'merged'
            WHEN f.key <> 'categories' AND now.said IS DISTINCT FROM f.value->0 THEN 'changed'
            WHEN f.key IN ('birth_date', 'sex') AND EXISTS (
                 SELECT FROM students_studentidentifier i
                  WHERE i.student_id = s.id AND i.kind = 'id_number' AND i.valid_to IS NULL
                    AND i.blind IS DISTINCT FROM e.number_blind) THEN 'number'
            WHEN f.key IN ('school', 'grade') AND NOT %(moves)s THEN 'elsewhere'
       END AS why
  FROM taking t
  JOIN students_student s ON s.id = t.student_id
  JOIN students_listentry e ON e.id = t.entry_id
  LEFT JOIN schools_school own ON own.id = s.school_id
 CROSS JOIN LATERAL jsonb_each(t.fields) f
 CROSS JOIN LATERAL (SELECT coalesce(CASE f.key
        WHEN 'name' THEN to_jsonb(s.full_name)
        WHEN 'birth_date' THEN to_jsonb(s.birth_date)
        WHEN 'sex' THEN to_jsonb(s.sex)
        WHEN 'ethnicity_code' THEN to_jsonb(s.ethnicity_code)
        WHEN 'grade' THEN to_jsonb(s.grade)
        WHEN 'school' THEN to_jsonb(own.name) END, 'null') AS said) now
"""
# A stay that ends the day before, and one that begins on the list's date.
_MOVES = """
CREATE TEMPORARY TABLE moves ON COMMIT DROP AS
SELECT p.difference, p.student_id, stay.id AS old_stay, NULL::bigint AS new_stay,
       CASE WHEN bool_or(p.field = 'school') THEN max(e.school_id) ELSE max(stay.school_id) END
           AS school_id,
       CASE WHEN bool_or(p.field = 'grade') THEN max(e.grade) ELSE max(stay.grade) END AS grade,
       CASE WHEN EXISTS (SELECT FROM students_transfer f WHERE f.student_id = p.student_id
                           AND f.state IN ('sent', 'overdue')) THEN 'transfer'
            WHEN EXISTS (SELECT FROM students_enrolment n WHERE n.student_id = p.student_id
                            AND (n.valid_from >= %(on)s OR n.valid_to >= %(on)s))
            THEN 'newer_stay' END AS why
  FROM parts p
  JOIN students_listentry e ON e.id = p.entry_id
  LEFT JOIN students_enrolment stay ON stay.student_id = p.student_id AND stay.valid_to IS NULL
 WHERE p.field IN ('school', 'grade') AND p.why IS NULL
 GROUP BY p.difference, p.student_id, stay.id;
UPDATE parts p SET why = m.why
  FROM moves m
 WHERE m.difference = p.difference AND p.field IN ('school', 'grade') AND m.why IS NOT NULL;
DELETE FROM moves WHERE why IS NOT NULL;
UPDATE moves SET new_stay = nextval(pg_get_serial_sequence('students_enrolment', 'id'))
"""
_MOVE = """
UPDATE students_enrolment e SET valid_to = %(day_before)s FROM moves m WHERE e.id = m.old_stay;
INSERT INTO students_enrolment
       (id, county, student_id, school_id, class_group_id, grade, attendance_mode, status,
        valid_from, source)
SELECT m.new_stay, %(county)s, m.student_id, m.school_id, NULL, m.grade,
       coalesce(old.attendance_mode, ''), coalesce(old.status, 'in_school'), %(on)s, %(source)s
  FROM moves m LEFT JOIN students_enrolment old ON old.id = m.old_stay
"""
_LISTED = """
DROP TABLE IF EXISTS pg_temp.listed, pg_temp.changed;
CREATE TEMPORARY TABLE listed ON COMMIT DROP AS
SELECT p.student_id, said.type_id, said.type_id = ANY(%(own)s) AS is_own, false AS by_household
  FROM parts p CROSS JOIN LATERAL jsonb_array_elements_text(p.after) said (type_id)
 WHERE p.field = 'categories' AND p.why IS NULL;
CREATE TEMPORARY TABLE changed (student_id bigint, what text, said text) ON COMMIT DROP
"""
_CATEGORIES = """
UPDATE parts p
   SET after = coalesce(added.types, '[]'),
       why = CASE WHEN asked.student_id IS NOT NULL THEN 'claimed'
                  WHEN added.types IS NULL THEN 'held' END
  FROM parts q
  LEFT JOIN (SELECT student_id, jsonb_agg(said ORDER BY said) AS types
               FROM changed GROUP BY student_id) added ON added.student_id = q.student_id
  LEFT JOIN (SELECT DISTINCT student_id FROM claimed) asked ON asked.student_id = q.student_id
 WHERE p.difference = q.difference AND p.field = 'categories' AND q.field = 'categories'
   AND p.why IS NULL
"""
_NAMES = "SELECT student_id, after #>> '{}' FROM parts WHERE field = 'name' AND why IS NULL"
# What was, for the undoing; then the child's own columns.
_OUTCOME = """
UPDATE students_matchdifference d
   SET outcome = jsonb_build_object(
           'took', coalesce(p.took, '{}'), 'left', coalesce(p.kept, '{}'),
           'move', CASE WHEN m.difference IS NOT NULL THEN jsonb_build_object(
               'old', m.old_stay, 'new', m.new_stay, 'school', s.school_id,
               'class_group', s.class_group_id, 'grade', s.grade, 'township', s.township) END)
  FROM taking t
  JOIN students_student s ON s.id = t.student_id
  LEFT JOIN (SELECT difference,
                    jsonb_object_agg(field, jsonb_build_array(before, after))
                        FILTER (WHERE why IS NULL OR field = 'categories' AND after <> '[]')
                        AS took,
                    jsonb_object_agg(field, why) FILTER (WHERE why IS NOT NULL) AS kept
               FROM parts GROUP BY difference) p ON p.difference = t.difference
  LEFT JOIN moves m ON m.difference = t.difference
 WHERE d.id = t.difference
"""
_WRITE = """
UPDATE students_student s
   SET full_name = coalesce(k.full_name, s.full_name),
       name_key = coalesce(k.name_key, s.name_key),
       name_tokens = coalesce(string_to_array(k.pieces, ' '), s.name_tokens),
       birth_date = coalesce(p.birth_date, s.birth_date),
       sex = coalesce(p.sex, s.sex),
       ethnicity_code = coalesce(p.ethnicity_code, s.ethnicity_code),
       updated_at = now()
  FROM (SELECT student_id,
               (max(after #>> '{}') FILTER (WHERE field = 'birth_date'))::date AS birth_date,
               max(after #>> '{}') FILTER (WHERE field = 'sex') AS sex,
               max(after #>> '{}') FILTER (WHERE field = 'ethnicity_code') AS ethnicity_code
          FROM parts WHERE why IS NULL GROUP BY student_id) p
  LEFT JOIN unnest(%(students)s::bigint[], %(names)s::text[], %(keys)s::text[], %(pieces)s::text[])
            k (student_id, full_name, name_key, pieces) ON k.student_id = p.student_id
 WHERE s.id = p.student_id;
UPDATE students_student s
   SET school_id = m.school_id, class_group_id = NULL, grade = m.grade,
       township = coalesce(x.township_id, CASE WHEN x.id IS NULL THEN s.township END, '')
  FROM moves m LEFT JOIN schools_school x ON x.id = m.school_id
 WHERE s.id = m.student_id
"""
_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT %(county)s, now(), max(t.decided_by), max(t.decided_by_name), 'student.take_over',
       'students.student', t.student_id,
       coalesce(jsonb_object_agg(named.field, p.before)
           FILTER (WHERE p.field <> 'categories' AND p.before <> 'null'), '{}'),
       jsonb_object_agg(named.field, p.after), %(said_by)s
  FROM taking t
  JOIN parts p ON p.difference = t.difference
   AND (p.why IS NULL OR p.field = 'categories' AND p.after <> '[]')
 CROSS JOIN LATERAL (
     SELECT CASE p.field WHEN 'name' THEN 'full_name' ELSE p.field END AS field) named
 GROUP BY t.difference, t.student_id
"""
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE EXISTS (
           SELECT FROM parts p WHERE p.difference = t.difference AND p.why IS NOT NULL))
  FROM taking t
"""
MOVING = frozenset({"in_class"})


@dataclass(frozen=True, slots=True)
class Taken:
    """Findings gone through, and those of them of which something was left."""

    findings: int
    partly: int


def take_over(run: MatchRun, *, ids: list[int] | None, most: int) -> Taken:
    """Write what was accepted and not written yet; the caller holds the run and the county."""
    values = _values(run) | {"ids": ids, "most": most}
    with connection.cursor() as cursor:
        for statement in (_ASKED, _HOLD, _PARTS, _MOVES, _LISTED):
            cursor.execute(statement, values)
        applying.add_listed(run.office_list, until=newer_than(run.office_list))
        cursor.execute(_CATEGORIES)
        cursor.execute(_OUTCOME)
        cursor.execute(_MOVE, values)
        cursor.execute(_NAMES)
        cursor.execute(_WRITE, _keys(cursor.fetchall()))
        cursor.execute(_AUDIT, values)
        cursor.execute(_COUNT)
        return Taken(*cursor.fetchone())


def said_by(run: MatchRun) -> str:
    return f"{run.office_list.source}，{run.office_list.list_date:%Y-%m-%d}"[:200]


def _values(run: MatchRun) -> dict[str, Any]:
    of = run.office_list
    return {
        "county": run.county,
        "run": run.pk,
        "moves": of.kind in MOVING,
        "own": applying.own_types(of),
        "on": of.list_date,
        "day_before": of.list_date - timedelta(days=1),
        "source": of.source[:60],
        "said_by": said_by(run),
    }


def _keys(named: list[tuple[int, str]]) -> dict[str, list[Any]]:
    keys = [names.search_keys(full_name) for _, full_name in named]
    return {
        "students": [student for student, _ in named],
        "names": [full_name for _, full_name in named],
        "keys": [key.pinyin[:200] for key in keys],
        "pieces": [" ".join(key.tokens) for key in keys],
    }
