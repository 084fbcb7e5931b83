from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from core.access import Permission, Scope
from schools.models import ClassGroup, School
from students.models.person import Student


class DateRange(Func):
    """From the first day to the last, both included; an open end is open."""

    function = "DATERANGE"
    output_field = DateRangeField()
    template = "%(function)s(%(expressions)s, '[]')"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="school__township", school="school"))

    def open_on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class Enrolment(models.Model):
    """就读: one child, one school, one class at a time. A change ends the row, begins another."""

    class Status(models.TextChoices):
        IN_SCHOOL = "in_school", "在读"
        SUSPENDED = "suspended", "休学"
        DEFERRED = "deferred_entry", "缓学"
        HOME_TAUGHT = "home_taught", "送教上门"

    class Mode(models.TextChoices):
        DAY = "day", "走读"
        BOARDING = "boarding", "住校"
        HOME_TAUGHT = "home_taught", "送教上门"

    county = models.CharField(max_length=6)
    student = models.ForeignKey(
        Student,
        on_delete=models.PROTECT,
        related_name="enrolments",
        db_index=False,
        db_constraint=False,
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, db_constraint=False
    )
    class_group = models.ForeignKey(
        ClassGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    grade = models.PositiveSmallIntegerField("年级", null=True, blank=True)
    attendance_mode = models.CharField(
        "就读方式", max_length=12, choices=Mode, default="", blank=True
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.IN_SCHOOL)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="", blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "valid_from", "valid_to"], name="enrolment_by_period"),
        ]
        constraints = [
            ExclusionConstraint(
                name="enrolment_one_at_a_time",
                expressions=[
                    (F("student"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(
                fields=["student"], condition=Q(valid_to=None), name="enrolment_one_open"
            ),
            models.CheckConstraint(
                name="enrolment_ends_not_before_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} at school {self.school_id} from {self.valid_from}"
