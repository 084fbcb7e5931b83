"""Build one version of a ledger: the database counts, compares and keeps only what changed."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from core import audit, codes
from core.models import Job
from ledgers.kinds import Kind
from ledgers.models import LedgerVersion
from ledgers.periods import Period, PeriodIsLocked, UnitUnknown
from schools.ages import Cohort, school_year_of
from schools.models import AgeRule, Division, School, Stage
from students.models import Enrolment

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

# One builder of a chain at a time: two would give the same number to two versions.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('ledger ' || %(chain)s, 0))"

# Compiling a statement that runs once costs more than it saves (measured). Right after an import
# the tables have no statistics yet, and a loop chosen for "a few rows" then takes minutes where a
# hash takes a second.
_SETTINGS = """
SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off
"""
_SETTINGS_BACK = "RESET jit; RESET work_mem; RESET enable_nestloop"

_STAGE = """
CREATE TEMPORARY TABLE ledger_stage ON COMMIT DROP AS
SELECT built.*,
       md5(concat_ws(chr(31), student_id, township, school_id::text, class_group_id::text, status,
                     sort_key, array_to_string(cells, chr(31)), secrets::text))::uuid AS row_hash
  FROM ({kind}) built
 ORDER BY sort_key, subject_id
"""

_DIGEST = """
SELECT count(*),
       encode(sha256(convert_to(
           coalesce(string_agg(subject_id || row_hash::text, ',' ORDER BY subject_id), ''),
           'UTF8')), 'hex')
  FROM ledger_stage
"""

_END_CHANGED_AND_GONE = """
UPDATE ledgers_ledgerrow living SET died = %(number)s
 WHERE living.county = %(county)s AND living.kind = %(kind)s AND living.unit = %(unit)s
   AND living.died IS NULL
   AND NOT EXISTS (SELECT FROM ledger_stage staged
                    WHERE staged.subject_id = living.subject_id
                      AND staged.row_hash = living.row_hash)
"""

_BEAR_NEW_AND_CHANGED = """
INSERT INTO ledgers_ledgerrow
       (county, kind, unit, subject_id, student_id, township, school_id, class_group_id, status,
        sort_key, cells, secrets, row_hash, born)
SELECT %(county)s, %(kind)s, %(unit)s, subject_id, student_id, township, school_id,
       class_group_id, status, sort_key, cells, secrets, row_hash, %(number)s
  FROM ledger_stage staged
 WHERE NOT EXISTS (SELECT FROM ledgers_ledgerrow living
                    WHERE living.county = %(county)s AND living.kind = %(kind)s
                      AND living.unit = %(unit)s AND living.died IS NULL
                      AND living.subject_id = staged.subject_id)
"""


@dataclass(frozen=True, slots=True)
class Built:
    version: LedgerVersion
    is_new: bool  # False: nothing had changed since the period's newest version


@transaction.atomic
def build(
    kind: Kind,
    *,
    county: str,
    period: Period,
    unit: str,
    as_of: date,
    actor: "_User | None",
    job: Job | None = None,
) -> Built:
    """A build always records a version, unless the period's newest has the same day and rows.

    All or nothing: rows, version, audit and the job's counter commit together.
    Errors: PeriodIsLocked, UnitUnknown.
    """
    _take_chain(county=county, kind=kind, unit=unit)
    before = _newest(county=county, kind=kind, unit=unit, period=period)
    if before and before.state == LedgerVersion.State.LOCKED:
        raise PeriodIsLocked(str(period))
    years = AgeRule.objects.for_county(county, on=as_of).cohort(on=as_of)
    rows, digest = _stage(kind, county=county, unit=unit, as_of=as_of, years=years)
    if before and (before.digest, before.as_of) == (digest, as_of):
        _count_job(job)
        return Built(before, is_new=False)
    number = _next_number(county=county, kind=kind, unit=unit)
    born, died = _keep_changes(county=county, kind=kind, unit=unit, number=number)
    version = LedgerVersion.objects.create(
        county=county,
        kind=kind.code,
        unit=unit,
        number=number,
        period=str(period),
        as_of=as_of,
        rows=rows,
        born_rows=born,
        died_rows=died,
        rule=_rule(kind, county=county, as_of=as_of, years=years),
        digest=digest,
        built_by_name=actor.full_name if actor else "系统",
        job=job,
    )
    audit.record(
        county=county,
        actor=actor,
        action="ledger.build",
        target=version,
        after={"kind": kind.code, "period": str(period), "unit": unit, "version": number},
    )
    _count_job(job)
    return Built(version, is_new=True)


def _take_chain(*, county: str, kind: Kind, unit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, {"chain": f"{county} {kind.code} {unit}"})


def _newest(*, county: str, kind: Kind, unit: str, period: Period) -> LedgerVersion | None:
    versions = LedgerVersion.objects.filter(
        county=county, kind=kind.code, unit=unit, period=str(period)
    )
    return versions.order_by("-number").first()


def _next_number(*, county: str, kind: Kind, unit: str) -> int:
    chain = LedgerVersion.objects.filter(county=county, kind=kind.code, unit=unit)
    last = chain.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _stage(kind: Kind, *, county: str, unit: str, as_of: date, years: Cohort) -> tuple[int, str]:
    """The period's rows with their hashes, in a table of this transaction: count and digest."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.ledger_stage")
        asked_for = asked(kind, county=county, unit=unit, as_of=as_of, years=years)
        cursor.execute(_STAGE.format(kind=kind.sql), asked_for)
        cursor.execute("ANALYZE ledger_stage (subject_id, row_hash)")
        cursor.execute(_DIGEST)
        rows, digest = cursor.fetchone()
        return int(rows), str(digest)


def _keep_changes(*, county: str, kind: Kind, unit: str, number: int) -> tuple[int, int]:
    """Rows born and died with this version."""
    place: dict[str, Any] = {
        "county": county,
        "kind": kind.code,
        "unit": unit,
        "number": number,
    }
    with connection.cursor() as cursor:
        cursor.execute(_END_CHANGED_AND_GONE, place)
        died = int(cursor.rowcount)
        cursor.execute(_BEAR_NEW_AND_CHANGED, place)
        born = int(cursor.rowcount)
        cursor.execute(_SETTINGS_BACK)
        return born, died


def asked(kind: Kind, *, county: str, unit: str, as_of: date, years: Cohort) -> dict[str, Any]:
    """The parameters of a kind's statement. Errors: UnitUnknown."""
    start_year = school_year_of(as_of)
    return {
        "county": county,
        "day": as_of,
        "year_began": date(start_year, 9, 1),
        "first_birth": years.first_birth,
        "last_birth": years.last_birth,
        **_unit(unit, county=county),
        **_labels("grade", {code: row.name for code, row in codes.codes("grade").items()}),
        **_labels("ethnicity", {code: row.name for code, row in codes.codes("ethnicity").items()}),
        **_labels("relation", {code: row.name for code, row in codes.codes("relation").items()}),
        **_labels("stage", dict(Stage.choices)),
        **_labels("mode", dict(Enrolment.Mode.choices)),
        **_labels("status", dict(kind.statuses)),
    }


def _labels(name: str, labels: dict[str, str]) -> dict[str, list[str]]:
    return {f"{name}_codes": list(labels), f"{name}_names": list(labels.values())}


def _unit(unit: str, *, county: str) -> dict[str, str]:
    if unit == county:
        return {"unit_township": "", "unit_school": ""}
    if len(unit) == 9 and unit.startswith(county) and Division.objects.filter(pk=unit).exists():
        return {"unit_township": unit, "unit_school": ""}
    if School.objects.filter(county=county, code=unit).exists():
        return {"unit_township": "", "unit_school": unit}
    raise UnitUnknown(unit)


def _rule(kind: Kind, *, county: str, as_of: date, years: Cohort) -> str:
    start_year = school_year_of(as_of)
    return kind.rule.format(
        start_year=start_year,
        end_year=start_year + 1,
        first_birth=years.first_birth,
        last_birth=years.last_birth,
    )


def _count_job(job: Job | None) -> None:
    """Last in the transaction: from here its row is locked against the job's own heartbeat."""
    if job is not None:
        job.advance(1)
