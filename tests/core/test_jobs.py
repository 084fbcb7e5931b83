import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import jobs
from core.models import MAX_TRIES, STALE, Job, LostClaim
from core.tasks import revive_jobs

COUNTY = "620602"


def queued(**changes):
    values = {"county": COUNTY, "task": "core.test", "title": "任务"} | changes
    return Job.objects.create(**values)


def silence(job):
    Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - STALE - timedelta(seconds=1))


@pytest.mark.django_db
class TestClaim:
    def test_only_one_of_two_workers_gets_it(self):
        job = queued()

        assert Job.claim(job.pk).tries == 1
        assert Job.claim(job.pk) is None

    def test_a_silent_one_can_be_claimed_anew_and_the_first_may_write_no_more(self):
        job = queued()
        first = Job.claim(job.pk)
        silence(job)
        second = Job.claim(job.pk)

        assert second.was_revived
        with pytest.raises(LostClaim):
            first.advance(1)
        second.advance(1)
        assert Job.objects.get(pk=job.pk).done == 1

    def test_a_cancelled_one_stops_at_its_next_write(self):
        job = queued()
        running = Job.claim(job.pk)

        assert jobs.cancel(job)
        with pytest.raises(LostClaim):
            running.finish()
        assert Job.objects.get(pk=job.pk).state == Job.State.CANCELLED

    def test_a_finished_one_cannot_be_cancelled(self):
        job = queued()
        Job.claim(job.pk).finish(rows=3)

        assert not jobs.cancel(job)
        assert Job.objects.get(pk=job.pk).result == {"rows": 3}


@pytest.mark.django_db
class TestStart:
    def test_two_starts_of_one_key_are_one_job(self):
        first = jobs.start(county=COUNTY, task="core.test", title="任务", params={}, key="k")
        second = jobs.start(county=COUNTY, task="core.test", title="任务", params={}, key="k")

        assert first == second

    def test_after_the_end_the_key_is_free_again(self):
        first = jobs.start(county=COUNTY, task="core.test", title="任务", params={}, key="k")
        Job.claim(first.pk).finish()
        second = jobs.start(county=COUNTY, task="core.test", title="任务", params={}, key="k")

        assert first != second


@pytest.mark.django_db(transaction=True)
class TestPerform:
    def test_a_refusal_is_final_and_says_why(self):
        def refuse(job):
            raise jobs.JobRefused("学校名册尚未导入，请先导入学校。")

        job = self.run(refuse)

        assert (job.state, job.error) == ("failed", "学校名册尚未导入，请先导入学校。")

    def test_a_breakdown_goes_back_into_the_queue_until_the_fifth_try(self):
        def break_down(job):
            raise ZeroDivisionError

        job = queued()
        states = [self.run(break_down, job).state for _ in range(MAX_TRIES)]

        assert states == ["queued"] * (MAX_TRIES - 1) + ["failed"]
        assert str(job.pk) in Job.objects.get(pk=job.pk).error

    def test_rows_and_counter_commit_together_or_not_at_all(self):
        def half(job):
            with transaction.atomic():
                queued(title="写了一半")
                job.advance(1)
                raise ZeroDivisionError

        job = self.run(half)

        assert job.done == 0
        assert not Job.objects.filter(title="写了一半").exists()

    def test_a_beat_after_a_rollback_tells_what_stands(self):
        def half_then_beat(job):
            with suppress(ZeroDivisionError), transaction.atomic():
                job.advance(7)
                raise ZeroDivisionError
            job.advance(2)
            job.beat()
            return {}

        assert self.run(half_then_beat).done == 2

    def test_it_beats_beside_a_long_statement(self, monkeypatch):
        monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.05)
        beaten = threading.Event()

        def wait_for_a_beat(job):
            first = job.beat_at
            for _ in range(100):
                if Job.objects.get(pk=job.pk).beat_at > first:
                    beaten.set()
                    return {}
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.05)")
            return {}

        assert self.run(wait_for_a_beat).state == Job.State.DONE
        assert beaten.is_set()

    def run(self, function, job=None):
        job = job or queued()
        jobs.perform(Job.claim(job.pk), function)
        return Job.objects.get(pk=job.pk)


@pytest.mark.django_db
def test_the_sweeper_ends_a_silent_job_after_its_last_try():
    job = queued(state=Job.State.RUNNING, tries=MAX_TRIES, beat_at=timezone.now() - 2 * STALE)

    revive_jobs()

    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "系统管理员" in job.error
