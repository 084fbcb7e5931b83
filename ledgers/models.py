"""The versioned ledger store (architecture decision 5).

Versions of one chain (county, kind, unit) count 1, 2, 3 …; each belongs to a period. A row lives
from version `born` until version `died`: it stands in version v when born <= v < died. A build
stores only rows that differ from the version before, so the difference of two versions and the
history of one child are plain queries, and storage grows with change, not with size.
"""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.access import Permission, Scope
from core.models import Job
from schools.models import School


class LedgerVersionQuerySet(models.QuerySet["LedgerVersion"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        # Whoever sees a part of the county sees that the ledger exists; its rows are scoped apart.
        return self.filter(county=scope.county) if scope.can(permission) else self.none()


class LedgerVersion(models.Model):
    class State(models.TextChoices):
        BUILT = "built", "已生成"
        LOCKED = "locked", "已锁定"

    county = models.CharField(max_length=6)
    kind = models.CharField(max_length=30)
    unit = models.CharField(max_length=12)  # division code or 学校标识码; the county by default
    number = models.PositiveIntegerField()
    period = models.CharField(max_length=7)  # like 2026-11
    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.BUILT)
    rows = models.PositiveIntegerField()  # 0 is a ledger too: 零报告
    born_rows = models.PositiveIntegerField()
    died_rows = models.PositiveIntegerField()
    rule = models.TextField()  # the rule in words, as it stood
    digest = models.CharField(max_length=64)
    built_at = models.DateTimeField(default=timezone.now)
    built_by_name = models.CharField(max_length=60, default="")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True)

    objects = LedgerVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "kind", "unit", "number"], name="ledger_version_numbered_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["county", "kind", "unit", "period", "-number"], name="ledger_by_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} v{self.number}"


class LedgerRowQuerySet(models.QuerySet["LedgerRow"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(permission, township="township", school="school", class_group="class_group_id")
        )

    def standing_in(self, version: LedgerVersion) -> Self:
        return self.filter(
            Q(died=None) | Q(died__gt=version.number),
            county=version.county,
            kind=version.kind,
            unit=version.unit,
            born__lte=version.number,
        )


class LedgerRow(models.Model):
    """Cells as text in the order of the kind's columns. Numbers stand masked, and `secrets` names
    the immutable rows that hold them sealed, in the order of the kind's secret columns."""

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    kind = models.CharField(max_length=30)
    unit = models.CharField(max_length=12)
    subject_id = models.BigIntegerField()  # student or case, as the kind says
    student_id = models.BigIntegerField()
    township = models.CharField(max_length=9, default="")
    school = models.ForeignKey(
        School, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    class_group_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=20, default="")  # what the list filters by
    sort_key = models.CharField(max_length=260, default="")
    cells = ArrayField(models.TextField())
    secrets = ArrayField(models.UUIDField(null=True), default=list)
    row_hash = models.UUIDField()
    born = models.PositiveIntegerField()
    died = models.PositiveIntegerField(null=True)

    objects = LedgerRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "kind", "unit", "subject_id"],
                condition=Q(died=None),
                name="ledger_row_one_living_per_subject",
            ),
        ]
        indexes = [
            models.Index(
                fields=["county", "kind", "unit", "sort_key", "id"], name="ledger_row_in_order"
            ),
            models.Index(
                fields=["county", "kind", "unit", "born", "id"], name="ledger_row_by_birth"
            ),
            models.Index(
                fields=["county", "kind", "unit", "died", "id"],
                condition=Q(died__isnull=False),
                name="ledger_row_by_death",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} row {self.pk}"
