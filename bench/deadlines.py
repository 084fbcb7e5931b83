"""The nightly round of deadlines over a county of open cases: our one statement, which marks what
became late and tells everybody concerned, against a bare UPDATE that only marks."""

from datetime import date

from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report
from bench.roster import COUNTY

BASE, TONIGHT = "deadlines_base", "deadlines"
OPENED, TODAY = date(2026, 11, 1), date(2026, 11, 20)
LATE_SHARE = 10


def bench(run):
    size = run.size or 100_000
    run.fresh(BASE, schools_for=size)
    run.call("bench.crowd:fill", database=BASE, children=size)
    run.call("bench.deadlines:open_cases", database=BASE)
    run.servers.settle(BASE)
    variants = [
        Variant("ours: mark and tell", lambda _: _night(run, "ours")),
        Variant("bare UPDATE, nobody told", lambda _: _night(run, "bare")),
    ]
    done = in_turns(variants, run.rounds)
    ours, bare = done.values()
    same("tasks marked", ours=_marked(ours), bare=_marked(bare))
    told = ours.facts[0]["told"]
    goals = [
        Goal("nightly deadlines: ours ÷ bare UPDATE", ours.median() / bare.median(), 2, False),
        Goal("statements", ours.most("statements"), 1, False, ""),
    ]
    notes = [
        f"{size:,} open cases, each with an open task; {_marked(ours):,} became late that night",
        f"ours also told {told:,} people, one notice each",
    ]
    title = f"Nightly deadlines over {size:,} open cases"
    return Report("deadlines", title, size, goals, variants, notes)


def _night(run, function):
    run.servers.copy(BASE, TONIGHT)
    return run.call(f"bench.deadlines:{function}", database=TONIGHT)


def _marked(variant):
    return variant.facts[0]["marked"]


# A tenth fell due yesterday; the others are due over the next two weeks.
_TASKS = """
INSERT INTO casework_casetask
       (county, case_id, kind, line, about, words, set_on, due_on, created_at)
SELECT county, id, 'verify', 'education', '', '', date '2026-11-01',
       CASE WHEN id %% %(share)s = 0 THEN %(today)s::date - 1
            ELSE %(today)s::date + 1 + (id %% 14)::int END, now()
  FROM casework_dropoutcase
"""
# A teacher for every class, a head for every school, and those of the townships and the county.
_PEOPLE = """
WITH made AS (
    INSERT INTO accounts_user
           (username, full_name, password, is_active, must_change_password, has_single_keys,
            created_at)
    SELECT format('%%s-%%s', what, place), '测试', '!', true, false, true, now()
      FROM (SELECT 'class' AS what, id::text AS place FROM schools_classgroup
            UNION ALL SELECT 'school', id::text FROM schools_school
            UNION ALL SELECT DISTINCT 'town', township_id FROM schools_school
            UNION ALL SELECT 'county', %(county)s) posts
    RETURNING id, split_part(username, '-', 1) AS what, split_part(username, '-', 2) AS place
)
INSERT INTO accounts_grant
       (user_id, role, division_id, school_id, class_group_id, valid_from)
SELECT id,
       CASE what WHEN 'class' THEN 'class_teacher' WHEN 'school' THEN 'school_head'
                 WHEN 'town' THEN 'township_officer' ELSE 'county_officer' END,
       CASE WHEN what IN ('town', 'county') THEN place END,
       CASE WHEN what = 'school' THEN place::bigint END,
       CASE WHEN what = 'class' THEN place::bigint END,
       date '2026-09-01'
  FROM made
"""


def open_cases():
    from django.db import connection

    from casework.models import DropoutCase
    from core import tenancy
    from students.models import Student

    values = {"share": LATE_SHARE, "today": TODAY, "county": COUNTY}
    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        children = Student.objects.values_list("pk", "school")
        DropoutCase.objects.bulk_create(
            (
                DropoutCase(
                    county=COUNTY,
                    student_id=student,
                    school_at_opening_id=school,
                    source="school",
                    opened_on=OPENED,
                    state_since=OPENED,
                )
                for student, school in children.iterator()
            ),
            batch_size=5000,
        )
        for statement in (_TASKS, _PEOPLE):
            cursor.execute(statement, values)
    return {"seconds": 0}


def ours():
    """What `casework.tasks.mark_late_tasks` does at night."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from casework.services.night import mark_late

    said = {}
    _connect()
    with clock(said), CaptureQueriesContext(connection) as seen:
        night = mark_late(today=TODAY)
    changing = [one for one in seen.captured_queries if "UPDATE" in one["sql"]]
    return {**said, "marked": night.marked, "told": night.told, "statements": len(changing)}


_BARE = """
UPDATE casework_casetask SET late_since = due_on + 1
 WHERE done_on IS NULL AND late_since IS NULL AND due_on < %s
"""


def bare():
    from django.db import connection

    said = {}
    _connect()
    with clock(said), connection.cursor() as cursor:
        cursor.execute(_BARE, [TODAY])
        said["marked"] = cursor.rowcount
    return said


# Counting a column that no index holds reads the whole table.
_WARM = (
    "SELECT count(words) FROM casework_casetask",
    "SELECT count(evidence) FROM casework_dropoutcase",
    "SELECT count(residence_address) FROM students_student",
)


def _connect():
    """Nobody is charged for the first connection, for reading the addresses of all pages, or for
    a database just copied whose tables a running server has in memory."""
    from django.db import connection
    from django.urls import reverse

    reverse("home")
    with connection.cursor() as cursor:
        for statement in _WARM:
            cursor.execute(statement)
