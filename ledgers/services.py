"""What a person or the calendar asks of the ledgers."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from accounts.models import User
from core import jobs, tenancy
from core.models import Job
from ledgers.build import Built, build
from ledgers.kinds import KINDS, Kind
from ledgers.models import LedgerVersion
from ledgers.periods import KindUnknown, LedgerRefused, Period, PeriodIsLocked
from schools.deadlines import Deadline, deadline
from schools.models import School

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

BUILD_TASK = "ledgers.build"


def kind_named(code: str) -> Kind:
    """Errors: KindUnknown."""
    try:
        return KINDS[code]
    except KeyError:
        known = "、".join(f"{kind.code}（{kind.title}）" for kind in KINDS.values())
        raise KindUnknown(code, known) from None


def start_build(
    kind: Kind,
    *,
    county: str,
    period: Period,
    as_of: date,
    unit: str = "",
    actor: "_User | None" = None,
) -> Job:
    """A job; the one already under way for the same ledger, if there is one.

    Errors: PeriodIsLocked.
    """
    unit = unit or county
    locked = LedgerVersion.objects.filter(
        county=county,
        kind=kind.code,
        unit=unit,
        period=str(period),
        state=LedgerVersion.State.LOCKED,
    )
    if locked.exists():
        raise PeriodIsLocked(str(period))
    return jobs.start(
        county=county,
        task=BUILD_TASK,
        title=f"生成{kind.title}（{period.label}）",
        params={
            "kind": kind.code,
            "period": str(period),
            "unit": unit,
            "as_of": f"{as_of:%Y-%m-%d}",
        },
        actor=actor,
        key=f"ledger {kind.code} {period} {unit}",
    )


def build_job(job: Job) -> dict[str, Any]:
    """The work of a build job. Rows, version and the job's counter commit together."""
    asked = job.params
    with tenancy.inside(job.county):
        job.plan(total=1, stage="正在统计并与上一版本比对")
    try:
        with tenancy.inside(job.county):
            built = build(
                kind_named(asked["kind"]),
                county=job.county,
                period=Period.parse(asked["period"]),
                unit=asked["unit"],
                as_of=date.fromisoformat(asked["as_of"]),
                actor=User.objects.filter(pk=job.actor_id).first() if job.actor_id else None,
                job=job,
            )
    except LedgerRefused as refusal:
        raise jobs.JobRefused(str(refusal)) from refusal
    return summary(built)


def summary(built: Built) -> dict[str, Any]:
    version = built.version
    return {
        "county": version.county,
        "kind": version.kind,
        "period": version.period,
        "unit": version.unit,
        "version": version.number,
        "rows": version.rows,
        "born": version.born_rows,
        "died": version.died_rows,
        "as_of": f"{version.as_of:%Y-%m-%d}",
        "digest": version.digest,
        "is_new": built.is_new,
    }


def start_due_builds(*, today: date) -> list[Job]:
    """Every county's ledgers whose day has passed and that do not stand yet on that day.

    Run any number of times: a built ledger and a job under way are left as they are, and a night
    the server was off is made up for on the next one.
    """
    counties = School.objects.order_by("county").values_list("county", flat=True).distinct()
    started: list[Job] = []
    for county in counties:
        as_of = last_due_day(county=county, today=today)
        with tenancy.inside(county):
            started += [
                start_build(kind, county=county, period=Period.of(as_of), as_of=as_of)
                for kind in KINDS.values()
                if not _stands(kind, county=county, as_of=as_of)
            ]
    return started


def last_due_day(*, county: str, today: date) -> date:
    """The last day before today on which schools had to report their month."""
    day = today
    while True:
        day -= timedelta(days=1)
        if day == _due_day(Period.of(day), county=county):
            return day


def _due_day(period: Period, *, county: str) -> date:
    day_of_month = deadline(Deadline.SCHOOL_MONTH_REPORT, county=county, on=period.last)
    if day_of_month == 0 or day_of_month > period.last.day:
        return period.last
    return period.first.replace(day=day_of_month)


def _stands(kind: Kind, *, county: str, as_of: date) -> bool:
    chain = LedgerVersion.objects.filter(
        county=county, kind=kind.code, unit=county, period=str(Period.of(as_of))
    )
    newest: date | None = chain.aggregate(day=Max("as_of"))["day"]
    return newest is not None and newest >= as_of
