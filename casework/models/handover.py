"""个案移交: asked for by whoever has the case, done when the other side accepts."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from casework.models.case import DropoutCase
from core.access import Permission, Scope
from students.models import Transfer


class HandoverState(models.TextChoices):
    OFFERED = "offered", "待答复"
    ACCEPTED = "accepted", "已接收"
    REFUSED = "refused", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"


class HandoverQuerySet(models.QuerySet["CaseHandover"]):
    def within(self, scope: Scope, permission: Permission) -> Self:
        return self.filter(
            scope.q(
                permission,
                township="case__student__township",
                school="case__student__school",
                class_group="case__student__class_group",
            )
        )

    def still_open(self) -> Self:
        return self.filter(state=HandoverState.OFFERED)

    def asked_of(self, user_id: int, scope: Scope) -> Self:
        """Of this person by name, and of the school a child is being transferred to."""
        transfers = Transfer.objects.received_by(scope, Permission.STUDENT_EDIT)
        return self.filter(
            Q(to_user=user_id) | Q(transfer__in=transfers.values("pk")), county=scope.county
        )


class CaseHandover(models.Model):
    """One request that a person, or with its child another school or county, take over a case.

    Whose case it is follows from these rows alone (casework.queries.handovers): nothing about the
    case changes before the other side has accepted.
    """

    State = HandoverState

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="handovers")
    # A person of this county, or where the child goes: one of the two.
    to_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    transfer = models.ForeignKey(
        Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_words = models.CharField("接收方", max_length=160)
    why = models.CharField("移交原因", max_length=200)
    work = models.CharField("已做的工作和待办事项", max_length=600)
    state = models.CharField(
        "情况", max_length=10, choices=HandoverState, default=HandoverState.OFFERED
    )
    offered_by = models.BigIntegerField()
    offered_by_name = models.CharField("移交人", max_length=60)
    offered_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField("答复期限")
    answered_by = models.BigIntegerField(null=True, blank=True)
    answered_by_name = models.CharField("答复人", max_length=60, default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField("答复说明", max_length=200, default="", blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["county", "-offered_at", "-id"], name="handover_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state=HandoverState.OFFERED),
                name="handover_one_open_per_case",
            ),
            models.CheckConstraint(
                name="handover_goes_to_a_person_or_with_a_transfer",
                condition=Q(to_user=None, transfer__isnull=False)
                | Q(to_user__isnull=False, transfer=None),
            ),
            models.CheckConstraint(
                name="handover_goes_to_somebody_else",
                condition=Q(to_user=None) | ~Q(to_user=F("offered_by")),
            ),
            models.CheckConstraint(
                name="handover_refusal_needs_a_reason",
                condition=~Q(state=HandoverState.REFUSED) | ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="handover_answered_iff_not_open",
                condition=Q(answered_at=None) ^ ~Q(state=HandoverState.OFFERED),
            ),
        ]

    def __str__(self) -> str:
        return f"handover {self.pk} of case {self.case_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.OFFERED

    @property
    def is_late(self) -> bool:
        return self.is_open and self.due_on < timezone.localdate()
