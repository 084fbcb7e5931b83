"""The list of ledgers: every kind for every month, built or not."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.access import Permission, Scope
from core.models import Job
from ledgers.kinds import KINDS, Kind
from ledgers.models import LedgerVersion
from ledgers.periods import Period
from ledgers.queries import newest_versions
from ledgers.services import BUILD_TASK

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Slot:
    """One ledger of one month: its newest version and its last job, where there are any."""

    kind: Kind
    version: LedgerVersion | None
    job: Job | None

    @property
    def is_busy(self) -> bool:
        return self.job is not None and not self.job.is_over

    @property
    def broken(self) -> Job | None:
        """The last job, where it ended without a version."""
        ended_badly = (Job.State.FAILED, Job.State.CANCELLED)
        return self.job if self.job and self.job.state in ended_badly else None

    @property
    def is_locked(self) -> bool:
        return self.version is not None and self.version.state == LedgerVersion.State.LOCKED


def shelf(scope: Scope, *, today: date) -> list[tuple[Period, list[Slot]]]:
    """This month and the two before it, and every other month that has a ledger."""
    found = newest_versions(scope, permission=Permission.LEDGER_VIEW, unit=scope.county)
    versions = {(v.kind, v.period): v for v in found}
    jobs = _last_jobs(scope)
    months = {str(period) for period in _last_months(today)} | {v.period for v in found}
    return [
        (
            Period.parse(month),
            [
                Slot(kind, versions.get((code, month)), jobs.get((code, month)))
                for code, kind in KINDS.items()
            ],
        )
        for month in sorted(months, reverse=True)
    ]


def under_way(scope: Scope, *, kind: Kind, period: Period) -> Job | None:
    """The last build job of this ledger, if it is not over or ended badly."""
    job = _last_jobs(scope).get((kind.code, str(period)))
    return None if job is None or job.state == Job.State.DONE else job


def _last_months(today: date) -> list[Period]:
    months = [Period.of(today)]
    while len(months) < _MONTHS:
        months.append(Period.of(months[-1].first - timedelta(days=1)))
    return months


def _last_jobs(scope: Scope) -> dict[tuple[str, str], Job]:
    # A job's rows are the county's; whoever may see its ledgers may see that one is being built.
    builds = Job.objects.filter(county=scope.county, task=BUILD_TASK, params__unit=scope.county)
    last = builds.order_by("key", "-pk").distinct("key")
    return {(job.params["kind"], job.params["period"]): job for job in last}
