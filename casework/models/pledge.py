from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from casework.duties import PledgeKind
from casework.models.responsibility import COVERS, covers_within, exactly_one_cover
from core.access import Permission, Scope
from schools.models import ClassGroup, Division, School
from students.models import Student


class PledgeQuerySet(models.QuerySet["ResponsibilityPledge"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(covers_within(scope, permission))

    def in_force(self) -> Self:
        return self.filter(replaced_at=None)


class ResponsibilityPledge(models.Model):
    """目标责任书 that was signed: who, when, and the sealed scan. The cover is the lower party.

    A second scan of the same pledge replaces the first, which is kept.
    """

    county = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("层级", max_length=20, choices=PledgeKind)
    township = models.CharField(max_length=9, default="", blank=True)
    division = models.ForeignKey(
        Division, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, null=True, blank=True, related_name="pledges"
    )
    upper_name = models.CharField("甲方签字人", max_length=60)
    lower_name = models.CharField("乙方签字人", max_length=60)
    signed_on = models.DateField("签订日期")
    stored_as = models.CharField(max_length=80)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    kept_by_name = models.CharField(max_length=60, default="")
    kept_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pledge_has_exactly_one_cover", condition=exactly_one_cover()
            ),
            *(
                models.UniqueConstraint(
                    fields=[cover, "year", "kind"],
                    condition=Q(replaced_at=None),
                    name=f"pledge_once_a_year_per_{cover}",
                )
                for cover in COVERS
            ),
        ]

    def __str__(self) -> str:
        return f"pledge {self.kind} {self.year} signed {self.signed_on:%Y-%m-%d}"
