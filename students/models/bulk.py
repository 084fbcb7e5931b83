"""Acts on many children at once, and lists that were taken out of the system."""

from typing import Self

from django.db import models
from django.utils import timezone

from accounts.models import User
from core.models import Job
from students.models.person import Student


class BulkAct(models.Model):
    """One act on the children who matched at one moment; who matches later is not in it."""

    class State(models.TextChoices):
        CHOSEN = "chosen", "待填写"
        CHECKED = "checked", "已试算"
        STARTED = "started", "已开始"

    class Kind(models.TextChoices):
        ADD_CATEGORY = "add_category", "添加类别"
        END_CATEGORY = "end_category", "结束类别"
        OPEN_CASES = "open_cases", "建立疑似个案"

    county = models.CharField(max_length=6)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    # The conditions in words, without what was searched for: that may be a child's name.
    words = models.CharField(max_length=300, default="", blank=True)
    total = models.PositiveIntegerField(default=0)
    settings = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.CHOSEN)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True)
    undo_job = models.ForeignKey(
        Job, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} for {self.total} children"


class BulkRowQuerySet(models.QuerySet["BulkRow"]):
    def ready(self) -> Self:
        return self.filter(outcome=BulkRow.Outcome.READY)


class BulkRow(models.Model):
    """One child of a bulk act: what the dry run said, then what became of it."""

    class Outcome(models.TextChoices):
        CHOSEN = "", "未试算"
        READY = "ready", "能办"
        REFUSED = "refused", "不能办"
        DONE = "done", "已办"
        SKIPPED = "skipped", "未办"
        UNDONE = "undone", "已撤销"

    county = models.CharField(max_length=6)
    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="rows", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.CHOSEN, blank=True)
    reason = models.CharField(max_length=80, default="", blank=True)
    # The last day of the category as it stood before the act ended it: what an undo puts back.
    former_end = models.DateField(null=True, blank=True)

    objects = BulkRowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["act", "outcome", "student"], name="bulk_row_by_outcome"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["act", "student"], name="bulk_row_once_per_child"),
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} in act {self.act_id}"


class ListExport(models.Model):
    """A list somebody took out of the system: who, when, how many, by which conditions."""

    county = models.CharField(max_length=6)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=300, default="", blank=True)
    total = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.total} children for {self.actor_id}"


class ExportedStudent(models.Model):
    """A child who stood on such a list: answers "who looked at this child"."""

    county = models.CharField(max_length=6)
    export = models.ForeignKey(ListExport, on_delete=models.PROTECT, related_name="rows")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"student {self.student_id} in export {self.export_id}"
