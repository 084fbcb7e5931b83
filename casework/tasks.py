from celery import shared_task
from django.utils import timezone

from casework.services import comparisons, list_openings, overdue
from core import jobs
from students.comparison.services import DROPOUTS_TASK

compare_dropouts = jobs.work(DROPOUTS_TASK)(comparisons.compare_dropouts_job)
open_from_list = jobs.work(list_openings.LIST_TASK)(list_openings.openings_job)


@shared_task
def suspect_overdue_transfers() -> None:
    """Every night: transfers that nobody answered within their working days."""
    overdue.suspect_overdue(today=timezone.localdate())
