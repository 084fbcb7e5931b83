from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from casework.models.visit import HomeVisit
from core.access import Permission, Scope
from students.models import Student


class Verdict(models.TextChoices):
    """What became of one operation of a phone."""

    ACCEPTED = "accepted", "已送达"
    MERGED = "merged", "已合并"
    CONFLICT = "conflict", "待选定"
    QUARANTINED = "quarantined", "待处理"
    WAITING = "waiting", "等待前一步"
    REFUSED = "refused", "需修改"


class PhoneOp(models.Model):
    """One operation of one phone, for good: sent again, it gets the answer that stands here.

    What the phone claimed is kept as it came. Times of the phone are claims; order is the
    server's.
    """

    class Kind(models.TextChoices):
        VISIT = "visit", "新家访"
        EDIT = "edit", "修改家访"
        DELETE_PHOTO = "delete_photo", "删除照片"

    op = models.UUIDField(primary_key=True)
    county = models.CharField(max_length=6)
    kind = models.CharField(max_length=12, choices=Kind)
    visit_uuid = models.UUIDField()
    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=60, default="")
    phone = models.UUIDField()
    seq = models.BigIntegerField(default=0)
    base = models.PositiveIntegerField(null=True, blank=True)
    # Claimed, not checked: the child may be out of reach, merged, or none of this county's.
    claimed_student = models.BigIntegerField(null=True, blank=True)
    claimed_case = models.BigIntegerField(null=True, blank=True)
    content = models.JSONField(default=dict)
    photos = models.JSONField(default=list)
    digest = models.BinaryField(max_length=32)
    claimed_at = models.DateTimeField(null=True, blank=True)
    # How far the server's clock was ahead of the phone's at the sending, in seconds.
    clock_offset = models.BigIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=12, choices=Verdict)
    status = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(null=True, blank=True)
    words = models.CharField(max_length=300, default="", blank=True)
    fields = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["county", "visit_uuid"], name="phone_op_by_visit"),
            models.Index(
                fields=["received_at"],
                condition=Q(verdict=Verdict.WAITING),
                name="phone_op_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.op}: {self.verdict}"


class HeldOpQuerySet(models.QuerySet["HeldOp"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """Where the child is today; of a child nobody knows, whoever has the whole county."""
        rows = scope.q(
            permission,
            township="student__township",
            school="student__school",
            class_group="student__class_group",
        )
        return self.filter(rows)

    def still_open(self) -> Self:
        return self.filter(settled_at=None)


class HeldOp(models.Model):
    """An operation that a person must decide on. Nothing of it is lost meanwhile or afterwards."""

    class Reason(models.TextChoices):
        REACH = "reach", "学生已不在送出人的负责范围"
        CHILD = "child", "本县找不到这名学生"
        RULE = "rule", "个案状态已经变化"
        FUTURE = "future", "家访日期晚于收到的日期"
        SAME_UUID = "same_uuid", "同一编号送来两份不同的家访"
        CONFLICT = "conflict", "同一栏有两种改法"
        ORPHAN = "orphan", "等了七天，仍没有收到原来的家访"

    class Outcome(models.TextChoices):
        TAKEN = "taken", "已登记"
        MERGED = "merged", "已选定"
        FILED = "filed", "已存档，不登记"
        MENDED = "mended", "送出人已改正"

    county = models.CharField(max_length=6)
    op = models.OneToOneField(PhoneOp, on_delete=models.PROTECT, related_name="held")
    visit_uuid = models.UUIDField()
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField("原因", max_length=12, choices=Reason)
    words = models.CharField(max_length=300, default="", blank=True)
    fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    held_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField("处理结果", max_length=12, choices=Outcome, default="", blank=True)
    chosen = models.JSONField(default=dict, blank=True)
    note = models.CharField("处理说明", max_length=200, default="", blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.BigIntegerField(null=True)
    settled_by_name = models.CharField(max_length=60, default="", blank=True)

    objects = HeldOpQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["county", "held_at"], condition=Q(settled_at=None), name="held_op_open"
            ),
            models.Index(fields=["county", "visit_uuid"], name="held_op_by_visit"),
        ]
        constraints = [
            models.CheckConstraint(
                name="held_op_settled_has_its_outcome",
                condition=Q(settled_at=None, outcome="")
                | (Q(settled_at__isnull=False) & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="held_op_filed_needs_a_reason",
                condition=~Q(outcome="filed") | ~Q(note=""),
            ),
        ]

    def __str__(self) -> str:
        return f"held {self.reason} {self.op_id}"


class PhotoQuerySet(models.QuerySet["VisitPhoto"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="visit__student__township",
                school="visit__student__school",
                class_group="visit__student__class_group",
            )
        )

    def stored(self) -> Self:
        return self.filter(state=VisitPhoto.State.STORED)


class VisitPhoto(models.Model):
    """A photo of a visit: announced, received in pieces, then sealed, or refused in words.

    It may come before its visit; the visit's UUID joins them once both are there.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", "上传中"
        STORED = "stored", "已送达"
        REFUSED = "refused", "不能使用"
        DELETED = "deleted", "已删除"

    photo = models.UUIDField(primary_key=True)
    county = models.CharField(max_length=6)
    visit = models.ForeignKey(
        HomeVisit, on_delete=models.DO_NOTHING, db_constraint=False, related_name="photos"
    )
    person_id = models.BigIntegerField()
    position = models.PositiveSmallIntegerField(default=0)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    received = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVING)
    words = models.CharField(max_length=200, default="", blank=True)
    stored_sha256 = models.CharField(max_length=64, default="", blank=True)
    stored_size = models.PositiveIntegerField(null=True, blank=True)
    announced_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="photo_received_within_its_size", condition=Q(received__lte=models.F("size"))
            ),
            models.CheckConstraint(
                name="photo_stored_has_its_hash",
                condition=~Q(state="stored") | ~Q(stored_sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return f"photo {self.photo} {self.state}"
