"""Every night: a deadline that passed sets the next task, in one statement for all counties."""

import json
from datetime import date, timedelta
from itertools import count, islice
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.roles import Role
from casework.legal_rules import AWAY_STATES, Body, PaperStage
from casework.models.task import TaskKind, TaskLine
from casework.services.legal.issue import LINES
from core.models import Notice
from schools.calendar import WorkCalendar, work_calendar
from schools.deadlines import Deadline

_MOST_DAYS = 120
# Who hears of a passed deadline: the body that made the paper, once a night.
_HEARS = {
    Body.COUNTY: Role.COUNTY_OFFICER,
    Body.TOWNSHIP: Role.TOWNSHIP_OFFICER,
    Body.SCHOOL: Role.SCHOOL_HEAD,
}
_STATEMENT = """
WITH passed AS (
    UPDATE casework_legalpaper paper SET late_since = paper.deadline_on + 1
      FROM casework_dropoutcase kase, casework_legalkind kind
     WHERE kase.id = paper.case_id AND kind.code = paper.kind_id
       AND paper.late_since IS NULL AND paper.voided_on IS NULL AND paper.result = ''
       AND paper.served_on IS NOT NULL AND paper.deadline_on < %(today)s
       AND kase.state = ANY (%(away)s)
 RETURNING paper.id, paper.county, paper.case_id, paper.body, paper.number,
           paper.body_code, kind.name, kind.next_words
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
        ON CONFLICT (case_id, kind, about) WHERE done_on IS NULL DO NOTHING
    RETURNING 1
),
people AS (
    SELECT passed.county, passed.id, g.user_id
      FROM passed
      LEFT JOIN schools_school school ON passed.body = 'school' AND school.code = passed.body_code
      JOIN accounts_grant g
        ON g.role = %(roles)s::jsonb ->> passed.body
       AND (g.school_id = school.id OR g.division_id = passed.body_code)
       AND g.valid_from <= %(today)s AND (g.valid_to IS NULL OR g.valid_to >= %(today)s)
      JOIN accounts_user u ON u.id = g.user_id AND u.is_active
     GROUP BY 1, 2, 3
),
told AS (
    INSERT INTO core_notice (county, person_id, event, words, path, tone, created_at)
    SELECT county, user_id, format('papers-late-%%s', %(today)s::date),
           format('有 %%s 份依法文书期限已满，还没有登记结果', count(*)),
           %(path)s, %(tone)s, now()
      FROM people GROUP BY county, user_id
        ON CONFLICT (county, person_id, event) DO NOTHING
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
        "roles": json.dumps({body.value: role.value for body, role in _HEARS.items()}),
        "path": f"{reverse('casework:paper-list')}?stage={PaperStage.LATE.value}",
        "tone": Notice.Tone.BAD,
        "away": [state.value for state in AWAY_STATES],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        return int(cursor.fetchone()[0])


def _coming_days(calendar: WorkCalendar, today: date) -> list[date]:
    """The working days after today, in order: a rule's value is the place in this list."""
    days = (today + timedelta(days=n) for n in count(1))
    return list(islice((day for day in days if calendar.works(day)), _MOST_DAYS))
