"""Reads for the page of one child: who lives with the child, and which phone is shared."""

from dataclasses import dataclass
from datetime import date

from core import crypto
from core.access import Permission, Scope
from students.models import Guardian, HouseholdMember, Student, StudentGuardian


@dataclass(frozen=True, slots=True)
class Mate:
    """Another child of the household."""

    student: Student
    relation: str


@dataclass(frozen=True, slots=True)
class Home:
    """One membership, with the children who share it as far as the caller may see them."""

    member: HouseholdMember
    mates: list[Mate]
    unseen: int
    is_over: bool


def homes(student: Student, *, scope: Scope, on: date) -> list[Home]:
    """The latest first. Who left a household is not asked who lives in it now."""
    own = student.memberships.select_related("household").order_by("-valid_from", "-pk")
    return [_home(member, scope=scope, on=on) for member in own]


def _home(member: HouseholdMember, *, scope: Scope, on: date) -> Home:
    is_over = member.valid_to is not None and member.valid_to < on
    if is_over:
        return Home(member, [], 0, is_over)
    others = HouseholdMember.objects.filter(household=member.household_id, valid_to=None).exclude(
        student=member.student_id
    )
    others = others.filter(student__merged_into=None)
    seen = Student.objects.within(scope, Permission.STUDENT_VIEW).filter(
        pk__in=others.values("student")
    )
    children = {child.pk: child for child in seen.select_related("school")}
    rows = others.order_by("student__birth_date", "pk")
    mates = [
        Mate(children[one.student_id], one.relation_to_head)
        for one in rows
        if one.student_id in children
    ]
    return Home(member, mates, len(rows) - len(mates), is_over)


@dataclass(frozen=True, slots=True)
class Kin:
    """A guardian of the child, with the other children in care and the others on the phone."""

    tie: StudentGuardian
    is_over: bool
    wards: list[Student]
    same_phone: list[str]


def guardians(student: Student, *, scope: Scope, on: date) -> list[Kin]:
    """Those of today first."""
    ties = list(
        student.guardianships.select_related("guardian").order_by("valid_to", "valid_from", "pk")
    )
    ties.sort(key=lambda tie: tie.valid_to is not None)
    wards = _wards(student, ties, scope=scope)
    phones = _phones(student, ties)
    return [
        Kin(
            tie,
            tie.valid_to is not None and tie.valid_to < on,
            wards.get(str(tie.guardian_id), []),
            _sharing(tie.guardian, phones),
        )
        for tie in ties
    ]


def _wards(
    student: Student, ties: list[StudentGuardian], *, scope: Scope
) -> dict[str, list[Student]]:
    rows = (
        StudentGuardian.objects.filter(
            guardian__in=[tie.guardian_id for tie in ties],
            valid_to=None,
            student__in=Student.objects.within(scope, Permission.STUDENT_VIEW).values("pk"),
        )
        .exclude(student=student)
        .select_related("student")
    )
    found: dict[str, list[Student]] = {}
    for row in rows.order_by("student__name_key"):
        found.setdefault(str(row.guardian_id), []).append(row.student)
    return found


def _phones(student: Student, ties: list[StudentGuardian]) -> dict[str, list[Guardian]]:
    """Of the child's guardians and those of the household: equal phones, opened only in here.

    A mask alone proves nothing, and a handful of families' phones is opened in no time.
    """
    home = student.memberships.filter(valid_to=None).values("household")
    mates = HouseholdMember.objects.filter(household__in=home, valid_to=None).values("student")
    near = StudentGuardian.objects.filter(student__in=mates, valid_to=None).values("guardian")
    own = [tie.guardian for tie in ties if tie.valid_to is None]
    people = {one.pk: one for one in [*own, *Guardian.objects.filter(pk__in=near)]}
    found: dict[str, list[Guardian]] = {}
    for one in people.values():
        if one.phone_sealed is not None:
            phone = crypto.unseal(one.phone_sealed, field=Guardian.PHONE_FIELD, row=one.pk)
            found.setdefault(phone, []).append(one)
    return found


def _sharing(guardian: Guardian, phones: dict[str, list[Guardian]]) -> list[str]:
    for people in phones.values():
        if guardian in people:
            return [one.full_name for one in people if one.pk != guardian.pk]
    return []
