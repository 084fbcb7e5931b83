"""Children of school age nobody answers for on one of the lines, counted by place and listed.

The counts and the list come from one statement over the same children, so they cannot differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from casework.duties import Line
from casework.queries.responsible import Responsible, children_of, responsible, responsible_for
from core.access import Permission, Scope
from schools.models import AgeRule, Division, School
from students.models import Student

VIEW = Permission.RESPONSIBILITY_VIEW
NOWHERE = "none"  # of a child without a school, or without a township
LACKING = {
    "": "education IS NULL OR government IS NULL",
    Line.EDUCATION: "education IS NULL",
    Line.GOVERNMENT: "government IS NULL",
}
_PLACES = {"town": "nullif(child.township, '')", "school": "child.school_id::text"}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place: its children of school age and how many of them lack somebody."""

    key: str
    name: str
    children: int
    education: int
    government: int
    either: int

    @property
    def is_whole(self) -> bool:
        return not self.either


def school_age(scope: Scope, *, on: date, permission: Permission = VIEW) -> "QuerySet[Student]":
    years = AgeRule.objects.for_county(scope.county, on=on).cohort(on=on)
    rows = Student.objects.within(scope, permission)
    return rows.filter(birth_date__range=(years.first_birth, years.last_birth))


@dataclass(frozen=True)
class Gaps:
    """`chosen` may name town and school (a key of the counts) and the line that is lacking."""

    scope: Scope
    on: date
    chosen: dict[str, str]

    @cached_property
    def children(self) -> "QuerySet[Student]":
        rows = school_age(self.scope, on=self.on)
        if town := self.chosen.get("town"):
            rows = rows.filter(township="" if town == NOWHERE else town)
        if school := self.chosen.get("school"):
            rows = rows.filter(school=None if school == NOWHERE else int(school))
        return rows

    @property
    def rows(self) -> "QuerySet[Student]":
        """The children who lack somebody."""
        lacking = LACKING[self.chosen.get("line", "")]
        statement, values = self._statement(f"SELECT subject_id FROM responsible WHERE {lacking}")
        text: str = connection.ops.compose_sql(statement, values)  # type: ignore[attr-defined]
        found = RawSQL(text.replace("%", "%%"), [])  # noqa: S611
        of_reach = Student.objects.filter(county=self.scope.county)
        return of_reach.filter(pk__in=found).select_related("school", "class_group")

    def lines(self, by: str) -> list[PlaceLine]:
        """One for each township or school, the largest gap first."""
        statement, values = self._statement(f"""
SELECT coalesce({_PLACES[by]}, '{NOWHERE}') AS place, count(*),
       count(*) FILTER (WHERE education IS NULL), count(*) FILTER (WHERE government IS NULL),
       count(*) FILTER (WHERE {LACKING[""]}) AS either
  FROM responsible JOIN duty_children child USING (subject_id)
 GROUP BY place ORDER BY either DESC, place
""")
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            found = cursor.fetchall()
        names = _names(by, [key for key, *_ in found if key != NOWHERE])
        return [PlaceLine(key, names.get(key, _nowhere(by)), *counts) for key, *counts in found]

    def _statement(self, ending: str) -> tuple[str, dict[str, Any]]:
        children, values = children_of(self.children)
        # Of one school the index is faster; for many children the county's posts are read once.
        few = "school" in self.chosen
        statement = f"WITH {children},{responsible('duty_children', few=few)}{ending}"
        return statement, {**values, "county": self.scope.county, "day": self.on}


def total(lines: list[PlaceLine]) -> PlaceLine:
    sums = (
        sum(getattr(line, name) for line in lines)
        for name in ("children", "education", "government", "either")
    )
    return PlaceLine("", "合计", *sums)


def _names(by: str, keys: list[str]) -> dict[str, str]:
    if by == "town":
        return {pk: unit.name for pk, unit in Division.objects.in_bulk(keys).items()}
    return {str(pk): school.name for pk, school in School.objects.in_bulk(map(int, keys)).items()}


def _nowhere(by: str) -> str:
    return "未确定乡镇" if by == "town" else "未就读"


def with_persons(
    rows: list[Student], *, county: str, on: date
) -> Iterator[tuple[Student, Responsible]]:
    """The rows of one page, each with whoever answers for it on the other line."""
    of_page = Student.objects.filter(county=county, pk__in=[student.pk for student in rows])
    persons = responsible_for(of_page, county=county, on=on)
    return ((student, persons[student.pk]) for student in rows)
