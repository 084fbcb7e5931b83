"""Disability records of the 残联 list and the parents' whereabouts of the 民政 list."""

from dataclasses import dataclass

from students.lists.places import IN_PLACES
from students.models import OfficeList


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of one open fact per child, and how an entry `e` says it beside an old row `c`."""

    table: str
    type: str
    is_said: str
    columns: dict[str, str]  # column -> what the entry says; what it leaves out stays as it was
    words: str  # of a row named {0}


_DISABILITY = FactTable(
    "students_disabilityrecord",
    "disabled",
    "(e.disability_type <> '' OR e.disability_level IS NOT NULL OR e.has_card)",
    {
        "disability_type": "coalesce(nullif(e.disability_type, ''), c.disability_type, '')",
        "disability_level": "coalesce(e.disability_level, c.disability_level)",
        "has_card": "(e.has_card OR coalesce(c.has_card, false))",
    },
    "concat('残疾类别', coalesce(nullif({0}.disability_type, ''), '未填'), '，等级',"
    " coalesce({0}.disability_level::text, '未填'), CASE WHEN {0}.has_card THEN '，持证'"
    " ELSE '，无证' END)",
)
_PARENTS = FactTable(
    "students_leftbehindfact",
    "left_behind_civil",
    "e.parents <> ''",
    {
        "both_parents_away": "e.parents = 'both'",
        "one_parent_away": "e.parents = 'one'",
        "other_parent_able": "CASE WHEN e.parents = 'one' THEN false END",
    },
    "CASE WHEN {0}.both_parents_away THEN '父母双方外出' WHEN {0}.one_parent_away"
    " THEN '父母一方外出' ELSE '父母均未外出' END",
)
_OF_KIND = {OfficeList.Kind.DISABILITY: _DISABILITY, OfficeList.Kind.CIVIL: _PARENTS}

_SAID = """
DROP TABLE IF EXISTS pg_temp.said;
CREATE TEMPORARY TABLE said ON COMMIT DROP AS
SELECT m.student_id, c.id AS row_id, c.source AS old_source, c.valid_from AS old_from, {values},
       {old_words} AS old_words,
       c.id IS NOT NULL AND ({new}) IS DISTINCT FROM ({old}) AS differs
  FROM matched m JOIN students_listentry e ON e.id = m.entry
  LEFT JOIN {table} c ON c.student_id = m.student_id AND c.valid_to IS NULL
 WHERE {is_said}
"""
_LIFTED = f"""
WITH done AS (
    UPDATE {{table}} c SET valid_to = greatest(c.valid_from, %(on)s)
     WHERE c.county = %(county)s AND c.source = ANY(%(sources)s) AND c.valid_to IS NULL
       AND '{{type}}' = ANY(%(covers)s)
       AND NOT EXISTS (SELECT FROM matched m WHERE m.student_id = c.student_id)
       AND {IN_PLACES.format("c.student_id")}
    RETURNING c.student_id, {{c_words}} AS words
) INSERT INTO changed SELECT student_id, 'fact_ended', words FROM done
"""
_ASK = """
INSERT INTO students_factconflict
       (county, office_list_id, student_id, kind, type_id, row_id, owner_says, owner_source,
        other_says, other_source, state, found_at, decided_by_name, note)
SELECT %(county)s, %(list)s, s.student_id, 'differs', '{type}', s.row_id, {s_words}, %(source)s,
       s.old_words, s.old_source, 'open', now(), '', ''
  FROM said s WHERE s.differs AND s.old_source <> ALL(%(sources)s)
    ON CONFLICT DO NOTHING
"""
_CORRECT = """
WITH done AS (
    UPDATE {table} c SET {set}, source = %(source)s
      FROM said s WHERE s.differs AND c.id = s.row_id AND c.valid_from >= %(on)s
    RETURNING c.student_id, {c_words} AS words
) INSERT INTO changed SELECT student_id, 'fact', words FROM done
"""
_CLOSE = """
UPDATE {table} c SET valid_to = %(day_before)s
  FROM said s WHERE s.differs AND c.id = s.row_id AND c.valid_from < %(on)s
"""
_BEGIN = """
WITH done AS (
    INSERT INTO {table} (county, student_id, {columns}, valid_from, valid_to, source)
    SELECT %(county)s, s.student_id, {s_columns}, %(on)s, %(until)s, %(source)s
      FROM said s
     WHERE NOT EXISTS (SELECT FROM {table} c
                        WHERE c.student_id = s.student_id
                          AND c.valid_from <= coalesce(%(until)s::date, 'infinity')
                          AND (c.valid_to IS NULL OR c.valid_to >= %(on)s))
    RETURNING student_id
) INSERT INTO changed
  SELECT s.student_id, 'fact', {s_words} FROM said s JOIN done USING (student_id)
"""


def fact_statements(kind: str, *, is_newest: bool) -> list[str]:
    fact = _OF_KIND.get(OfficeList.Kind(kind))
    if fact is None:
        return []
    changing = [_LIFTED, _ASK, _CORRECT, _CLOSE] if is_newest else []
    words = _words(fact)
    return [statement.format(**words) for statement in (_SAID, *changing, _BEGIN)]


def _words(fact: FactTable) -> dict[str, str]:
    names = list(fact.columns)
    return {
        "table": fact.table,
        "type": fact.type,
        "is_said": fact.is_said,
        "values": ", ".join(f"{said} AS {name}" for name, said in fact.columns.items()),
        "new": ", ".join(fact.columns.values()),
        "old": ", ".join(f"c.{name}" for name in names),
        "set": ", ".join(f"{name} = s.{name}" for name in names),
        "columns": ", ".join(names),
        "s_columns": ", ".join(f"s.{name}" for name in names),
        "old_words": fact.words.format("c"),
        "c_words": fact.words.format("c"),
        "s_words": fact.words.format("s"),
    }
