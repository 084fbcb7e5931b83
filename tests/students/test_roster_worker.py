"""Rosters in a real worker: killed in the middle, doubled, and two at the same moment."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from core.models import AuditEntry, Job
from schools.imports import import_schools
from students.models import ImportBatch, RosterRow, Student
from students.rosters import files, receiving, services
from tests.config.test_supervisor import eventually
from tests.factories import COUNTY, YEAR
from tests.plugin import servers

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
ROSTER = WORKBOOKS / "02-黄羊镇学生花名册.xlsx"
GOOD_ROWS, BAD_ROWS = 114, 32

WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
   AND query LIKE '%students_personcategory%'
"""


@contextmanager
def no_category_can_be_written():
    """The students are written by then, and held uncommitted."""
    with psycopg2.connect(servers.superuser_url) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE students_personcategory IN SHARE MODE")
        yield
    holder.close()


def waiting():
    watcher = psycopg2.connect(servers.superuser_url)
    with watcher, watcher.cursor() as cursor:
        cursor.execute(WAITING)
        (count,) = cursor.fetchone()
    watcher.close()
    return count


def state_of(batch):
    return ImportBatch.objects.get(pk=batch.pk).state


def hand_in(content):
    with transaction.atomic():
        return receiving.receive(
            county=COUNTY,
            school_year=YEAR,
            file_name="名册.xlsx",
            content=io.BytesIO(content),
            actor=None,
        )


def agree(batch):
    eventually(lambda: state_of(batch) == "mapping")
    with transaction.atomic():
        return receiving.confirm_columns(
            county=COUNTY, batch_id=batch.pk, chosen={}, office="", actor=None
        )


@pytest.mark.timeout(170)
def test_a_killed_import_leaves_nothing_and_is_done_by_the_next_worker(worker):
    import_schools(WORKBOOKS / "schools.xlsx")
    batch = agree(hand_in(ROSTER.read_bytes()))
    eventually(lambda: state_of(batch) == "checked")
    stored = files.stored_path(batch.stored_as)
    assert stored.exists()
    with no_category_can_be_written():
        with transaction.atomic():
            services.submit(county=COUNTY, batch_id=batch.pk, actor=None)
        eventually(lambda: waiting() == 1)
        worker.kill()
    eventually(lambda: waiting() == 0)

    assert state_of(batch) == "committing"
    assert not Student.objects.exists()
    assert not AuditEntry.objects.filter(action="student.create").exists()

    Job.objects.filter(state="running").update(beat_at=timezone.now() - timedelta(minutes=5))
    worker.start()
    current_app.send_task("core.tasks.revive_jobs")
    eventually(lambda: state_of(batch) == "committed")
    assert Student.objects.count() == GOOD_ROWS
    assert AuditEntry.objects.filter(action="student.create").count() == GOOD_ROWS
    # It stays, sealed, for the error workbook.
    assert b"PK" not in stored.read_bytes()[:64]
    assert b"".join(files.pieces(batch.stored_as)) == ROSTER.read_bytes()


def test_sending_and_submitting_twice_is_one_import(worker):
    import_schools(WORKBOOKS / "schools.xlsx")
    first, second = hand_in(ROSTER.read_bytes()), hand_in(ROSTER.read_bytes())
    assert first.pk == second.pk
    agree(first)
    agree_again = receiving.confirm_columns(
        county=COUNTY, batch_id=first.pk, chosen={}, office="", actor=None
    )
    assert agree_again.state in ("checking", "checked")
    eventually(lambda: state_of(first) == "checked")
    for _ in range(2):
        with transaction.atomic():
            services.submit(county=COUNTY, batch_id=first.pk, actor=None)
    eventually(lambda: state_of(first) == "committed")

    assert ImportBatch.objects.count() == 1
    assert Job.objects.count() == 3  # to read the heads, to check, to write
    assert Student.objects.count() == GOOD_ROWS
    assert RosterRow.objects.filter(verdict="rejected").count() == BAD_ROWS


def test_a_cancelled_check_can_be_handed_in_again(worker):
    import_schools(WORKBOOKS / "schools.xlsx")
    batch = hand_in(ROSTER.read_bytes())
    eventually(lambda: state_of(batch) == "mapping")
    worker.kill()
    agree(batch)
    Job.objects.filter(task=services.CHECK_TASK).update(
        state="cancelled", finished_at=timezone.now()
    )
    worker.start()

    again = hand_in(ROSTER.read_bytes())

    assert again.pk == batch.pk
    eventually(lambda: state_of(batch) == "checked")


def test_a_cancelled_reading_of_heads_can_be_handed_in_again(worker):
    worker.kill()
    batch = hand_in(ROSTER.read_bytes())
    Job.objects.update(state="cancelled", finished_at=timezone.now())
    worker.start()

    again = hand_in(ROSTER.read_bytes())

    assert again.pk == batch.pk
    eventually(lambda: state_of(batch) == "mapping")


@pytest.mark.django_db(transaction=True)
def test_two_rosters_of_one_county_are_written_one_after_the_other():
    import_schools(WORKBOOKS / "schools.xlsx")
    batches = []
    for number in range(2):
        path = ROSTER
        batch, _ = services.open_batch(
            county=COUNTY,
            school_year=YEAR,
            file_name=f"{number}.xlsx",
            stored_as="",
            sha256=str(number),
            actor=None,
        )
        services.check(county=COUNTY, batch_id=batch.pk, path=path)
        ImportBatch.objects.update(state=ImportBatch.State.COMMITTING)
        batches.append(batch)
    assert RosterRow.objects.filter(verdict="created").count() == 2 * GOOD_ROWS

    def write(batch):
        try:
            services.commit(county=COUNTY, batch_id=batch.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, batches))

    assert Student.objects.count() == GOOD_ROWS
    # Whoever came second found every child there, and says so.
    assert RosterRow.objects.filter(verdict="created").count() == GOOD_ROWS
    assert RosterRow.objects.filter(verdict="unchanged").count() == GOOD_ROWS
