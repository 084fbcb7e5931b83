"""What a person has to look at in the preview of a roster, and what they corrected there."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import models
from django.utils import timezone

from core import crypto
from students.models.roster import ImportBatch


class RosterMark(models.Model):
    """A row of a roster with a cell that is not right: its cells, sealed, and which one it is.

    Made anew by each check of the batch and purged with its rows.
    """

    FIELD = "students.roster_mark"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    county = models.CharField(max_length=6)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, db_index=False)
    sheet_no = models.PositiveSmallIntegerField()
    row_no = models.PositiveIntegerField()
    code = models.CharField(max_length=30)  # students.rosters.marks.Note or .reasons.Reason
    field = models.CharField(max_length=20, default="", blank=True)
    column = models.PositiveSmallIntegerField(null=True)  # null: the sheet has no such column
    seen = models.CharField(max_length=200, default="", blank=True)  # masked
    seen_blind = models.BinaryField(max_length=16)
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["batch", "code"], name="roster_mark_by_code")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "sheet_no", "row_no"], name="roster_mark_once_per_row"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.batch_id} row {self.row_no}: {self.code}"

    def cells(self) -> list[str]:
        """As they stood when the batch was checked last, from the first column."""
        cells: list[str] = json.loads(crypto.unseal(self.sealed, field=self.FIELD, row=self.id))
        return cells


class RosterCorrection(models.Model):
    """One act of correcting: a cell, a block of cells, or all that had one fault and content.

    The file stays as it was handed in; its reading is amended by these, in their order.
    """

    FIELD = "students.roster_correction"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.CASCADE, related_name="corrections", db_index=False
    )
    field = models.CharField(max_length=20)
    label = models.CharField(max_length=200)  # the head of the column
    # [{"sheet": 0, "column": 4, "field": "grade", "rows": [7, 9]}]
    targets = models.JSONField(default=list)
    cells = models.PositiveIntegerField(default=1)
    seal_id = models.UUIDField(default=uuid.uuid4)
    sealed = models.BinaryField()  # [[seen, new], ...], one for each target
    is_judged = models.BooleanField(default=False)  # the last check knew of it
    made_by = models.BigIntegerField(null=True)
    made_by_name = models.CharField(max_length=60, default="")
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "id"], name="roster_correction_order")]

    def __str__(self) -> str:
        return f"batch {self.batch_id} correction {self.pk}"

    def texts(self) -> list[tuple[str, str]]:
        """For each target what was seen there, and what it was corrected to."""
        kept = json.loads(crypto.unseal(self.sealed, field=self.FIELD, row=self.seal_id))
        if isinstance(kept, dict):  # before one act could have several texts
            kept = [(kept["seen"], kept["new"])] * len(self.targets)
        return [(seen, new) for seen, new in kept]

    def changes(self) -> Iterator[tuple[dict[str, Any], str, str]]:
        for target, (seen, new) in zip(self.targets, self.texts(), strict=True):
            yield target, seen, new
