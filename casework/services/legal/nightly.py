"""Every night: a deadline that passed sets the next task, in one statement for all counties."""

import json
from datetime import date, timedelta
from itertools import count, islice
from typing import Any

from django.db import connection

from casework.models.task import TaskKind, TaskLine
from casework.services.legal.issue import LINES
from casework.states import CaseState
from schools.calendar import WorkCalendar, work_calendar
from schools.deadlines import Deadline

# Where a child is still away, so that something has to follow.
_AWAY = (CaseState.SUSPECTED, CaseState.CONFIRMED, CaseState.PERSUADING, CaseState.ESCALATED)
_MOST_DAYS = 120
_STATEMENT = """
WITH passed AS (
    UPDATE casework_legalpaper paper SET late_since = paper.deadline_on + 1
      FROM casework_dropoutcase kase, casework_legalkind kind
     WHERE kase.id = paper.case_id AND kind.code = paper.kind_id
       AND paper.late_since IS NULL AND paper.voided_on IS NULL AND paper.result = ''
       AND paper.served_on IS NOT NULL AND paper.deadline_on < %(today)s
 RETURNING paper.id, paper.county, paper.case_id, paper.body, paper.number, kase.state,
           kind.name, kind.next_words
),
rules AS (
    SELECT DISTINCT ON (one.county) one.county, rule.value
      FROM (SELECT DISTINCT county FROM passed) one
      JOIN schools_deadlinerule rule
        ON rule.code = %(rule)s AND rule.county IN ('', one.county)
       AND rule.valid_from <= %(today)s
       AND (rule.valid_to IS NULL OR rule.valid_to >= %(today)s)
     ORDER BY one.county, rule.county DESC, rule.valid_from DESC
),
tasks AS (
    INSERT INTO casework_casetask
           (county, case_id, kind, line, about, words, set_on, due_on, created_at)
    SELECT passed.county, passed.case_id, %(kind)s,
           coalesce(%(lines)s::jsonb ->> passed.body, %(line)s), 'paper:' || passed.id,
           left('《' || passed.name || '》' || passed.number || '已过期限：' || passed.next_words,
                120),
           %(today)s,
           (%(worked)s::date[])[least(greatest(rules.value, 1), %(most)s)], now()
      FROM passed JOIN rules USING (county)
     WHERE passed.state = ANY (%(away)s)
        ON CONFLICT (case_id, kind, about) WHERE done_on IS NULL DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM tasks
"""


def pass_deadlines(*, today: date) -> int:
    """Tasks set, in every county the connection may see; the same night again sets none."""
    values: dict[str, Any] = {
        "today": today,
        "rule": Deadline.TASK_LEGAL_NEXT.value,
        "kind": TaskKind.LEGAL_NEXT.value,
        "line": TaskLine.GOVERNMENT.value,
        "lines": json.dumps({body.value: line.value for body, line in LINES.items()}),
        "worked": _coming_days(work_calendar(), today),
        "most": _MOST_DAYS,
        "away": [state.value for state in _AWAY],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        return int(cursor.fetchone()[0])


def _coming_days(calendar: WorkCalendar, today: date) -> list[date]:
    """The working days after today, in order: a rule's value is the place in this list."""
    days = (today + timedelta(days=n) for n in count(1))
    return list(islice((day for day in days if calendar.works(day)), _MOST_DAYS))
