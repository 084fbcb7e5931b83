from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from core import jobs
from students.comparison import services as comparison
from students.duplicates import services as duplicates
from students.listing import bulk, download, undoing
from students.lists import purging
from students.lists import services as lists
from students.rollover import services as rollover
from students.rosters import errorbook, files, receiving, services, takeback
from students.transfers import carrying
from students.transfers.counties import ANSWER_TASK, DELIVER_TASK

# Long enough to answer a school's question about its rejected rows; they hold names.
KEEP_STAGED_ROWS = timedelta(days=90)

read_roster_heads = jobs.work(receiving.READ_TASK)(receiving.read_job)
check_roster = jobs.work(services.CHECK_TASK)(services.check_job)
commit_roster = jobs.work(services.COMMIT_TASK)(services.commit_job)
build_error_book = jobs.work(errorbook.TASK)(errorbook.build_job)
undo_roster = jobs.work(takeback.TASK)(takeback.undo_job)
preview_roll_over = jobs.work(rollover.PREVIEW_TASK)(rollover.preview_job)
commit_roll_over = jobs.work(rollover.COMMIT_TASK)(rollover.commit_job)
find_duplicates = jobs.work(duplicates.FIND_TASK)(duplicates.find_job)
change_categories = jobs.work(bulk.CATEGORY_TASK)(bulk.categories_job)
undo_categories = jobs.work(undoing.UNDO_TASK)(undoing.undo_job)
download_list = jobs.work(download.TASK)(download.download_job)
undo_roll_over = jobs.work(rollover.UNDO_TASK)(rollover.undo_job)
deliver_transfer = jobs.work(DELIVER_TASK)(carrying.deliver_job)
answer_transfer = jobs.work(ANSWER_TASK)(carrying.answer_job)
read_list = jobs.work(lists.READ_TASK)(lists.read_job)
apply_list = jobs.work(lists.APPLY_TASK)(lists.apply_job)
compare_list = jobs.work(comparison.COMPARE_TASK)(comparison.compare_job)
take_over = jobs.work(comparison.TAKE_TASK)(comparison.take_job)


@shared_task
def purge_rosters() -> None:
    services.purge(before=timezone.localdate() - KEEP_STAGED_ROWS)
    files.purge(before=timezone.now() - timedelta(days=settings.ROSTER_KEEP_DAYS))


@shared_task
def purge_office_lists() -> None:
    """Every night: the rows of other offices' lists that nobody has used for long."""
    purging.purge(before=timezone.now() - KEEP_STAGED_ROWS)


@shared_task
def purge_lists() -> None:
    """Every night: downloads nobody fetched, and the rows of old bulk acts."""
    now = timezone.now()
    download.purge(before=now - download.KEEP)
    bulk.purge(before=now - KEEP_STAGED_ROWS)
