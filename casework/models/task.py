from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from casework.models.case import CaseEvent, DropoutCase
from core.access import Permission, Scope
from schools.models import School


class TaskKind(models.TextChoices):
    """What is to be done. A new kind is a new line here: the column takes any code."""

    VERIFY = "verify", "核查疑似"
    ASSIGN = "assign", "开始劝返"
    PERSUADE_VISIT = "persuade_visit", "劝返走访"
    LEGAL_NEXT = "legal_next", "依法下一步"
    LEGAL_SERVE = "legal_serve", "送达依法文书"
    OBSERVE_CHECK = "observe_check", "复学跟踪"
    RECEIPT = "receipt", "确认转学接收"
    PLAN_REVIEW = "plan_review", "审批一人一案"
    PLAN_MEASURE = "plan_measure", "落实一人一案措施"
    SIGN = "sign", "销号签字"
    HANDOVER = "handover", "个案移交答复"
    REPORT = "report", "月报告"


class TaskLine(models.TextChoices):
    EDUCATION = "education", "教育线"
    GOVERNMENT = "government", "政府线"
    COUNTY = "county", "县级"


class TaskQuerySet(models.QuerySet["CaseTask"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """A task lies where the child of its case is today, else at its school."""
        of_case = scope.q(
            permission,
            township="case__student__township",
            school="case__student__school",
            class_group="case__student__class_group",
        )
        of_school = scope.q(
            permission, township="school__township", school="school", class_group=""
        )
        return self.filter((Q(school=None) & of_case) | (Q(case=None) & of_school))

    def still_open(self) -> Self:
        return self.filter(done_on=None)

    def in_turn(self) -> Self:
        """Open ones by their day, then those done, latest first."""
        return self.order_by(F("done_on").desc(nulls_first=True), "due_on", "pk")


class CaseTask(models.Model):
    """Something somebody must have done by a day, about one case or for one school.

    `late_since` is the day after the due one; once written it stays, though the task be done or
    given a new day.
    `about` tells apart several open tasks of one kind, such as the legal step they belong to.
    """

    Kind = TaskKind
    Line = TaskLine

    county = models.CharField(max_length=6)
    case = models.ForeignKey(
        DropoutCase, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField("事项", max_length=20)
    line = models.CharField("责任线", max_length=12, choices=TaskLine)
    about = models.CharField(max_length=40, default="", blank=True)
    words = models.CharField("内容", max_length=120, default="", blank=True)
    set_on = models.DateField("布置日期")
    due_on = models.DateField("应办日期")
    done_on = models.DateField("办结日期", null=True, blank=True)
    late_since = models.DateField("逾期起", null=True, blank=True)
    event = models.ForeignKey(
        CaseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = TaskQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["county", "due_on", "id"],
                condition=Q(done_on=None),
                name="task_open_by_due_day",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "about"],
                condition=Q(done_on=None),
                name="task_one_open_per_case_and_kind",
            ),
            models.UniqueConstraint(
                fields=["school", "kind", "about"],
                condition=Q(done_on=None),
                name="task_one_open_per_school_and_kind",
            ),
            models.CheckConstraint(
                name="task_of_a_case_or_of_a_school",
                condition=Q(case=None, school__isnull=False) | Q(case__isnull=False, school=None),
            ),
            models.CheckConstraint(
                name="task_due_not_before_it_was_set", condition=Q(due_on__gte=F("set_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.kind} due {self.due_on:%Y-%m-%d}"

    @property
    def is_late(self) -> bool:
        return self.done_on is None and self.due_on < timezone.localdate()

    @property
    def name(self) -> str:
        return self.words or TaskKind(self.kind).label
