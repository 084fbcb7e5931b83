from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.access import Permission, Scope
from schools.models import ClassGroup, Division, School
from students.models.person import Student
from students.transfers.states import OPEN_STATES, TransferState


class TransferQuerySet(models.QuerySet["Transfer"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """Either side sees it; to a third school it does not exist."""
        return self.filter(_sending(scope, permission) | _receiving(scope, permission))

    def sent_by(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(_sending(scope, permission))

    def received_by(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(_receiving(scope, permission))

    def answerable_by(self, scope: Scope, permission: Permission) -> Self:
        """The receiving school answers; for a place outside the county the sender files proof."""
        outside = _sending(scope, permission) & Q(to_school=None)
        # A county that answers by itself is waited for; past the day, proof on paper does.
        outside &= Q(link=None) | Q(state=TransferState.OVERDUE)
        return self.filter(_receiving(scope, permission) | outside)

    def still_open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def unanswered_on(self, day: date) -> Self:
        return self.filter(state=TransferState.SENT, due_on__lt=day)


def _sending(scope: Scope, permission: Permission) -> Q:
    return scope.q(
        permission,
        township="from_school__township",
        school="from_school",
        class_group="from_class",
    )


def _receiving(scope: Scope, permission: Permission) -> Q:
    return scope.q(
        permission, township="to_school__township", school="to_school", class_group="class_group"
    ) & Q(to_school__isnull=False)


class Transfer(models.Model):
    """转学: asked for by the sending school, done when the receiving side confirms."""

    State = TransferState

    county = models.CharField(max_length=6)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="transfers")
    from_school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    from_class = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    grade = models.PositiveSmallIntegerField("年级", null=True, blank=True)
    # A school of this county, or a place outside: one of the two.
    to_school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_division = models.ForeignKey(
        Division, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Known to the receiving county's own row, where that county works in this database.
    link = models.UUIDField(null=True, unique=True)
    to_school_name = models.CharField("转入学校", max_length=120, default="", blank=True)
    reason = models.CharField("转学原因", max_length=200)
    state = models.CharField(max_length=12, choices=TransferState, default=TransferState.SENT)
    sent_on = models.DateField()
    due_on = models.DateField("答复期限")
    sent_by = models.BigIntegerField(null=True)
    sent_by_name = models.CharField(max_length=60, default="")
    sent_at = models.DateTimeField(default=timezone.now)
    entered_on = models.DateField("报到日期", null=True, blank=True)
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    proof = models.CharField("在读证明", max_length=200, default="", blank=True)
    answer = models.CharField("答复说明", max_length=200, default="", blank=True)
    answered_by = models.BigIntegerField(null=True)
    answered_by_name = models.CharField(max_length=60, default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "-sent_at", "-id"], name="transfer_newest"),
            models.Index(fields=["state", "due_on"], name="transfer_by_due_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(state__in=OPEN_STATES),
                name="transfer_one_open_per_student",
            ),
            models.CheckConstraint(
                name="transfer_goes_to_a_school_here_or_a_place_outside",
                condition=Q(to_school__isnull=False, to_division=None)
                | (Q(to_school=None, to_division__isnull=False) & ~Q(to_school_name="")),
            ),
            models.CheckConstraint(
                name="transfer_leaves_its_school",
                condition=Q(to_school=None) | ~Q(to_school=F("from_school")),
            ),
            models.CheckConstraint(
                name="transfer_refusal_needs_a_reason",
                condition=~Q(state=TransferState.REFUSED) | ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="transfer_done_has_its_day_and_outside_its_proof",
                condition=~Q(state=TransferState.ACCEPTED)
                | (Q(entered_on__isnull=False) & (Q(to_school__isnull=False) | ~Q(proof=""))),
            ),
            models.CheckConstraint(
                name="transfer_answered_iff_not_open",
                condition=Q(answered_at=None) ^ ~Q(state__in=OPEN_STATES),
            ),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk} of student {self.student_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def goes_outside(self) -> bool:
        return self.to_school_id is None

    @property
    def to_words(self) -> str:
        if self.to_school:
            return self.to_school.name
        return f"{self.to_division} {self.to_school_name}"
