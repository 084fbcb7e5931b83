"""班主任包班: the teachers of classes, as the system's own grants say, answer for their classes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Grant, User
from accounts.roles import Role
from casework.duties import DutyRefused
from casework.models import ResponsibilityAssignment
from casework.queries.covers import Cover, class_words, places, with_children
from casework.services.responsibility import ASSIGN, Assigned, Entry, Named, assign_many, post_of
from core.access import Scope
from schools.models import ClassGroup

POST = "class_teacher"


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class: its teacher by grant, who answers for it today, and what would become of it."""

    group: ClassGroup
    words: str
    teacher: User | None
    held: ResponsibilityAssignment | None

    @property
    def verdict(self) -> str:
        if self.teacher is None:
            return "no_grant"
        if self.held is None:
            return "new"
        return "same" if _person(self.teacher).is_already(self.held) else "replace"


def class_lines(
    scope: Scope, *, on: date, school: int | None = None, lock: bool = False
) -> list[ClassLine]:
    """Every class with children in reach, by school; three statements."""
    classes = with_children(places(scope, ASSIGN, "class_group"))
    if school is not None:
        classes = classes.filter(school=school)
    ordered = classes.select_related("school").order_by(
        "school__name", "stage", "-entry_year", "number", "pk"
    )
    groups = list(ordered)
    teachers = _teachers(groups, on=on)
    held = _held(groups, on=on, lock=lock)
    return [
        ClassLine(group, class_words(group), teachers.get(group.pk), held.get(group.pk))
        for group in groups
    ]


def _teachers(groups: list[ClassGroup], *, on: date) -> dict[int, User]:
    """Of several grants at one class the newest says who has it."""
    grants = Grant.objects.valid_on(on).filter(
        role=Role.CLASS_TEACHER, class_group__in=groups, user__is_active=True
    )
    rows = grants.select_related("user").order_by("valid_from", "pk")
    return {grant.class_group_id: grant.user for grant in rows if grant.class_group_id}


def _held(groups: list[ClassGroup], *, on: date, lock: bool) -> dict[int, ResponsibilityAssignment]:
    rows: QuerySet[Any] = ResponsibilityAssignment.objects.valid_on(on).filter(
        role=POST, class_group__in=groups
    )
    if lock:
        rows = rows.select_for_update(of=("self",))
    return {duty.class_group_id: duty for duty in rows}


@transaction.atomic
def assign_class_teachers(
    *, scope: Scope, actor: User, on: date, today: date, school: int | None = None
) -> Assigned:
    """Errors: DutyRefused, where no class has a teacher's grant."""
    post = post_of(scope.county, POST, on=today)
    lines = class_lines(scope, on=today, school=school, lock=True)
    entries = [
        Entry(post, Cover("class_group", line.group.pk), _person(line.teacher))
        for line in lines
        if line.teacher is not None
    ]
    if not entries:
        raise DutyRefused(
            "这些班级都还没有班主任账号的授权，不能按授权登记。"
            "请系统管理员先为班主任授权，或用名单、逐个登记。"
        )
    return assign_many(scope=scope, actor=actor, entries=entries, on=on, today=today)


def _person(teacher: User) -> Named:
    return Named(teacher.full_name, user=teacher.pk)
