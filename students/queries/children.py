"""Reads of children, shaped for the list and for the page of one child."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from core import codes
from core.access import Permission, Scope
from core.models import AuditEntry
from schools.divisions import place_words
from schools.models import Division, School
from students.forms import ENROLMENT_STATES, NOT_ENROLLED
from students.models import (
    CategoryType,
    Enrolment,
    HouseholdCategory,
    HouseholdMember,
    PersonCategory,
    Student,
)
from students.people import looks
from students.queries import wording
from students.search import Search

VIEW = Permission.STUDENT_VIEW


def students(
    scope: Scope, *, chosen: dict[str, str], on: date, search: Search | None = None
) -> QuerySet[Student]:
    """Children in scope who fit every chosen filter. The list and every count of it begin here."""
    rows = Student.objects.within(scope, VIEW)
    for name, value in chosen.items():
        rows = rows.filter(_FILTERS[name](value, on))
    return rows.filter(search.q()) if search else rows


def _in_category(code: str, on: date) -> Q:
    """By the child's own row or that of the household the child belongs to on the day."""
    own = PersonCategory.objects.valid_on(on).filter(type=code)
    member = HouseholdMember.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=on),
        Q(household__categories__valid_to=None) | Q(household__categories__valid_to__gte=on),
        valid_from__lte=on,
        household__categories__type=code,
        household__categories__valid_from__lte=on,
    )
    return Q(pk__in=own.values("student")) | Q(pk__in=member.values("student"))


def _in_state(state: str, on: date) -> Q:
    open_now = Enrolment.objects.open_on(on).filter(student=OuterRef("pk"))
    if state == NOT_ENROLLED:
        # The column first: an index finds the few without a school, the rows confirm it.
        return Q(school=None) & ~Q(Exists(open_now))
    return Q(Exists(open_now.filter(status=state)))


_FILTERS: dict[str, Any] = {
    "town": lambda value, on: Q(township=value),
    "school": lambda value, on: Q(school=value),
    "grade": lambda value, on: Q(grade=value),
    "category": _in_category,
    "state": _in_state,
}


def filter_choices(scope: Scope, *, on: date) -> dict[str, list[tuple[str, str]]]:
    """Only places of the caller: a foreign school is no option."""
    schools = School.objects.within(scope, VIEW).distinct().order_by("code")
    towns = Division.objects.filter(level=Division.Level.TOWNSHIP, parent=scope.county)
    if not scope.whole_county(VIEW):
        towns = towns.filter(schools__in=schools).distinct()
    types = CategoryType.objects.order_by("sort")
    return {
        "town": list(towns.order_by("code").values_list("code", "name")),
        "school": [(str(pk), name) for pk, name in schools.values_list("pk", "name")],
        "grade": codes.choices("grade", on=on),
        "category": list(types.values_list("code", "name")),
        "state": [(str(state), str(words)) for state, words in ENROLMENT_STATES],
    }


def for_list(rows: QuerySet[Student]) -> QuerySet[Student]:
    """With the places a line names; what else its columns show is asked for once a page."""
    return rows.select_related("school", "class_group")


def category_words(rows: list[Student], *, on: date) -> dict[int, list[str]]:
    """Short names by child, own and by household. What is sensitive shows on the page only."""
    pks = [student.pk for student in rows]
    own = PersonCategory.objects.valid_on(on).filter(student__in=pks, type__is_sensitive=False)
    shared = HouseholdCategory.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=on),
        Q(household__members__valid_to=None) | Q(household__members__valid_to__gte=on),
        valid_from__lte=on,
        household__members__valid_from__lte=on,
        household__members__student__in=pks,
    ).annotate(child=F("household__members__student"))
    found: dict[int, dict[str, None]] = {pk: {} for pk in pks}
    pairs = own.order_by("type__sort").values_list("student", "type__short_name")
    more = shared.order_by("type__sort").values_list("child", "type__short_name")
    for pk, word in [*more, *pairs]:
        found[pk][word] = None
    return {pk: list(words) for pk, words in found.items()}


@dataclass(frozen=True, slots=True)
class Membership:
    """One span of belonging to a category, of the child or of the household."""

    name: str
    by: str
    source: str
    valid_from: date
    valid_to: date | None

    def is_over(self, on: date) -> bool:
        return self.valid_to is not None and self.valid_to < on


def category_life(student: Student) -> list[Membership]:
    """All categories the child ever had, the latest beginning first."""
    own = student.categories.select_related("type")
    spans = [Membership(c.type.name, "个人", c.source, c.valid_from, c.valid_to) for c in own]
    for member in student.memberships.select_related("household").prefetch_related(
        "household__categories__type"
    ):
        spans += [
            Membership(c.type.name, "户", c.source, begin, _earlier(c.valid_to, member.valid_to))
            for c in member.household.categories.all()
            if _overlap(begin := max(c.valid_from, member.valid_from), c.valid_to, member.valid_to)
        ]
    return sorted(spans, key=lambda span: span.valid_from, reverse=True)


_LINE = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One category on the drawing of the time line, in its units."""

    name: str
    x: float
    width: float
    y: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """Categories over the years: a bar each, a line for every first of January."""

    bars: list[Bar]
    years: list[tuple[int, float]]
    height: int


def bars(student: Student, *, on: date, left: int = 130, right: int = 700) -> Bars | None:
    """None where there is nothing to draw."""
    spans = category_life(student)
    if not spans:
        return None
    begin = date(min(span.valid_from for span in spans).year, 1, 1)
    end = date(max(on, *(span.valid_to or on for span in spans)).year + 1, 1, 1)
    unit = (right - left) / (end - begin).days

    def at(day: date) -> float:
        return round(left + (day - begin).days * unit, 1)

    drawn = []
    for number, span in enumerate(spans):
        x, until = at(span.valid_from), at(span.valid_to or max(on, span.valid_from))
        width = max(until - x, 3.0)
        drawn.append(Bar(span.name, x, width, 20 + number * _LINE, span.is_over(on)))
    years = [(year, at(date(year, 1, 1))) for year in range(begin.year, end.year + 1)]
    return Bars(drawn, years, 20 + len(spans) * _LINE)


def _earlier(one: date | None, two: date | None) -> date | None:
    return min((day for day in (one, two) if day), default=None)


def _overlap(begin: date, *ends: date | None) -> bool:
    return all(end is None or begin <= end for end in ends)


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of a child's history, in words."""

    entry: AuditEntry
    words: str
    purpose: str
    changes: list[tuple[str, str, str]]


# Deed, and what the entry's purpose is called.
_DEEDS = {
    "student.edit": ("修改资料", ""),
    "student.register": ("手工登记", "暂无证件"),
    "number.add": ("登记证件号", "依据"),
    "guardian.add": ("添加监护人", ""),
    "guardian.change": ("修改监护人", ""),
    "guardian.end": ("结束监护", ""),
    "household.join": ("登记户籍", ""),
    "household.change": ("修改户籍", ""),
    "household.leave": ("迁出户籍", ""),
    "student.create": ("随名册建档", "来源"),
    "student.change": ("随名册更新", "来源"),
    "student.roll_over": ("学年升级", ""),
    "student.roll_back": ("撤回学年升级", ""),
    "student.transfer": ("转学", ""),
    "category.add": ("添加类别", "依据"),
    "category.end": ("结束类别", "依据"),
    "category.undo": ("撤销批量办理", "原依据"),
    "student.take_over": ("按名单比对更正", "来源"),
    "student.take_back": ("撤回名单比对的更正", "来源"),
    "student.merge": ("与重复记录合并", ""),
    "student.absorbed": ("作为重复记录并入", ""),
    "student.unmerge": ("撤销合并", ""),
}
_CHANGING = (
    "student.edit",
    "number.add",
    "guardian.add",
    "guardian.change",
    "guardian.end",
    "household.join",
    "household.change",
    "household.leave",
    "student.change",
    "student.take_over",
    "student.take_back",
    "student.merge",
    "student.roll_over",
    "student.roll_back",
    "student.transfer",
    "category.add",
    "category.end",
    "category.undo",
)


def history(student: Student, *, latest: int = 50) -> list[Deed]:
    """Who changed what, newest first; of a merged child both records' past."""
    records = [student.pk, *student.absorbed.values_list("pk", flat=True)]
    about = AuditEntry.objects.filter(
        county=student.county, target_type=Student._meta.label_lower, target_id__in=records
    )
    # Who only looked stands in its own table (students.queries.viewers).
    newest = about.exclude(action__in=looks.ALL).order_by("-pk")[:latest]
    said = fact_words(student, on=timezone.localdate())
    return [_deed(entry, said) for entry in newest]


def _deed(entry: AuditEntry, said: Callable[[str, Any], str]) -> Deed:
    words, called = _DEEDS.get(entry.action, (entry.action, ""))
    changes = [
        (wording.label(name), said(name, entry.before.get(name)), said(name, value))
        for name, value in entry.after.items()
    ]
    return Deed(
        entry,
        words,
        f"{called}：{entry.purpose}" if called and entry.purpose else entry.purpose,
        changes if entry.action in _CHANGING else [],
    )


def fact_words(student: Student, *, on: date) -> Callable[[str, Any], str]:
    """How a fact of this child is said where values are compared."""
    categories = wording.category_names()

    def words(name: str, value: Any) -> str:
        if name == "hukou_division":
            return place_words(value or "", county=student.county, on=on)
        return wording.said(name, value, categories)

    return words
