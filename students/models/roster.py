"""A roster on its way in: the file, and its rows with a verdict each."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.access import Permission, Scope
from core.models import Job


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class ImportBatch(models.Model):
    """One file: checked first, written only when a person submits it."""

    class State(models.TextChoices):
        CHECKING = "checking", "核对中"
        REFUSED = "refused", "文件未受理"
        CHECKED = "checked", "待提交"
        COMMITTING = "committing", "写入中"
        COMMITTED = "committed", "已写入"
        DISCARDED = "discarded", "已放弃"

    county = models.CharField(max_length=6)
    school_year = models.PositiveSmallIntegerField()
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=200)  # below MEDIA_ROOT
    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    refusal = models.CharField(max_length=30, default="", blank=True)
    # Per sheet: name, header rows, counts of data/created/changed/unchanged/rejected/blank rows.
    sheets = models.JSONField(default=list)
    ignored_sheets = models.JSONField(default=list)
    check_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    commit_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    committed_at = models.DateTimeField(null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "-created_at"], name="batch_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "sha256", "school_year"],
                condition=Q(state__in=["checking", "checked", "committing"]),
                name="batch_one_pending_per_file",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class RosterRow(models.Model):
    """A staged data row of a batch. Numbers are sealed here too; purged when the batch is old."""

    class Verdict(models.TextChoices):
        CREATED = "created", "新增"
        CHANGED = "changed", "变更"
        UNCHANGED = "unchanged", "不变"
        REJECTED = "rejected", "退回"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, db_index=False)
    sheet_no = models.PositiveSmallIntegerField()
    row_no = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict, default="", blank=True)
    reason = models.CharField(max_length=30, default="", blank=True)
    reason_cell = models.CharField(max_length=200, default="", blank=True)  # as seen, masked
    full_name = models.CharField(max_length=100, default="", blank=True)
    name_key = models.CharField(max_length=200, default="", blank=True)
    name_tokens = models.JSONField(null=True)
    number_id = models.UUIDField(default=uuid.uuid4)
    number_sealed = models.BinaryField(null=True)
    number_blind = models.BinaryField(null=True)
    number_mask = models.CharField(max_length=40, default="", blank=True)
    student = models.ForeignKey(
        "students.Student", on_delete=models.SET_NULL, null=True, db_index=False
    )
    changes = models.JSONField(null=True)  # {field: [before, after]}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "sheet_no", "row_no"], name="roster_row_once_per_batch"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.batch_id} row {self.row_no}"
