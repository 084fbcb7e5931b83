"""A roster on its way in: the file, and its rows with a verdict each."""

import json
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core import crypto
from core.access import Permission, Scope
from core.models import Job
from schools.models import School
from students.models.person import Student


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class ImportBatch(models.Model):
    """One file: checked first, written only when a person submits it."""

    class State(models.TextChoices):
        READING = "reading", "读取表头"
        MAPPING = "mapping", "待对应列"
        CHECKING = "checking", "核对中"
        REFUSED = "refused", "文件未受理"
        CHECKED = "checked", "待提交"
        COMMITTING = "committing", "写入中"
        COMMITTED = "committed", "已写入"
        DISCARDED = "discarded", "已放弃"
        UNDOING = "undoing", "撤销中"
        UNDONE = "undone", "已撤销"

    county = models.CharField(max_length=6)
    school_year = models.PositiveSmallIntegerField()
    office = models.CharField("来源单位", max_length=40, default="", blank=True)
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=200)  # below MEDIA_ROOT
    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    refusal = models.CharField(max_length=30, default="", blank=True)
    # Per sheet: name, header rows, counts of data/created/changed/unchanged/rejected/blank rows.
    sheets = models.JSONField(default=list)
    ignored_sheets = models.JSONField(default=list)
    read_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    check_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    commit_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    # Of an error workbook that came back: the batch it was made of, and its summary's sheet.
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    summary_sheet = models.CharField(max_length=31, default="", blank=True)
    book_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    undo_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    committed_at = models.DateTimeField(null=True, blank=True)
    # What students.rosters.tracing keeps for an undo: {"at": instant, "children": [first, last],
    # "classes": [ids]}.
    made = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=60, default="", blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "-created_at"], name="batch_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "sha256", "school_year"],
                condition=Q(state__in=["reading", "mapping", "checking", "checked", "committing"]),
                name="batch_one_pending_per_file",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def source_words(self) -> str:
        """As the facts it writes name their source, in 60 characters."""
        return f"名册：{self.file_name}"[:60]


class RosterRow(models.Model):
    """A staged data row of a batch. Numbers are sealed here too; purged when the batch is old.

    What the row does not say is empty. No foreign key is checked here: the rows come by COPY and
    INSERT ... SELECT from the very tables they point to.
    """

    class Verdict(models.TextChoices):
        CREATED = "created", "新增"
        CHANGED = "changed", "变更"
        UNCHANGED = "unchanged", "不变"
        REJECTED = "rejected", "退回"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    sheet_no = models.PositiveSmallIntegerField()
    row_no = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict, default="", blank=True)
    reason = models.CharField(max_length=30, default="", blank=True)
    reason_cell = models.CharField(max_length=200, default="", blank=True)  # as seen, masked
    full_name = models.CharField(max_length=100, default="", blank=True)
    # Search keys and sealed numbers are made only for what the county does not hold yet.
    name_key = models.CharField(max_length=200, default="", blank=True)
    name_tokens = ArrayField(models.TextField(), null=True)
    id_type = models.CharField(max_length=2, default="", blank=True)
    is_marked = models.BooleanField(default=False)
    number_id = models.UUIDField(null=True)
    number_sealed = models.BinaryField(null=True)
    number_blind = models.BinaryField(null=True)
    number_mask = models.CharField(max_length=40, default="", blank=True)
    student_no_id = models.UUIDField(null=True)
    student_no_sealed = models.BinaryField(null=True)
    student_no_blind = models.BinaryField(null=True)
    student_no_mask = models.CharField(max_length=40, default="", blank=True)
    sex = models.CharField(max_length=1, default="", blank=True)
    birth_date = models.DateField(null=True)
    ethnicity_code = models.CharField(max_length=2, default="", blank=True)
    school = models.ForeignKey(
        School, on_delete=models.DO_NOTHING, null=True, db_index=False, db_constraint=False
    )
    grade = models.PositiveSmallIntegerField(null=True)
    class_number = models.CharField(max_length=20, default="", blank=True)
    attendance_mode = models.CharField(max_length=12, default="", blank=True)
    added = ArrayField(models.CharField(max_length=40), default=list)
    dropped = ArrayField(models.CharField(max_length=40), default=list)
    extra = models.JSONField(default=dict)
    secret_id = models.UUIDField(null=True)
    secret_columns = models.CharField(max_length=32, default="", blank=True)
    secret_blind = models.BinaryField(null=True)
    secret_sealed = models.BinaryField(null=True)
    student = models.ForeignKey(
        "students.Student",
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        db_constraint=False,
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


class SealedExtra(models.Model):
    """Numbers, phones and accounts that stood in extra columns of a roster: {label: value}.

    `Student.extra` holds the same labels with masked values. One row for each set of columns,
    so a later roster of the same form replaces what the earlier one said.
    """

    FIELD = "students.sealed_extra"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    county = models.CharField(max_length=6)
    student = models.ForeignKey(
        Student,
        on_delete=models.PROTECT,
        related_name="sealed_extras",
        db_index=False,
        db_constraint=False,
    )
    columns = models.CharField(max_length=32)  # digest of the labels
    blind = models.BinaryField(max_length=16)  # of whose it is and what it says
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["county", "blind"], name="sealed_extra_by_content")]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "columns"], name="sealed_extra_once_per_form"
            ),
        ]

    def __str__(self) -> str:
        return f"sealed extra columns of student {self.student_id}"

    def reveal(self) -> dict[str, str]:
        labels: dict[str, str] = json.loads(
            crypto.unseal(self.sealed, field=self.FIELD, row=self.id)
        )
        return labels
