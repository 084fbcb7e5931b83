"""Who of our children each entry of a list is, in a fixed number of statements.

By number first. The other keys decide only where they are unique on both sides, and never between
two good ID numbers that differ: two children of one name and birthday must not become one.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection

from students.rosters.deciding import plan_for

# {of} is a condition on the entries `e`.
_THEIRS = """
DROP TABLE IF EXISTS pg_temp.theirs;
CREATE TEMPORARY TABLE theirs ON COMMIT DROP AS
SELECT e.id AS entry, e.number_blind, e.student_no_blind, e.full_name, e.name_key, e.sex,
       e.birth_date, e.ethnicity_code, e.school_id, e.grade, e.school_text, e.number_mask,
       e.guardian_name, e.head_name, e.categories
  FROM students_listentry e
 WHERE e.county = %(county)s AND e.office_list_id = %(list)s
   AND e.verdict IN ('good', 'doubtful') {of};
ANALYZE theirs (entry, number_blind, student_no_blind, name_key)
"""
_BY_NUMBER = """
DROP TABLE IF EXISTS pg_temp.matched;
CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
SELECT DISTINCT ON (i.student_id) t.entry, i.student_id, 'number'::text AS how
  FROM theirs t
  JOIN students_studentidentifier i
    ON i.county = %(county)s AND i.kind = 'id_number' AND i.blind = t.number_blind
 ORDER BY i.student_id, t.entry
"""
_FREE = """
NOT EXISTS (SELECT FROM matched m WHERE m.entry = {entry})
AND NOT EXISTS (SELECT FROM matched m WHERE m.student_id = {student})
"""
_BY_STUDENT_NO = f"""
INSERT INTO matched
SELECT DISTINCT ON (i.student_id) t.entry, i.student_id, 'student_no'
  FROM theirs t
  JOIN students_studentidentifier i
    ON i.county = %(county)s AND i.kind = 'student_no' AND i.blind = t.student_no_blind
 WHERE {_FREE.format(entry="t.entry", student="i.student_id")}
   AND (t.number_blind IS NULL OR NOT EXISTS (
       SELECT FROM students_studentidentifier n
        WHERE n.student_id = i.student_id AND n.kind = 'id_number'))
 ORDER BY i.student_id, t.entry
"""
# All bearers of a name that is still open, found ones too: "unique" means among all of them.
_BEARERS = """
DROP TABLE IF EXISTS pg_temp.their_bearers, pg_temp.our_bearers;
CREATE TEMPORARY TABLE their_bearers ON COMMIT DROP AS
SELECT t.*, t.number_blind IS NOT NULL AS has_number
  FROM theirs t
 WHERE t.name_key IN (
       SELECT o.name_key FROM theirs o
        WHERE NOT EXISTS (SELECT FROM matched m WHERE m.entry = o.entry));
CREATE TEMPORARY TABLE our_bearers ON COMMIT DROP AS
SELECT s.id AS student_id, s.full_name, s.name_key, s.sex, s.birth_date,
       EXISTS (SELECT FROM students_studentidentifier n
                WHERE n.student_id = s.id AND n.kind = 'id_number') AS has_number
  FROM students_student s
 WHERE s.county = %(county)s AND s.merged_into_id IS NULL
   AND s.name_key IN (SELECT name_key FROM their_bearers);
ANALYZE their_bearers;
ANALYZE our_bearers
"""
_BY_NAME = f"""
INSERT INTO matched
WITH once_theirs AS (
    SELECT {{key}}, min(t.entry) AS entry FROM their_bearers t {{their_people}}
     WHERE {{their_condition}} GROUP BY {{key}} HAVING count(DISTINCT t.entry) = 1
), once_ours AS (
    SELECT {{key}}, min(s.student_id) AS student_id FROM our_bearers s {{our_people}}
     WHERE {{our_condition}} GROUP BY {{key}} HAVING count(DISTINCT s.student_id) = 1
), pairs AS (
    SELECT DISTINCT ON (student_id) entry, student_id
      FROM (SELECT DISTINCT ON (entry) entry, student_id
              FROM once_theirs JOIN once_ours USING ({{key}})
             ORDER BY entry, student_id) one
     ORDER BY student_id, entry
)
SELECT p.entry, p.student_id, {{how}}
  FROM pairs p
  JOIN their_bearers t ON t.entry = p.entry
  JOIN our_bearers s ON s.student_id = p.student_id
 WHERE {_FREE.format(entry="p.entry", student="p.student_id")}
   AND NOT (t.has_number AND s.has_number)
   AND (t.sex = '' OR s.sex = '' OR t.sex = s.sex)
   AND (t.birth_date IS NULL OR s.birth_date IS NULL OR t.birth_date = s.birth_date)
"""
_BORN = {"their_condition": "t.birth_date IS NOT NULL", "our_condition": "s.birth_date IS NOT NULL"}
_ALONE = {"their_people": "", "our_people": ""}
_OUR_PEOPLE = """
JOIN LATERAL (
    SELECT g.full_name AS person
      FROM students_studentguardian tie JOIN students_guardian g ON g.id = tie.guardian_id
     WHERE tie.student_id = s.student_id AND tie.valid_to IS NULL
     UNION
    SELECT h.head_name
      FROM students_householdmember own JOIN students_household h ON h.id = own.household_id
     WHERE own.student_id = s.student_id AND own.valid_to IS NULL
) ours ON true
"""
_KEYS: tuple[dict[str, str], ...] = (
    {"how": "'name_birth'", "key": "full_name, birth_date", **_BORN, **_ALONE},
    {"how": "'sound_birth'", "key": "name_key, birth_date", **_BORN, **_ALONE},
    {
        "how": "'name_guardian'",
        "key": "full_name, person",
        "their_people": "CROSS JOIN LATERAL unnest(ARRAY[t.guardian_name, t.head_name]) p (person)",
        "their_condition": "person <> ''",
        "our_people": _OUR_PEOPLE,
        "our_condition": "person <> ''",
    },
)
_OPEN = "SELECT EXISTS (SELECT FROM theirs t WHERE NOT EXISTS (" + (
    "SELECT FROM matched m WHERE m.entry = t.entry))"
)


Report = Callable[[str], None]


def silent(stage: str) -> None:
    """For a caller that shows no progress."""


def match(
    *,
    county: str,
    list_id: int,
    rows: int,
    of: str = "",
    values: Any = None,
    report: Report = silent,
) -> None:
    """Make the temporary tables `theirs` and `matched (entry, student_id, how)`.

    `of` narrows the entries by a condition on `e`, with `values`; `rows` is how many there are.
    """
    given = {"county": county, "list": list_id, **(values or {})}
    plan_for(rows)
    with connection.cursor() as cursor:
        cursor.execute(_THEIRS.format(of=of), given)
        report(f"名单 {rows:,} 人，正在按证件号找人")
        cursor.execute(_BY_NUMBER, given)
        found = cursor.rowcount
        cursor.execute("ANALYZE matched")
        report(f"名单 {rows:,} 人，按证件号找到 {found:,} 人，正在按学籍号找人")
        cursor.execute(_BY_STUDENT_NO, given)
        found += cursor.rowcount
        cursor.execute(_OPEN)
        if not cursor.fetchone()[0]:
            return
        report(f"名单 {rows:,} 人，按号码找到 {found:,} 人，正在按姓名、出生日期和监护人找人")
        cursor.execute(_BEARERS, given)
        for key in _KEYS:
            cursor.execute(_BY_NAME.format(**key), given)
        cursor.execute("ANALYZE matched")
