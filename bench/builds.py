"""The ledger of every child of school age: our build against a bare INSERT … SELECT."""

from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report
from bench.roster import COUNTY

OURS, BARE, LARGE = "build_ours", "build_bare", "build_large"
PERIOD = "2026-09"
CHANGED_SHARE = 0.01
LARGE_FACTOR = 10


def bench(run):
    size = run.size or 100_000
    base = run.demo(size)
    variants = [
        Variant("ours, first build", lambda _: _first(run, base, OURS, "ours")),
        Variant("bare INSERT … SELECT", lambda _: _first(run, base, BARE, "bare")),
        Variant("ours, 1 % changed", lambda _: _changed(run)),
    ]
    done = in_turns(variants, run.rounds)
    ours, bare, again = done.values()
    same("ledger rows", ours=_rows(run, OURS, "ours_rows"), bare=_rows(run, BARE, "bare_rows"))
    rows = ours.facts[0]["rows"]
    goals = [
        Goal("build: ours ÷ bare INSERT … SELECT", ours.median() / bare.median(), 2, False),
        Goal(
            "rebuild with 1 % changed: rows stored",
            100 * again.most("born") / rows,
            100 * CHANGED_SHARE * 1.1,
            False,
            "%",
        ),
    ]
    notes = [f"{rows:,} of {size:,} children are of school age; 40 columns and a hash a row"]
    if run.long:
        large = Variant("ours, ten times as many", lambda _: _large(run, size * LARGE_FACTOR))
        variants.append(in_turns([large], 1)[large.name])
        ratio = large.median() / ours.median()
        goals.append(Goal("build: ten times as many children", ratio, 12, False))
    return Report("build", f"Ledger build for {size:,} children", size, goals, variants, notes)


def _first(run, base, database, function):
    run.servers.copy(base, database)
    place = f"bench.builds:{function}"
    return run.call(place, database=database, role="notless_worker", period=PERIOD)


def _changed(run):
    """The same month once more, on the database of the first build."""
    run.call("bench.builds:change", database=OURS, role="notless_worker", share=CHANGED_SHARE)
    run.servers.settle(OURS)
    return run.call("bench.builds:ours", database=OURS, role="notless_worker", period=PERIOD)


def _large(run, size):
    run.servers.copy(run.demo(size), LARGE)
    return run.call("bench.builds:ours", database=LARGE, role="notless_worker", period=PERIOD)


def _rows(run, database, function):
    found = run.call(f"bench.builds:{function}", database=database, role="notless_worker")
    return [found["rows"], found["digest"]]


def ours(period):
    """What `manage.py build_ledger school_age PERIOD` does."""
    from core import tenancy
    from ledgers.build import build
    from ledgers.kinds import KINDS
    from ledgers.periods import Period

    said = {}
    asked = Period.parse(period)
    with clock(said), tenancy.inside(COUNTY):
        version = build(
            KINDS["school_age"],
            county=COUNTY,
            period=asked,
            unit=COUNTY,
            as_of=asked.last,
            actor=None,
        ).version
    return {**said, "rows": version.rows, "born": version.born_rows, "died": version.died_rows}


_BARE = """
INSERT INTO bench_ledger
       (county, kind, unit, subject_id, student_id, township, school_id, class_group_id, status,
        sort_key, cells, secrets, row_hash, born)
SELECT %(county)s, 'school_age', %(county)s, subject_id, student_id, township, school_id,
       class_group_id, status, sort_key, cells, secrets, md5(subject_id::text)::uuid, 1
  FROM ({kind}) built
"""


def bare(period):
    """The same SELECT into a table with the same columns, indexes and constraints."""
    from django.db import connection

    from core import tenancy
    from ledgers import build
    from ledgers.kinds import KINDS
    from ledgers.periods import Period
    from schools.models import AgeRule

    said = {}
    day = Period.parse(period).last
    kind = KINDS["school_age"]
    with clock(said), tenancy.inside(COUNTY), connection.cursor() as cursor:
        years = AgeRule.objects.for_county(COUNTY, on=day).cohort(on=day)
        asked = build.asked(kind, county=COUNTY, unit=COUNTY, as_of=day, years=years)
        cursor.execute(build._SETTINGS)
        cursor.execute(_BARE.format(kind=kind.sql), asked)
        said["rows"] = cursor.rowcount
    return said


_CHANGE = """
UPDATE students_student SET residence_address = residence_address || '*'
 WHERE id IN (SELECT student_id FROM ledgers_ledgerrow
               WHERE died IS NULL ORDER BY md5(student_id::text) LIMIT %s)
"""


def change(share):
    from django.db import connection

    from core import tenancy
    from ledgers.models import LedgerRow

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        living = LedgerRow.objects.filter(died=None).count()
        cursor.execute(_CHANGE, [int(living * share)])
    return {"seconds": 0}


# Addresses are left out: the ledger of our database has seen them change since.
_DIGEST = """
SELECT count(*),
       md5(string_agg(concat_ws('|', subject_id, township, school_id, status, sort_key, cells[1:12],
                                cells[14:], secrets), '' ORDER BY subject_id))
  FROM {table} WHERE born = 1
"""


def ours_rows():
    return _digest("ledgers_ledgerrow")


def bare_rows():
    return _digest("bench_ledger")


def _digest(table):
    from django.db import connection

    from core import tenancy

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute(_DIGEST.format(table=table))
        rows, digest = cursor.fetchone()
    return {"seconds": 0, "rows": rows, "digest": digest}
