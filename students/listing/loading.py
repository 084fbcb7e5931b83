"""What the columns of the list ask once for a whole page, by the child's key."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db.models import Q

from schools.models import Division
from students.models import (
    Enrolment,
    HouseholdMember,
    LeftBehindFact,
    Student,
    StudentGuardian,
    StudentIdentifier,
)

Loaded = dict[int, Any]


def _pks(rows: Iterable[Student]) -> list[int]:
    return [student.pk for student in rows]


def _open_on(on: date) -> Q:
    return Q(valid_to=None) | Q(valid_to__gte=on)


def masks(kind: str) -> Callable[[list[Student], date], Loaded]:
    def load(rows: list[Student], on: date) -> Loaded:
        found = StudentIdentifier.objects.filter(student__in=_pks(rows), kind=kind, valid_to=None)
        return dict(found.values_list("student", "mask"))

    return load


def enrolments(rows: list[Student], on: date) -> Loaded:
    found = Enrolment.objects.open_on(on).filter(student__in=_pks(rows))
    return {enrolment.student_id: enrolment for enrolment in found}


def former_schools(rows: list[Student], on: date) -> Loaded:
    """The last school before the one of today."""
    over = Enrolment.objects.filter(student__in=_pks(rows), valid_to__lt=on)
    pairs = over.order_by("valid_to").values_list("student", "school", "school__name")
    here = {student.pk: student.school_id for student in rows}
    return {pk: name or "" for pk, school, name in pairs if school != here[pk]}


def guardians(rows: list[Student], on: date) -> Loaded:
    ties = StudentGuardian.objects.filter(student__in=_pks(rows), valid_to=None)
    found: Loaded = {}
    for tie in ties.select_related("guardian").order_by("relation_code", "pk"):
        found.setdefault(tie.student_id, []).append(tie)
    return found


def homes(rows: list[Student], on: date) -> Loaded:
    members = HouseholdMember.objects.filter(_open_on(on), student__in=_pks(rows))
    found = members.filter(valid_from__lte=on).select_related("household")
    return {member.student_id: member for member in found}


def parents(rows: list[Student], on: date) -> Loaded:
    facts = LeftBehindFact.objects.filter(_open_on(on), student__in=_pks(rows))
    return {fact.student_id: fact for fact in facts.filter(valid_from__lte=on)}


def away(fact: LeftBehindFact | None) -> str:
    if fact is None:
        return ""
    if fact.both_parents_away:
        return "父母双方"
    return "一方" if fact.one_parent_away else "无"


def _names(codes: Iterable[str]) -> dict[str, str]:
    return dict(Division.objects.filter(pk__in=set(codes)).values_list("code", "name"))


def towns(rows: list[Student], on: date) -> Loaded:
    names = _names(student.township for student in rows)
    return {student.pk: names.get(student.township, "") for student in rows}


def school_towns(rows: list[Student], on: date) -> Loaded:
    own = {s.pk: (s.school.township_id or "") if s.school else "" for s in rows}
    names = _names(own.values())
    return {pk: names.get(code, "") for pk, code in own.items()}


def hukou(rows: list[Student], on: date) -> Loaded:
    names = _names(student.hukou_division for student in rows)
    return {s.pk: names.get(s.hukou_division, s.hukou_division) for s in rows}
