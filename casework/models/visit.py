from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
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
    study = models.CharField("学习情况", max_length=200, default="", blank=True)
    health = models.CharField("身体和心理", max_length=200, default="", blank=True)
    lighting = models.CharField("采光和学习条件", max_length=200, default="", blank=True)
    goods = models.CharField("送去的物品", max_length=200, default="", blank=True)
    findings = models.CharField("情况", max_length=1000, default="", blank=True)
    advice = models.CharField("处理与建议", max_length=500, default="", blank=True)
    promised_on = models.DateField("承诺返校日期", null=True, blank=True)
    next_visit_on = models.DateField("下次走访日期", null=True, blank=True)
    content_hash = models.BinaryField(max_length=32)  # same UUID with other content is a conflict
    version = models.PositiveIntegerField(default=1)  # the number of its newest VisitVersion
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


class VisitVersion(models.Model):
    """What stood in a visit after each edit, 1..n without gaps; append-only.

    An edit rests on the version its author saw. Where another came between, `merged` names the
    fields that one had changed, and they are not the fields of this edit.
    """

    county = models.CharField(max_length=6)
    visit = models.ForeignKey(HomeVisit, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    base = models.PositiveIntegerField()
    merged = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    changed = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    content = models.JSONField(default=dict)
    # Of what came from a phone: the operation, the phone, its place in that phone's row.
    op = models.UUIDField(null=True, blank=True, unique=True)
    phone = models.UUIDField(null=True, blank=True)
    seq = models.BigIntegerField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.BigIntegerField(null=True)
    written_by_name = models.CharField(max_length=60, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "number"], name="visit_version_once"),
            models.CheckConstraint(
                name="visit_version_follows_its_base_or_names_what_it_merged",
                condition=Q(base=F("number") - 1) | (Q(base__lt=F("number")) & ~Q(merged=[])),
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of visit {self.visit_id}"
