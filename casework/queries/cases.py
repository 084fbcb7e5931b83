"""Lists of cases, and how many stand where."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from casework.models import CaseCode, DropoutCase, HomeVisit
from casework.states import OPEN_STATES, CaseState
from core import codes
from core.access import Permission, Scope
from schools.models import Division, School
from students.models import Student

Choice = tuple[str, str]
UNSETTLED = "open"  # beside the states of a case: all that are not ended
TONES = {
    CaseState.SUSPECTED: "warn",
    CaseState.EXCLUDED: "",
    CaseState.CONFIRMED: "bad",
    CaseState.PERSUADING: "busy",
    CaseState.ESCALATED: "bad",
    CaseState.TRANSFERRED: "busy",
    CaseState.RETURNED: "good",
    CaseState.OBSERVING: "good",
    CaseState.PLACED: "good",
    CaseState.CLOSED: "",
    CaseState.LAPSED: "",
    CaseState.RELAPSED: "",
}


def valid_codes(code_list: CaseCode.List, *, on: date, leads_to: str = "") -> list[CaseCode]:
    rows = CaseCode.objects.of(code_list).valid_on(on).order_by("sort", "code")
    return list(rows.filter(leads_to=leads_to) if leads_to else rows)


def code_choices(code_list: CaseCode.List, *, on: date) -> list[Choice]:
    return [(row.code, row.name) for row in valid_codes(code_list, on=on)]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a list, its codes in words."""

    case: DropoutCase
    tone: str
    source: str
    town: str
    grade: str


def case_lines(cases: list[DropoutCase]) -> list[CaseLine]:
    sources = CaseCode.objects.of(CaseCode.List.SOURCE)  # withdrawn codes keep their names
    source_names = dict(sources.values_list("code", "name"))
    towns = Division.objects.filter(pk__in={case.student.township for case in cases})
    town_names = dict(towns.values_list("pk", "name"))
    return [
        CaseLine(
            case,
            TONES[CaseState(case.state)],
            source_names.get(case.source, case.source),
            town_names.get(case.student.township, ""),
            grade_name(case.student),
        )
        for case in cases
    ]


def with_visits(cases: "QuerySet[DropoutCase]") -> "QuerySet[DropoutCase]":
    """Adds how many and the last day: counted for the rows of one page only."""
    visits = HomeVisit.objects.filter(case=OuterRef("pk")).order_by().values("case")
    return cases.annotate(
        visit_count=Coalesce(Subquery(visits.annotate(n=Count("pk")).values("n")), 0),
        last_visit_on=Subquery(visits.annotate(day=Max("visited_on")).values("day")),
    )


@dataclass(frozen=True)
class CaseList:
    """Cases in reach, narrowed by what was chosen, and how many stand in each state."""

    scope: Scope
    on: date
    chosen: dict[str, str]

    @cached_property
    def narrowed(self) -> "QuerySet[DropoutCase]":
        """By everything chosen but the state."""
        rows = DropoutCase.objects.within(self.scope, Permission.CASE_VIEW)
        for name, field in (
            ("town", "student__township"),
            ("school", "student__school"),
            ("source", "source"),
        ):
            if value := self.chosen.get(name):
                rows = rows.filter(**{field: value})
        if days := self.chosen.get("overdue"):
            rows = rows.overdue(self.on, days=int(days))
        return rows

    @cached_property
    def by_state(self) -> dict[str, int]:
        counted = self.narrowed.order_by().values_list("state").annotate(Count("pk"))
        return dict(counted)

    @property
    def count(self) -> int:
        return sum(self.by_state.get(state, 0) for state in self._states)

    @property
    def _states(self) -> tuple[CaseState, ...]:
        state = self.chosen.get("state", "")
        if state == UNSETTLED:
            return OPEN_STATES
        return (CaseState(state),) if state else tuple(CaseState)

    @property
    def rows(self) -> "QuerySet[DropoutCase]":
        rows = self.narrowed
        if self.chosen.get("state"):
            rows = rows.filter(state__in=self._states)
        return with_visits(rows.select_related("student__school"))

    def chips(self) -> list[tuple[str, str, int]]:
        """Value, label and count; each count is that of the list behind it."""
        unsettled = sum(self.by_state.get(state, 0) for state in OPEN_STATES)
        every = sum(self.by_state.values())
        return [
            ("", "全部", every),
            (UNSETTLED, "未结", unsettled),
            *((state.value, state.label, self.by_state.get(state, 0)) for state in CaseState),
        ]


def filter_choices(scope: Scope, *, on: date) -> dict[str, list[Choice]]:
    schools = School.objects.within(scope, Permission.CASE_VIEW).order_by("name")
    names = [(str(pk), name) for pk, name in schools.values_list("pk", "name").distinct()]
    towns = Division.objects.filter(
        pk__in=schools.order_by().values("township"), level=Division.Level.TOWNSHIP
    ).order_by("code")
    return {
        "state": [(UNSETTLED, "未结"), *CaseState.choices],
        "town": list(towns.values_list("code", "name")),
        "school": names,
        "source": code_choices(CaseCode.List.SOURCE, on=on),
    }


def grade_name(student: Student) -> str:
    return codes.name("grade", str(student.grade or ""))
