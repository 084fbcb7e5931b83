"""Looking at a child: the page, and numbers shown whole for a purpose. Each look is noted."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, crypto
from core.access import Permission, Scope
from core.models import AuditEntry
from students.models import Guardian, Student
from students.people import looks

REVEAL = Permission.IDENTITY_REVEAL


@transaction.atomic
def reveal_number(
    *, scope: Scope, actor: User, student_id: int, identifier_id: UUID, purpose: str
) -> str:
    """The whole number, and an entry saying who saw it and why. Errors: DoesNotExist."""
    student = Student.objects.within(scope, REVEAL).get(pk=student_id)
    number = student.identifiers.get(pk=identifier_id)
    _note_reveal(
        student, actor=actor, purpose=purpose, shown=number.get_kind_display(), mask=number.mask
    )
    return number.reveal()


@transaction.atomic
def reveal_phone(
    *, scope: Scope, actor: User, student_id: int, guardian_id: UUID, purpose: str
) -> str:
    """As `reveal_number`, for the phone of one of the child's guardians."""
    student = Student.objects.within(scope, REVEAL).get(pk=student_id)
    guardian = Guardian.objects.distinct().get(pk=guardian_id, guardianships__student=student)
    if guardian.phone_sealed is None:
        raise Guardian.DoesNotExist
    _note_reveal(
        student, actor=actor, purpose=purpose, shown="监护人电话", mask=guardian.phone_mask
    )
    return crypto.unseal(guardian.phone_sealed, field=Guardian.PHONE_FIELD, row=guardian.pk)


def _note_reveal(student: Student, *, actor: User, purpose: str, shown: str, mask: str) -> None:
    audit.record(
        county=student.county,
        actor=actor,
        action=looks.REVEAL,
        target=student,
        after={"shown": shown, "mask": mask},
        purpose=purpose,
    )


def note_look(*, student: Student, actor: User, now: datetime) -> None:
    """Who opened a child's page, once a day: who looked at a child is part of its record."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    known = AuditEntry.objects.filter(
        county=student.county, action=looks.LOOK, actor_id=actor.pk, at__gte=today
    ).about(Student._meta.label_lower, student.pk)
    if not known.exists():
        audit.record(county=student.county, actor=actor, action=looks.LOOK, target=student)
