"""Guardians and household of a child, by hand: added, corrected, ended; each with a trail.

A guardian is one person for all children in care, so a new phone is noted on every one of them.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, codes, crypto, idnumber, names
from core.access import Permission, Scope
from students.models import (
    Guardian,
    Household,
    HouseholdMember,
    Student,
    StudentGuardian,
)
from students.people.facts import Refused
from students.people.numbers import BY_HAND

EDIT = Permission.STUDENT_EDIT


@dataclass(frozen=True, slots=True)
class Person:
    """A guardian as typed. An empty phone or number leaves the stored one as it is."""

    full_name: str
    phone: str
    number: str
    work_place: str


def _held(scope: Scope, student_id: int) -> Student:
    rows = Student.objects.within(scope, EDIT).select_for_update(of=("self",))
    return rows.get(pk=student_id)


def phone_mask(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def guardian_words(person: Guardian, relation: str) -> str:
    said = f"{person.full_name}（{codes.name('relation', relation)}）"
    return f"{said}，{person.phone_mask}" if person.phone_mask else said


# -- guardians ---------------------------------------------------------------------------------


@transaction.atomic
def add_guardian(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    relation: str,
    since: date,
    now: datetime,
    known: uuid.UUID | None = None,
    person: Person | None = None,
) -> StudentGuardian:
    """`known` is a guardian of a child of the same household, else a new `person`.

    Errors: Student.DoesNotExist, Guardian.DoesNotExist, Refused.
    """
    student = _held(scope, student_id)
    guardian = known_guardians(student).get(pk=known) if known else _person(student, person)
    standing = student.guardianships.filter(valid_to=None).select_related("guardian")
    if standing.filter(guardian=guardian).exists():
        raise Refused("known", f"{guardian.full_name}已经是该生的监护人，不用再登记")
    if person and standing.filter(guardian__full_name=guardian.full_name).exists():
        raise Refused(
            "full_name", f"{guardian.full_name}已经登记为该生的监护人；要改电话，请点“修改”"
        )
    tie = StudentGuardian.objects.create(
        county=student.county,
        student=student,
        guardian=guardian,
        relation_code=relation,
        valid_from=since,
    )
    _note(student, actor, "guardian.add", after={"guardian": guardian_words(guardian, relation)})
    _touch(student, now)
    return tie


def known_guardians(student: Student) -> Any:
    """Guardians of the children who live in the household today."""
    home = student.memberships.filter(valid_to=None).values("household")
    mates = HouseholdMember.objects.filter(household__in=home, valid_to=None).exclude(
        student=student
    )
    ties = StudentGuardian.objects.filter(student__in=mates.values("student"), valid_to=None)
    mine = student.guardianships.filter(valid_to=None).values("guardian")
    found = Guardian.objects.filter(pk__in=ties.values("guardian")).exclude(pk__in=mine)
    return found.order_by("full_name")


def _person(student: Student, person: Person | None) -> Guardian:
    if person is None:
        raise Refused("full_name", "请填写监护人姓名，或从同户家人中选择一位")
    guardian = Guardian(
        county=student.county,
        full_name=names.normalise(person.full_name),
        work_place=person.work_place,
    )
    _take_secrets(guardian, person)
    guardian.save(force_insert=True)
    return guardian


def _take_secrets(guardian: Guardian, person: Person) -> None:
    if person.phone:
        guardian.phone_sealed = crypto.seal(
            person.phone, field=Guardian.PHONE_FIELD, row=guardian.pk
        )
        guardian.phone_mask = phone_mask(person.phone)
    if person.number:
        guardian.number_sealed = crypto.seal(
            person.number, field=Guardian.NUMBER_FIELD, row=guardian.pk
        )
        guardian.number_blind = crypto.blind_index(person.number)
        guardian.number_mask = idnumber.mask(person.number)


@transaction.atomic
def change_guardian(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    tie_id: int,
    relation: str,
    person: Person,
    now: datetime,
) -> None:
    """Errors: DoesNotExist of student or tie."""
    student = _held(scope, student_id)
    tie = student.guardianships.select_for_update(of=("self",)).get(pk=tie_id, valid_to=None)
    guardian = Guardian.objects.select_for_update().get(pk=tie.guardian_id)
    before = _facts(guardian, tie.relation_code)
    guardian.full_name = names.normalise(person.full_name)
    guardian.work_place = person.work_place
    _take_secrets(guardian, person)
    after = _facts(guardian, relation)
    # A new number may have the mask of the old one, so what was typed counts as a change.
    changed = [name for name in after if after[name] != before[name]]
    if not changed and not person.phone and not person.number:
        return
    guardian.save()
    StudentGuardian.objects.filter(pk=tie.pk).update(relation_code=relation)
    for child in _children_of(guardian):
        own = changed if child == student else [one for one in changed if one != "relation"]
        if own or child == student:
            _note(
                child,
                actor,
                "guardian.change",
                before={name: before[name] for name in own},
                after={name: after[name] for name in own},
            )
            _touch(child, now)


def _facts(guardian: Guardian, relation: str) -> dict[str, str]:
    return {
        "guardian": guardian.full_name,
        "relation": codes.name("relation", relation),
        "guardian_phone": guardian.phone_mask,
        "guardian_number": guardian.number_mask,
        "work_place": guardian.work_place,
    }


def _children_of(guardian: Guardian) -> list[Student]:
    ties = StudentGuardian.objects.filter(guardian=guardian, valid_to=None)
    return [tie.student for tie in ties.select_related("student")]


@transaction.atomic
def end_guardian(
    *, scope: Scope, actor: User, student_id: int, tie_id: int, on: date, now: datetime
) -> None:
    """The last day is `on`. Errors: DoesNotExist, Refused."""
    student = _held(scope, student_id)
    tie = student.guardianships.select_related("guardian").get(pk=tie_id, valid_to=None)
    _refuse_end(on, since=tie.valid_from, now=now, what="监护关系")
    StudentGuardian.objects.filter(pk=tie.pk).update(valid_to=on)
    words = guardian_words(tie.guardian, tie.relation_code)
    _note(
        student,
        actor,
        "guardian.end",
        before={"guardian": words},
        after={"guardian": f"{words}，至 {on:%Y-%m-%d}"},
    )
    _touch(student, now)


# -- household ---------------------------------------------------------------------------------


@transaction.atomic
def join_household(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    household_no: str,
    head_name: str,
    relation: str,
    since: date,
    now: datetime,
) -> HouseholdMember:
    """Into the household of this number, which is made if the county has none.

    The membership of before ends on the day before. Errors: DoesNotExist, Refused.
    """
    student = _held(scope, student_id)
    home = _household(student.county, household_no, names.normalise(head_name))
    old = student.memberships.filter(valid_to=None).select_related("household").first()
    if old and old.household_id == home.pk:
        return _correct_relation(student, old, relation, actor=actor, now=now)
    if old:
        _refuse_end(since - timedelta(days=1), since=old.valid_from, now=now, what="原户籍")
        HouseholdMember.objects.filter(pk=old.pk).update(valid_to=since - timedelta(days=1))
    new = HouseholdMember.objects.create(
        county=student.county,
        household=home,
        student=student,
        relation_to_head=relation,
        valid_from=since,
        source=BY_HAND,
    )
    _note(
        student,
        actor,
        "household.join",
        before={"household": home_words(old) if old else ""},
        after={"household": home_words(new)},
    )
    _touch(student, now)
    return new


def _household(county: str, number: str, head_name: str) -> Household:
    home, is_new = Household.objects.get_or_create(
        county=county, household_no=number, defaults={"head_name": head_name}
    )
    if not is_new and head_name and home.head_name != head_name:
        raise Refused(
            "head_name",
            f"户编号 {number} 登记的户主是{home.head_name}，与填写的{head_name}不同，"
            "请核对户编号；户主已变更的，由农业农村局的名单更新",
        )
    if is_new and not head_name:
        raise Refused("head_name", f"本县还没有户编号 {number}，请填写户主姓名")
    return home


def _correct_relation(
    student: Student, member: HouseholdMember, relation: str, *, actor: User, now: datetime
) -> HouseholdMember:
    if relation == member.relation_to_head:
        return member
    before = home_words(member)
    member.relation_to_head = relation
    member.save(update_fields=["relation_to_head"])
    _note(
        student,
        actor,
        "household.change",
        before={"household": before},
        after={"household": home_words(member)},
    )
    _touch(student, now)
    return member


@transaction.atomic
def leave_household(*, scope: Scope, actor: User, student_id: int, on: date, now: datetime) -> None:
    """The last day is `on`. Errors: DoesNotExist, Refused."""
    student = _held(scope, student_id)
    member = student.memberships.select_related("household").get(valid_to=None)
    _refuse_end(on, since=member.valid_from, now=now, what="户籍")
    HouseholdMember.objects.filter(pk=member.pk).update(valid_to=on)
    words = home_words(member)
    _note(
        student,
        actor,
        "household.leave",
        before={"household": words},
        after={"household": f"{words}，至 {on:%Y-%m-%d}"},
    )
    _touch(student, now)


def home_words(member: HouseholdMember) -> str:
    said = f"{member.household}（{member.household.household_no}）"
    return f"{said}，{member.relation_to_head}" if member.relation_to_head else said


def _refuse_end(on: date, *, since: date, now: datetime, what: str) -> None:
    if on < since:
        raise Refused("on", f"{what}从 {since:%Y-%m-%d} 起，结束日期不能更早，请核对日期")
    if on > timezone.localdate(now):
        raise Refused("on", f"{what}的结束日期晚于今天，请填今天或更早的日期")


def _touch(student: Student, now: datetime) -> None:
    Student.objects.filter(pk=student.pk).update(updated_at=now)


def _note(
    student: Student,
    actor: User,
    action: str,
    *,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> None:
    audit.record(
        county=student.county,
        actor=actor,
        action=action,
        target=student,
        before=before,
        after=after,
    )
