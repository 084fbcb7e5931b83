"""What is asked of visits: the principal's daily 复核, and visits planned for a class or a list."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from casework.models.visit import HomeVisit
from core.access import Permission, Scope
from schools.models import School
from students.models import Student


class VisitReview(models.Model):
    """已阅 of one version of a visit: an edit asks for the next. Append-only."""

    county = models.CharField(max_length=6)
    visit = models.ForeignKey(HomeVisit, on_delete=models.PROTECT, related_name="reviews")
    version = models.PositiveIntegerField()
    remark = models.CharField("批注", max_length=200, default="", blank=True)
    reviewed_by = models.BigIntegerField()
    reviewed_by_name = models.CharField("复核人", max_length=60)
    reviewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "version"], name="visit_reviewed_once"),
        ]

    def __str__(self) -> str:
        return f"review of version {self.version} of visit {self.visit_id}"


class VisitBatch(models.Model):
    """批次走访: the children of a class or a list, to be visited within some days."""

    county = models.CharField(max_length=6)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    title = models.CharField("名称", max_length=80)
    visitors = models.CharField("走访人", max_length=120)
    first_day = models.DateField("起始日期")
    last_day = models.DateField("截止日期")
    made_by = models.BigIntegerField()
    made_by_name = models.CharField(max_length=60)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["county", "-last_day", "-id"], name="visit_batch_newest")]
        constraints = [
            models.CheckConstraint(
                name="visit_batch_ends_not_before_it_begins",
                condition=Q(last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PlannedQuerySet(models.QuerySet["PlannedVisit"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="student__township",
                school="student__school",
                class_group="student__class_group",
            )
        )


class PlannedVisit(models.Model):
    """A child of a batch and its day. Whether it was visited, the visits themselves say.

    The reason tells why it is cancelled, or why it was missed.
    """

    county = models.CharField(max_length=6)
    batch = models.ForeignKey(VisitBatch, on_delete=models.PROTECT, related_name="visits")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="planned_visits")
    planned_on = models.DateField("计划日期")
    is_cancelled = models.BooleanField("取消", default=False)
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    noted_by_name = models.CharField(max_length=60, default="", blank=True)
    noted_at = models.DateTimeField(null=True, blank=True)

    objects = PlannedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "student"],
                condition=Q(is_cancelled=False),
                name="planned_once_per_batch",
            ),
            models.CheckConstraint(
                name="cancelled_visit_says_why",
                condition=Q(is_cancelled=False) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"planned visit {self.planned_on:%Y-%m-%d} of student {self.student_id}"
