from typing import Self

from django.db import models
from django.utils import timezone

from casework.models.case import DropoutCase
from casework.states import VisitKind, VisitOutcome
from core.access import Permission, Scope
from students.models import Student


class VisitQuerySet(models.QuerySet["HomeVisit"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="student__township",
                school="student__school",
                class_group="student__class_group",
            )
        )


class HomeVisit(models.Model):
    """家访. The client's UUID is its identity, so a second sending is no second visit."""

    Kind = VisitKind
    Outcome = VisitOutcome

    client_uuid = models.UUIDField(primary_key=True)
    county = models.CharField(max_length=6)
    case = models.ForeignKey(
        DropoutCase, on_delete=models.PROTECT, null=True, blank=True, related_name="visits"
    )
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField("方式", max_length=12, choices=VisitKind)
    visited_on = models.DateField("家访日期")
    attempt_no = models.PositiveSmallIntegerField("劝返次数", null=True, blank=True)
    visitors = models.CharField("走访人", max_length=120)
    people_met = models.CharField("见到的人", max_length=120, default="", blank=True)
    outcome = models.CharField("结果", max_length=12, choices=VisitOutcome)
    findings = models.CharField("情况", max_length=1000, default="", blank=True)
    advice = models.CharField("处理与建议", max_length=500, default="", blank=True)
    promised_on = models.DateField("承诺返校日期", null=True, blank=True)
    next_visit_on = models.DateField("下次走访日期", null=True, blank=True)
    content_hash = models.BinaryField(max_length=32)  # same UUID with other content is a conflict
    logged_by = models.BigIntegerField(null=True)
    logged_by_name = models.CharField(max_length=60, default="")
    logged_at = models.DateTimeField(default=timezone.now)

    objects = VisitQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "visited_on"], name="visit_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "attempt_no"], name="persuasion_numbered_once_per_case"
            ),
        ]

    def __str__(self) -> str:
        return f"visit {self.visited_on} of student {self.student_id}"
