"""Who answers for a child on a day: one SQL for ledgers, gaps and the page of one child.

The narrowest cover wins: the child itself, its class, school, village, township, county. Among
several posts of one cover the first in the county's order does. A leader (包保领导) never counts
as the person of a line: a county head alone would leave nobody without one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from students.models import Student

# In the order in which a cover wins; what the county itself has comes after all of them.
_COVERS = ("student_id", "class_group_id", "school_id", "village", "township")
_DIVISIONS = ("village", "township")
_LINES = {
    "education": "line = 'education' AND NOT is_leader",
    "government": "line = 'government' AND NOT is_leader",
    "leader": "is_leader",
}
# What stands in each person's array behind the two keys it is chosen by.
NAME, PHONE, SEAL, POST, DUTY = 3, 4, 5, 6, 7


def _held(alias: str) -> str:
    return (
        f"{alias}.valid_from <= %(day)s"
        f" AND ({alias}.valid_to IS NULL OR {alias}.valid_to >= %(day)s)"
    )


def responsible(children: str, *, few: bool = False) -> str:
    """Common table expressions up to `responsible`: subject_id and the columns of `duty`.

    `children` names an expression with subject_id, student_id, class_group_id, school_id, village
    and township. `few` reads only the assignments of these children; without it the county's are
    aggregated once. Parameters: county, day.
    """
    columns = {cover: f"child.{cover}" for cover in _COVERS}
    return f"""
{persons(children if few else "")},
responsible AS (
    SELECT child.subject_id, duty.education, duty.government, duty.leader
      FROM {children} child {joined(columns)}
)
"""


def persons(children: str = "") -> str:
    """Common table expressions with everybody assigned on the day, for `joined`."""
    source = _assignments(children) if children else "casework_responsibilityassignment"
    return f"""
duty_roles AS (
    SELECT DISTINCT ON (code) code, name, is_leader, sort
      FROM casework_responsibilityrole
     WHERE county IN ('', %(county)s)
     ORDER BY code, county DESC
),
duty_persons AS MATERIALIZED (
    SELECT duty.student_id, duty.class_group_id, duty.school_id, duty.division_id, duty.line,
           role.is_leader,
           ARRAY[CASE WHEN role.is_leader AND duty.line = 'education' THEN '1' ELSE '0' END
                     || lpad(role.sort::text, 5, '0'),
                 lpad(duty.id::text, 12, '0'), duty.full_name, duty.phone_mask,
                 CASE WHEN duty.phone_sealed IS NOT NULL THEN duty.seal_id::text END,
                 role.name, duty.duty] AS person
      FROM {source} duty
      JOIN duty_roles role ON role.code = duty.role
     WHERE duty.county = %(county)s AND {_held("duty")}
),
duty_county AS (
    SELECT {_first()} FROM duty_persons WHERE division_id = %(county)s
)"""


def joined(columns: Mapping[str, str]) -> str:
    """Joins that give `duty`: education, government and leader, each an array or NULL.

    `columns` says by which expression each cover is found; no row of the query is doubled.
    """
    joins = "".join(
        f"\n      LEFT JOIN {_first_of_each(_column(cover))} duty_{cover}"
        f" ON duty_{cover}.{_column(cover)} = {columns[cover]}"
        for cover in _COVERS
    )
    chosen = ", ".join(
        f"coalesce({', '.join(f'duty_{cover}.{who}' for cover in _COVERS)},"
        f" (SELECT {who} FROM duty_county)) AS {who}"
        for who in _LINES
    )
    return f"{joins}\n      CROSS JOIN LATERAL (SELECT {chosen}) duty"


def _column(cover: str) -> str:
    return "division_id" if cover in _DIVISIONS else cover


def _first() -> str:
    return ", ".join(f"min(person) FILTER (WHERE {rule}) AS {who}" for who, rule in _LINES.items())


def _first_of_each(column: str) -> str:
    """Grouped by this one column, the planner knows that a child finds one row at most."""
    return (
        f"(SELECT {column}, {_first()} FROM duty_persons"
        f" WHERE {column} IS NOT NULL GROUP BY {column})"
    )


def _assignments(children: str) -> str:
    """Those of some children: an index look-up for each cover, none counted twice."""
    values = {cover: f"child.{cover}" for cover in _COVERS} | {"county": "%(county)s"}
    reads = [
        f"SELECT duty.* FROM {children} child"
        f" JOIN casework_responsibilityassignment duty"
        f" ON duty.{'division_id' if cover == 'county' else _column(cover)} = {value}"
        for cover, value in values.items()
    ]
    return f"({' UNION '.join(reads)})"


# The village as TZ1 tells it: that of the hukou where it is known so finely, else the household's.
_HOMES = f"""
duty_homes AS (
    SELECT DISTINCT ON (member.student_id) member.student_id, home.village
      FROM students_householdmember member
      JOIN students_household home ON home.id = member.household_id
     WHERE member.county = %(county)s AND {_held("member")}
     ORDER BY member.student_id, member.valid_from DESC, member.id DESC
)
"""
_NOBODY = "SELECT NULL::bigint, NULL::bigint, NULL::bigint, '', '' WHERE false"
_VILLAGE = """
CASE WHEN length(child.hukou_division) = 12 THEN child.hukou_division
     ELSE coalesce(duty_homes.village, '') END
"""


def children_of(rows: "QuerySet[Student]") -> tuple[str, dict[str, Any]]:
    """`duty_children` of today's places, from any query of students, with its parameters."""
    plain = rows.order_by().values(
        "id", "class_group_id", "school_id", "township", "hukou_division"
    )
    try:
        statement, values = plain.query.sql_with_params()
    except EmptyResultSet:  # the conditions admit nobody: Django writes no statement then
        statement, values = _NOBODY, ()
    names = [f"child_{place}" for place in range(len(values))]
    parts = statement.split("%s")
    named = parts[0] + "".join(
        f"%({name})s{part}" for name, part in zip(names, parts[1:], strict=True)
    )
    columns = "(id, class_group_id, school_id, township, hukou_division)"
    return (
        f"asked {columns} AS ({named}),{_HOMES},"
        f"""
duty_children AS (
    SELECT child.id AS subject_id, child.id AS student_id, child.class_group_id, child.school_id,
           {_VILLAGE} AS village, child.township
      FROM asked child
      LEFT JOIN duty_homes ON duty_homes.student_id = child.id
)""",
        dict(zip(names, values, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever answers for a child on one line."""

    full_name: str
    phone_mask: str
    post: str
    duty: str

    @property
    def words(self) -> str:
        return f"{self.full_name}，{self.duty or self.post}"


@dataclass(frozen=True, slots=True)
class Responsible:
    education: Person | None
    government: Person | None
    leader: Person | None


def responsible_for(rows: "QuerySet[Student]", *, county: str, on: date) -> dict[int, Responsible]:
    """The persons of some children, by child: for one child's page or a page of a list."""
    children, values = children_of(rows)
    statement = f"WITH {children},{responsible('duty_children', few=True)} TABLE responsible"
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "county": county, "day": on})
        return {pk: Responsible(*map(_person, found)) for pk, *found in cursor.fetchall()}


def _person(found: Iterable[str | None] | None) -> Person | None:
    if found is None:
        return None
    told = [text or "" for text in found]
    return Person(told[NAME - 1], told[PHONE - 1], told[POST - 1], told[DUTY - 1])
