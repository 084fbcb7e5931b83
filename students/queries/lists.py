"""Other offices' lists, comparisons and disputes, in words for their pages."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from core.access import Permission, Scope
from core.models import Job
from core.sheets.gate import REMEDIES as FILE_REMEDIES
from core.sheets.gate import Refusal
from schools.models import Division, School
from students.comparison.services import CREATES, READ_STATES, SUSPECTS, taking_key
from students.comparison.taking import LEFT
from students.lists.entries import DUPLICATE_MEMBER, DUPLICATE_PERSON, NO_PROMISE, NOT_JUNIOR
from students.lists.kinds import KINDS
from students.models import (
    CategoryType,
    FactConflict,
    ListEntry,
    MatchDifference,
    MatchRun,
    OfficeList,
)
from students.queries import wording
from students.rosters.reasons import TITLES, Reason

IMPORT = Permission.ROSTER_IMPORT
Decision, Found = MatchDifference.Decision, MatchDifference.Found
_OWN_REASONS = {
    DUPLICATE_PERSON: "本名单前面已有此人",
    DUPLICATE_MEMBER: "同一户里已有这名成员",
    NO_PROMISE: "没有应升初中",
    NOT_JUNIOR: "这所学校没有初中",
}
_NO_KEYS = "没有证件号，也没有出生日期"
# What applying did or would do, in the order an officer asks.
_DEEDS = (
    ("matched", "找到的学生"),
    ("added", "新登记类别"),
    ("ended", "名单不再列入，到名单日期止"),
    ("dropped", "他处登记、主管部门名单没有，到名单日期止"),
    ("household", "登记或调整所在户"),
    ("household_left", "不再列入所在户"),
    ("fact", "登记或更新残疾、监护信息"),
    ("fact_ended", "残疾、监护信息到名单日期止"),
    ("conflicts", "与他处说法不同，待核定"),
    ("promised", "新登记应升初中"),
    ("promise_changed", "改为这份名单的应升初中"),
    ("promise_same", "应升初中与已登记的相同"),
)


def lists(scope: Scope, *, kind: str = "") -> QuerySet[OfficeList]:
    rows = OfficeList.objects.within(scope, IMPORT)
    return rows.filter(kind=kind) if kind in OfficeList.Kind.values else rows


def runs(scope: Scope, permission: Permission = IMPORT) -> QuerySet[MatchRun]:
    return MatchRun.objects.within(scope, permission).select_related("office_list", "job")


def conflicts(scope: Scope, *, state: str) -> QuerySet[FactConflict]:
    rows = FactConflict.objects.within(scope, IMPORT).filter(state=state)
    return rows.select_related("student", "type", "office_list")


def conflict_counts(scope: Scope) -> list[tuple[str, str, int]]:
    rows = FactConflict.objects.within(scope, IMPORT).values_list("state")
    counted = dict(rows.annotate(count=Count("id")))
    return [(one.value, str(one.label), counted.get(one, 0)) for one in FactConflict.State]


def comparable(scope: Scope) -> QuerySet[OfficeList]:
    rows = lists(scope).filter(state__in=READ_STATES, purged_at=None)
    return rows.order_by("-created_at")


def refusal_words(office_list: OfficeList) -> str:
    """Why the file was not read, and what to do."""
    try:
        return FILE_REMEDIES[Refusal(office_list.refusal)]
    except ValueError:
        return office_list.refusal


def deeds(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(words, counts[name]) for name, words in _DEEDS if counts.get(name)]


def is_register(office_list: OfficeList) -> bool:
    return KINDS[office_list.kind].is_register


def verdicts(office_list: OfficeList) -> list[tuple[str, str, int]]:
    counts = office_list.counts
    return [(one.value, str(one.label), counts.get(one.value, 0)) for one in ListEntry.Verdict]


@dataclass(frozen=True, slots=True)
class EntryLine:
    entry: ListEntry
    reason: str
    categories: str
    matched_by: str


def entries(office_list: OfficeList, *, verdict: str) -> QuerySet[ListEntry]:
    rows = ListEntry.objects.filter(
        county=office_list.county, office_list=office_list, verdict=verdict
    )
    return rows.select_related("school")


def entry_lines(rows: list[ListEntry]) -> list[EntryLine]:
    names = wording.category_names()
    how = dict(MatchDifference.How.choices)
    return [
        EntryLine(
            row,
            reason_words(row),
            "、".join(names.get(code, code) for code in row.categories),
            str(how.get(row.matched_by, "")),
        )
        for row in rows
    ]


def reason_words(entry: ListEntry) -> str:
    if entry.reason in _OWN_REASONS:
        return _OWN_REASONS[entry.reason]
    if entry.reason == Reason.NO_IDENTITY:
        return _NO_KEYS
    return TITLES[Reason(entry.reason)] if entry.reason else ""


def category_choices() -> list[tuple[str, str]]:
    """The categories that some list may speak for."""
    spoken = [code for kind in KINDS.values() for code in kind.types]
    rows = CategoryType.objects.filter(pk__in=spoken).order_by("sort", "code")
    return list(rows.values_list("code", "name"))


def place_choices(scope: Scope, *, on: date) -> dict[str, list[tuple[Any, str]]]:
    """Townships of the county and its open schools: what a list may be narrowed to."""
    towns = Division.objects.filter(level=Division.Level.TOWNSHIP, parent=scope.county)
    schools = School.objects.filter(county=scope.county).open_on(on)
    return {
        "townships": list(towns.order_by("code").values_list("code", "name")),
        "schools": list(schools.order_by("code").values_list("pk", "name")),
    }


def place_words(office_list: OfficeList) -> str:
    """Empty for a list of the whole county."""
    towns = Division.objects.filter(pk__in=office_list.townships).order_by("code")
    schools = School.objects.filter(pk__in=office_list.schools).order_by("code")
    return "、".join(
        [*towns.values_list("name", flat=True), *schools.values_list("name", flat=True)]
    )


# -- findings ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tab:
    """One class of a run; `count` is that of its rows, the three below add up to it."""

    found: str
    label: str
    count: int
    open: int
    accepted: int
    rejected: int


def tabs(run: MatchRun) -> list[Tab]:
    rows = MatchDifference.objects.filter(county=run.county, run=run)
    counted = {
        (found, decision): count
        for found, decision, count in rows.values_list("found", "decision").annotate(
            count=Count("id")
        )
    }
    return [
        Tab(
            one.value,
            str(one.label),
            run.counts.get(one.value, 0),
            *(counted.get((one.value, decision), 0) for decision in Decision.values),
        )
        for one in Found
    ]


@dataclass(frozen=True, slots=True)
class FindingLine:
    row: MatchDifference
    differing: list[tuple[str, str, str]]
    left: list[tuple[str, str]]  # fields that accepting did not take over, and why

    @property
    def name(self) -> str:
        if self.row.entry:
            return self.row.entry.full_name
        return self.row.student.full_name if self.row.student else ""

    @property
    def birth_date(self) -> date | None:
        for side in (self.row.entry, self.row.student):
            if side and side.birth_date:
                return side.birth_date
        return None


def findings(run: MatchRun, *, found: str, decision: str) -> QuerySet[MatchDifference]:
    rows = MatchDifference.objects.filter(county=run.county, run=run, found=found)
    if decision:
        rows = rows.filter(decision=decision)
    return rows.select_related("entry", "student__school")


def finding_lines(rows: list[MatchDifference]) -> list[FindingLine]:
    names = wording.category_names()
    return [
        FindingLine(
            row,
            [
                wording.change(field, before, after, categories=names)
                for field, (before, after) in row.fields.items()
            ],
            _left(row, names),
        )
        for row in rows
    ]


def _left(row: MatchDifference, names: dict[str, str]) -> list[tuple[str, str]]:
    kept = (row.outcome or {}).get("left") or {}
    return [
        (wording.change(field, "", "", categories=names)[0], LEFT[why])
        for field, why in kept.items()
    ]


def taking_job(run: MatchRun) -> Job | None:
    """The job that writes what was accepted, while it runs."""
    running = Job.objects.filter(county=run.county, key=taking_key(run))
    return running.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).first()


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What accepting has made possible; None where the kind knows no such step."""

    newcomers: int | None
    suspects: int | None


def next_steps(run: MatchRun) -> NextSteps:
    accepted = MatchDifference.objects.filter(
        county=run.county, run=run, decision=Decision.ACCEPTED
    )
    strangers = accepted.filter(found=Found.ONLY_THEIRS, student=None)
    found = SUSPECTS[run.kind]
    suspects = accepted.filter(found=found, student__isnull=False) if found else None
    return NextSteps(
        strangers.count() if run.kind in CREATES and not run.office_list.purged_at else None,
        suspects.count() if suspects is not None else None,
    )


def school_age(*, on: date) -> tuple[date, date]:
    """Born so: 6 to 15 in the school year of the day, nine yearly cohorts (教基司 check tables).

    Only what the form begins with; the officer may change both days.
    """
    year = on.year if on.month >= 9 else on.year - 1
    return date(year - 15, 9, 1), date(year - 6, 8, 31)
