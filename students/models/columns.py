"""What the columns of a file mean: as one batch has it, as an office writes it, as laid down."""

from typing import Self

from django.db import models
from django.utils import timezone

from core.access import Permission, Scope
from students.models.roster import ImportBatch


class SheetColumns(models.Model):
    """One sheet of a batch: where its header stands and what each column means.

    `columns` is a list of {index, label, field, why, samples}: `field` as
    `students.rosters.fields` writes it, empty for what is kept as extra; `samples` are masked and
    go when the batch is over.
    """

    county = models.CharField(max_length=6)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="sheet_columns")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    first_row = models.PositiveIntegerField()
    last_row = models.PositiveIntegerField()
    columns = models.JSONField(default=list)
    # A person said that this sheet is no roster of pupils.
    is_left_out = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="sheet_columns_once"),
        ]

    def __str__(self) -> str:
        return f"columns of sheet {self.position} of batch {self.batch_id}"


class ColumnProfileQuerySet(models.QuerySet["ColumnProfile"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """A profile is the county's; no lower place owns a part of it."""
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class ColumnProfile(models.Model):
    """What one column head means in the files of one office, by a person's choice."""

    county = models.CharField(max_length=6)
    office = models.CharField("来源单位", max_length=40)
    label = models.CharField("列名", max_length=200)
    field = models.CharField("对应为", max_length=60, default="", blank=True)
    chosen_by = models.BigIntegerField(null=True)
    chosen_by_name = models.CharField(max_length=60, default="")
    chosen_at = models.DateTimeField(default=timezone.now)

    objects = ColumnProfileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "office", "label"], name="column_profile_once_per_label"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}：{self.label}"


class ColumnLayout(models.Model):
    """A form as somebody laid it down, for all counties: its columns in order, as data.

    `columns` is a list of {label, field, note, choices, required, example}; only label and field
    are always there. `choices` names a list of students.rosters.templates.
    """

    code = models.SlugField(max_length=40, primary_key=True)
    title = models.CharField("模板", max_length=60)
    note = models.CharField("说明", max_length=200, default="", blank=True)
    source = models.CharField("依据", max_length=200)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    is_coded = models.BooleanField("填代码", default=False)
    position = models.PositiveSmallIntegerField(default=0)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="column_layout_ends_after_it_begins",
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.title
