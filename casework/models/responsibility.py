"""双线包保: which posts there are, and who answers for which place or child, and when."""

import uuid
from datetime import date
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from casework.duties import LEVEL_OF_CODE, Level, Line
from core import crypto
from core.access import Permission, Scope
from schools.models import ClassGroup, Division, School
from students.models import Student
from students.models.enrolment import DateRange

# The columns of a cover, of which exactly one is filled.
COVERS = ("student", "class_group", "school", "division")


def exactly_one_cover() -> Q:
    one_of = Q()
    for name in COVERS:
        one_of |= Q(**{f"{other}__isnull": other != name for other in COVERS})
    return one_of


def covers_within(scope: Scope, permission: Permission) -> Q:
    """Rows whose cover lies in reach: a class of the school, a village of the township."""
    return (
        scope.q(permission, township="township", school="", class_group="")
        | scope.q(permission, township="school__township", school="school", class_group="")
        | scope.q(
            permission,
            township="class_group__school__township",
            school="class_group__school",
            class_group="class_group",
        )
        | scope.q(
            permission,
            township="student__township",
            school="student__school",
            class_group="student__class_group",
        )
    )


class RoleQuerySet(models.QuerySet["ResponsibilityRole"]):
    def of(self, county: str) -> Self:
        """A county's own row goes before the one of all counties."""
        rows = self.filter(county__in=["", county])
        first = rows.order_by("code", "-county").distinct("code").values("pk")
        return self.filter(pk__in=first)

    def valid_on(self, day: date) -> Self:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )


class ResponsibilityRole(models.Model):
    """A post of 双线包保 (县长, 校长, 包户干部 …) as data; 七长, 五长 are names it is listed under.

    `county` empty means every county that has no row of its own with the code. A leader (包保领导)
    stands behind the person of the line and does not count as that person.
    """

    county = models.CharField(max_length=6, default="", blank=True)
    code = models.CharField(max_length=24)
    name = models.CharField("岗位名称", max_length=24)
    line = models.CharField("责任线", max_length=12, choices=Line)
    level = models.CharField("包保对象", max_length=12, choices=Level)
    is_leader = models.BooleanField("包保领导", default=False)
    lists = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    sort = models.PositiveSmallIntegerField("顺序", default=0)
    source = models.CharField("依据", max_length=200, default="", blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "code"], name="responsibility_role_once_per_county"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AssignmentQuerySet(models.QuerySet["ResponsibilityAssignment"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(covers_within(scope, permission))

    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class ResponsibilityAssignment(models.Model):
    """One person in one post for one cover: a division, a school, a class or a child."""

    FIELD = "casework.responsible_phone"

    county = models.CharField(max_length=6)
    # What the telephone is sealed to; ledgers refer to it too.
    seal_id = models.UUIDField(default=uuid.uuid4, unique=True)
    role = models.CharField(max_length=24)  # code of ResponsibilityRole
    line = models.CharField("责任线", max_length=12, choices=Line)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    full_name = models.CharField("姓名", max_length=60)
    duty = models.CharField("单位及职务", max_length=60, default="", blank=True)
    phone_sealed = models.BinaryField(null=True)
    phone_mask = models.CharField("电话", max_length=20, default="", blank=True)
    # Of a division; a school's or a child's own township may change.
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
        Student, on_delete=models.PROTECT, null=True, blank=True, related_name="responsibilities"
    )
    valid_from = models.DateField("起始日期")
    valid_to = models.DateField("最后一天", null=True, blank=True)
    assigned_by_name = models.CharField(max_length=60, default="")
    assigned_at = models.DateTimeField(default=timezone.now)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "line", "id"], name="responsibility_by_line"),
        ]
        constraints = [
            models.CheckConstraint(
                name="responsibility_has_exactly_one_cover", condition=exactly_one_cover()
            ),
            models.CheckConstraint(
                name="responsibility_names_a_person", condition=~Q(full_name="")
            ),
            models.CheckConstraint(
                name="responsibility_ends_not_before_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
            ),
            *(
                ExclusionConstraint(
                    name=f"responsibility_one_at_a_time_per_{cover}",
                    expressions=[
                        (F(cover), RangeOperators.EQUAL),
                        (F("role"), RangeOperators.EQUAL),
                        (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                    ],
                )
                for cover in COVERS
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} since {self.valid_from:%Y-%m-%d}"

    @property
    def level(self) -> Level:
        if self.student_id:
            return Level.STUDENT
        if self.class_group_id:
            return Level.CLASS_GROUP
        return Level.SCHOOL if self.school_id else LEVEL_OF_CODE[len(str(self.division_id))]

    @property
    def cover(self) -> Any:
        return self.student or self.class_group or self.school or self.division

    def phone(self) -> str:
        """The whole number. Errors: crypto.CannotOpen."""
        if self.phone_sealed is None:
            return ""
        return crypto.unseal(self.phone_sealed, field=self.FIELD, row=self.seal_id)
