"""站内信: one per event and person, in the transaction, behind the wall; a job's end is told."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.celery import app
from core import job_pages, jobs, notices, tenancy
from core.models import MAX_TRIES, STALE, Job, Notice
from core.tasks import purge_notices, revive_jobs
from tests.factories import COUNTY

OURS, THEIRS = COUNTY, "620621"


def tell(people, *, county=OURS, event="job-1", path="/jobs/1/"):
    return notices.tell(
        county=county, people=people, event=event, words="“任务”已完成。", path=path
    )


@pytest.mark.django_db
class TestTell:
    def test_one_event_is_one_notice_a_person_however_often_told(self):
        assert tell([3, 4, 4]) == 2
        assert tell([3, 4, 5]) == 1

        assert sorted(Notice.objects.values_list("person_id", flat=True)) == [3, 4, 5]

    def test_many_people_are_told_by_one_statement(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert tell(range(1, 5001)) == 5000

    def test_what_is_rolled_back_was_never_told(self):
        with transaction.atomic():
            tell([3])
            transaction.set_rollback(True)

        assert not Notice.objects.exists()

    def test_another_county_neither_sees_nor_gets_it(self):
        with tenancy.inside(THEIRS):
            tell([3], county=THEIRS)
        with tenancy.inside(OURS):
            assert not Notice.objects.exists()
            assert notices.unread_beside(county=THEIRS, person_id=3, now=timezone.now()) == 0

    @pytest.mark.parametrize("path", ["https://example.org/", "//example.org/", "jobs/1/"])
    def test_it_leads_to_a_page_of_ours_only(self, path):
        with pytest.raises(IntegrityError, match="notice_leads_to_a_page_of_ours"):
            tell([3], path=path)


@pytest.mark.django_db
class TestReading:
    def test_an_open_page_has_read_what_leads_to_it(self):
        tell([3], event="a", path="/jobs/1/")
        tell([3], event="b", path="/jobs/2/")
        now = timezone.now()

        asked = {"county": OURS, "person_id": 3, "now": now}
        assert notices.unread_beside("/jobs/1/", "/jobs/1/?x=1", **asked) == 1
        assert notices.unread_beside("/", **asked) == 1
        assert Notice.objects.get(event="a").read_at == now

    def test_reading_ones_own_leaves_those_of_others(self):
        tell([3, 4])

        assert notices.read(county=OURS, person_id=3, now=timezone.now()) == 1
        assert Notice.objects.get(person_id=4).read_at is None

    def test_after_the_days_of_the_setting_it_goes(self, settings):
        tell([3], event="old")
        tell([3], event="new")
        old = timezone.now() - timedelta(days=settings.NOTICE_DAYS + 1)
        Notice.objects.filter(event="old").update(created_at=old)

        purge_notices()

        assert [notice.event for notice in Notice.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
class TestEndOfAJob:
    def test_done_is_told_with_the_page_of_the_thing(self):
        job = self.run(lambda job: {}, task="students.commit_roster", params={"batch": 7})

        notice = Notice.objects.get()
        assert (notice.person_id, notice.event) == (3, f"job-{job.pk}")
        assert (notice.words, notice.tone) == ("“核对名册”已完成。", "good")
        assert notice.path == "/students/imports/7/"

    def test_that_a_batch_is_ready_is_told_once_however_often_it_is_checked(self):
        for batch in (7, 7, 8, 7):
            self.run(lambda job: {}, task="students.check_roster", params={"batch": batch})

        paths = Notice.objects.order_by("pk").values_list("path", flat=True)
        assert list(paths) == ["/students/imports/7/", "/students/imports/8/"]

    def test_each_failure_is_told_since_somebody_has_to_act_on_it(self):
        def refuse(job):
            raise jobs.JobRefused("请重新上传。")

        check = {"task": "students.check_roster", "params": {"batch": 7}}
        for work in (lambda job: {}, refuse, refuse):
            self.run(work, **check)

        assert [n.tone for n in Notice.objects.order_by("pk")] == ["good", "bad", "bad"]

    def test_a_failure_is_told_with_its_reason(self):
        def refuse(job):
            raise jobs.JobRefused("学校名册尚未导入，请先导入学校。")

        job = self.run(refuse)

        notice = Notice.objects.get()
        assert notice.words == "“核对名册”没有完成：学校名册尚未导入，请先导入学校。"
        assert (notice.tone, notice.path) == ("bad", f"/jobs/{job.pk}/")

    def test_a_breakdown_is_told_when_nobody_tries_again(self):
        def break_down(job):
            raise ZeroDivisionError

        job = self.queued()
        for tries in range(1, MAX_TRIES + 1):
            jobs.perform(Job.claim(job.pk), break_down)
            assert Notice.objects.exists() == (tries == MAX_TRIES)

    def test_giving_up_a_silent_one_is_told(self):
        job = self.queued(tries=MAX_TRIES, state="running")
        Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - STALE - timedelta(seconds=1))

        revive_jobs()
        revive_jobs()

        assert "没有完成" in Notice.objects.get().words

    def test_a_lost_claim_tells_nothing(self):
        def cancelled(job):
            jobs.cancel(job)
            return {}

        assert self.run(cancelled).state == "cancelled"
        assert not Notice.objects.exists()

    def test_the_systems_own_jobs_tell_nobody(self):
        self.run(lambda job: {}, actor_id=None)

        assert not Notice.objects.exists()

    def queued(self, **changes):
        values = {"task": "core.test", "title": "核对名册", "actor_id": 3} | changes
        return Job.objects.create(county=OURS, **values)

    def run(self, function, **changes):
        job = self.queued(**changes)
        jobs.perform(Job.claim(job.pk), function)
        return Job.objects.get(pk=job.pk)


def kinds_of_jobs():
    app.loader.import_default_modules()
    made = jobs.work("core.test")(lambda job: {}).run.__qualname__
    return {name for name, task in app.tasks.items() if task.run.__qualname__ == made}


def test_every_kind_of_job_leads_to_its_own_page():
    known = {*job_pages._PAGES, *job_pages._BY_ITS_NUMBER}

    assert kinds_of_jobs() - {"core.test"} == known


@pytest.mark.parametrize("task", sorted(job_pages._PAGES))
def test_the_page_of_a_job_has_an_address(task):
    params = dict.fromkeys(("batch", "roll_over", "list", "run", "act", "transfer"), 7)
    params |= {"kind": "dropout", "period": "2026-11", "offer": str(UUID(int=1))}

    assert job_pages.page_of(Job(pk=5, task=task, params=params)) != "/jobs/5/"
