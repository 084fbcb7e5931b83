"""Tasks as lists and as a board; every figure of the board counts the list it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import BigIntegerField, Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from casework.models.task import CaseTask, TaskKind, TaskLine
from core.access import Permission, Scope
from schools.models import Division, School

Choice = tuple[str, str]
LATE, TODAY, WEEK, LATER, DONE_LATE = "late", "today", "week", "later", "done_late"
WHEN: tuple[Choice, ...] = (
    (LATE, "已逾期"),
    (TODAY, "今天到期"),
    (WEEK, "七天内到期"),
    (LATER, "七天后到期"),
    (DONE_LATE, "逾期后办结"),
)
NOWHERE = "none"  # a place that is not known: no township, or no school
_NO_SCHOOL = 0


def when(chosen: str, *, on: date) -> Q:
    """An open task of these days; without a choice, any open task."""
    week = on + timedelta(days=7)
    return {
        LATE: Q(done_on=None, due_on__lt=on),
        TODAY: Q(done_on=None, due_on=on),
        WEEK: Q(done_on=None, due_on__gt=on, due_on__lte=week),
        LATER: Q(done_on=None, due_on__gt=week),
        DONE_LATE: Q(done_on__isnull=False, late_since__isnull=False),
    }.get(chosen, Q(done_on=None))


def _placed(tasks: "QuerySet[CaseTask]") -> "QuerySet[CaseTask]":
    """Adds the township and the school a task lies at today."""
    return tasks.annotate(
        town=Coalesce(
            NullIf("case__student__township", Value("")), "school__township", Value(NOWHERE)
        ),
        at_school=Coalesce(
            "case__student__school_id",
            "school_id",
            Value(_NO_SCHOOL, BigIntegerField()),
        ),
    )


@dataclass(frozen=True)
class TaskList:
    """Tasks in reach, narrowed by what was chosen."""

    scope: Scope
    on: date
    chosen: Mapping[str, str]

    @cached_property
    def everywhen(self) -> "QuerySet[CaseTask]":
        """By everything chosen but the days."""
        rows = _placed(CaseTask.objects.within(self.scope, Permission.CASE_VIEW))
        for name in ("kind", "line", "town"):
            if value := self.chosen.get(name):
                rows = rows.filter(**{name: value})
        if school := self.chosen.get("school"):
            rows = rows.filter(Q(at_school=_NO_SCHOOL if school == NOWHERE else int(school)))
        return rows

    @property
    def rows(self) -> "QuerySet[CaseTask]":
        if due := self.chosen.get("due"):
            rows = self.everywhen.filter(done_on=None, due_on=due)
        else:
            rows = self.everywhen.filter(when(self.chosen.get("when", ""), on=self.on))
        return rows.select_related("case__student__school", "school")

    def chips(self) -> list[tuple[str, str, int]]:
        """Value, label and count of each choice of days."""
        choices = (("", "全部未办"), *WHEN)
        counted = self.everywhen.aggregate(
            **{value or "open": Count("pk", filter=when(value, on=self.on)) for value, _ in choices}
        )
        return [(value, label, counted[value or "open"]) for value, label in choices]

    def soon_by_kind(self) -> dict[str, dict[str, int]]:
        """Open tasks late, of today and of the next seven days; kinds that have any."""
        days = (LATE, TODAY, WEEK)
        soon = self.everywhen.filter(done_on=None, due_on__lte=self.on + timedelta(days=7))
        counted: Any = (
            soon.order_by()
            .values_list("kind")
            .annotate(**{day: Count("pk", filter=when(day, on=self.on)) for day in days})
        )
        return {kind: dict(zip(days, counts, strict=True)) for kind, *counts in counted}

    def by(self, field: str) -> "list[BoardLine]":
        """Late tasks of every kind, by `town` or `at_school`; the sums are those of the list."""
        # Any: the fields stand behind an annotation, which the checker does not see through.
        late: Any = self.everywhen.filter(when(LATE, on=self.on)).order_by()
        found: dict[str, dict[str, int]] = {}
        for place, kind, count in late.values_list(field, "kind").annotate(Count("pk")):
            found.setdefault(str(place or NOWHERE), {})[kind] = count
        names = _names(field, set(found))
        lines = [BoardLine(key, names.get(key, key), counts) for key, counts in found.items()]
        return sorted(lines, key=lambda line: (-line.total, line.name))


@dataclass(frozen=True, slots=True)
class BoardLine:
    """The late tasks of one township or school."""

    key: str
    name: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def _names(field: str, keys: set[str]) -> dict[str, str]:
    if field == "town":
        rows = Division.objects.filter(pk__in=keys).values_list("code", "name")
        return {**dict(rows), NOWHERE: "未划入乡镇"}
    known = School.objects.filter(pk__in=[key for key in keys if key != NOWHERE])
    return {**{str(pk): name for pk, name in known.values_list("pk", "name")}, NOWHERE: "未就读"}


def kinds_of(lines: "list[BoardLine]") -> list[Choice]:
    """The kinds that occur, in the order of `TaskKind`: the columns of a board."""
    used = {kind for line in lines for kind in line.counts}
    return [(kind.value, str(kind.label)) for kind in TaskKind if kind in used]


def place_choices(scope: Scope) -> dict[str, list[Choice]]:
    schools = School.objects.within(scope, Permission.CASE_VIEW)
    names = schools.order_by("name").values_list("pk", "name").distinct()
    towns = Division.objects.filter(
        pk__in=schools.order_by().values("township"), level=Division.Level.TOWNSHIP
    )
    return {
        "kind": [(kind.value, str(kind.label)) for kind in TaskKind],
        "line": [(line.value, str(line.label)) for line in TaskLine],
        "town": [*towns.order_by("code").values_list("code", "name"), (NOWHERE, "未划入乡镇")],
        "school": [*((str(pk), name) for pk, name in names), (NOWHERE, "未就读")],
    }
