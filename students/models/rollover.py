"""升级: one school year into the next, first as a preview, row by row, then written once."""

from typing import Self

from django.db import models
from django.utils import timezone

from core.access import Permission, Scope
from core.models import Job
from schools.models import ClassGroup, School
from students.models.person import Student


class RollOverQuerySet(models.QuerySet["RollOver"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class RollOver(models.Model):
    """One county leaving one school year. There is one row a year, so it is written once."""

    class State(models.TextChoices):
        CHECKING = "checking", "测算中"
        CHECKED = "checked", "待提交"
        COMMITTING = "committing", "写入中"
        COMMITTED = "committed", "已升级"
        UNDOING = "undoing", "撤回中"
        UNDONE = "undone", "已撤回"

    county = models.CharField(max_length=6)
    from_year = models.PositiveSmallIntegerField()
    # The last day of the year that ends, the first of the one that begins.
    last_day = models.DateField()
    first_day = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    # Children by group, and "grade-to-grade" within the groups: {"advance": {"11>12": 40}}.
    counts = models.JSONField(default=dict)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by_name = models.CharField(max_length=60, default="", blank=True)

    objects = RollOverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "from_year"], name="roll_over_once_per_county_and_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_year}—{self.from_year + 1}学年升入{self.to_year}—{self.to_year + 1}学年"

    @property
    def to_year(self) -> int:
        return self.from_year + 1


class RollOverGroup(models.TextChoices):
    """What 1 September brings a child. Every child of the county is in exactly one group."""

    ADVANCE = "advance", "升级"
    STAYS_ON = "stays_on", "本校升入初中"
    PRIMARY_LEAVER = "primary_leaver", "小学毕业"
    JUNIOR_LEAVER = "junior_leaver", "初中毕业"
    SENIOR_LEAVER = "senior_leaver", "高中、中职毕业"
    SUSPENDED = "suspended", "休学、缓学保留"
    NOT_ADVANCED = "not_advanced", "不升级"
    NOT_ENROLLED = "not_enrolled", "未就读"


class RollOverRow(models.Model):
    """One child in the preview, with the enrolment it was decided on.

    No foreign key is checked: the rows come by INSERT ... SELECT from the tables they point to.
    """

    Group = RollOverGroup

    class Reason(models.TextChoices):
        NONE = "", ""
        NO_GRADE = "no_grade", "没有年级，请在名册中补报年级"
        NEW_YEAR_ALREADY = "new_year", "新学年的就读已登记"
        GRADE_IS_NEW = "grade_is_new", "年级与班级入学年份相符，已是新学年的年级"
        OTHER_GRADE = "other_grade", "该年级不在升级规则内"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    roll_over = models.ForeignKey(
        RollOver, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    student = models.ForeignKey(
        Student, on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    enrolment_id = models.BigIntegerField(null=True)
    new_enrolment_id = models.BigIntegerField(null=True)
    group = models.CharField(max_length=16, choices=RollOverGroup)
    reason = models.CharField(max_length=16, choices=Reason, default="", blank=True)
    school = models.ForeignKey(
        School,
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    class_group = models.ForeignKey(
        ClassGroup,
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    township = models.CharField(max_length=9, default="", blank=True)  # before, for the undoing
    from_grade = models.PositiveSmallIntegerField(null=True)
    to_grade = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["roll_over", "group", "id"], name="roll_over_by_group")]
        constraints = [
            models.UniqueConstraint(
                fields=["roll_over", "student"], name="roll_over_has_each_child_once"
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} {self.group} {self.from_grade} to {self.to_grade}"


class SchoolPromise(models.Model):
    """The junior school that expects a leaver of grade six (小升初). A later word replaces it."""

    county = models.CharField(max_length=6)
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="promises", db_index=False
    )
    school_year = models.PositiveSmallIntegerField()  # the year that begins
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    set_by = models.BigIntegerField(null=True)
    set_by_name = models.CharField(max_length=60, default="")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "school_year"], name="promise_once_per_child_and_year"
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} to school {self.school_id} in {self.school_year}"
