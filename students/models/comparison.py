"""Runs of a list against our children, and what became of each finding."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.access import Permission, Scope
from core.models import Job
from students.models.lists import ListEntry, OfficeList
from students.models.person import Student


class MatchRunQuerySet(models.QuerySet["MatchRun"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """Both sides are the county's; no lower place sees a run."""
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class MatchRun(models.Model):
    """四查三比对: one list, one question, the answer as rows that stay as they were found."""

    class Kind(models.TextChoices):
        POPULATION = "population", "户籍比对学籍：查未入学"
        IN_CLASS = "in_class", "学籍比对在校：查疑似辍学"
        POOR_DROPOUTS = "poor_dropouts", "辍学比对脱贫监测：查脱贫户辍学"
        DISABILITY = "disability", "残疾名单比对学籍：查未入学"
        ANY = "any", "名单比对本县学生"

    class State(models.TextChoices):
        RUNNING = "running", "比对中"
        DONE = "done", "已完成"

    county = models.CharField(max_length=6)
    kind = models.CharField("比对种类", max_length=20, choices=Kind)
    office_list = models.ForeignKey(OfficeList, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    as_of = models.DateField("比对日期")
    # Only children born from the one day to the other are compared; empty: all of the list.
    born_from = models.DateField(null=True, blank=True)
    born_to = models.DateField(null=True, blank=True)
    counts = models.JSONField(default=dict)  # theirs, ours, outside, and findings by class
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = MatchRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "-created_at"], name="match_run_newest")]
        constraints = [
            models.CheckConstraint(
                name="match_run_born_from_before_to",
                condition=Q(born_from=None, born_to=None) | Q(born_from__lte=models.F("born_to")),
            ),
            models.CheckConstraint(
                name="match_run_done_has_its_moment",
                condition=Q(state="running", done_at=None) | Q(state="done", done_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（{self.office_list}）"


class MatchDifference(models.Model):
    """One child of the list, of ours, or of both. Written in bulk, so nothing is checked twice."""

    class Found(models.TextChoices):
        EXACT = "exact", "精确匹配"
        BY_OTHER = "by_other", "其他信息匹配"
        DIFFERS = "differs", "字段不一致"
        ONLY_THEIRS = "only_theirs", "仅对方有"
        ONLY_OURS = "only_ours", "仅我方有"

    class How(models.TextChoices):
        NUMBER = "number", "身份证号"
        STUDENT_NO = "student_no", "学籍号"
        NAME_BIRTH = "name_birth", "姓名、出生日期"
        SOUND_BIRTH = "sound_birth", "姓名读音、出生日期"
        NAME_GUARDIAN = "name_guardian", "姓名、监护人或户主"

    class Decision(models.TextChoices):
        OPEN = "open", "待定"
        ACCEPTED = "accepted", "认可"
        REJECTED = "rejected", "不认可"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    run = models.ForeignKey(MatchRun, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    found = models.CharField(max_length=12, choices=Found)
    how = models.CharField(max_length=14, choices=How, default="", blank=True)
    entry = models.ForeignKey(
        ListEntry, on_delete=models.DO_NOTHING, null=True, db_index=False, db_constraint=False
    )
    student = models.ForeignKey(
        Student, on_delete=models.DO_NOTHING, null=True, db_index=False, db_constraint=False
    )
    fields = models.JSONField(default=dict)  # {field: [ours, theirs]}
    decision = models.CharField(max_length=8, choices=Decision, default=Decision.OPEN)
    decided_by = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=60, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, default="", blank=True)
    # What accepting wrote, for the undoing (students.comparison.taking); null: nothing yet.
    outcome = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run", "found", "id"], name="difference_by_class")]
        constraints = [
            models.CheckConstraint(
                name="difference_is_about_somebody",
                condition=Q(entry__isnull=False) | Q(student__isnull=False),
            ),
            models.CheckConstraint(
                name="difference_decided_iff_not_open",
                condition=Q(decision="open", decided_at=None)
                | (~Q(decision="open") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} {self.found}"
