"""Pairs of records that may be one child: over a whole county, or among what a roster created.

Candidates come by equal keys (birth date and sounds of the name, name and guardian, …), never by
comparing everybody with everybody; students.duplicates.scoring judges them. Nothing is merged here.
"""

from datetime import datetime

from django.db import connection

from core import crypto
from students.duplicates import scoring
from students.models import StudentIdentifier

_CHILDREN = """
DROP TABLE IF EXISTS pg_temp.suspect, pg_temp.sought, pg_temp.sought_kin, pg_temp.number_in_no;
CREATE TEMPORARY TABLE sought ON COMMIT DROP AS
SELECT s.id, s.birth_date, s.school_id, replace(s.full_name, '·', '') AS name,
       -- Sorted, so that 小明 and 明小 are one; without a dot, and equal for equal sounds.
       coalesce((SELECT string_agg(said, ' ' ORDER BY said)
                   FROM unnest(string_to_array(nullif(s.name_key, ''), ' ')) said),
                s.full_name) AS sound
  FROM students_student s
 WHERE s.county = %(county)s AND s.merged_into_id IS NULL;
CREATE TEMPORARY TABLE sought_kin ON COMMIT DROP AS
SELECT DISTINCT t.student_id, key.key
  FROM students_studentguardian t
  JOIN students_guardian g ON g.id = t.guardian_id
 CROSS JOIN LATERAL (VALUES
       (g.id::text), (g.number_blind::text), (g.full_name || nullif(g.phone_mask, ''))
       ) key (key)
 WHERE t.county = %(county)s AND key.key IS NOT NULL;
CREATE TEMPORARY TABLE number_in_no (student_id bigint, blind bytea) ON COMMIT DROP;
ANALYZE sought;
ANALYZE sought_kin
"""

# G and a number that is not the child's own: whoever has that number is the same child or a
# clerk's slip. Whose mask agrees has it as the own number, and needs no opening.
_FOREIGN_NOS = """
SELECT no.id, no.student_id, no.sealed
  FROM students_studentidentifier no
 WHERE no.county = %s AND no.kind = 'student_no' AND no.mask ~ '^G.{17}[0-9X]$'
   AND NOT EXISTS (
       SELECT FROM students_studentidentifier own
        WHERE own.student_id = no.student_id AND own.kind = 'id_number'
          AND own.mask = substr(no.mask, 2))
"""
_KEEP_NUMBERS = """
INSERT INTO number_in_no SELECT * FROM unnest(%s::bigint[], %s::bytea[]); ANALYZE number_in_no
"""

# More of one name and birthday than this are filled-in defaults, and no pairs to look at: 1,000
# such rows would be half a million of them.
_MOST_ALIKE = 50

_CANDIDATES = f"""
CREATE TEMPORARY TABLE suspect ON COMMIT DROP AS
WITH alike AS (
    SELECT birth_date, sound FROM sought
     GROUP BY birth_date, sound HAVING count(*) BETWEEN 2 AND {_MOST_ALIKE}
), found AS (
    SELECT a.id AS one, b.id AS two, false AS number_in_no
      FROM alike
      JOIN sought a USING (birth_date, sound)
      JOIN sought b USING (birth_date, sound)
     WHERE a.id < b.id
     UNION ALL
    SELECT a.id, b.id, false
      FROM sought_kin x
      JOIN sought_kin y ON y.key = x.key AND x.student_id < y.student_id
      JOIN sought a ON a.id = x.student_id
      JOIN sought b ON b.id = y.student_id
     WHERE a.name = b.name
        OR (a.birth_date = b.birth_date AND left(a.name, 1) = left(b.name, 1)
            AND length(a.name) = length(b.name))
     UNION ALL
    SELECT least(n.student_id, i.student_id), greatest(n.student_id, i.student_id), true
      FROM number_in_no n
      JOIN students_studentidentifier i
        ON i.county = %(county)s AND i.kind = 'id_number' AND i.blind = n.blind
       AND i.student_id <> n.student_id
)
SELECT one AS first_id, two AS second_id, bool_or(number_in_no) AS number_in_no,
       false AS shared_no
  FROM found GROUP BY one, two;
ANALYZE suspect
"""

# What an earlier search found and this one no longer does was mended meanwhile. A person's
# decision and a roster's doubt stay.
_FORGET = """
DELETE FROM students_duplicatepair p
 WHERE p.county = %(county)s AND p.state = 'open' AND p.batch_id IS NULL AND p.found_at < %(now)s
   AND NOT EXISTS (SELECT FROM students_studentmerge m WHERE m.pair_id = p.id)
"""

_OF_ROSTER = f"""
DROP TABLE IF EXISTS pg_temp.suspect;
CREATE TEMPORARY TABLE suspect ON COMMIT DROP AS
WITH created AS (
    SELECT s.id, s.name_key, s.birth_date,
           count(*) OVER (PARTITION BY s.name_key, s.birth_date) AS alike
      FROM decided d JOIN students_student s ON s.id = d.student_id
     WHERE d.is_new
), found AS (
    SELECT new.id AS one, known.id AS two, false AS shared_no
      FROM created new
      JOIN students_student known
        ON known.county = %(county)s AND known.name_key = new.name_key
       AND known.birth_date = new.birth_date AND known.id <> new.id
       AND known.merged_into_id IS NULL
     WHERE new.alike <= {_MOST_ALIKE}
     UNION ALL
    -- The 学籍号 of a child with another ID number, or of an earlier row: not written.
    SELECT d.student_id, owner.student_id, true
      FROM decided d
      JOIN students_rosterrow r
        ON r.batch_id = %(batch)s AND r.sheet_no = d.sheet_no AND r.row_no = d.row_no
      JOIN students_studentidentifier owner
        ON owner.county = %(county)s AND owner.kind = 'student_no'
       AND owner.blind = r.student_no_blind AND owner.student_id <> d.student_id
     WHERE NOT d.is_duplicate AND r.student_no_blind IS NOT NULL
)
SELECT least(one, two) AS first_id, greatest(one, two) AS second_id, false AS number_in_no,
       bool_or(shared_no) AS shared_no
  FROM found GROUP BY 1, 2;
ANALYZE suspect
"""


def find(*, county: str, now: datetime) -> int:
    """Look through the whole county. The caller holds the transaction; pairs now open or renewed.

    A rejected pair stays rejected while both records say what they said then.
    """
    values = scoring.values(county=county, now=now, least=scoring.LIKELY)
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN, values)
        _open_foreign_nos(county)
        cursor.execute(_CANDIDATES, values)
        cursor.execute(scoring.SCORE_PAIRS, values)
        found = int(cursor.rowcount)
        cursor.execute(_FORGET, values)
    return found


def _open_foreign_nos(county: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_NOS, [county])
        rows = cursor.fetchall()
        blinds = [
            crypto.blind_index(
                crypto.unseal(sealed, field=StudentIdentifier.FIELD, row=identifier)[1:]
            )
            for identifier, _, sealed in rows
        ]
        cursor.execute(_KEEP_NUMBERS, [[student for _, student, _ in rows], blinds])


def open_pairs_of_roster(*, county: str, batch_id: int, now: datetime) -> int:
    """Pairs of children a roster has just created with whom the county holds under that name and
    birthday, and of any child of the roster with whom its 学籍号 belongs to. Reads the temporary
    table `decided` of the running commit.
    """
    values = scoring.values(county=county, now=now, least=scoring.DOUBTFUL, batch_id=batch_id)
    with connection.cursor() as cursor:
        cursor.execute(_OF_ROSTER, values)
        cursor.execute(scoring.SCORE_PAIRS, values)
        return int(cursor.rowcount)
