"""The list of responsible persons, what its forms may choose from, and the chain of one child."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Grant
from casework.duties import Level, Line, lines_of
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from casework.queries.covers import class_words, cover_words, places, town_names, with_children
from core.access import Permission, Scope
from schools.models import Division
from students.models import HouseholdMember, Student, StudentGuardian

VIEW, ASSIGN = Permission.RESPONSIBILITY_VIEW, Permission.RESPONSIBILITY_ASSIGN
Choice = tuple[str, str]


def posts_of(county: str) -> dict[str, ResponsibilityRole]:
    rows = ResponsibilityRole.objects.of(county).order_by("sort", "code")
    return {post.code: post for post in rows}


def filter_choices(scope: Scope, *, on: date) -> dict[str, list[Choice]]:
    posts = posts_of(scope.county)
    named = dict.fromkeys(name for post in posts.values() for name in post.lists)
    towns = places(scope, VIEW, Level.TOWNSHIP).valid_on(on).order_by("code")
    schools = places(scope, VIEW, Level.SCHOOL).order_by("name").values_list("pk", "name")
    held = [post for post in posts.values() if post.level != Level.FAMILY]
    return {
        "post": [(post.code, post.name) for post in held],
        "named": [(name, name) for name in named],
        "town": list(towns.values_list("code", "name")),
        "school": [(str(pk), name) for pk, name in schools],
    }


def duties(
    scope: Scope, *, chosen: dict[str, str], on: date
) -> "QuerySet[ResponsibilityAssignment]":
    """Of today unless asked for; the list and every count of it begin here."""
    rows = ResponsibilityAssignment.objects.within(scope, VIEW)
    state = chosen.get("state", "")
    if state == "over":
        rows = rows.filter(valid_to__lt=on)
    elif not state:
        rows = rows.exclude(valid_to__lt=on)
    for name in ("line", "post", "named", "town", "school"):
        if value := chosen.get(name):
            rows = rows.filter(_narrowed(name, value, county=scope.county))
    return rows.select_related("division", "school", "class_group__school", "student")


def _narrowed(name: str, value: str, *, county: str) -> Q:
    if name == "line":
        return Q(line=value)
    if name == "post":
        return Q(role=value)
    if name == "named":
        codes = [code for code, post in posts_of(county).items() if value in post.lists]
        return Q(role__in=codes)
    if name == "town":
        return (
            Q(township=value)
            | Q(school__township=value)
            | Q(class_group__school__township=value)
            | Q(student__township=value)
        )
    return Q(school=value) | Q(class_group__school=value) | Q(student__school=value)


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One assignment in words."""

    duty: ResponsibilityAssignment
    post: str
    cover: str
    is_over: bool
    may_change: bool


def duty_lines(rows: list[ResponsibilityAssignment], *, scope: Scope, on: date) -> list[DutyLine]:
    posts, towns = posts_of(scope.county), town_names(rows)
    lines = lines_of(scope, ASSIGN)
    return [
        DutyLine(
            duty,
            posts[duty.role].name if duty.role in posts else duty.role,
            cover_words(duty, towns),
            duty.valid_to is not None and duty.valid_to < on,
            duty.line in lines and not (duty.valid_to is not None and duty.valid_to < on),
        )
        for duty in rows
    ]


def post_choices(scope: Scope, *, on: date) -> list[tuple[str, list[Choice]]]:
    """By line, those the caller may fill."""
    rows = ResponsibilityRole.objects.of(scope.county).valid_on(on).exclude(level=Level.FAMILY)
    found: dict[str, list[Choice]] = {}
    mine = lines_of(scope, ASSIGN)
    for post in rows.order_by("sort", "code"):
        if post.line in mine and _reaches(scope, post.level):
            found.setdefault(Line(post.line).label, []).append((post.code, post.name))
    return list(found.items())


def _reaches(scope: Scope, level: str) -> bool:
    return level == Level.STUDENT or places(scope, ASSIGN, level).exists()


def cover_choices(
    scope: Scope, level: str, *, on: date, school: str = "", student: str = ""
) -> list[Any]:
    """Places of the level in reach; of classes those of one school, of children one child."""
    rows = places(scope, ASSIGN, level)
    if level == Level.STUDENT:
        own = rows.filter(pk=student) if student.isdecimal() else rows.none()
        return [(str(child.pk), _child_words(child)) for child in own.select_related("school")]
    if level == Level.CLASS_GROUP:
        own = rows.filter(school=school) if school.isdecimal() else rows.none()
        ordered = with_children(own).order_by("stage", "-entry_year", "number")
        return [(str(group.pk), class_words(group)) for group in ordered]
    if level == Level.SCHOOL:
        return [(str(one.pk), one.name) for one in rows.open_on(on).order_by("name")]
    if level == Level.VILLAGE:
        return _villages(rows.valid_on(on))
    return list(rows.valid_on(on).order_by("code").values_list("code", "name"))


def _villages(rows: "QuerySet[Division]") -> list[tuple[str, list[Choice]]]:
    found: dict[str, list[Choice]] = {}
    for code, name, town in rows.order_by("code").values_list("code", "name", "parent__name"):
        found.setdefault(town, []).append((code, name))
    return list(found.items())


def _child_words(child: Student) -> str:
    return f"{child.full_name}（{child.school or '未就读'}）"


def school_choices(scope: Scope) -> list[Choice]:
    rows = places(scope, ASSIGN, Level.SCHOOL).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def user_choices(
    county: str, level: str, *, on: date, school: str = "", cover: Any = None
) -> list[Choice]:
    """Accounts that work at such a place: of the school and its classes, or of a division."""
    grants = Grant.objects.valid_on(on).in_county(county).filter(user__is_active=True)
    if level == Level.COUNTY:
        grants = grants.filter(division=county)
    elif level in (Level.TOWNSHIP, Level.VILLAGE):
        grants = grants.filter(division__code__startswith=county)
    elif school:
        grants = grants.filter(Q(school=school) | Q(class_group__school=school))
    else:
        grants = grants.filter(school__isnull=False)
    if isinstance(cover, Division) and len(cover.code) > 6:
        grants = grants.filter(division__code__startswith=cover.code[:9])
    rows = grants.select_related("user", "division", "school", "class_group__school")
    told = {
        str(grant.user_id): f"{grant.user.full_name}（{grant.place_words}"
        f"{grant.get_role_display()}）"
        for grant in rows.order_by("user__full_name", "pk")
    }
    return list(told.items())


# -- one child ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChainLine:
    post: str
    line: str
    cover: str
    person: str
    phone: str
    since: date | None
    is_leader: bool


def chain(student: Student, *, on: date) -> list[ChainLine]:
    """Everybody who answers for the child, from the county down, the kin last."""
    posts = posts_of(student.county)
    covers = Q(student=student) | Q(division__in=_divisions(student, on=on))
    covers |= Q(class_group=student.class_group_id) if student.class_group_id else Q()
    covers |= Q(school=student.school_id) if student.school_id else Q()
    rows = ResponsibilityAssignment.objects.valid_on(on).filter(covers, county=student.county)
    held = list(rows.select_related("division", "school", "class_group__school", "student"))
    towns = town_names(held)
    depth = {level: place for place, level in enumerate(Level)}
    held.sort(key=lambda duty: (depth[duty.level], posts[duty.role].sort, duty.pk))
    lines = [
        ChainLine(
            posts[duty.role].name,
            Line(duty.line).label,
            cover_words(duty, towns),
            f"{duty.full_name}（{duty.duty}）" if duty.duty else duty.full_name,
            duty.phone_mask,
            duty.valid_from,
            posts[duty.role].is_leader,
        )
        for duty in held
    ]
    return lines + _kin(student, posts)


def _divisions(student: Student, *, on: date) -> list[str]:
    found = [student.county, student.township]
    if len(student.hukou_division) == 12:
        return [*found, student.hukou_division]
    member = (
        HouseholdMember.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=on), student=student, valid_from__lte=on
        )
        .order_by("-valid_from", "-pk")
        .values_list("household__village", flat=True)
    )
    return [*found, *member[:1]]


def _kin(student: Student, posts: dict[str, ResponsibilityRole]) -> list[ChainLine]:
    """家长 of 七长 is nobody's to assign: the guardian is."""
    family = next((post for post in posts.values() if post.level == Level.FAMILY), None)
    ties = StudentGuardian.objects.filter(student=student, is_guardian=True, valid_to=None)
    tie = ties.select_related("guardian").order_by("relation_code", "pk").first()
    if family is None or tie is None:
        return []
    person = tie.guardian
    return [
        ChainLine(
            family.name,
            Line(family.line).label,
            student.full_name,
            person.full_name,
            person.phone_mask,
            tie.valid_from,
            False,
        )
    ]
