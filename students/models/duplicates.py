"""Two records that may be one child, and what was done about it."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.access import Permission, Scope
from students.models.person import Student
from students.models.roster import ImportBatch


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        # The two may stand in two schools: only who answers for the whole county may join them.
        return self.filter(scope.q(permission, township="", school="", class_group=""))

    def standing(self) -> Self:
        """Without the pairs whose record went into a third one meanwhile."""
        both_stand = Q(first__merged_into=None, second__merged_into=None)
        return self.filter(both_stand | Q(state=DuplicatePair.State.MERGED))


class DuplicatePair(models.Model):
    """Found by the county's search or opened by a roster; a person alone decides."""

    class State(models.TextChoices):
        OPEN = "open", "待核对"
        MERGED = "merged", "已合并"
        REJECTED = "rejected", "不是同一人"

    class Reason(models.TextChoices):
        SAME_NAME = "same_name", "姓名相同"
        SAME_SOUND = "same_sound", "姓名读音相同"
        SWAPPED_NAME = "swapped_name", "名字用字颠倒"
        SIMILAR_NAME = "similar_name", "姓名差一个字"
        SAME_BIRTH = "same_birth", "出生日期相同"
        NEAR_BIRTH = "near_birth", "出生日期相近"
        SAME_GUARDIAN = "same_guardian", "监护人相同"
        SAME_HOUSEHOLD = "same_household", "同一户"
        NUMBER_IN_NO = "number_in_no", "学籍号含对方证件号"
        SHARED_NO = "shared_no", "名册里的学籍号是对方的"
        NUMBER_CHANGED = "number_changed", "临时学籍号已转正式"
        NO_NUMBER = "no_number", "一方没有证件号"
        SIMILAR_NUMBER = "similar_number", "证件号相近"
        SAME_SCHOOL = "same_school", "学校相同"
        SAME_ADDRESS = "same_address", "住址相同"

    county = models.CharField(max_length=6)
    first = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+", db_index=False)
    second = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    reasons = ArrayField(models.CharField(max_length=20, choices=Reason), default=list)
    looks_like_twins = models.BooleanField(default=False)
    # Digest of name, birth, sex, numbers and guardians of both: a pair that was rejected comes
    # back only when it is another one.
    facts = models.CharField(max_length=32)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=60, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "state", "-score", "-id"], name="pair_by_score")]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_once"),
            models.CheckConstraint(
                name="pair_has_the_older_record_first", condition=Q(first__lt=F("second"))
            ),
            models.CheckConstraint(
                name="pair_decided_iff_not_open",
                condition=Q(state="open", decided_at=None)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"pair {self.first_id} {self.second_id} {self.state}"


class StudentMerge(models.Model):
    """One merge: which record stayed, which went into it, and what was chosen."""

    county = models.CharField(max_length=6)
    pair = models.ForeignKey(DuplicatePair, on_delete=models.PROTECT, related_name="merges")
    kept = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    chosen = models.JSONField(default=dict)  # field -> "kept" or "absorbed"
    merged_at = models.DateTimeField(default=timezone.now)
    merged_by = models.BigIntegerField(null=True)
    merged_by_name = models.CharField(max_length=60, default="")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.BigIntegerField(null=True)
    undone_by_name = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"], condition=Q(undone_at=None), name="absorbed_into_one_record"
            ),
            models.CheckConstraint(name="merged_records_are_two", condition=~Q(kept=F("absorbed"))),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.kept_id}"


class MergedRow(models.Model):
    """A row about either record, as it was before the merge and as the merge left it.

    `before` is empty for a row the merge made, `after` for one it took away. Sealed values stand
    here sealed, as in their own table.
    """

    county = models.CharField(max_length=6)
    merge = models.ForeignKey(StudentMerge, on_delete=models.PROTECT, related_name="rows")
    model = models.CharField(max_length=60)  # like students.enrolment
    row = models.CharField(max_length=40)  # its primary key
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "model", "row"], name="merged_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.row}"
