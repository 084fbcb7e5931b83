"""Lists of other offices: who they hold, since when, and where two offices disagree."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.access import Permission, Scope
from core.models import Job
from schools.models import School
from students.models.facts import CategoryType
from students.models.person import Student


class OfficeListQuerySet(models.QuerySet["OfficeList"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """A list is the county's; no lower place owns a part of it."""
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class FactConflictQuerySet(models.QuerySet["FactConflict"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class OfficeList(models.Model):
    """One file of one office, true on its date: read first, applied when a person says so."""

    class Kind(models.TextChoices):
        POVERTY = "poverty_register", "脱贫户、监测户名单"
        RELIEF = "relief", "低保、特困名单"
        DISABILITY = "disability", "残疾儿童名单"
        CIVIL = "civil", "留守、孤儿、事实无人抚养名单"
        POPULATION = "population", "公安户籍名单"
        IN_CLASS = "in_class", "在校点名名单"
        PROMISES = "promises", "小升初派位名单"
        SENT_DOWN = "sent_down", "上级下发疑似辍学名单"
        OTHER = "other", "其他名单"

    class State(models.TextChoices):
        READING = "reading", "读取中"
        REFUSED = "refused", "文件未受理"
        NEEDS_CONFIRM = "needs_confirm", "日期较早，待确认"
        READY = "ready", "待登记"
        APPLYING = "applying", "登记中"
        APPLIED = "applied", "已登记"
        DISCARDED = "discarded", "已放弃"

    county = models.CharField(max_length=6)
    kind = models.CharField("名单种类", max_length=20, choices=Kind)
    owning_body = models.CharField("提供单位", max_length=40)
    list_date = models.DateField("名单日期")
    # What a row means that names no category, and the categories the list is complete for beside
    # those it names: only of these may it end anything.
    default_type = models.ForeignKey(
        CategoryType, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    covers = ArrayField(models.CharField(max_length=40), default=list)
    # The only places the list speaks of; both empty: the whole county. Absence from the list says
    # nothing of a child elsewhere (students.lists.places).
    townships = ArrayField(models.CharField(max_length=9), default=list, blank=True)
    schools = ArrayField(models.BigIntegerField(), default=list, blank=True)
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=200)  # below MEDIA_ROOT
    state = models.CharField(max_length=14, choices=State, default=State.READING)
    refusal = models.CharField(max_length=30, default="", blank=True)
    sheets = models.JSONField(default=list)  # per sheet: name, data rows, other rows
    ignored_sheets = models.JSONField(default=list)
    counts = models.JSONField(default=dict)  # entries by verdict
    plan = models.JSONField(default=dict)  # what applying would do, counted when it was read
    result = models.JSONField(default=dict)  # what applying did
    read_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    apply_job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_by_name = models.CharField(max_length=60, default="", blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)  # its rows are gone since

    objects = OfficeListQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "-created_at"], name="office_list_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "kind", "list_date", "sha256"],
                condition=~Q(state__in=["refused", "discarded"]),
                name="office_list_once_per_file_and_date",
            ),
            models.CheckConstraint(
                name="office_list_applied_has_its_moment",
                condition=~Q(state="applied") | Q(applied_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（{self.list_date:%Y-%m-%d}）"

    @property
    def source(self) -> str:
        """Whose word a fact of this list is; the next list of the office speaks by the same."""
        return f"名单：{self.owning_body}"


class ListEntry(models.Model):
    """One row. Numbers are sealed; other people's numbers and phones are masked and not kept."""

    class Verdict(models.TextChoices):
        GOOD = "good", "可用"
        DOUBTFUL = "doubtful", "有疑点"
        DUPLICATE = "duplicate", "重复"
        REJECTED = "rejected", "退回"

    class Parents(models.TextChoices):
        BOTH_AWAY = "both", "父母双方外出"
        ONE_AWAY = "one", "一方外出另一方无监护能力"

    id = models.BigAutoField(primary_key=True)
    county = models.CharField(max_length=6)
    office_list = models.ForeignKey(
        OfficeList, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    sheet_no = models.PositiveSmallIntegerField()
    row_no = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=30, default="", blank=True)
    reason_cell = models.CharField(max_length=200, default="", blank=True)
    full_name = models.CharField(max_length=100, default="", blank=True)
    name_key = models.CharField(max_length=200, default="", blank=True)
    id_type = models.CharField(max_length=2, default="", blank=True)
    number_id = models.UUIDField(null=True)
    number_sealed = models.BinaryField(null=True)  # only of numbers the county does not hold
    number_blind = models.BinaryField(null=True)
    number_mask = models.CharField(max_length=40, default="", blank=True)
    student_no_blind = models.BinaryField(null=True)
    sex = models.CharField(max_length=1, default="", blank=True)
    birth_date = models.DateField(null=True)
    ethnicity_code = models.CharField(max_length=2, default="", db_default="", blank=True)
    # Where the child is taught, or of a list of promises, where it is expected.
    school = models.ForeignKey(
        School, on_delete=models.DO_NOTHING, null=True, db_index=False, db_constraint=False
    )
    school_text = models.CharField(max_length=120, default="", blank=True)
    grade = models.PositiveSmallIntegerField(null=True)
    household_no = models.CharField(max_length=40, default="", blank=True)
    head_name = models.CharField(max_length=100, default="", blank=True)
    relation = models.CharField(max_length=20, default="", blank=True)
    guardian_name = models.CharField(max_length=100, default="", blank=True)
    categories = ArrayField(models.CharField(max_length=40), default=list)
    disability_type = models.CharField(max_length=1, default="", blank=True)
    disability_level = models.PositiveSmallIntegerField(null=True)
    has_card = models.BooleanField(default=False)
    parents = models.CharField(max_length=4, choices=Parents, default="", blank=True)
    extra = models.JSONField(default=dict)
    student = models.ForeignKey(
        Student, on_delete=models.SET_NULL, null=True, db_index=False, db_constraint=False
    )
    matched_by = models.CharField(max_length=20, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office_list", "sheet_no", "row_no"], name="list_entry_once_per_list"
            ),
        ]

    def __str__(self) -> str:
        return f"list {self.office_list_id} row {self.row_no}"


class FactConflict(models.Model):
    """Two offices say different things of one child. The owning body's newest list holds by
    default and is already in force; a person may uphold it or overrule it."""

    class Kind(models.TextChoices):
        CLAIMED = "claimed", "主管部门名单没有此人"
        DROPPED = "dropped", "主管部门名单已不含此人"
        DIFFERS = "differs", "两处内容不同"

    class State(models.TextChoices):
        OPEN = "open", "待核定"
        UPHELD = "upheld", "按主管部门"
        OVERRULED = "overruled", "按另一方"

    county = models.CharField(max_length=6)
    office_list = models.ForeignKey(OfficeList, on_delete=models.PROTECT, related_name="conflicts")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="fact_conflicts")
    kind = models.CharField(max_length=10, choices=Kind)
    type = models.ForeignKey(CategoryType, on_delete=models.PROTECT, related_name="+")
    row_id = models.BigIntegerField(null=True)  # the other office's fact, where it has a row
    owner_says = models.CharField(max_length=120)
    owner_source = models.CharField(max_length=60)
    other_says = models.CharField(max_length=120)
    other_source = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=60, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)

    objects = FactConflictQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["county", "state", "id"], name="conflict_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "type", "kind"],
                condition=Q(state="open"),
                name="conflict_asked_once",
            ),
            models.CheckConstraint(
                name="conflict_decided_iff_not_open",
                condition=Q(state="open", decided_at=None)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.type_id} of student {self.student_id}"
