from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core import jobs
from students.rosters import services

# Long enough to answer a school's question about its rejected rows; they hold names.
KEEP_STAGED_ROWS = timedelta(days=90)

check_roster = jobs.work(services.CHECK_TASK)(services.check_job)
commit_roster = jobs.work(services.COMMIT_TASK)(services.commit_job)


@shared_task
def purge_rosters() -> None:
    services.purge(before=timezone.localdate() - KEEP_STAGED_ROWS)
