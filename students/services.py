"""What a person does with one child's record, outside of rosters."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core import audit, crypto, idnumber, names
from core.access import Permission, Scope
from students.models import Guardian, Student, StudentIdentifier

REVEAL = Permission.IDENTITY_REVEAL
EDIT = Permission.STUDENT_EDIT


class EditRefused(Exception):
    """The record would contradict itself; `field` says where, the text what to do."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        super().__init__(words)


class ChangedMeanwhile(Exception):
    """Somebody saved the record after this person opened it."""


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
        action="identity.reveal",
        target=student,
        after={"shown": shown, "mask": mask},
        purpose=purpose,
    )


@transaction.atomic
def edit_student(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    seen_at: str,
    now: datetime,
    changes: dict[str, Any],
) -> Student:
    """Errors: DoesNotExist out of scope, ChangedMeanwhile, EditRefused."""
    # of=self: the scope may join tables whose rows are everyone's.
    rows = Student.objects.within(scope, EDIT).select_for_update(of=("self",))
    student = rows.get(pk=student_id)
    if student.updated_at.isoformat() != seen_at:
        raise ChangedMeanwhile
    if "full_name" in changes:
        changes = changes | {"full_name": names.normalise(changes["full_name"])}
    before = {name: getattr(student, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return student
    for name, value in changed.items():
        setattr(student, name, value)
    _refuse_contradiction(student)
    student.updated_at = now
    fields = [*changed, "updated_at"]
    if "full_name" in changed:
        keys = names.search_keys(student.full_name)
        student.name_key, student.name_tokens = keys.pinyin, keys.tokens
        fields += ["name_key", "name_tokens"]
    student.save(update_fields=fields)
    audit.record(
        county=student.county,
        actor=actor,
        action="student.edit",
        target=student,
        before={name: _plain(before[name]) for name in changed},
        after={name: _plain(value) for name, value in changed.items()},
    )
    return student


def _refuse_contradiction(student: Student) -> None:
    current = student.identifiers.filter(kind=StudentIdentifier.Kind.ID_NUMBER, valid_to=None)
    identifier = current.first()
    number = identifier.reveal() if identifier else ""
    if not idnumber.is_valid(number):
        return
    born, sex = idnumber.birth_date(number), idnumber.sex(number)
    if student.birth_date not in (None, born):
        raise EditRefused(
            "birth_date",
            f"出生日期与证件号不一致：证件号显示 {born:%Y-%m-%d}，请核对户口簿后改正其中一处",
        )
    if student.sex not in ("", sex):
        raise EditRefused("sex", f"性别与证件号不一致：证件号显示{sex}，请核对户口簿后改正其中一处")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
