"""Places and children somebody may answer for, as far as the caller reaches."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from casework.duties import DutyRefused, Level
from casework.models import ResponsibilityAssignment
from core.access import Permission, Scope
from schools.models import ClassGroup, Division, School, Stage
from students.models import Student

_TOWNSHIP = 9
_DIVISIONS = (Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE)
_COLUMNS = {Level.SCHOOL: "school", Level.CLASS_GROUP: "class_group", Level.STUDENT: "student"}


@dataclass(frozen=True, slots=True)
class Cover:
    """One column of an assignment or a pledge, and what stands in it."""

    column: str
    pk: int | str
    township: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        return {f"{self.column}_id": self.pk, "township": self.township}

    @property
    def lookup(self) -> dict[str, Any]:
        return {f"{self.column}_id": self.pk}


def places(scope: Scope, permission: Permission, level: str) -> Any:
    """Everything of a level in reach: a query of divisions, schools, classes or students."""
    if level in _DIVISIONS:
        units = Division.objects.filter(level=level, code__startswith=scope.county)
        return units.filter(_regions(scope, permission))
    if level == Level.SCHOOL:
        reach = scope.q(permission, township="township", school="pk", class_group="")
        return School.objects.filter(reach)
    if level == Level.CLASS_GROUP:
        reach = scope.q(permission, township="school__township", school="school", class_group="pk")
        return ClassGroup.objects.filter(reach)
    return Student.objects.within(scope, permission)


def _regions(scope: Scope, permission: Permission) -> Q:
    found = Q(pk__in=())
    for grant in scope.grants:
        if permission in grant.permissions and grant.region:
            # A grant above the county reaches the county; one below it nothing above itself.
            found |= Q(code__startswith=max(grant.region, scope.county, key=len))
    return found


def with_children(classes: "QuerySet[ClassGroup]") -> "QuerySet[ClassGroup]":
    """Those that somebody sits in today: old ones stay in the books for good."""
    seated = Student.objects.filter(county=OuterRef("county"), class_group=OuterRef("pk"))
    return classes.filter(Exists(seated))


def cover_of(place: Division | School | ClassGroup | Student) -> Cover:
    if isinstance(place, Division):
        return Cover("division", place.code, place.code[:_TOWNSHIP] if len(place.code) > 6 else "")
    if isinstance(place, School):
        return Cover("school", place.pk)
    return Cover("class_group" if isinstance(place, ClassGroup) else "student", place.pk)


def in_reach(scope: Scope, permission: Permission, level: str, key: int | str) -> Any:
    """The place itself. Errors: DutyRefused."""
    found = places(scope, permission, level).filter(pk=key).first()
    if found is None:
        raise DutyRefused(
            f"没有找到这个{Level(level).label}，或者不在您的负责范围内，请从列表中重新选择。"
        )
    return found


def class_words(group: ClassGroup) -> str:
    """小学2024级1班: in a nine-year school the year and number alone name two classes."""
    stage = Stage(group.stage).label if group.stage else ""
    return f"{stage}{group}"


def cover_words(duty: ResponsibilityAssignment, towns: dict[str, str]) -> str:
    """What somebody answers for, in words; `towns` names the townships of villages."""
    if duty.division is not None:
        above = towns.get(duty.township, "") if len(duty.division.code) > _TOWNSHIP else ""
        return f"{above}{duty.division}"
    if duty.class_group is not None:
        return f"{duty.class_group.school}{class_words(duty.class_group)}"
    return str(duty.school or duty.student)


def town_names(duties: list[ResponsibilityAssignment]) -> dict[str, str]:
    codes = {duty.township for duty in duties if duty.township}
    return dict(Division.objects.filter(pk__in=codes).values_list("code", "name"))


def covered_columns() -> dict[Level, str]:
    return {level: _COLUMNS.get(level, "division") for level in Level if level != Level.FAMILY}
