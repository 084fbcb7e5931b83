from celery import shared_task
from django.utils import timezone

from core import jobs
from ledgers import services

build_ledger = jobs.work(services.BUILD_TASK)(services.build_job)


@shared_task
def build_due_ledgers() -> None:
    """Every night: the ledgers of the month that schools closed last."""
    services.start_due_builds(today=timezone.localdate())
