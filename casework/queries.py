"""What the case pages show."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from casework.models import CaseCode, CaseEvent, DropoutCase, HomeVisit
from casework.states import BACK_STATES, OPEN_STATES, Action, CaseState, actions_from
from core import codes
from core.access import Permission, Scope
from schools.models import Division, School
from students.models import Student, StudentGuardian, StudentIdentifier

Choice = tuple[str, str]
UNSETTLED = "open"  # beside the states of a case: all that are not ended
NEEDS = {
    Action.VISIT: Permission.VISIT_LOG,
    Action.CLOSE: Permission.CASE_CLOSE,
    Action.LAPSE: Permission.CASE_CLOSE,
}
TONES = {
    CaseState.SUSPECTED: "warn",
    CaseState.EXCLUDED: "",
    CaseState.CONFIRMED: "bad",
    CaseState.PERSUADING: "busy",
    CaseState.ESCALATED: "bad",
    CaseState.RETURNED: "good",
    CaseState.OBSERVING: "good",
    CaseState.CLOSED: "",
}


def code_choices(code_list: CaseCode.List, *, on: date) -> list[Choice]:
    rows = CaseCode.objects.of(code_list).valid_on(on).order_by("sort", "code")
    return list(rows.values_list("code", "name"))


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


def next_actions(case: DropoutCase, *, scope: Scope) -> list[Action]:
    """What the state permits and the caller may do with this very case."""
    possible = actions_from(CaseState(case.state))
    needed = {action: NEEDS.get(action, Permission.CASE_MANAGE) for action in possible}
    held = {
        permission
        for permission in set(needed.values())
        if DropoutCase.objects.within(scope, permission).filter(pk=case.pk).exists()
    }
    return [action for action in possible if needed[action] in held]


@dataclass(frozen=True)
class CaseFile:
    """One case with all that stands on its sheet."""

    case: DropoutCase

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for code_list, code, name in CaseCode.objects.values_list("list", "code", "name"):
            found.setdefault(code_list, {})[code] = name
        return found

    def name(self, code_list: str, code: str) -> str:
        return self.names.get(code_list, {}).get(code, code)

    @cached_property
    def visits(self) -> list[HomeVisit]:
        return list(self.case.visits.order_by("-visited_on", "-logged_at"))

    @cached_property
    def events(self) -> list[CaseEvent]:
        return list(self.case.events.order_by("-pk"))

    @cached_property
    def later_case(self) -> DropoutCase | None:
        county, case = self.case.county, self.case
        return DropoutCase.objects.filter(county=county, previous_case=case).first()

    def child(self) -> list[tuple[str, Any]]:
        student = self.case.student
        numbers = {
            row.kind: row.mask
            for row in StudentIdentifier.objects.filter(student=student, valid_to=None)
        }
        place = [grade_name(student), str(student.class_group or "")]
        return [
            ("姓名", student.full_name),
            ("性别", student.sex),
            ("出生日期", student.birth_date),
            ("身份证件号", numbers.get(StudentIdentifier.Kind.ID_NUMBER)),
            ("学籍号", numbers.get(StudentIdentifier.Kind.STUDENT_NO)),
            ("就读学校", student.school),
            ("年级班级", " ".join(part for part in place if part)),
            ("现居住地", student.residence_address),
            *self._guardians(),
        ]

    def _guardians(self) -> list[tuple[str, str]]:
        rows = StudentGuardian.objects.filter(
            student=self.case.student, valid_to=None
        ).select_related("guardian")
        return [("监护人", f"{row.guardian} {row.guardian.phone_mask}".strip()) for row in rows]

    def suspicion(self) -> list[tuple[str, Any]]:
        case = self.case
        return [
            ("建案日期", case.opened_on),
            ("数据来源", self.name("source", case.source)),
            ("下发批次", case.sent_down_batch),
            ("最后到校", case.last_present_on),
            ("建案时学校", case.school_at_opening),
            ("疑似原因", case.suspicion),
        ]

    def course(self) -> list[tuple[str, Any]]:
        """Check, dropout, return and end: only what has happened."""
        case = self.case
        causes = [self.name("cause", code) for code in case.causes]
        every = [
            ("核查结果", self.name("verification", case.verification_result)),
            ("核查日期", case.verified_on),
            ("核查人", case.verified_by),
            ("佐证材料", case.evidence),
            ("辍学日期", case.dropped_out_on),
            ("主要原因", self.name("cause", case.main_cause)),
            ("全部原因", "、".join(causes) if len(causes) > 1 else ""),
            ("目前去向", case.whereabouts),
            ("复学日期", case.returned_on),
            ("安置方式", self.name("placement", case.placement)),
            ("销号原因", self.name("lapse", case.lapse_reason)),
            ("销号日期" if case.state == CaseState.CLOSED else "排除日期", case.closed_on),
        ]
        return [(label, value) for label, value in every if value]

    @property
    def lacks_placement(self) -> bool:
        return self.case.state in BACK_STATES and not self.case.placement
