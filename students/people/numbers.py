"""A child's number: whose it is already, and joining a new one to the child's record."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from core import audit, crypto, idnumber
from core.access import Permission, Scope
from students.models import DuplicatePair, Student, StudentIdentifier
from students.people import facts
from students.people.facts import Paper, Refused

EDIT, VIEW = Permission.STUDENT_EDIT, Permission.STUDENT_VIEW
KIND = StudentIdentifier.Kind.ID_NUMBER
BY_HAND = "手工登记"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a number already; `student` only for a caller who may see the child."""

    student: Student | None

    @property
    def words(self) -> str:
        if self.student is None:
            return "本县已有此证件号，属外校学生。请联系该校办理转学，或请县教育局核对"
        school = self.student.school.name if self.student.school else "未就读"
        return f"本县已有此证件号，登记在{self.student.full_name}（{school}）名下"


class NumberTaken(Exception):
    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        super().__init__(holder.words)


def holder_of(number: str, *, scope: Scope) -> Holder | None:
    found = (
        StudentIdentifier.objects.filter(
            county=scope.county, kind=KIND, blind=crypto.blind_index(number)
        )
        .select_related("student__school")
        .first()
    )
    if found is None:
        return None
    child = found.student
    while child.merged_into is not None:
        child = child.merged_into
    is_mine = Student.objects.within(scope, VIEW).filter(pk=child.pk).exists()
    return Holder(child if is_mine else None)


def store_number(student: Student, *, paper: Paper, on: date) -> StudentIdentifier:
    """Errors: IntegrityError if the county knows the number already."""
    row = uuid.uuid4()
    return StudentIdentifier.objects.create(
        id=row,
        county=student.county,
        student=student,
        kind=KIND,
        sealed=crypto.seal(paper.number, field=StudentIdentifier.FIELD, row=row),
        blind=crypto.blind_index(paper.number),
        mask=idnumber.mask(paper.number),
        source=BY_HAND,
        valid_from=on,
    )


@transaction.atomic
def add_number(
    *, scope: Scope, actor: User, student_id: int, paper: Paper, reason: str, now: datetime
) -> StudentIdentifier:
    """A first number, or another in place of the one of today, which stays known as a former one.

    Fills an unknown birth date and sex; never overwrites a known one.
    Errors: Student.DoesNotExist, NumberTaken, Refused.
    """
    rows = Student.objects.within(scope, EDIT).select_for_update(of=("self",))
    student, today = rows.get(pk=student_id), timezone.localdate(now)
    if words := facts.fault_words(paper):
        raise Refused("number", words)
    _refuse_taken(student, paper, scope=scope)
    facts.refuse_contradiction(paper, birth_date=student.birth_date, sex=student.sex)
    facts.refuse_day(paper.birth_date, today=today)
    old = student.identifiers.filter(kind=KIND, valid_to=None).first()
    if old:
        StudentIdentifier.objects.filter(pk=old.pk).update(valid_to=max(today, old.valid_from))
    new = _stored(student, paper, on=today, scope=scope)
    changed = _told_by_number(student, paper)
    before = {name: facts.plain(getattr(student, name)) for name in changed}
    _write(student, changed, paper=paper, now=now)
    audit.record(
        county=student.county,
        actor=actor,
        action="number.add",
        target=student,
        before={"id_number": old.mask if old else "", **before},
        after={"id_number": new.mask}
        | {name: facts.plain(value) for name, value in changed.items()},
        purpose=reason,
    )
    return new


def _refuse_taken(student: Student, paper: Paper, *, scope: Scope) -> None:
    holder = holder_of(paper.number, scope=scope)
    if holder is None:
        return
    if holder.student and holder.student.pk == student.pk:
        raise Refused("number", "这个证件号已经登记在本生名下，不用再登记")
    raise NumberTaken(holder)


def _stored(student: Student, paper: Paper, *, on: date, scope: Scope) -> StudentIdentifier:
    try:
        with transaction.atomic():
            return store_number(student, paper=paper, on=on)
    except IntegrityError:
        holder = holder_of(paper.number, scope=scope)
        if holder is None:
            raise
        raise NumberTaken(holder) from None


def _told_by_number(student: Student, paper: Paper) -> dict[str, object]:
    told = {"birth_date": paper.birth_date, "sex": paper.sex}
    return {name: value for name, value in told.items() if value and not getattr(student, name)}


def _write(student: Student, changed: dict[str, object], *, paper: Paper, now: datetime) -> None:
    for name, value in changed.items():
        setattr(student, name, value)
    student.id_type, student.has_no_number = paper.stored_type, False
    student.extra.pop(facts.WHY_NO_PAPER, None)
    student.updated_at = now
    student.save(update_fields=[*changed, "id_type", "has_no_number", "extra", "updated_at"])


@transaction.atomic
def ask_merge(
    *, scope: Scope, student_id: int, other: Student, now: datetime
) -> DuplicatePair | None:
    """The pair of two records of which one holds the number that was typed for the other.

    None where the caller may not decide on both. A person merges; this only asks.
    """
    mine = Student.objects.within(scope, EDIT)
    if mine.filter(pk__in=(student_id, other.pk)).count() < 2:
        return None
    first, second = sorted((student_id, other.pk))
    reasons = [DuplicatePair.Reason.NO_NUMBER]
    pair, _ = DuplicatePair.objects.get_or_create(
        county=scope.county,
        first_id=first,
        second_id=second,
        defaults={"score": 100, "reasons": reasons, "facts": "0" * 32, "found_at": now},
    )
    return pair
