from celery import shared_task
from django.utils import timezone

from core import jobs
from core.models import MAX_TRIES, Job


@shared_task
def revive_jobs() -> None:
    """Every half minute: the table is the queue, a Celery message only a nudge that may be lost."""
    waiting = Job.objects.waiting()
    waiting.filter(tries__gte=MAX_TRIES).update(
        state=Job.State.FAILED,
        error=f"试了 {MAX_TRIES} 次仍未完成，请联系系统管理员并告知任务编号。",
        finished_at=timezone.now(),
    )
    for job in waiting.filter(tries__lt=MAX_TRIES):
        jobs.ring(job)
