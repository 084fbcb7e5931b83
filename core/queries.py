"""Reads of jobs."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from core.access import Permission, Scope
from core.models import Job

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
