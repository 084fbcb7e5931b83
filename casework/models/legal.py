"""依法控辍: kinds of papers as data, the papers themselves, and what a county's rules permit."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from casework.legal_rules import AWAY_STATES, Body, PaperStage, ServiceWay
from casework.models.case import DropoutCase
from core.access import Permission, Scope


class LegalKindQuerySet(models.QuerySet["LegalKind"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gte=day)
        )

    def for_bodies(self, bodies: set[str]) -> Self:
        return self.filter(bodies__overlap=list(bodies))


class LegalKind(models.Model):
    """A paper of the lawful chain: who may make it, on what law, after what, with what text.

    The days stand in `schools.DeadlineRule` under the code `deadline_rule`.
    """

    class To(models.TextChoices):
        GUARDIAN = "guardian", "监护人"
        COURT = "court", "人民法院"
        LABOUR = "labour", "人力资源和社会保障局"

    code = models.CharField(max_length=24, primary_key=True)
    name = models.CharField("文书名称", max_length=60)
    step = models.CharField("环节", max_length=20)
    sort = models.PositiveSmallIntegerField()
    bodies = ArrayField(models.CharField(max_length=10, choices=Body))
    states = ArrayField(models.CharField(max_length=12))
    is_numbered = models.BooleanField(default=True)
    is_served = models.BooleanField(default=True)
    to = models.CharField(max_length=10, choices=To, default=To.GUARDIAN)
    law = models.CharField("法律依据", max_length=200)
    source = models.CharField("来源", max_length=200)
    # Codes of kinds of which one must be in force before, or "visit": a persuasion on record.
    needs = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    waits = models.BooleanField("须待前一文书期满", default=False)
    by_same_body = models.BooleanField("由作出前一文书的机关作出", default=False)
    escalates = models.BooleanField("转入依法控辍", default=False)
    is_fine = models.BooleanField("须有地方罚款规定", default=False)
    below_age = models.PositiveSmallIntegerField("未满年龄", null=True, blank=True)
    deadline_rule = models.CharField(max_length=40, default="", blank=True)
    in_working_days = models.BooleanField(default=False)
    counts_from_service = models.BooleanField(default=False)
    # Months from the service of the decision it rests on: not before the one, not after the other.
    opens_rule = models.CharField(max_length=40, default="", blank=True)
    closes_rule = models.CharField(max_length=40, default="", blank=True)
    next_words = models.CharField("期满后应办", max_length=100, default="", blank=True)
    results = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    ledger = models.CharField(max_length=10, default="", blank=True)
    # Paragraphs with {words}; {"heading": …} and {"table": [[…]]} beside them.
    text = models.JSONField(default=list)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects = LegalKindQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class LegalNumber(models.Model):
    """The last number a body has given in a year; held while the next one is given."""

    county = models.CharField(max_length=6)
    body_code = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county", "body_code", "year"], name="legal_number_once_per_body_and_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body_code} {self.year}: {self.last}"


class FineRuleQuerySet(models.QuerySet["FineRule"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class FineRule(models.Model):
    """A local rule that permits fines: 义务教育法第五十八条 itself gives none.

    A county without a row valid on the day may make no paper about a fine.
    """

    county = models.CharField(max_length=6)
    name = models.CharField("规定名称", max_length=100)
    article = models.CharField("条款", max_length=40)
    least = models.DecimalField("罚款下限（元）", max_digits=8, decimal_places=2)
    most = models.DecimalField("罚款上限（元）", max_digits=8, decimal_places=2)
    source = models.CharField("文件来源", max_length=200)
    valid_from = models.DateField("施行日期")
    valid_to = models.DateField("失效日期", null=True, blank=True)
    added_by_name = models.CharField(max_length=60, default="")
    added_at = models.DateTimeField(default=timezone.now)

    objects = FineRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["county"], condition=Q(valid_to=None), name="fine_rule_one_open_per_county"
            ),
            models.CheckConstraint(
                name="fine_rule_bounds_in_order",
                condition=Q(least__gt=0, most__gte=F("least")),
            ),
            models.CheckConstraint(
                name="fine_rule_ends_not_before_its_start",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.name}》{self.article}"


class LegalPaperQuerySet(models.QuerySet["LegalPaper"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """A paper lies where the child of its case is today."""
        return self.filter(
            scope.q(
                permission,
                township="case__student__township",
                school="case__student__school",
                class_group="case__student__class_group",
            )
        )

    def of_bodies(self, codes: list[str]) -> Self:
        return self.filter(body_code__in=codes)

    def at_stage(self, stage: str, *, on: date) -> Self:
        standing = self.filter(voided_on=None)
        if stage == PaperStage.VOID:
            return self.exclude(voided_on=None)
        if stage == PaperStage.ENDED:
            settled = Q(kind__is_served=False) | ~Q(result="")
            return standing.filter(settled | ~Q(case__state__in=AWAY_STATES))
        standing = standing.filter(kind__is_served=True, result="", case__state__in=AWAY_STATES)
        if stage == PaperStage.UNSERVED:
            return standing.filter(served_on=None)
        served = standing.exclude(served_on=None)
        if stage == PaperStage.LATE:
            return served.filter(deadline_on__lt=on)
        return served.filter(Q(deadline_on=None) | Q(deadline_on__gte=on))


class LegalPaper(models.Model):
    """依法文书. Its words are kept at issue and never change; a void one keeps its number."""

    Stage = PaperStage
    Way = ServiceWay

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="papers")
    kind = models.ForeignKey(LegalKind, on_delete=models.PROTECT, related_name="+")
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers"
    )
    form_key = models.UUIDField()  # one sending of one form makes one paper
    body = models.CharField("制作机关类别", max_length=10, choices=Body)
    body_code = models.CharField(max_length=12)
    body_name = models.CharField("制作机关", max_length=120)
    year = models.PositiveSmallIntegerField(null=True)
    serial = models.PositiveIntegerField(null=True)
    number = models.CharField("文号", max_length=80, default="", blank=True)
    issued_on = models.DateField("制作日期")
    addressee = models.CharField("受送达人", max_length=100)
    relation = models.CharField("与学生关系", max_length=40, default="", blank=True)
    amount = models.DecimalField(
        "罚款金额（元）", max_digits=8, decimal_places=2, null=True, blank=True
    )
    fine_rule = models.ForeignKey(FineRule, on_delete=models.PROTECT, null=True, blank=True)
    deadline_days = models.PositiveSmallIntegerField(null=True)
    deadline_on = models.DateField("期限", null=True, blank=True)
    data = models.JSONField()  # core.papers.Paper, one for each sheet
    served_on = models.DateField("送达日期", null=True, blank=True)
    served_way = models.CharField(
        "送达方式", max_length=10, choices=ServiceWay, default="", blank=True
    )
    receiver = models.CharField("签收人", max_length=100, default="", blank=True)
    receiver_relation = models.CharField(
        "签收人与受送达人关系", max_length=40, default="", blank=True
    )
    served_by = models.CharField("送达人", max_length=100, default="", blank=True)
    service_note = models.CharField("送达说明", max_length=200, default="", blank=True)
    scan = models.CharField(max_length=80, default="", blank=True)  # sealed, below MEDIA_ROOT
    scan_type = models.CharField(max_length=40, default="", blank=True)
    late_since = models.DateField("逾期起", null=True, blank=True)
    result = models.CharField("结果", max_length=20, default="", blank=True)
    result_on = models.DateField("结果日期", null=True, blank=True)
    result_note = models.CharField("结果说明", max_length=300, default="", blank=True)
    voided_on = models.DateField("作废日期", null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=200, default="", blank=True)
    issued_by = models.BigIntegerField(null=True)
    issued_by_name = models.CharField(max_length=60, default="")
    created_at = models.DateTimeField(default=timezone.now)

    objects = LegalPaperQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "-issued_on", "-id"], name="legal_paper_newest"),
            models.Index(
                fields=["county", "deadline_on"],
                condition=Q(late_since=None, voided_on=None, result=""),
                name="legal_paper_to_pass",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "body_code", "year", "serial"],
                name="legal_paper_number_once_per_body_and_year",
            ),
            models.UniqueConstraint(
                fields=["county", "form_key"], name="legal_paper_once_per_form"
            ),
            models.CheckConstraint(
                name="legal_paper_numbered_whole_or_not_at_all",
                condition=Q(year=None, serial=None, number="")
                | (Q(year__isnull=False, serial__gt=0) & ~Q(number="")),
            ),
            models.CheckConstraint(
                name="legal_paper_served_whole_and_after_its_issue",
                condition=Q(served_on=None, served_way="", receiver="")
                | (Q(served_on__gte=F("issued_on")) & ~Q(served_way="") & ~Q(receiver="")),
            ),
            models.CheckConstraint(
                name="legal_paper_voided_with_a_reason",
                condition=Q(voided_on=None) ^ ~Q(void_reason=""),
            ),
            models.CheckConstraint(
                name="legal_paper_result_with_its_day",
                condition=Q(result="") ^ Q(result_on__isnull=False),
            ),
            models.CheckConstraint(
                name="legal_paper_fine_only_by_a_rule",
                condition=Q(amount=None, fine_rule=None) | Q(amount__gt=0, fine_rule__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.kind.name}》{self.number}"

    def stage(self, *, on: date) -> PaperStage:
        if self.voided_on:
            return PaperStage.VOID
        if self.result or not self.kind.is_served or self.case.state not in AWAY_STATES:
            return PaperStage.ENDED
        if self.served_on is None:
            return PaperStage.UNSERVED
        if self.deadline_on and self.deadline_on < on:
            return PaperStage.LATE
        return PaperStage.RUNNING

    @property
    def in_force(self) -> bool:
        """It has reached the person, or is a record of what happened with the person there."""
        return self.voided_on is None and (self.served_on is not None or not self.kind.is_served)
