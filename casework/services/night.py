"""Every night: late tasks are marked and their people told, in one statement for all counties."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.urls import reverse

from accounts.roles import Role
from casework.models import DropoutCase
from casework.services.task import STEP_TASKS, due_day
from core.models import Notice
from schools.calendar import WorkCalendar, work_calendar
from schools.deadlines import NoDeadline

# Who hears of the tasks of a place; readers and inspectors look when they want to.
_HEARS = (Role.COUNTY_OFFICER, Role.TOWNSHIP_OFFICER, Role.SCHOOL_HEAD, Role.CLASS_TEACHER)

# One notice a person and night, of what became late and what is due next: a person who answers for
# a hundred children is not told a hundred times. Places are numbered, so that a person with two
# grants over one place is found by two integers.
_NIGHT = """
WITH late AS (
    UPDATE casework_casetask SET late_since = due_on + 1
     WHERE done_on IS NULL AND late_since IS NULL AND due_on < %(today)s
    RETURNING county, case_id, school_id
), news AS (
    SELECT true AS is_late, county, case_id, school_id FROM late
    UNION ALL
    SELECT false, county, case_id, school_id FROM casework_casetask
     WHERE done_on IS NULL AND due_on = %(next)s
), lying AS (
    SELECT n.is_late, n.county, child.township, child.school_id, child.class_group_id
      FROM news n
      JOIN casework_dropoutcase c ON c.id = n.case_id
      JOIN students_student child ON child.id = c.student_id
    UNION ALL
    SELECT n.is_late, n.county, s.township_id, s.id, NULL
      FROM news n JOIN schools_school s ON s.id = n.school_id
), placed AS (
    SELECT row_number() OVER () AS place, county, township, school_id, class_group_id,
           count(*) FILTER (WHERE is_late) AS late, count(*) FILTER (WHERE NOT is_late) AS due
      FROM lying GROUP BY county, township, school_id, class_group_id
), people AS (
    SELECT g.user_id, g.division_id, g.school_id, g.class_group_id
      FROM accounts_grant g JOIN accounts_user u ON u.id = g.user_id AND u.is_active
     WHERE g.role = ANY(%(roles)s) AND g.valid_from <= %(today)s
       AND (g.valid_to IS NULL OR g.valid_to >= %(today)s)
), reached AS (
    SELECT p.place, g.user_id FROM placed p JOIN people g ON g.class_group_id = p.class_group_id
    UNION SELECT p.place, g.user_id FROM placed p JOIN people g ON g.school_id = p.school_id
    UNION SELECT p.place, g.user_id FROM placed p JOIN people g ON g.division_id = p.township
    UNION SELECT p.place, g.user_id FROM placed p JOIN people g ON g.division_id = p.county
), sums AS (
    SELECT p.county, r.user_id, sum(p.late) AS late, sum(p.due) AS due
      FROM reached r JOIN placed p USING (place) GROUP BY p.county, r.user_id
), told AS (
    INSERT INTO core_notice (county, person_id, event, words, path, tone, created_at)
    SELECT county, user_id, format('tasks-%%s', %(today)s::date),
           CASE WHEN due = 0 THEN format('有 %%s 项任务已过应办日期', late)
                WHEN late = 0 THEN format('有 %%s 项任务 %%s 到期', due, %(next)s::date)
                ELSE format('有 %%s 项任务已过应办日期，另有 %%s 项 %%s 到期',
                            late, due, %(next)s::date) END,
           CASE WHEN late > 0 THEN %(late_path)s ELSE %(due_path)s END,
           CASE WHEN late > 0 THEN %(bad)s ELSE %(plain)s END, now()
      FROM sums
        ON CONFLICT (county, person_id, event) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM late), (SELECT count(*) FROM told)
"""


@dataclass(frozen=True, slots=True)
class Night:
    marked: int
    told: int


@transaction.atomic
def mark_late(*, today: date) -> Night:
    """In every county the connection may see; the same night again marks and tells nothing."""
    path, following = reverse("casework:task-list"), _told_of(work_calendar(), today)
    values = {
        "today": today,
        "next": following,
        "roles": list(_HEARS),
        "late_path": f"{path}?when=late",
        "due_path": f"{path}?due={following:%Y-%m-%d}" if following else path,
        "bad": Notice.Tone.BAD,
        "plain": Notice.Tone.PLAIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NIGHT, values)
        marked, told = cursor.fetchone()
    return Night(marked, told)


def _told_of(calendar: WorkCalendar, today: date) -> date | None:
    """The working day whose tasks people hear of today; nobody is told on a day off."""
    return calendar.add(today, 1) if calendar.works(today) else None


# Cases of before there were tasks, or brought in by a list: their time begins now, not years ago.
_MISSING = """
INSERT INTO casework_casetask
       (county, case_id, kind, line, about, words, set_on, due_on, created_at)
SELECT c.county, c.id, step.kind, step.line, '', '', %(today)s, step.due_on, now()
  FROM casework_dropoutcase c
  JOIN unnest(%(counties)s::text[], %(states)s::text[], %(kinds)s::text[], %(lines)s::text[],
              %(days)s::date[]) step (county, state, kind, line, due_on)
    ON step.county = c.county AND step.state = c.state
 WHERE NOT EXISTS (SELECT FROM casework_casetask t
                    WHERE t.case_id = c.id AND t.kind = step.kind AND t.done_on IS NULL)
"""


@transaction.atomic
def set_missing(*, today: date) -> int:
    """A task for every open case whose state asks for one and that has none; one statement."""
    steps = list(_steps(today))
    if not steps:
        return 0
    names = ("counties", "states", "kinds", "lines", "days")
    values = dict(zip(names, map(list, zip(*steps, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {**values, "today": today})
        return int(cursor.rowcount)


def _steps(today: date) -> Iterator[tuple[str, str, str, str, date]]:
    calendar = work_calendar()
    counties = DropoutCase.objects.still_open().values_list("county", flat=True)
    for county in counties.order_by().distinct():
        for state, step in STEP_TASKS.items():
            try:
                due_on = due_day(step.rule, county=county, on=today, calendar=calendar)
            except NoDeadline:
                continue
            yield county, state, step.kind, step.line, due_on
