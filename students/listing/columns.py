"""The columns of the list of children: on the screen and in a download, the same text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import User
from core import codes
from schools.models import Division
from students.models import Enrolment, ListColumns, Student, StudentGuardian, StudentIdentifier
from students.queries import children

Loaded = dict[int, Any]


@dataclass(frozen=True, slots=True)
class Tag:
    label: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    column: "Column"
    text: str = ""
    tags: tuple[Tag, ...] = ()

    @property
    def plain(self) -> str:
        return self.text or "、".join(tag.label for tag in self.tags)


@dataclass(frozen=True, slots=True)
class Column:
    """`load` asks once for all rows of a page what does not stand in the row itself."""

    code: str
    title: str
    say: Callable[[Student, Any], Any]
    load: Callable[[list[Student], date], Loaded] | None = None
    css: str = "half"
    width: float = 12

    @property
    def is_clipped(self) -> bool:
        return self.css == "clip"

    def cell(self, student: Student, loaded: Loaded) -> Cell:
        said = self.say(student, loaded.get(student.pk))
        return Cell(self, tags=said) if isinstance(said, tuple) else Cell(self, str(said or ""))


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the chooser: chosen ones first, in their order."""

    column: Column
    is_shown: bool


def _pks(rows: Iterable[Student]) -> list[int]:
    return [student.pk for student in rows]


def _masks(kind: str) -> Callable[[list[Student], date], Loaded]:
    def load(rows: list[Student], on: date) -> Loaded:
        found = StudentIdentifier.objects.filter(student__in=_pks(rows), kind=kind, valid_to=None)
        return dict(found.values_list("student", "mask"))

    return load


def _enrolments(rows: list[Student], on: date) -> Loaded:
    found = Enrolment.objects.open_on(on).filter(student__in=_pks(rows))
    return {enrolment.student_id: enrolment for enrolment in found}


def _guardians(rows: list[Student], on: date) -> Loaded:
    ties = StudentGuardian.objects.filter(student__in=_pks(rows), valid_to=None)
    found: Loaded = {}
    for tie in ties.select_related("guardian").order_by("relation_code", "pk"):
        found.setdefault(tie.student_id, []).append(tie.guardian)
    return found


def _towns(rows: list[Student], on: date) -> Loaded:
    names = dict(
        Division.objects.filter(pk__in={s.township for s in rows}).values_list("code", "name")
    )
    return {student.pk: names.get(student.township, "") for student in rows}


def _state(student: Student, enrolment: Enrolment | None) -> Any:
    if enrolment is None:
        return (Tag("未就读", "bad"),)
    if enrolment.status == Enrolment.Status.IN_SCHOOL:
        return "在读"
    return (Tag(enrolment.get_status_display(), "warn"),)


def _code(kind: str, value: object) -> str:
    try:
        return codes.name(kind, str(value)) if value not in (None, "") else ""
    except codes.UnknownCode:
        return str(value)


def _age(student: Student, _: Any) -> str:
    born, today = student.birth_date, timezone.localdate()
    if born is None:
        return ""
    return str(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


ALL = (
    Column("sex", "性别", lambda s, _: s.sex, width=6),
    Column("birth_date", "出生日期", lambda s, _: s.birth_date, css="keep half"),
    Column("age", "周岁", _age, css="keep half", width=6),
    Column("id_number", "证件号", lambda s, mask: mask, _masks("id_number"), "keep", 21),
    Column("student_no", "学籍号", lambda s, mask: mask, _masks("student_no"), "keep", 22),
    Column("ethnicity", "民族", lambda s, _: _code("ethnicity", s.ethnicity_code)),
    Column("town", "乡镇", lambda s, name: name, _towns),
    Column("school", "学校", lambda s, _: s.school and s.school.name, css="clip", width=30),
    Column("grade", "年级", lambda s, _: _code("grade", s.grade), css="keep half"),
    Column("class_group", "班级", lambda s, _: s.class_group, css="keep half"),
    Column("state", "就读状态", _state, _enrolments),
    Column(
        "boarding",
        "就读方式",
        lambda s, now: now and now.get_attendance_mode_display(),
        _enrolments,
    ),
    Column("since", "就读起始", lambda s, now: now and now.valid_from, _enrolments, "keep half"),
    Column(
        "categories",
        "类别",
        lambda s, words: tuple(Tag(word) for word in words or ()),
        lambda rows, on: children.category_words(rows, on=on),
        width=24,
    ),
    Column(
        "guardian",
        "监护人",
        lambda s, found: "、".join(g.full_name for g in found or ()),
        _guardians,
        width=16,
    ),
    Column(
        "phone",
        "监护人电话",
        lambda s, found: "、".join(g.phone_mask for g in found or () if g.phone_mask),
        _guardians,
        "keep",
        26,
    ),
    Column("former_name", "曾用名", lambda s, _: s.former_name),
    Column("hukou", "户籍地址", lambda s, _: s.hukou_address, css="clip", width=36),
    Column("residence", "现居住地", lambda s, _: s.residence_address, css="clip", width=36),
    Column(
        "updated",
        "最近更改",
        lambda s, _: f"{timezone.localtime(s.updated_at):%Y-%m-%d}",
        css="keep half",
    ),
)
BY_CODE = {column.code: column for column in ALL}
USUAL = (
    "sex",
    "birth_date",
    "id_number",
    "school",
    "grade",
    "class_group",
    "state",
    "categories",
)


def known(wanted: Iterable[str]) -> list[str]:
    """Each once and in order; a code that is no column any more is passed over."""
    return [code for code in dict.fromkeys(wanted) if code in BY_CODE]


def chosen_by(user: User) -> list[str]:
    own = ListColumns.objects.filter(pk=user.pk).first()
    return known(own.columns) if own else list(USUAL)


def choose(*, user: User, wanted: Iterable[str]) -> None:
    ListColumns.objects.update_or_create(owner=user, defaults={"columns": known(wanted)})


def reset(*, user: User) -> None:
    ListColumns.objects.filter(pk=user.pk).delete()


def choices(shown: Iterable[str], order: Iterable[str] = ()) -> list[Choice]:
    """All columns, as the person last ordered them, else the shown ones first."""
    shown = known(shown)
    codes_in_order = known([*order, *shown, *BY_CODE])
    return [Choice(BY_CODE[code], code in shown) for code in codes_in_order]


def moved(order: list[str], *, code: str, by: int) -> list[str]:
    """The order with one column a step up (-1) or down (+1)."""
    if code not in order:
        return order
    at = order.index(code)
    to = min(max(at + by, 0), len(order) - 1)
    order = [other for other in order if other != code]
    return [*order[:to], code, *order[to:]]


def lines(rows: list[Student], wanted: list[str], *, on: date) -> list[tuple[Student, list[Cell]]]:
    """The cells of a page of children; as many statements as columns that need one."""
    columns = [BY_CODE[code] for code in wanted]
    loaded = {c.code: c.load(rows, on) if c.load and rows else {} for c in columns}
    return [(student, [c.cell(student, loaded[c.code]) for c in columns]) for student in rows]
