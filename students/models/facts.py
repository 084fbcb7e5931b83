"""Facts with a life: every one has a source and the days it held."""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from students.models.enrolment import DateRange
from students.models.person import Student


class CategoryType(models.Model):
    """脱贫户, 监测对象, 低保 … as data: names change (建档立卡 -> 脱贫户 in 2021 -> 2026)."""

    class Level(models.TextChoices):
        PERSON = "person", "个人"
        HOUSEHOLD = "household", "户"

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=40)
    short_name = models.CharField(max_length=12)
    group = models.CharField(max_length=20)
    level = models.CharField(max_length=10, choices=Level)
    source_body = models.CharField(max_length=60)
    is_sensitive = models.BooleanField(default=False)
    sort = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class PersonCategoryQuerySet(models.QuerySet["PersonCategory"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class PersonCategory(models.Model):
    """A child belongs to a category from a day until a day, as a source says. Never a boolean."""

    county = models.CharField(max_length=6)
    student = models.ForeignKey(
        Student,
        on_delete=models.PROTECT,
        related_name="categories",
        db_index=False,
        db_constraint=False,
    )
    type = models.ForeignKey(
        CategoryType, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="", blank=True)
    batch = models.ForeignKey(
        "students.ImportBatch",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
    )

    objects = PersonCategoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "type", "student"], name="category_by_type")]
        constraints = [
            ExclusionConstraint(
                name="category_once_at_a_time",
                expressions=[
                    (F("student"), RangeOperators.EQUAL),
                    (F("type"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="category_ends_not_before_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} of student {self.student_id} from {self.valid_from}"


class DisabilityRecord(models.Model):
    """残疾 by card (残疾人证, categories and levels of GB/T 26341) or assessed without one."""

    class Type(models.TextChoices):
        VISUAL = "1", "视力"
        HEARING = "2", "听力"
        SPEECH = "3", "言语"
        PHYSICAL = "4", "肢体"
        INTELLECTUAL = "5", "智力"
        MENTAL = "6", "精神"
        MULTIPLE = "7", "多重"

    county = models.CharField(max_length=6)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="disabilities")
    disability_type = models.CharField(max_length=1, choices=Type, default="", blank=True)
    disability_level = models.PositiveSmallIntegerField(null=True, blank=True)
    has_card = models.BooleanField(default=False)
    source = models.CharField(max_length=60, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student"], condition=Q(valid_to=None), name="disability_one_open"
            ),
            models.CheckConstraint(
                name="disability_level_is_one_to_four",
                condition=Q(disability_level=None) | Q(disability_level__range=(1, 4)),
            ),
        ]

    def __str__(self) -> str:
        return f"disability of student {self.student_id}"


class LeftBehindFact(models.Model):
    """Where the parents are. Both definitions of 留守 are derived from it, neither is stored.

    Education statistics count one parent away for over three months; civil affairs
    (国发〔2016〕13号) ask for both away, or one away and the other unable to care.
    """

    county = models.CharField(max_length=6)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="left_behind_facts")
    one_parent_away = models.BooleanField(default=False)
    both_parents_away = models.BooleanField(default=False)
    other_parent_able = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=60, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student"], condition=Q(valid_to=None), name="left_behind_one_open"
            ),
            models.CheckConstraint(
                name="left_behind_not_one_and_both",
                condition=~Q(one_parent_away=True, both_parents_away=True),
            ),
        ]

    def __str__(self) -> str:
        return f"parents of student {self.student_id} from {self.valid_from}"
