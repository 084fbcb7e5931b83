from datetime import date, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from casework.states import ENDED_STATES, OPEN_STATES, Action, CaseState
from core.access import Permission, Scope
from schools.models import School
from students.models import Student, Transfer


class CaseCodeQuerySet(models.QuerySet["CaseCode"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )

    def of(self, code_list: str) -> Self:
        return self.filter(list=code_list)


class CaseCode(models.Model):
    """Causes, results, placements, reasons, sources: no national list exists, so they are data."""

    class List(models.TextChoices):
        CAUSE = "cause", "辍学原因"
        VERIFICATION = "verification", "核查结果"
        PLACEMENT = "placement", "复学安置方式"
        LAPSE = "lapse", "核减原因"
        SOURCE = "source", "数据来源"
        LEGAL_RESULT = "legal_result", "依法文书结果"

    list = models.CharField(max_length=12, choices=List)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    # The state it leads to: of a verification result excluded, confirmed or suspected; of a
    # placement returned (at a school) or placed (otherwise).
    leads_to = models.CharField(max_length=12, default="", blank=True)
    # What to ask for before the code is believed; empty where nothing need be shown.
    evidence = models.CharField("应附佐证", max_length=120, default="", blank=True)
    sort = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects = CaseCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "code"], name="case_code_once_per_list"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseQuerySet(models.QuerySet["DropoutCase"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="student__township",
                school="student__school",
                class_group="student__class_group",
            )
        )

    def still_open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def overdue(self, on: date, *, days: int) -> Self:
        """Open for `days` days and not visited in them."""
        limit = on - timedelta(days=days)
        return self.still_open().filter(opened_on__lte=limit).exclude(visits__visited_on__gt=limit)


class DropoutCase(models.Model):
    """控辍个案, from suspicion to 销号. A closed one is never edited: a relapse is a new case."""

    county = models.CharField(max_length=6)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="cases")
    state = models.CharField(max_length=12, choices=CaseState, default=CaseState.SUSPECTED)
    # Where the child was at the opening; today's school is the student's.
    school_at_opening = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, related_name="+"
    )
    grade_at_opening = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=20)  # code of list `source`
    sent_down_batch = models.CharField("下发批次", max_length=60, default="", blank=True)
    opened_on = models.DateField()
    state_since = models.DateField()
    last_present_on = models.DateField("最后到校日期", null=True, blank=True)
    suspicion = models.CharField("疑似原因", max_length=200, default="", blank=True)
    verification_result = models.CharField(max_length=20, default="", blank=True)
    verified_on = models.DateField("核查日期", null=True, blank=True)
    verified_by = models.CharField("核查人", max_length=60, default="", blank=True)
    evidence = models.CharField("佐证材料", max_length=200, default="", blank=True)
    causes = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    main_cause = models.CharField(max_length=20, default="", blank=True)
    whereabouts = models.CharField("目前去向", max_length=200, default="", blank=True)
    dropped_out_on = models.DateField("辍学日期", null=True, blank=True)
    returned_on = models.DateField("复学日期", null=True, blank=True)
    placement = models.CharField(max_length=20, default="", blank=True)
    # Named when the lapse is proposed: both lines sign for it before it takes effect.
    lapse_reason = models.CharField(max_length=20, default="", blank=True)
    ending_proof = models.CharField("安置或核减依据", max_length=200, default="", blank=True)
    closed_on = models.DateField("销号日期", null=True, blank=True)
    # The transfer whose receipt a transferred case waits for.
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, null=True, blank=True)
    previous_case = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "state", "-opened_on", "-id"], name="case_by_state"),
            models.Index(fields=["county", "-opened_on", "-id"], name="case_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(state__in=OPEN_STATES),
                name="case_one_open_per_student",
            ),
            models.CheckConstraint(
                name="case_closed_iff_ended",
                condition=Q(closed_on=None) ^ Q(state__in=ENDED_STATES),
            ),
            models.CheckConstraint(
                name="case_closing_needs_a_placement",
                condition=~Q(state__in=(CaseState.CLOSED, CaseState.PLACED)) | ~Q(placement=""),
            ),
            models.CheckConstraint(
                name="case_lapse_needs_a_reason",
                condition=~Q(state=CaseState.LAPSED) | ~Q(lapse_reason=""),
            ),
            models.CheckConstraint(
                name="case_transferred_names_its_transfer",
                condition=~Q(state=CaseState.TRANSFERRED) | Q(transfer__isnull=False),
            ),
            models.CheckConstraint(
                name="case_excluded_needs_a_verification_result",
                condition=~Q(state=CaseState.EXCLUDED) | ~Q(verification_result=""),
            ),
            models.CheckConstraint(
                name="case_closed_not_before_opened",
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk} {self.state} since {self.opened_on:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class CaseEvent(models.Model):
    """Append-only: the state of a case can be rebuilt from its events."""

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    happened_on = models.DateField()
    action = models.CharField(max_length=30, choices=Action)
    from_state = models.CharField(max_length=12, choices=CaseState, default="", blank=True)
    to_state = models.CharField(max_length=12, choices=CaseState)
    detail = models.JSONField(default=dict)
    note = models.CharField(max_length=500, default="", blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=60, default="")

    def __str__(self) -> str:
        return f"{self.happened_on} {self.action} case {self.case_id}"
