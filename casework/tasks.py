from celery import shared_task
from django.utils import timezone

from casework.services import (
    attendance,
    comparisons,
    legal,
    list_openings,
    night,
    overdue,
    phone,
    photos,
    receipt,
    report,
)
from core import jobs
from students.comparison.services import DROPOUTS_TASK

compare_dropouts = jobs.work(DROPOUTS_TASK)(comparisons.compare_dropouts_job)
open_from_list = jobs.work(list_openings.LIST_TASK)(list_openings.openings_job)


@shared_task
def suspect_overdue_transfers() -> None:
    """Every night: transfers that nobody answered in time, then the cases that waited for one."""
    today = timezone.localdate()
    overdue.suspect_overdue(today=today)
    receipt.take_receipts(today=today)


@shared_task
def ask_month_reports() -> None:
    """Every night: a task for each school that has not reported this month."""
    report.ask_reports(today=timezone.localdate())


@shared_task
def suspect_absent_children() -> None:
    """Every night: children away for as many days as their county's rule says."""
    attendance.suspect_absent(today=timezone.localdate())


@shared_task
def ask_about_waiting_visits() -> None:
    """Every night: what phones sent a week ago and what still has no visit to belong to."""
    phone.ask_about_waiting(now=timezone.now())


@shared_task
def purge_visit_photos() -> None:
    """Every night: pieces and files that belong to no photo."""
    photos.purge(now=timezone.now())


@shared_task
def mark_late_tasks() -> None:
    """Every night, after the openings: what became late, and what is due next."""
    today = timezone.localdate()
    night.set_missing(today=today)
    night.mark_late(today=today)


@shared_task
def pass_legal_deadlines() -> None:
    """Every night: the next task where the deadline of a served paper has passed."""
    legal.pass_deadlines(today=timezone.localdate())
