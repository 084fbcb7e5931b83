"""Jobs, notices and the audit trail: the tables every floor above writes."""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from core.access import Permission, Scope

STALE = timedelta(seconds=45)
MAX_TRIES = 5


class LostClaim(Exception):
    """Another worker holds the job now, or a person cancelled it: nothing more may be written."""


class JobQuerySet(models.QuerySet["Job"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))

    def started_by(self, actor_id: int) -> Self:
        return self.filter(actor_id=actor_id)

    def waiting(self) -> Self:
        """Never started, or started by a worker that has stopped beating."""
        silent = Q(state=Job.State.RUNNING, beat_at__lt=timezone.now() - STALE)
        return self.filter(Q(state=Job.State.QUEUED) | silent)


class Job(models.Model):
    """The row is the truth; Celery only rings the bell."""

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已取消"

    county = models.CharField(max_length=6)
    task = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    # Row ids and settings only: never a name, a number or any other personal data.
    params = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=80, default="", blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    holder = models.UUIDField(null=True)
    beat_at = models.DateTimeField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "-created_at"], name="job_county_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "key"],
                condition=Q(state__in=["queued", "running"]),
                name="job_one_unfinished_per_key",
            ),
            models.CheckConstraint(
                name="job_finished_iff_ended",
                condition=Q(finished_at=None) ^ Q(state__in=["done", "failed", "cancelled"]),
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} {self.task} {self.state}"

    @classmethod
    def claim(cls, pk: int) -> "Job | None":
        holder = uuid.uuid4()
        waiting = cls.objects.waiting().filter(pk=pk, tries__lt=MAX_TRIES)
        if not waiting.update(
            state=cls.State.RUNNING, holder=holder, beat_at=timezone.now(), tries=F("tries") + 1
        ):
            return None
        return cls.objects.get(pk=pk, holder=holder)

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)

    @property
    def was_revived(self) -> bool:
        return self.tries > 1

    def plan(self, *, total: int, stage: str = "") -> None:
        self.total, self.stage = total, stage
        self._write(total=total, stage=stage)

    def advance(self, by: int) -> None:
        """Call in the transaction that writes the rows: rows and counter commit together."""
        self._write(done=F("done") + by)
        # Not before the commit: the beat beside this work tells what stands, not what may fail.
        transaction.on_commit(lambda: self._count(by))

    def _count(self, by: int) -> None:
        self.done += by

    def beat(self) -> None:
        """Also tells how far a long transaction has come: its own writes nobody sees yet."""
        self._write(done=self.done, stage=self.stage)

    def finish(self, **result: Any) -> None:
        self.result = result
        self._write(
            state=self.State.DONE, result=result, stage="", error="", finished_at=timezone.now()
        )

    def fail(self, reason: str) -> None:
        self._write(state=self.State.FAILED, error=reason, finished_at=timezone.now())

    def put_back(self, reason: str) -> None:
        """Free for the next try; the sweeper rings for it."""
        self._write(state=self.State.QUEUED, holder=None, error=reason)

    def _write(self, **changes: Any) -> None:
        mine = Job.objects.filter(pk=self.pk, holder=self.holder, state=self.State.RUNNING)
        if not mine.update(beat_at=timezone.now(), **changes):
            raise LostClaim(f"job {self.pk}")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def for_person(self, person_id: int, *, county: str) -> Self:
        return self.filter(county=county, person_id=person_id)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notice(models.Model):
    """站内信: one per event and person, with the page it leads to. Written by `core.notices`."""

    class Tone(models.TextChoices):
        PLAIN = "", "通知"
        GOOD = "good", "完成"
        WARN = "warn", "提醒"
        BAD = "bad", "未完成"

    county = models.CharField(max_length=6)
    person_id = models.BigIntegerField()  # core knows no accounts, as in Job
    event = models.CharField(max_length=120)
    words = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    tone = models.CharField(max_length=4, choices=Tone, default=Tone.PLAIN, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["county", "person_id", "-created_at", "-id"], name="notice_newest"
            ),
            models.Index(
                fields=["county", "person_id"],
                condition=Q(read_at=None),
                name="notice_unread",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "person_id", "event"], name="notice_once_per_event_and_person"
            ),
            models.CheckConstraint(
                name="notice_leads_to_a_page_of_ours", condition=Q(path__regex=r"^/($|[^/])")
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.event} to person {self.person_id}"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))

    def about(self, target_type: str, target_id: int) -> Self:
        return self.filter(target_type=target_type, target_id=target_id)


class AuditEntry(models.Model):
    """Who did what, with before and after. Append-only by grant and by trigger."""

    county = models.CharField(max_length=6)
    at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=60, default="")
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    purpose = models.CharField(max_length=200, default="", blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["county", "target_type", "target_id", "-id"], name="audit_by_target"
            ),
            models.Index(fields=["county", "-at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.target_type} {self.target_id}"


class BackupMark(models.Model):
    """A backup that was made. It holds everything committed up to `covers_until`.

    Written after the backup, so a database restored from it does not know this mark: phones that
    know it see the promise fall back, and offer again what they sent since.
    """

    covers_until = models.DateTimeField()
    noted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"backup up to {self.covers_until:%Y-%m-%d %H:%M}"
