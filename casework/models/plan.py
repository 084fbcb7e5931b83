"""一人一案: what keeps a child from school, what is to come of it, and who does what by when."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from casework.models.case import DropoutCase
from core.access import Permission, Scope


class PlanState(models.TextChoices):
    DRAFT = "draft", "未提交"
    SUBMITTED = "submitted", "待审批"
    APPROVED = "approved", "已批准"
    RETURNED = "returned", "已退回"


class PlanQuerySet(models.QuerySet["CasePlan"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="case__student__township",
                school="case__student__school",
                class_group="case__student__class_group",
            )
        )

    def newest(self) -> "CasePlan | None":
        return self.order_by("-number").first()

    def in_force(self) -> "CasePlan | None":
        """The newest that was approved: an edited plan changes nothing until it is."""
        return self.filter(state=PlanState.APPROVED).order_by("-number").first()


class CasePlan(models.Model):
    """One version of the plan of a case, 1..n. Its words are never changed: an edit is the next.

    A trigger refuses every change but being handed in and decided.
    """

    State = PlanState

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="plans")
    number = models.PositiveIntegerField()
    cause = models.CharField("原因分析", max_length=500)
    goal = models.CharField("目标", max_length=300)
    state = models.CharField("情况", max_length=10, choices=PlanState, default=PlanState.DRAFT)
    written_by = models.BigIntegerField()
    written_by_name = models.CharField("制定人", max_length=60)
    written_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.BigIntegerField(null=True, blank=True)
    decided_by_name = models.CharField("审批人", max_length=60, default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField("审批意见", max_length=300, default="", blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="plan_version_once"),
            models.CheckConstraint(
                name="plan_approver_is_not_the_author",
                condition=Q(decided_by=None) | ~Q(decided_by=F("written_by")),
            ),
            models.CheckConstraint(
                name="plan_decided_iff_approved_or_returned",
                condition=Q(decided_at=None, decided_by=None)
                ^ Q(
                    state__in=(PlanState.APPROVED, PlanState.RETURNED),
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="plan_sent_back_says_why",
                condition=~Q(state=PlanState.RETURNED) | ~Q(remark=""),
            ),
            models.CheckConstraint(
                name="plan_handed_in_before_it_is_decided",
                condition=Q(state=PlanState.DRAFT) ^ Q(submitted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"plan {self.number} of case {self.case_id}"

    def told(self) -> "list[PlanMeasure]":
        """The measures in their order, each with what came of it."""
        measures = list(self.measures.order_by("position"))
        results = MeasureResult.objects.filter(case=self.case_id, key__in=[m.key for m in measures])
        by_key = {result.key: result for result in results}
        for measure in measures:
            measure.result = by_key.get(measure.key)
        return measures


class PlanMeasure(models.Model):
    """A measure of one version. Its key stays the same through the versions."""

    county = models.CharField(max_length=6)
    plan = models.ForeignKey(CasePlan, on_delete=models.PROTECT, related_name="measures")
    key = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveSmallIntegerField()
    what = models.CharField("措施", max_length=200)
    who = models.CharField("责任人", max_length=60)
    due_on = models.DateField("完成期限")

    # Filled by CasePlan.told.
    result: "MeasureResult | None" = None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "key"], name="measure_once_per_plan"),
        ]

    def __str__(self) -> str:
        return f"measure {self.position} of plan {self.plan_id}"

    @property
    def is_late(self) -> bool:
        return self.result is None and self.due_on < timezone.localdate()


class MeasureResult(models.Model):
    """What came of a measure, written once; it holds in every version that has the measure."""

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField()
    done_on = models.DateField("完成日期")
    result = models.CharField("结果", max_length=300)
    written_by = models.BigIntegerField()
    written_by_name = models.CharField(max_length=60)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "key"], name="measure_result_once"),
        ]

    def __str__(self) -> str:
        return f"result of measure {self.key}"
