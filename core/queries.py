"""Reads of jobs."""

from django.db.models import QuerySet

from core.access import Permission, Scope
from core.models import Job

VIEW = Permission.JOB_VIEW


def jobs_of(scope: Scope, *, actor_id: int) -> QuerySet[Job]:
    """All jobs of the county for those who answer for it, else those one started oneself."""
    if scope.whole_county(VIEW):
        return Job.objects.within(scope, VIEW)
    if not scope.can(VIEW):
        return Job.objects.none()
    return Job.objects.filter(county=scope.county).started_by(actor_id)
