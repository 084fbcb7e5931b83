"""Start a job, and the frame every worker function runs in."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from celery import current_app, shared_task
from django.db import IntegrityError, connection, transaction

from core import job_pages, notices, tenancy
from core.models import MAX_TRIES, Job, LostClaim, Notice

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

BEAT_SECONDS = 3
log = logging.getLogger(__name__)


class JobRefused(Exception):
    """The work cannot be done as asked; the text tells the person what to do. Not tried again."""


def start(
    *,
    county: str,
    task: str,
    title: str,
    params: dict[str, Any],
    actor: "_User | None" = None,
    key: str | None = None,
) -> Job:
    """One job row, and the bell rung at commit; an unfinished job of the same key is returned."""
    try:
        with transaction.atomic():
            job = Job.objects.create(
                county=county,
                task=task,
                title=title,
                params=params,
                key=key,
                actor_id=actor.pk if actor else None,
                actor_name=actor.full_name if actor else "系统",
            )
    except IntegrityError:
        if key is None:
            raise
        return Job.objects.get(county=county, key=key, state__in=["queued", "running"])
    transaction.on_commit(lambda: ring(job))
    return job


def ring(job: Job) -> None:
    """Tell a worker; a lost bell is rung again by `core.tasks.revive_jobs`."""
    try:
        current_app.send_task(job.task, kwargs={"job_id": job.pk}, retry=False)
    except Exception as lost:
        log.warning("bell for job %s not rung: %s", job.pk, type(lost).__name__)


def work(name: str) -> Callable[[Callable[[Job], dict[str, Any]]], Any]:
    """Make a worker function of `def f(job) -> result`: claimed once, beating, retried, ended.

    A second delivery finds the claim taken and does nothing. The function runs outside any
    transaction and opens its own with `tenancy.inside(job.county)`.
    """

    def decorate(function: Callable[[Job], dict[str, Any]]) -> Any:
        @shared_task(name=name)
        def run(*, job_id: int, **_later_arguments: object) -> None:
            job = Job.claim(job_id)
            if job is not None:
                perform(job, function)

        return run

    return decorate


def perform(job: Job, function: Callable[[Job], dict[str, Any]]) -> None:
    with _Heartbeat(job):
        try:
            _perform(job, function)
        except LostClaim:
            log.warning("job %s is no longer ours", job.pk)


def _perform(job: Job, function: Callable[[Job], dict[str, Any]]) -> None:
    try:
        result = function(job)
        with tenancy.inside(job.county):
            job.finish(**result)
            tell_end(job, f"“{job.title}”已完成。", done=True)
    except LostClaim:
        raise
    except JobRefused as refusal:
        _fail(job, str(refusal))
    except Exception as fault:
        log.exception("job %s broke down", job.pk)
        _again_or_fail(job, f"{type(fault).__name__}")


def _again_or_fail(job: Job, reason: str) -> None:
    if job.tries >= MAX_TRIES:
        _fail(
            job,
            f"试了 {job.tries} 次仍未完成（{reason}）。请联系系统管理员并告知任务编号 {job.pk}。",
        )
    else:
        job.put_back(reason)


def _fail(job: Job, reason: str) -> None:
    with tenancy.inside(job.county):
        job.fail(reason)
        tell_end(job, f"“{job.title}”没有完成：{reason}", done=False)


def tell_end(job: Job, words: str, *, done: bool) -> None:
    """Who started it may have closed the page: in the transaction that ends it, once."""
    if job.actor_id is not None:
        notices.tell(
            county=job.county,
            people=[job.actor_id],
            event=job_pages.event_of(job, done=done),
            words=words,
            path=job_pages.page_of(job),
            tone=Notice.Tone.GOOD if done else Notice.Tone.BAD,
        )


class _Heartbeat:
    """Beats beside a long statement, on a connection of its own."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                with tenancy.inside(self._job.county):
                    self._job.beat()
            except Exception as missed:
                log.warning("job %s missed a beat: %s", self._job.pk, type(missed).__name__)
        connection.close()


def cancel(job: Job) -> bool:
    """A running worker notices at its next write and rolls its transaction back."""
    from django.utils import timezone

    open_states = [Job.State.QUEUED, Job.State.RUNNING]
    return bool(
        Job.objects.filter(pk=job.pk, state__in=open_states).update(
            state=Job.State.CANCELLED, finished_at=timezone.now()
        )
    )
