"""Places and calendar: reference data of every county, outside the tenant wall."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.access import Permission, Scope
from schools.ages import Cohort, cohort, school_year_of


class DivisionQuerySet(models.QuerySet["Division"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )

    def under(self, code: str) -> Self:
        return self.filter(code__startswith=code).exclude(code=code)


class Division(models.Model):
    """行政区划 by statistical code: 2, 4, 6, 9 or 12 digits, each the prefix of those below."""

    class Level(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市"
        COUNTY = "county", "县"
        TOWNSHIP = "township", "乡镇"
        VILLAGE = "village", "村"

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=60)
    level = models.CharField(max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="children", db_index=True
    )
    # Codes are withdrawn every year; the old one stays readable on old records.
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects = DivisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="division_code_has_a_level_length",
                condition=Q(code__regex=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    PRESCHOOL = "preschool", "学前"
    PRIMARY = "primary", "小学"
    JUNIOR = "junior", "初中"
    SENIOR = "senior", "普通高中"
    VOCATIONAL = "vocational", "中职"
    SPECIAL = "special", "特殊教育"


class SchoolQuerySet(models.QuerySet["School"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(permission, township="township", school="pk", class_group="class_groups")
        )

    def open_on(self, day: date) -> Self:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )


class School(models.Model):
    """学校, with its unchanging 10-digit code; a merged or renamed one names its successor."""

    county = models.CharField(max_length=6)
    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40, default="", blank=True)
    stages = ArrayField(models.CharField(max_length=12, choices=Stage), default=list)
    township = models.ForeignKey(
        Division, on_delete=models.PROTECT, null=True, related_name="schools"
    )
    is_boarding = models.BooleanField(default=False)
    is_small = models.BooleanField(default=False)
    is_teaching_point = models.BooleanField(default=False)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)

    objects = SchoolQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "code"], name="school_by_county")]
        constraints = [
            models.CheckConstraint(
                name="school_code_has_ten_digits", condition=Q(code__regex=r"^\d{10}$")
            ),
            models.CheckConstraint(
                name="school_successor_only_after_its_end",
                condition=Q(successor=None) | Q(valid_to__isnull=False),
            ),
            models.CheckConstraint(
                name="school_is_not_its_own_successor",
                condition=Q(successor=None) | ~Q(successor=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClassGroup(models.Model):
    """班级, keyed by entry year and number: its name changes each year, this key does not.

    `stage` and `entry_year` are empty where the roster told the class but not the grade.
    """

    county = models.CharField(max_length=6)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="class_groups")
    stage = models.CharField(max_length=12, choices=Stage, default="", blank=True)
    entry_year = models.PositiveSmallIntegerField(null=True, blank=True)
    number = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "stage", "entry_year", "number"],
                nulls_distinct=False,
                name="class_once_per_school_entry_year_and_number",
            ),
        ]

    def __str__(self) -> str:
        year = f"{self.entry_year}级" if self.entry_year else ""
        return f"{year}{self.number}班" if self.number.isdigit() else f"{year}{self.number}"


class SchoolYearQuerySet(models.QuerySet["SchoolYear"]):
    def on(self, day: date) -> "SchoolYear":
        return self.get(first_day__lte=day, last_day__gte=day)


class SchoolYear(models.Model):
    """学年, 1 September to 31 August, named by its first year."""

    start_year = models.PositiveSmallIntegerField(primary_key=True)
    first_day = models.DateField()
    last_day = models.DateField()

    objects = SchoolYearQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="school_year_ends_after_its_start", condition=Q(last_day__gt=F("first_day"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_year}—{self.start_year + 1}学年"


class Term(models.Model):
    """学期: code like 2026-2027-1 (秋季) and -2 (春季)."""

    class Season(models.IntegerChoices):
        AUTUMN = 1, "秋季学期"
        SPRING = 2, "春季学期"

    school_year = models.ForeignKey(SchoolYear, on_delete=models.PROTECT, related_name="terms")
    season = models.PositiveSmallIntegerField(choices=Season)
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school_year", "season"], name="term_once_per_year_and_season"
            ),
        ]

    def __str__(self) -> str:
        year = self.school_year_id + (1 if self.season == self.Season.SPRING else 0)
        return f"{year}年{self.get_season_display()}"

    @property
    def code(self) -> str:
        return f"{self.school_year_id}-{self.school_year_id + 1}-{self.season}"


class CalendarDay(models.Model):
    """A day that differs from the week: a holiday, or a weekend day moved to be worked."""

    day = models.DateField(primary_key=True)
    is_working = models.BooleanField()
    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class DeadlineRule(models.Model):
    """A deadline as data: policy changes every year and differs between counties.

    `county` empty means the default of all counties; `value` is days, or a day of the month
    (0 = the last one), as the rule's code says.
    """

    county = models.CharField(max_length=6, default="", blank=True)
    code = models.CharField(max_length=40)
    value = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "code", "valid_from"], name="deadline_rule_once_per_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}={self.value}"


class AgeRuleQuerySet(models.QuerySet["AgeRule"]):
    def for_county(self, county: str, *, on: date) -> "AgeRule":
        """A county's own rule of the day goes before the one for all counties."""
        held = self.filter(
            Q(valid_to=None) | Q(valid_to__gte=on), county__in=["", county], valid_from__lte=on
        )
        return held.order_by("-county", "-valid_from")[:1].get()


class AgeRule(models.Model):
    """Who is of school age, as data: entry at six or seven, nine years or ten (五四 or late entry).

    `county` empty means every county without a rule of its own.
    """

    county = models.CharField(max_length=6, default="", blank=True)
    entry_age = models.PositiveSmallIntegerField(default=6)
    cutoff_month = models.PositiveSmallIntegerField(default=8)
    cutoff_day = models.PositiveSmallIntegerField(default=31)
    years = models.PositiveSmallIntegerField(default=9)
    source = models.CharField(max_length=200, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = AgeRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "valid_from"], name="age_rule_once_per_start"
            ),
            models.CheckConstraint(
                name="age_rule_ends_not_before_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_age} for {self.years} years from {self.valid_from}"

    def cohort(self, *, on: date) -> Cohort:
        """Birthdays of school age in the school year of a day."""
        return cohort(
            school_year_of(on),
            entry_age=self.entry_age,
            cutoff_month=self.cutoff_month,
            cutoff_day=self.cutoff_day,
            years=self.years,
        )
