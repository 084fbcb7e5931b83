"""Reads of jobs and of the audit trail."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.access import Permission, Scope
from core.models import AuditEntry, Job
from core.trail.words import GROUPS

VIEW = Permission.JOB_VIEW
RECENT_DAYS = 7


def jobs_of(
    scope: Scope, *, actor_id: int, now: datetime, state: str = "", days: str = ""
) -> QuerySet[Job]:
    """All jobs of the county for those who answer for it, else those one started oneself.

    The list and every count of it begin here; `days` narrows to the last `RECENT_DAYS`.
    """
    if not scope.can(VIEW):
        return Job.objects.none()
    if scope.whole_county(VIEW):
        rows = Job.objects.within(scope, VIEW)
    else:
        rows = Job.objects.filter(county=scope.county).started_by(actor_id)
    if state in Job.State.values:
        rows = rows.filter(state=state)
    if days == str(RECENT_DAYS):
        rows = rows.filter(created_at__gte=now - timedelta(days=RECENT_DAYS))
    return rows


def audit_entries(
    scope: Scope,
    *,
    group: str = "",
    actor_id: int | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> QuerySet[AuditEntry]:
    """The county's trail, for who answers for the whole of it. Both days are included."""
    rows = AuditEntry.objects.within(scope, Permission.AUDIT_VIEW)
    if group in GROUPS:
        belongs = Q(pk__in=())
        for start in GROUPS[group][1]:
            belongs |= Q(action__startswith=f"{start}.")
        rows = rows.filter(belongs)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    if first_day:
        rows = rows.filter(at__gte=_midnight(first_day))
    if last_day:
        rows = rows.filter(at__lt=_midnight(last_day + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
