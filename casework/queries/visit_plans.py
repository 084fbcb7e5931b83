"""Visits to be looked at, and batches with their coverage: every figure is that of its list."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from casework.models import HomeVisit, PlannedVisit, VisitBatch, VisitReview
from casework.queries.attendance import classes_within
from casework.states import OPEN_STATES, VisitKind, VisitOutcome
from core.access import Permission, Scope
from schools.models import School

REVIEW, PLAN = Permission.VISIT_REVIEW, Permission.VISIT_PLAN
Choice = tuple[str, str]
UNREAD, EDITED, TODAY, READ = "unread", "edited", "today", "read"
REVIEWS: tuple[Choice, ...] = (
    (UNREAD, "未阅"),
    (EDITED, "修改后未阅"),
    (TODAY, "今天走访的"),
    (READ, "已阅"),
)


@dataclass(frozen=True)
class ReviewList:
    """The visits in reach but those the reader wrote down: nobody looks over an own one."""

    scope: Scope
    reader: int
    on: date

    @cached_property
    def every(self) -> "QuerySet[HomeVisit]":
        seen = VisitReview.objects.filter(visit=OuterRef("pk"))
        rows = HomeVisit.objects.within(self.scope, REVIEW).filter(
            ~Q(logged_by=self.reader) | Q(logged_by=None)
        )
        return rows.annotate(
            is_read=Exists(seen.filter(version=OuterRef("version"))), was_read=Exists(seen)
        )

    def rows(self, which: str) -> "QuerySet[HomeVisit]":
        chosen = {
            UNREAD: Q(is_read=False),
            EDITED: Q(is_read=False, was_read=True),
            TODAY: Q(visited_on=self.on),
            READ: Q(is_read=True),
        }[which]
        found = self.every.filter(chosen).select_related("student__school", "student__class_group")
        oldest_first = which in (UNREAD, EDITED)
        order = ("visited_on", "pk") if oldest_first else ("-visited_on", "pk")
        return found.order_by(*order)

    def chips(self) -> list[tuple[str, str, int]]:
        return [(which, words, self.rows(which).count()) for which, words in REVIEWS]


VISITED, MISSED, AHEAD, CANCELLED = "visited", "missed", "ahead", "cancelled"
STATES: tuple[Choice, ...] = (
    (VISITED, "已走访"),
    (AHEAD, "未到日期"),
    (MISSED, "未走访"),
    (CANCELLED, "已取消"),
)


def planned(
    scope: Scope, *, on: date, permission: Permission = Permission.CASE_VIEW
) -> "QuerySet[Any]":
    """Each with `state`. Visited is who was met at home in the days of the batch: no telephone."""
    met = HomeVisit.objects.filter(
        student=OuterRef("student"),
        visited_on__gte=OuterRef("batch__first_day"),
        visited_on__lte=OuterRef("batch__last_day"),
    ).exclude(Q(kind=VisitKind.PHONE) | Q(outcome=VisitOutcome.NOT_MET))
    return (
        PlannedVisit.objects.within(scope, permission)
        .annotate(is_visited=Exists(met))
        .annotate(
            state=Case(
                When(is_visited=True, then=Value(VISITED)),
                When(is_cancelled=True, then=Value(CANCELLED)),
                When(planned_on__lt=on, then=Value(MISSED)),
                default=Value(AHEAD),
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """Children, each once. Cancelled ones need not be visited."""

    counts: dict[str, int]

    @property
    def should(self) -> int:
        return sum(self.counts.values()) - self.counts.get(CANCELLED, 0)

    @property
    def visited(self) -> int:
        return self.counts.get(VISITED, 0)

    @property
    def states(self) -> list[tuple[str, str, int]]:
        return [(state, words, self.counts.get(state, 0)) for state, words in STATES]


def coverage(rows: "QuerySet[Any]") -> dict[int, Coverage]:
    """By batch, in one statement."""
    found: dict[int, dict[str, int]] = {}
    counted = rows.order_by().values_list("batch", "state").annotate(Count("student"))
    for batch, state, count in counted:
        found.setdefault(batch, {})[state] = count
    return {batch: Coverage(counts) for batch, counts in found.items()}


def batches(scope: Scope) -> "QuerySet[VisitBatch]":
    """Those with a child in reach."""
    mine = PlannedVisit.objects.within(scope, Permission.CASE_VIEW)
    return VisitBatch.objects.filter(county=scope.county, pk__in=mine.values("batch"))


def targets(scope: Scope) -> list[Choice]:
    """Classes, and each school's children with an open case: what a batch can be made of."""
    schools = School.objects.within(scope, PLAN).distinct().order_by("name")
    lists = [(f"cases:{school.pk}", f"{school}有未结个案的学生") for school in schools]
    groups = classes_within(scope, PLAN).select_related("school")
    ordered = groups.order_by("school__name", "stage", F("entry_year").desc(), "number")
    return [*((f"class:{one.pk}", f"{one.school}{one}") for one in ordered), *lists]


def with_open_case() -> Q:
    return Q(cases__state__in=OPEN_STATES)
