"""A read register into facts with a life: a fixed number of statements for any list.

The caller holds the transaction and the county's lock. Every statement reads the temporary tables
`theirs` and `matched` (students.comparison.matching).

Days: what a list says anew holds from its date (`on`). What its own office said before and the
list no longer holds ends on that date. A list older than one that was applied before fills the
days until that one (`until`) and ends nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from students.comparison import matching
from students.lists.facts import fact_statements
from students.lists.households import household_statements
from students.lists.kinds import KINDS
from students.lists.places import IN_PLACES, values_of
from students.lists.promising import promise
from students.models import OfficeList

_TABLES = """
DROP TABLE IF EXISTS pg_temp.listed, pg_temp.changed, pg_temp.homes, pg_temp.home_types;
CREATE TEMPORARY TABLE homes ON COMMIT DROP AS
SELECT DISTINCT ON (m.student_id) m.student_id, e.household_no, e.head_name, e.relation
  FROM matched m JOIN students_listentry e ON e.id = m.entry
 WHERE e.household_no <> '' AND %(kind)s = 'poverty_register'
 ORDER BY m.student_id, e.id;
CREATE TEMPORARY TABLE home_types ON COMMIT DROP AS
SELECT DISTINCT e.household_no, said.type_id
  FROM theirs t JOIN students_listentry e ON e.id = t.entry
 CROSS JOIN LATERAL unnest(t.categories) said (type_id)
 WHERE e.household_no <> '' AND said.type_id = ANY(%(own)s) AND %(kind)s = 'poverty_register';
CREATE TEMPORARY TABLE listed ON COMMIT DROP AS
SELECT DISTINCT m.student_id, said.type_id,
       said.type_id = ANY(%(own)s) AS is_own,
       h.student_id IS NOT NULL AND said.type_id = ANY(%(own)s) AS by_household
  FROM matched m JOIN theirs t ON t.entry = m.entry
 CROSS JOIN LATERAL unnest(t.categories) said (type_id)
  LEFT JOIN homes h ON h.student_id = m.student_id;
CREATE TEMPORARY TABLE changed (student_id bigint, what text, said text) ON COMMIT DROP;
ANALYZE listed;
ANALYZE homes;
ANALYZE home_types
"""
_VALID = "{0}.valid_from <= %(on)s AND ({0}.valid_to IS NULL OR {0}.valid_to >= %(on)s)"
# The child is the office's for this category on the day, by a row of its own or of its household.
_IS_HELD = f"""
EXISTS (SELECT FROM students_personcategory c
         WHERE c.student_id = l.student_id AND c.type_id = l.type_id AND {_VALID.format("c")})
OR EXISTS (SELECT FROM students_householdmember m
             JOIN students_householdcategory c ON c.household_id = m.household_id
            WHERE m.student_id = l.student_id AND c.type_id = l.type_id
              AND {_VALID.format("m")} AND {_VALID.format("c")})
"""
# Another office's category that its owner's own list does not hold: not written, but asked.
_CLAIMED = f"""
CREATE TEMPORARY TABLE claimed ON COMMIT DROP AS
SELECT l.student_id, l.type_id, owner.source
  FROM listed l
 CROSS JOIN LATERAL (
     SELECT '名单：' || o.owning_body AS source FROM students_officelist o
      WHERE o.county = %(county)s AND o.state = 'applied' AND l.type_id = ANY(o.covers)
        AND o.id <> %(list)s
        AND (o.townships = '{{}}' AND o.schools = '{{}}' OR EXISTS (
             SELECT FROM students_student s
              WHERE s.id = l.student_id
                AND (s.township = ANY(o.townships) OR s.school_id = ANY(o.schools))))
      ORDER BY o.list_date DESC, o.id DESC LIMIT 1) owner
 WHERE NOT l.is_own AND NOT ({_IS_HELD})
"""
_ASK_CLAIMED = """
INSERT INTO students_factconflict
       (county, office_list_id, student_id, kind, type_id, owner_says, owner_source, other_says,
        other_source, state, found_at, decided_by_name, note)
SELECT %(county)s, %(list)s, c.student_id, 'claimed', c.type_id, '名单中没有此人', c.source,
       '属于此类', %(source)s, 'open', now(), '', ''
  FROM claimed c
 WHERE NOT EXISTS (SELECT FROM students_factconflict f
                    WHERE f.student_id = c.student_id AND f.type_id = c.type_id
                      AND f.kind = 'claimed' AND f.state <> 'overruled')
    ON CONFLICT DO NOTHING
"""
# A row of ours that ended on this very day goes on: two lists of one day are one word.
_RESUME = """
WITH done AS (
    UPDATE students_personcategory c SET valid_to = %(until)s
      FROM listed l
     WHERE c.student_id = l.student_id AND c.type_id = l.type_id AND NOT l.by_household
       AND c.source = ANY(%(sources)s) AND c.valid_to = %(on)s
       AND NOT EXISTS (SELECT FROM students_personcategory n
                        WHERE n.student_id = c.student_id AND n.type_id = c.type_id
                          AND n.valid_from > %(on)s)
    RETURNING c.student_id, c.type_id
) INSERT INTO changed SELECT student_id, 'added', type_id FROM done
"""
_ADD = f"""
WITH done AS (
    INSERT INTO students_personcategory (county, student_id, type_id, valid_from, valid_to, source)
    SELECT %(county)s, l.student_id, l.type_id, %(on)s,
           least(%(until)s::date, (
               SELECT min(n.valid_from) - 1 FROM students_personcategory n
                WHERE n.student_id = l.student_id AND n.type_id = l.type_id
                  AND n.valid_from > %(on)s)),
           %(source)s
      FROM listed l
     WHERE NOT l.by_household AND NOT ({_IS_HELD})
       AND NOT EXISTS (SELECT FROM claimed c
                        WHERE c.student_id = l.student_id AND c.type_id = l.type_id)
    RETURNING student_id, type_id
) INSERT INTO changed SELECT student_id, 'added', type_id FROM done
"""
_GONE = f"""
c.county = %(county)s AND c.type_id = ANY(%(covers)s) AND c.valid_from <= %(on)s
AND (c.valid_to IS NULL OR c.valid_to > %(on)s)
AND NOT EXISTS (SELECT FROM listed l
                 WHERE l.student_id = c.student_id AND l.type_id = c.type_id)
AND {IN_PLACES.format("c.student_id")}
"""
_END = f"""
WITH done AS (
    UPDATE students_personcategory c SET valid_to = %(on)s
     WHERE c.source = ANY(%(sources)s) AND {_GONE}
    RETURNING c.student_id, c.type_id
) INSERT INTO changed SELECT student_id, 'ended', type_id FROM done
"""
# Others still say it: the owner's list holds, and a person is asked. Once overruled, not again.
_DROP = f"""
WITH before AS (
    SELECT c.id, c.source FROM students_personcategory c
     WHERE c.source <> ALL(%(sources)s) AND {_GONE}
       AND NOT EXISTS (SELECT FROM students_factconflict f
                        WHERE f.row_id = c.id AND f.kind = 'dropped' AND f.state = 'overruled')
), done AS (
    UPDATE students_personcategory c SET valid_to = %(on)s
      FROM before b WHERE b.id = c.id
    RETURNING c.id, c.student_id, c.type_id, b.source
), asked AS (
    INSERT INTO students_factconflict
           (county, office_list_id, student_id, kind, type_id, row_id, owner_says, owner_source,
            other_says, other_source, state, found_at, decided_by_name, note)
    SELECT %(county)s, %(list)s, student_id, 'dropped', type_id, id, '名单中没有此人', %(source)s,
           '属于此类', source, 'open', now(), '', '' FROM done
        ON CONFLICT DO NOTHING
) INSERT INTO changed SELECT student_id, 'dropped', type_id FROM done
"""
# The history of a child reads before and after; what was said is a category or a fact in words.
_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT %(county)s, now(), %(actor_id)s, %(actor_name)s, 'student.change', 'students.student',
       student_id, before, after, %(source)s
  FROM (
    SELECT student_id,
           jsonb_strip_nulls(jsonb_build_object(
               'categories', to_jsonb(array_agg(said ORDER BY said)
                   FILTER (WHERE what IN ('ended', 'dropped'))))) AS before,
           jsonb_strip_nulls(jsonb_build_object(
               'categories', to_jsonb(array_agg(said ORDER BY said) FILTER (WHERE what = 'added')),
               'office_facts', string_agg(CASE what
                       WHEN 'fact' THEN said
                       WHEN 'fact_ended' THEN said || '（名单不再列入）'
                       WHEN 'household' THEN '户编号' || said
                       WHEN 'household_left' THEN '户内名单不再列入' END, '；' ORDER BY what, said)
                   FILTER (WHERE what NOT IN ('added', 'ended', 'dropped')))) AS after
        FROM changed GROUP BY student_id
  ) each_child
"""
_COUNT = "SELECT what, count(*) FROM changed GROUP BY what"
_ASKED = "SELECT count(*) FROM students_factconflict WHERE office_list_id = %(list)s"
_PEOPLE = """
SELECT (SELECT count(*) FROM theirs), (SELECT count(*) FROM matched),
       (SELECT count(DISTINCT student_id) FROM changed)
"""
_REMEMBER = """
UPDATE students_listentry e SET student_id = m.student_id, matched_by = m.how
  FROM matched m WHERE e.id = m.entry
   AND (e.student_id, e.matched_by) IS DISTINCT FROM (m.student_id, m.how)
"""


@dataclass(frozen=True, slots=True)
class Applying:
    office_list: OfficeList
    until: date | None  # the date of the next newer list of this kind that was applied before
    actor_id: int | None
    actor_name: str


def covered_types(office_list: OfficeList) -> list[str]:
    """The categories this list is complete for: those it names, its default, those ticked."""
    own = set(KINDS[office_list.kind].types)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unnest(categories) FROM students_listentry WHERE office_list_id = %s",
            [office_list.pk],
        )
        named = {code for (code,) in cursor.fetchall()}
    return sorted((named | set(office_list.covers)) & own)


def match(office_list: OfficeList) -> None:
    rows = sum(office_list.counts.get(verdict, 0) for verdict in ("good", "doubtful"))
    matching.match(county=office_list.county, list_id=office_list.pk, rows=rows)
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER)


def apply(applying: Applying) -> dict[str, int]:
    """Write the facts; how many of each were added, ended, changed and disputed."""
    of = applying.office_list
    if KINDS[of.kind].promises:
        return promise(of, actor_id=applying.actor_id, actor_name=applying.actor_name)
    values = _values(applying)
    with connection.cursor() as cursor:
        for statement in _statements(applying):
            cursor.execute(statement, values)
        cursor.execute(_COUNT)
        counts: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(_ASKED, values)
        [counts["conflicts"]] = cursor.fetchone()
        cursor.execute(_PEOPLE)
        counts["usable"], counts["matched"], counts["children"] = cursor.fetchone()
        cursor.execute(_AUDIT, values)
    return counts


def own_types(office_list: OfficeList) -> list[str]:
    return list(KINDS[office_list.kind].types)


def add_listed(office_list: OfficeList, *, until: date | None) -> None:
    """Only what the temporary table `listed` adds; `changed` and `claimed` tell what came of it."""
    values = _values(Applying(office_list, until, None, ""))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.claimed")
        for statement in (_CLAIMED, _ASK_CLAIMED, _ADD):
            cursor.execute(statement, values)


def _statements(applying: Applying) -> list[str]:
    is_newest = applying.until is None
    kind = applying.office_list.kind
    ending = [_END, _DROP] if is_newest else []
    homes = household_statements(is_newest) if kind == OfficeList.Kind.POVERTY else []
    return [
        _TABLES,
        "DROP TABLE IF EXISTS pg_temp.claimed",
        _CLAIMED,
        _ASK_CLAIMED,
        *ending,
        *homes,
        _RESUME,
        _ADD,
        *fact_statements(kind, is_newest=is_newest),
    ]


def _values(applying: Applying) -> dict[str, Any]:
    of = applying.office_list
    return {
        "county": of.county,
        "list": of.pk,
        "kind": of.kind,
        "source": of.source[:60],
        # What was entered by hand in the office's name is the office's word too.
        "sources": [of.source[:60], of.owning_body],
        "own": own_types(of),
        "covers": covered_types(of),
        "on": of.list_date,
        "day_before": of.list_date - timedelta(days=1),
        "until": applying.until,
        **values_of(of),
        "actor_id": applying.actor_id,
        "actor_name": applying.actor_name,
    }
