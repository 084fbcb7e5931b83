"""A worker that dies in the middle of a build leaves nothing half, and the job goes on."""

from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from core.models import Job
from ledgers import services
from ledgers.kinds import KINDS
from ledgers.models import LedgerRow, LedgerVersion
from ledgers.periods import Period
from tests.config.test_supervisor import eventually
from tests.factories import COUNTY, StudentFactory
from tests.ledgers.books import LAST_DAY, NOVEMBER, dropout
from tests.plugin import servers

BUILDERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND query LIKE 'INSERT INTO "ledgers_ledgerversion"%'
"""


@contextmanager
def no_version_can_be_written():
    """The build has written its rows by then and holds them uncommitted."""
    with psycopg2.connect(servers.superuser_url) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE ledgers_ledgerversion IN SHARE MODE")
        yield
    holder.close()


def builders():
    watcher = psycopg2.connect(servers.superuser_url)
    with watcher, watcher.cursor() as cursor:
        cursor.execute(BUILDERS)
        (count,) = cursor.fetchone()
    watcher.close()
    return count


@pytest.mark.timeout(170)
def test_a_killed_build_leaves_nothing_and_is_done_by_the_next_worker(worker):
    for _ in range(3):
        dropout(StudentFactory())
    with no_version_can_be_written():
        with transaction.atomic():
            job = services.start_build(
                KINDS["dropout"], county=COUNTY, period=Period.parse(NOVEMBER), as_of=LAST_DAY
            )
        eventually(lambda: builders() == 1)
        worker.kill()
    # The database notices the dead client when it answers it.
    eventually(lambda: builders() == 0)

    assert not LedgerRow.objects.exists()
    assert not LedgerVersion.objects.exists()
    job.refresh_from_db()
    assert (job.state, job.done) == (Job.State.RUNNING, 0)

    Job.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    worker.start()
    current_app.send_task("core.tasks.revive_jobs")
    eventually(lambda: Job.objects.get(pk=job.pk).state == Job.State.DONE)
    assert Job.objects.get(pk=job.pk).tries == 2
    assert LedgerVersion.objects.get().rows == LedgerRow.objects.count() == 3
