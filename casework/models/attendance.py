from typing import Self

from django.db import models
from django.utils import timezone

from core.access import Permission, Scope
from schools.models import ClassGroup
from students.models import Student


class AbsenceReason(models.TextChoices):
    """Only the last two count towards a suspicion: nobody was told why the child is away."""

    ILL = "ill", "病假"
    LEAVE = "leave", "事假"
    UNEXCUSED = "unexcused", "无故缺课"
    NO_SHOW = "no_show", "未报到"


UNEXPLAINED = (AbsenceReason.UNEXCUSED, AbsenceReason.NO_SHOW)


class ClassDayQuerySet(models.QuerySet["ClassDay"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="class_group__school__township",
                school="class_group__school",
                class_group="class_group",
            )
        )


class ClassDay(models.Model):
    """A class was called on a day. Who is not named in an absence was there.

    `is_registration` is 报到: the first day of a term, on which a child may not turn up at all.
    """

    county = models.CharField(max_length=6)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    is_registration = models.BooleanField(default=False)
    on_roll = models.PositiveSmallIntegerField()  # children of the class on that day
    taken_by = models.BigIntegerField(null=True)
    taken_by_name = models.CharField(max_length=60, default="")
    taken_at = models.DateTimeField(default=timezone.now)

    objects = ClassDayQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "day"], name="class_day_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["class_group", "day"], name="class_called_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"class {self.class_group_id} on {self.day:%Y-%m-%d}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """As the child is placed today."""
        return self.filter(
            scope.q(
                permission,
                township="student__township",
                school="student__school",
                class_group="student__class_group",
            )
        )


class Absence(models.Model):
    """One child that was not there when its class was called.

    No constraint says once a day: two records of one child may each be absent, and become one.
    """

    county = models.CharField(max_length=6)
    class_day = models.ForeignKey(ClassDay, on_delete=models.CASCADE, related_name="absences")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="absences")
    reason = models.CharField("缺课原因", max_length=12, choices=AbsenceReason)

    objects = AbsenceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.reason} of student {self.student_id}"
