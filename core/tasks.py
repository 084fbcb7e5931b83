from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from core import jobs, notices, tenancy
from core.models import MAX_TRIES, Job

_GIVEN_UP = f"试了 {MAX_TRIES} 次仍未完成，请联系系统管理员并告知任务编号。"


@shared_task
def revive_jobs() -> None:
    """Every half minute: the table is the queue, a Celery message only a nudge that may be lost."""
    waiting = Job.objects.waiting()
    for job in waiting.filter(tries__gte=MAX_TRIES):
        _give_up(job)
    for job in waiting.filter(tries__lt=MAX_TRIES):
        jobs.ring(job)


def _give_up(job: Job) -> None:
    ended = {"state": Job.State.FAILED, "error": _GIVEN_UP, "finished_at": timezone.now()}
    with tenancy.inside(job.county):
        if Job.objects.waiting().filter(pk=job.pk).update(**ended):
            words = f"“{job.title}”没有完成：{_GIVEN_UP}"
            jobs.tell_end(job, words, done=False)


@shared_task
def purge_notices() -> None:
    notices.purge(before=timezone.now() - timedelta(days=settings.NOTICE_DAYS))
