"""目标责任书: who is to sign, who has signed, and the two parties of one."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from casework.duties import PARTIES, Level, Line, Parties, PledgeKind
from casework.models import ResponsibilityAssignment, ResponsibilityPledge, ResponsibilityRole
from casework.queries.covers import class_words, cover_of, covered_columns, places, with_children
from casework.queries.gaps import school_age
from core import codes
from core.access import Permission, Scope
from schools.ages import school_year_of
from schools.models import ClassGroup, Division, School, Stage
from students.models import Student, StudentGuardian

VIEW = Permission.RESPONSIBILITY_VIEW
SIGNED, UNSIGNED = "signed", "unsigned"
_TOWNSHIP = 9
_COMPULSORY = [Stage.PRIMARY, Stage.JUNIOR, Stage.SPECIAL]


def year_words(year: int) -> str:
    return f"{year}—{year + 1}学年"


@dataclass(frozen=True)
class PledgeList:
    """The lower parties of one kind in reach, each with its pledge of the year."""

    scope: Scope
    kind: PledgeKind
    year: int
    on: date
    chosen: dict[str, str]

    @property
    def parties(self) -> Parties:
        return PARTIES[self.kind]

    @cached_property
    def everyone(self) -> "QuerySet[Any]":
        """Annotated with `pledge` (its key) and `signed_on`."""
        rows = _existing(places(self.scope, VIEW, self.parties.lower), self.scope, on=self.on)
        rows = rows.filter(**self._narrow(rows.model))
        column = covered_columns()[self.parties.lower]
        own = ResponsibilityPledge.objects.in_force().filter(
            county=self.scope.county, year=self.year, kind=self.kind, **{column: OuterRef("pk")}
        )
        found: QuerySet[Any] = rows.annotate(
            pledge=Subquery(own.values("pk")[:1]), signed_on=Subquery(own.values("signed_on")[:1])
        )
        return found

    def _narrow(self, model: type[Any]) -> dict[str, str]:
        narrowed = {}
        if town := self.chosen.get("town"):
            field = {Division: "code__startswith", School: "township", Student: "township"}
            narrowed[field.get(model, "school__township")] = town
        if (school := self.chosen.get("school")) and model is not Division:
            narrowed["pk" if model is School else "school"] = school
        if (group := self.chosen.get("class_group")) and model is Student:
            narrowed["class_group"] = group
        return narrowed

    @property
    def rows(self) -> "QuerySet[Any]":
        state = self.chosen.get("state")
        rows = self.everyone
        if state in (SIGNED, UNSIGNED):
            rows = rows.filter(pledge__isnull=state == UNSIGNED)
        if rows.model in (ClassGroup, Student):
            rows = rows.select_related("school")
        return rows

    @cached_property
    def total(self) -> int:
        return int(self.everyone.count())

    @cached_property
    def signed(self) -> int:
        return int(self.everyone.filter(pledge__isnull=False).count())


def _existing(rows: "QuerySet[Any]", scope: Scope, *, on: date) -> "QuerySet[Any]":
    """Who can be a party today."""
    if rows.model is Division:
        return rows.valid_on(on)  # type: ignore[attr-defined, no-any-return]
    if rows.model is School:
        return rows.open_on(on).filter(stages__overlap=_COMPULSORY)  # type: ignore[attr-defined, no-any-return]
    if rows.model is ClassGroup:
        return with_children(rows).filter(stage__in=["", *_COMPULSORY])
    aged = school_age(scope, on=on).filter(pk=OuterRef("pk"))
    return rows.filter(Exists(aged), school__isnull=False)


def sort_of(kind: PledgeKind) -> tuple[str, ...]:
    """Fields that are never empty: what a page of the list may be cut by."""
    return {
        Level.SCHOOL: ("name",),
        Level.CLASS_GROUP: ("school_id", "stage", "number"),
        Level.STUDENT: ("name_key",),
    }.get(PARTIES[kind].lower, ("code",))


def place_title(place: Any) -> str:
    if isinstance(place, ClassGroup):
        return f"{place.school}{class_words(place)}"
    return str(place)


def above(kind: PledgeKind, place: Any, *, county: str) -> Division | School:
    """The upper party's place."""
    upper = PARTIES[kind].upper
    if upper == Level.SCHOOL:
        school: School = place.school
        return school
    code = county if upper == Level.COUNTY else place.code[:_TOWNSHIP]
    return Division.objects.get(pk=code)


@dataclass(frozen=True, slots=True)
class Side:
    """One party of a pledge: what it is called, and who signs for it where somebody is named."""

    title: str
    signer: str
    duty: str


def sides(kind: PledgeKind, place: Any, *, county: str, on: date) -> tuple[Side, Side]:
    parties = PARTIES[kind]
    upper = above(kind, place, county=county)
    title = {
        (Line.GOVERNMENT, Level.COUNTY): f"{upper}人民政府",
        (Line.EDUCATION, Level.COUNTY): f"{upper}教育局",
        (Line.GOVERNMENT, Level.TOWNSHIP): _government(str(upper)),
    }.get((parties.line, parties.upper), str(upper))
    first = _named(county, upper, line=parties.line, on=on)
    if isinstance(place, Student):
        return Side(title, *first), Side(place.full_name, *_guardian(place, on=on))
    lower = place_title(place)
    if parties.lower == Level.TOWNSHIP:
        lower = _government(lower)
    return Side(title, *first), Side(lower, *_named(county, place, line=parties.line, on=on))


def _government(name: str) -> str:
    return f"{name}人民政府" if name.endswith(("镇", "乡")) else name


def _named(county: str, place: Any, *, line: Line, on: date) -> tuple[str, str]:
    """Who heads the place on the line: not the leader from above, except at the county itself."""
    posts = {post.code: post for post in ResponsibilityRole.objects.of(county)}
    held = ResponsibilityAssignment.objects.valid_on(on).filter(
        county=county, line=line, **cover_of(place).lookup
    )
    is_county = isinstance(place, Division) and place.code == county
    fitting = [duty for duty in held if is_county or not posts[duty.role].is_leader]
    first = min(fitting, key=lambda duty: (posts[duty.role].sort, duty.pk), default=None)
    return (first.full_name, first.duty or posts[first.role].name) if first else ("", "")


def _guardian(student: Student, *, on: date) -> tuple[str, str]:
    ties = StudentGuardian.objects.filter(student=student, is_guardian=True, valid_to=None)
    tie = ties.select_related("guardian").order_by("relation_code", "pk").first()
    return (tie.guardian.full_name, codes.name("relation", tie.relation_code)) if tie else ("", "")


def children_count(scope: Scope, place: Any, *, on: date) -> int | None:
    """School-age children the pledge speaks of; None where the register does not tell."""
    column = {School: "school", ClassGroup: "class_group"}.get(type(place))
    if column is None and not (isinstance(place, Division) and len(place.code) == _TOWNSHIP):
        return None
    asked = {column: place.pk} if column else {"township": place.code}
    return school_age(scope, on=on).filter(**asked).count()


def this_year(on: date) -> int:
    return school_year_of(on)
