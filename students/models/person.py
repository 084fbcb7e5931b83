"""The child, the numbers the child is known by, and the people who care for the child."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right
from django.utils import timezone

from core import crypto
from core.access import Permission, Scope
from schools.models import ClassGroup, School


class StudentQuerySet(models.QuerySet["Student"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        # A record that went into another one is nobody: only its merge still names it.
        return self.filter(scope.q(permission), merged_into=None)


class Student(models.Model):
    """One true record per child.

    `school`, `class_group`, `grade` and `township` repeat the enrolment of today, because every
    list is scoped and sorted by them: over 1,000,000 children the join costs 25 to 200 times the
    index. Who writes an enrolment writes them in the same statement or transaction; the command
    `check_students` compares the two.
    """

    class Sex(models.TextChoices):
        MALE = "男", "男"
        FEMALE = "女", "女"

    county = models.CharField(max_length=6)
    full_name = models.CharField("姓名", max_length=100)
    name_key = models.CharField(max_length=200)  # full pinyin: no ICU collation is at hand
    name_tokens = ArrayField(models.TextField(), default=list)
    former_name = models.CharField("曾用名", max_length=100, default="", blank=True)
    sex = models.CharField("性别", max_length=1, choices=Sex, default="", blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    ethnicity_code = models.CharField("民族", max_length=2, default="", blank=True)
    id_type = models.CharField("身份证件类型", max_length=2, default="", blank=True)
    has_no_number = models.BooleanField("无户口或无证件", default=False)
    hukou_division = models.CharField("户籍区划", max_length=12, default="", blank=True)
    hukou_address = models.CharField("户籍地址", max_length=200, default="", blank=True)
    residence_address = models.CharField("现居住地", max_length=200, default="", blank=True)
    # The township that answers for the child: that of the school today, else of the hukou.
    township = models.CharField(max_length=9, default="", blank=True)
    # References of this and the other tables an import fills: core.references.
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False
    )
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False
    )
    grade = models.PositiveSmallIntegerField("年级", null=True, blank=True)
    extra = models.JSONField(default=dict)  # columns of rosters nobody asked for, by their label
    # Set when this record was merged into another one of the same child (students.duplicates).
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="absorbed",
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = StudentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "name_key", "id"], name="student_by_name"),
            models.Index(
                fields=["county", "school", "grade", "class_group", "name_key", "id"],
                name="student_by_school",
            ),
            models.Index(fields=["county", "township", "name_key", "id"], name="student_by_town"),
            models.Index(fields=["county", "birth_date"], name="student_by_birth"),
            GinIndex(fields=["name_tokens"], name="student_by_name_piece"),
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="student_absorbed",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="student_has_a_name", condition=~Q(full_name="")),
            models.CheckConstraint(
                name="student_absorbed_is_nowhere",
                condition=Q(merged_into=None) | Q(school=None, class_group=None, grade=None),
            ),
            models.CheckConstraint(
                name="student_grade_is_a_known_code",
                condition=Q(grade=None)
                | Q(grade__range=(1, 6))
                | Q(grade__range=(11, 16))
                | Q(grade__range=(21, 24))
                | Q(grade__range=(31, 33))
                | Q(grade__range=(41, 43)),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name


class StudentIdentifier(models.Model):
    """A number a child is or was known by. Never edited: a new number is a new row.

    Ledgers refer to the row, never to the number.
    """

    FIELD = "students.identifier"

    class Kind(models.TextChoices):
        ID_NUMBER = "id_number", "身份证件号"
        STUDENT_NO = "student_no", "学籍号"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    county = models.CharField(max_length=6)
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="identifiers", db_constraint=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    sealed = models.BinaryField()
    blind = models.BinaryField(max_length=16)
    mask = models.CharField(max_length=40)
    source = models.CharField(max_length=60, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "kind", "blind"], name="identifier_once_per_county"
            ),
            models.UniqueConstraint(
                fields=["student", "kind"],
                condition=Q(valid_to=None),
                name="identifier_one_current_per_kind",
            ),
        ]
        # The last four characters stand in the mask, so a search by them opens no number.
        indexes = [
            models.Index(F("county"), Right("mask", 4), name="identifier_by_tail"),
        ]

    def __str__(self) -> str:
        return self.mask

    def reveal(self) -> str:
        return crypto.unseal(self.sealed, field=self.FIELD, row=self.id)


class Guardian(models.Model):
    """A parent or other person who cares for a child; many families share one phone."""

    PHONE_FIELD = "students.guardian_phone"
    NUMBER_FIELD = "students.guardian_number"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    county = models.CharField(max_length=6)
    full_name = models.CharField("姓名", max_length=100)
    phone_sealed = models.BinaryField(null=True)
    phone_mask = models.CharField("电话", max_length=20, default="", blank=True)
    number_sealed = models.BinaryField(null=True)
    number_blind = models.BinaryField(max_length=16, null=True)
    number_mask = models.CharField("身份证件号", max_length=40, default="", blank=True)
    work_place = models.CharField("务工地", max_length=120, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["county", "number_blind"], name="guardian_by_number")]

    def __str__(self) -> str:
        return self.full_name


class StudentGuardian(models.Model):
    """Guardian of a child over a period, with the relation of GB/T 4761 (51 父亲, 52 母亲 …)."""

    county = models.CharField(max_length=6)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="guardianships")
    guardian = models.ForeignKey(Guardian, on_delete=models.PROTECT, related_name="guardianships")
    relation_code = models.CharField(max_length=2)
    is_guardian = models.BooleanField(default=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "guardian"],
                condition=Q(valid_to=None),
                name="guardianship_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relation_code} of student {self.student_id}"
