"""Children of another office's list whom the county does not know yet: registered without a
school, so that a case can be opened for them."""

from typing import Any

from django.db import connection

from accounts.models import User
from core import names
from students.models import MatchRun

# Between the run and this act a roster may have brought the child, so numbers are looked up again.
_ASKED = """
DROP TABLE IF EXISTS pg_temp.newcomers;
CREATE TEMPORARY TABLE newcomers ON COMMIT DROP AS
SELECT d.id AS difference_id, e.id AS entry_id, e.full_name, i.student_id,
       ''::text AS name_key, NULL::text[] AS name_tokens
  FROM students_matchdifference d
  JOIN students_listentry e ON e.id = d.entry_id
  LEFT JOIN students_studentidentifier i
         ON i.county = %(county)s AND i.kind = 'id_number' AND i.blind = e.number_blind
 WHERE d.county = %(county)s AND d.run_id = %(run)s AND d.found = 'only_theirs'
   AND d.decision = 'accepted' AND d.student_id IS NULL
   -- Without a number a namesake of one birthday may be this very child: a person has to look.
   AND (e.number_blind IS NOT NULL OR NOT EXISTS (
       SELECT FROM students_student s
        WHERE s.county = %(county)s AND s.merged_into_id IS NULL AND s.name_key = e.name_key
          AND s.birth_date IS NOT DISTINCT FROM e.birth_date))
"""
_NEW = "SELECT entry_id, full_name FROM newcomers WHERE student_id IS NULL"
_KEYS = """
UPDATE newcomers n
   SET student_id = nextval(pg_get_serial_sequence('students_student', 'id')),
       name_key = k.name_key, name_tokens = string_to_array(k.pieces, ' ')
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) k (entry_id, name_key, pieces)
 WHERE n.entry_id = k.entry_id
"""
_CREATE = """
INSERT INTO students_student
       (id, county, full_name, name_key, name_tokens, former_name, sex, birth_date,
        ethnicity_code, id_type, has_no_number, hukou_division, hukou_address,
        residence_address, township, extra, created_at, updated_at)
SELECT n.student_id, %(county)s, e.full_name, n.name_key, n.name_tokens, '', e.sex, e.birth_date,
       '', e.id_type, e.number_blind IS NULL, '', '', '', '', e.extra, now(), now()
  FROM newcomers n JOIN students_listentry e ON e.id = n.entry_id
 WHERE n.name_tokens IS NOT NULL
"""
_NUMBERS = """
INSERT INTO students_studentidentifier
       (id, county, student_id, kind, sealed, blind, mask, source, valid_from)
SELECT e.number_id, %(county)s, n.student_id, 'id_number', e.number_sealed, e.number_blind,
       e.number_mask, %(source)s, %(on)s
  FROM newcomers n JOIN students_listentry e ON e.id = n.entry_id
 WHERE n.name_tokens IS NOT NULL AND e.number_sealed IS NOT NULL
"""
_LINK = """
UPDATE students_matchdifference d
   SET student_id = n.student_id, outcome = jsonb_build_object('student', n.student_id)
  FROM newcomers n WHERE d.id = n.difference_id;
UPDATE students_listentry e SET student_id = n.student_id
  FROM newcomers n WHERE e.id = n.entry_id
"""
_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT %(county)s, now(), %(actor_id)s, %(actor_name)s, 'student.create', 'students.student',
       n.student_id, '{}', jsonb_build_object('comparison', %(run)s), %(source)s
  FROM newcomers n WHERE n.name_tokens IS NOT NULL
"""


def create(run: MatchRun, *, actor: User) -> int:
    """How many were made; done again, it makes nobody twice. The caller holds the transaction."""
    values: dict[str, Any] = {
        "county": run.county,
        "run": run.pk,
        "source": run.office_list.source[:60],
        "on": run.office_list.list_date,
        "actor_id": actor.pk,
        "actor_name": actor.full_name,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, values)
        cursor.execute(_NEW)
        new = cursor.fetchall()
        keys = [names.search_keys(full_name) for _, full_name in new]
        entries = [entry_id for entry_id, _ in new]
        pieces = [" ".join(key.tokens) for key in keys]
        cursor.execute(_KEYS, [entries, [key.pinyin[:200] for key in keys], pieces])
        for statement in (_CREATE, _NUMBERS, _LINK, _AUDIT):
            cursor.execute(statement, values)
    return len(new)
