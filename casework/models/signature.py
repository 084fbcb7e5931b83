from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from casework.models.case import DropoutCase
from casework.states import Action


class SignatureLine(models.TextChoices):
    """双线: the school's side and the government's side."""

    EDUCATION = "education", "教育线"
    GOVERNMENT = "government", "政府线"


_ENDINGS = [(action.value, action.label) for action in (Action.CLOSE, Action.LAPSE)]


class SignatureQuerySet(models.QuerySet["CaseSignature"]):
    def standing(self) -> Self:
        return self.filter(voided_at=None)


class CaseSignature(models.Model):
    """One line's word that a case may end as the statement says.

    It holds for that statement alone: when what it rests on changes, it is void and stays on
    record. A trigger refuses every other change, and a closed or lapsed case without both lines.
    """

    Line = SignatureLine

    county = models.CharField(max_length=6)
    case = models.ForeignKey(DropoutCase, on_delete=models.PROTECT, related_name="signatures")
    ending = models.CharField(max_length=12, choices=_ENDINGS)
    line = models.CharField("责任线", max_length=12, choices=SignatureLine)
    person_id = models.BigIntegerField()
    person_name = models.CharField("签字人", max_length=60)
    duty = models.CharField("职务", max_length=80)
    statement = models.CharField("签字内容", max_length=600)
    statement_hash = models.BinaryField(max_length=32)
    remark = models.CharField("意见", max_length=200, default="", blank=True)
    signed_at = models.DateTimeField(default=timezone.now)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_why = models.CharField(max_length=120, default="", blank=True)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "line"],
                condition=Q(voided_at=None),
                name="signature_once_per_line",
            ),
            models.UniqueConstraint(
                fields=["case", "person_id"],
                condition=Q(voided_at=None),
                name="signature_lines_are_two_people",
            ),
        ]

    @property
    def signed_on(self) -> date:
        return timezone.localdate(self.signed_at)

    def __str__(self) -> str:
        return f"signature {self.line} of case {self.case_id}"
