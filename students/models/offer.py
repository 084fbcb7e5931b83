import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.access import Permission, Scope
from schools.models import ClassGroup, Division, School
from students.models.person import Student
from students.transfers.states import OPEN_STATES, TransferState


class TransferOfferQuerySet(models.QuerySet["TransferOffer"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        """The county receives; which school takes the child is its decision."""
        return self.filter(scope.q(permission, township="", school="", class_group=""))


class TransferOffer(models.Model):
    """The receiving county's own copy of a transfer that another county sent.

    Neither county reads the other's rows: a worker carries the request here and the answer back.
    Both rows know the same UUID.
    """

    FIELD = "students.transfer_offer"
    State = TransferState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)  # Transfer.link of the sender
    county = models.CharField(max_length=6)
    from_division = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="+")
    from_school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    full_name = models.CharField("姓名", max_length=100)
    sex = models.CharField("性别", max_length=1, default="", blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    ethnicity_code = models.CharField("民族", max_length=2, default="", blank=True)
    id_type = models.CharField("身份证件类型", max_length=2, default="", blank=True)
    # Sealed anew for this row, and forgotten when the offer is answered.
    number_sealed = models.BinaryField(null=True)
    number_mask = models.CharField(max_length=40, default="", blank=True)
    grade = models.PositiveSmallIntegerField("年级", null=True, blank=True)
    school_name = models.CharField("申请就读学校", max_length=120)
    reason = models.CharField("转学原因", max_length=200)
    state = models.CharField(max_length=12, choices=TransferState, default=TransferState.SENT)
    sent_on = models.DateField()
    due_on = models.DateField("答复期限")
    received_at = models.DateTimeField(default=timezone.now)
    entered_on = models.DateField("报到日期", null=True, blank=True)
    to_school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, null=True, blank=True, related_name="transfer_offers"
    )
    answer = models.CharField("答复说明", max_length=200, default="", blank=True)
    answered_by_name = models.CharField(max_length=60, default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = TransferOfferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "-received_at", "-id"], name="offer_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                name="offer_accepted_has_child_school_and_day",
                condition=~Q(state=TransferState.ACCEPTED)
                | Q(student__isnull=False, to_school__isnull=False, entered_on__isnull=False),
            ),
            models.CheckConstraint(
                name="offer_refusal_needs_a_reason",
                condition=~Q(state=TransferState.REFUSED) | ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="offer_answered_iff_not_open",
                condition=Q(answered_at=None) ^ ~Q(state__in=OPEN_STATES),
            ),
            models.CheckConstraint(
                name="offer_answered_keeps_no_number",
                condition=Q(number_sealed=None) | Q(state__in=OPEN_STATES),
            ),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class TransferVerdict(models.Model):
    """How a transfer between two counties ended: whoever writes the row first has decided.

    The one thing both counties can see of it, so it holds no county and nothing about a child.
    """

    link = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=12, choices=TransferState)
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="verdict_is_an_end", condition=~Q(state__in=OPEN_STATES)),
        ]

    def __str__(self) -> str:
        return f"transfer {self.link} {self.state}"
