"""Reads for the pages of a roll-over; every number here opens the rows it counts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, TextChoices

from core.access import Permission, Scope
from schools.models import School, SchoolYear, Stage
from students.models import Enrolment, RollOver, RollOverRow, SchoolPromise
from students.models.rollover import RollOverGroup as Group
from students.rollover.plan import LEAVING, MOVING

ROLL_OVER = Permission.STUDENT_ROLL_OVER


class Gap(TextChoices):
    """小升初衔接: where a leaver of grade six is on a day after the writing."""

    NOWHERE = "nowhere", "没有入学登记"
    ELSEWHERE = "elsewhere", "未到应升学校"
    ARRIVED = "arrived", "已入学"


def roll_overs(scope: Scope) -> QuerySet[RollOver]:
    return RollOver.objects.within(scope, ROLL_OVER).select_related("job")


def years_to_leave(*, on: date) -> list[tuple[int, str]]:
    """The running school year, and the one before it for a roll-over that is late."""
    this = on.year if on.month >= 9 else on.year - 1
    known = {year.pk: str(year) for year in SchoolYear.objects.filter(pk__range=(this - 1, this))}
    return [(year, known.get(year, f"{year}—{year + 1}学年")) for year in (this, this - 1)]


@dataclass(frozen=True, slots=True)
class Step:
    """Children of one group who go from one grade to another, and the address of their rows."""

    group: Group
    from_grade: str
    to_grade: str
    count: int

    @property
    def query(self) -> str:
        return f"group={self.group}&grade={self.from_grade}"


def steps(roll_over: RollOver) -> list[Step]:
    found = [
        Step(group, *_grades(key), count)
        for group in (*MOVING, *LEAVING)
        for key, count in roll_over.counts.get(group, {}).items()
    ]
    return sorted(found, key=lambda step: (step.from_grade, step.group))


def _grades(key: str) -> tuple[str, str]:
    before, _, after = key.partition(">")
    return before, after


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows of a roll-over are asked for."""

    group: str
    grade: str = ""
    school: str = ""
    gap: str = ""

    @classmethod
    def of(cls, asked: Any, *, counts: dict[str, int]) -> "Chosen":
        gap = asked.get("gap", "")
        if gap in Gap.values:
            return cls(Group.PRIMARY_LEAVER, gap=gap)
        group = asked.get("group", "")
        if group not in Group.values:
            # What a person has to look at comes first.
            group = next((g for g in _BY_CARE if counts[g]), Group.ADVANCE)
        return cls(group, _digits(asked.get("grade", "")), _digits(asked.get("school", "")))


def _digits(text: str) -> str:
    return text if text.isdecimal() and len(text) < 10 else ""


_BY_CARE = (Group.NOT_ADVANCED, Group.PRIMARY_LEAVER, Group.ADVANCE, Group.NOT_ENROLLED)


def rows_of(roll_over: RollOver, chosen: Chosen, *, on: date) -> QuerySet[RollOverRow]:
    rows = RollOverRow.objects.filter(
        county=roll_over.county, roll_over=roll_over, group=chosen.group
    )
    if chosen.grade:
        rows = rows.filter(from_grade=int(chosen.grade))
    if chosen.school:
        rows = rows.filter(school=int(chosen.school))
    if chosen.group == Group.PRIMARY_LEAVER:
        rows = _placed(rows, roll_over, on=on)
        rows = rows.filter(_GAPS[chosen.gap]) if chosen.gap else rows
    return rows.select_related("student", "school", "class_group")


def leavers(roll_over: RollOver, *, on: date, gap: Gap) -> QuerySet[RollOverRow]:
    return rows_of(roll_over, Chosen(Group.PRIMARY_LEAVER, gap=gap), on=on)


def _placed(rows: QuerySet[RollOverRow], roll_over: RollOver, *, on: date) -> QuerySet[RollOverRow]:
    """With the school promised, and where the child is on the day; merged records left out."""
    stay = Enrolment.objects.open_on(on).filter(student=OuterRef("student"))
    promise = SchoolPromise.objects.filter(
        student=OuterRef("student"), school_year=roll_over.to_year
    )
    return rows.filter(student__merged_into=None).annotate(
        is_placed=Exists(stay),
        now_at=Subquery(stay.values("school")[:1]),
        promised_to=Subquery(promise.values("school")[:1]),
    )


_ELSEWHERE = Q(is_placed=True, promised_to__isnull=False) & (
    Q(now_at=None) | ~Q(now_at=F("promised_to"))
)
_GAPS = {
    Gap.NOWHERE.value: Q(is_placed=False),
    Gap.ELSEWHERE.value: _ELSEWHERE,
    Gap.ARRIVED.value: Q(is_placed=True) & (Q(promised_to=None) | Q(now_at=F("promised_to"))),
}


def gap_counts(roll_over: RollOver, *, on: date) -> list[tuple[Gap, int]]:
    """Of a written roll-over; the three add up to the leavers of grade six who are a record."""
    return [(gap, leavers(roll_over, on=on, gap=gap).count()) for gap in Gap]


def name_schools(rows: list[RollOverRow]) -> list[tuple[RollOverRow, str, str]]:
    """Each row with the school promised and the school of the day, in words."""
    ids = {pk for row in rows for pk in (getattr(row, "promised_to", 0), getattr(row, "now_at", 0))}
    names = dict(School.objects.filter(pk__in=ids - {None, 0}).values_list("pk", "name"))
    return [
        (row, names.get(getattr(row, "promised_to", None) or 0, ""), _stay(row, names))
        for row in rows
    ]


def _stay(row: RollOverRow, names: dict[int, str]) -> str:
    if not getattr(row, "is_placed", False):
        return ""
    return names.get(getattr(row, "now_at", None) or 0, "县外学校")


@dataclass(frozen=True, slots=True)
class SchoolLeavers:
    """How many leave a primary school, and how many of them are promised a place."""

    school: int | None
    name: str | None
    leaving: int
    promised: int


def leavers_by_school(roll_over: RollOver) -> list[SchoolLeavers]:
    promised = SchoolPromise.objects.filter(
        student=OuterRef("student"), school_year=roll_over.to_year
    )
    rows = RollOverRow.objects.filter(
        county=roll_over.county, roll_over=roll_over, group=Group.PRIMARY_LEAVER
    )
    counted = (
        rows.annotate(is_promised=Exists(promised))
        .values_list("school", "school__name")
        .annotate(leaving=Count("id"), promised=Count("id", filter=Q(is_promised=True)))
    )
    return [SchoolLeavers(*row) for row in counted.order_by("school__code")]


def junior_schools(county: str, *, on: date) -> list[tuple[int, str]]:
    found = School.objects.filter(county=county, stages__contains=[Stage.JUNIOR]).open_on(on)
    return list(found.order_by("code").values_list("pk", "name"))
