"""Short hand of the ledger tests."""

from datetime import date

from core import tenancy
from ledgers.build import build
from ledgers.kinds import KINDS
from ledgers.models import LedgerRow
from ledgers.periods import Period
from tests.factories import COUNTY, DropoutCaseFactory

NOVEMBER = "2026-11"
LAST_DAY = date(2026, 11, 30)


def build_ledger(kind, period=NOVEMBER, *, as_of=None, unit=COUNTY, actor=None):
    asked = Period.parse(period)
    with tenancy.inside(COUNTY):
        return build(
            KINDS[kind],
            county=COUNTY,
            period=asked,
            unit=unit,
            as_of=as_of or asked.last,
            actor=actor,
        )


def rows_of(version):
    """Subject -> cells by title, of all rows that stand in a version."""
    titles = [column.title for column in KINDS[version.kind].columns]
    rows = LedgerRow.objects.filter(county=COUNTY).standing_in(version)
    return {row.subject_id: dict(zip(titles, row.cells, strict=True)) for row in rows}


def statuses_of(version):
    rows = LedgerRow.objects.filter(county=COUNTY).standing_in(version)
    return dict(rows.values_list("subject_id", "status"))


def dropout(student, **fields):
    """A confirmed case of September."""
    facts = {
        "state": "confirmed",
        "verified_on": date(2026, 9, 15),
        "verification_result": "C01",
        "dropped_out_on": date(2026, 9, 1),
        "main_cause": "R02",
    }
    return DropoutCaseFactory(student=student, **{**facts, **fields})
