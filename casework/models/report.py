from typing import Self

from django.db import models
from django.utils import timezone

from core.access import Permission, Scope
from schools.models import School


class MonthReportQuerySet(models.QuerySet["MonthReport"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(permission, township="school__township", school="school", class_group="")
        )


class MonthReport(models.Model):
    """控辍保学月报告 of a school, zero or not; the figures are those of the moment of reporting."""

    county = models.CharField(max_length=6)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="month_reports")
    month = models.DateField()  # its first day
    suspected = models.PositiveIntegerField("疑似")
    dropped_out = models.PositiveIntegerField("辍学")
    returned = models.PositiveIntegerField("本月复学")
    note = models.CharField("说明", max_length=300, default="", blank=True)
    reported_on = models.DateField()
    reported_by = models.BigIntegerField(null=True)
    reported_by_name = models.CharField(max_length=60, default="")
    reported_at = models.DateTimeField(default=timezone.now)

    objects = MonthReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "month"], name="month_reported_once_per_school"
            ),
            models.CheckConstraint(
                name="month_report_names_a_first_day", condition=models.Q(month__day=1)
            ),
        ]

    def __str__(self) -> str:
        return f"school {self.school_id} {self.month:%Y-%m}"

    @property
    def is_zero(self) -> bool:
        return not (self.suspected or self.dropped_out)
