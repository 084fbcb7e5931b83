"""A ledger of exactly N rows × 25 columns (24 cells and the running number) for export and pull.

Made from the school-age ledger of a demo county: its first 24 columns, and a few rows told twice
under other subjects where the county has not quite N children of school age.
"""

from dataclasses import replace

from bench.roster import COUNTY

CELLS = 24
# What the pull says of a row beside its cells and its id.
PLACE = ("student_id", "version", "township", "school", "status")
PERIOD = "2026-09"

_NARROW = "UPDATE ledgers_ledgerrow SET cells = cells[1:%s]"
_FILL = """
INSERT INTO ledgers_ledgerrow
       (county, kind, unit, subject_id, student_id, township, school_id, class_group_id, status,
        sort_key, cells, secrets, row_hash, born)
SELECT county, kind, unit, subject_id + 1000000000, student_id, township, school_id,
       class_group_id, status, sort_key, cells, secrets, row_hash, born
  FROM ledgers_ledgerrow ORDER BY id LIMIT %s
"""
_CUT = """
DELETE FROM ledgers_ledgerrow
 WHERE id IN (SELECT id FROM ledgers_ledgerrow ORDER BY sort_key, id OFFSET %s)
"""


def kind():
    from ledgers.kinds import KINDS

    whole = KINDS["school_age"]
    groups, left = [], CELLS
    for group in whole.groups:
        groups.append(replace(group, columns=group.columns[:left]))
        left -= len(groups[-1].columns)
    return replace(whole, groups=tuple(group for group in groups if group.columns))


def make(run, rows, database):
    """A copy of the demo county's database with the ledger in it."""
    run.servers.copy(run.demo(max(rows, 300)), database)
    run.call("bench.builds:ours", database=database, role="notless_worker", period=PERIOD)
    run.call("bench.wide:resize", database=database, role="notless_worker", rows=rows)
    run.servers.settle(database)


def resize(rows):
    from django.db import connection

    from core import tenancy
    from ledgers.models import LedgerRow, LedgerVersion

    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute(_NARROW, [CELLS])
        cursor.execute(_FILL, [max(0, rows - LedgerRow.objects.count())])
        cursor.execute(_CUT, [rows])
        LedgerVersion.objects.update(rows=LedgerRow.objects.count())
    return {"seconds": 0}
