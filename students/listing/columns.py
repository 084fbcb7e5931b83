"""The columns of the list of children: on the screen and in a download, the same text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import codes
from schools.models import School
from students.listing import loading
from students.listing.loading import Loaded
from students.models import Enrolment, ListColumns, Student
from students.queries import children


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


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def _traits(school: School | None) -> str:
    if school is None:
        return ""
    named = {
        "寄宿制": school.is_boarding,
        "小规模": school.is_small,
        "教学点": school.is_teaching_point,
    }
    return "、".join(word for word, holds in named.items() if holds)


def _here(student: Student, _: Any) -> str:
    if not student.hukou_division:
        return ""
    return "本县" if student.hukou_division.startswith(student.county) else "外县"


def _of_group(name: str) -> Callable[[Student, Any], Any]:
    return lambda s, _: s.class_group and getattr(s.class_group, name)


def _of_school(name: str) -> Callable[[Student, Any], Any]:
    return lambda s, _: s.school and getattr(s.school, name)


def _join(words: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(word for word in words if word))


_PEOPLE = (
    Column("sex", "性别", lambda s, _: s.sex, width=6),
    Column("birth_date", "出生日期", lambda s, _: s.birth_date, css="keep half"),
    Column("age", "周岁", _age, css="keep half", width=6),
    Column("id_number", "证件号", lambda s, mask: mask, loading.masks("id_number"), "keep", 21),
    Column("student_no", "学籍号", lambda s, mask: mask, loading.masks("student_no"), "keep", 22),
    Column("ethnicity", "民族", lambda s, _: _code("ethnicity", s.ethnicity_code)),
    Column("town", "乡镇", lambda s, name: name, loading.towns),
)
_SCHOOLING = (
    Column("school", "学校", _of_school("name"), css="clip", width=30),
    Column("grade", "年级", lambda s, _: _code("grade", s.grade), css="keep half"),
    Column("class_group", "班级", lambda s, _: s.class_group, css="keep half"),
    Column("state", "就读状态", _state, loading.enrolments),
    Column(
        "boarding",
        "就读方式",
        lambda s, now: now and now.get_attendance_mode_display(),
        loading.enrolments,
    ),
    Column(
        "since", "就读起始", lambda s, now: now and now.valid_from, loading.enrolments, "keep half"
    ),
    Column(
        "enrolled_by", "就读来源", lambda s, now: now and now.source, loading.enrolments, "clip", 20
    ),
    Column("school_code", "学校代码", _of_school("code"), css="keep", width=14),
    Column("school_kind", "办学类型", _of_school("kind"), width=16),
    Column("school_traits", "学校情况", lambda s, _: _traits(s.school), width=16),
    Column("school_town", "学校所在乡镇", lambda s, name: name, loading.school_towns, width=14),
    Column("stage", "学段", lambda s, _: s.class_group and s.class_group.get_stage_display()),
    Column("entry_year", "入学年份", _of_group("entry_year"), css="keep half", width=10),
    Column("former_school", "上一所学校", lambda s, n: n, loading.former_schools, "clip", 30),
)
_LIFE = (
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
        lambda s, ties: "、".join(tie.guardian.full_name for tie in ties or ()),
        loading.guardians,
        width=16,
    ),
    Column(
        "phone",
        "监护人电话",
        lambda s, ties: "、".join(
            t.guardian.phone_mask for t in ties or () if t.guardian.phone_mask
        ),
        loading.guardians,
        "keep",
        26,
    ),
    Column(
        "relation",
        "监护人关系",
        lambda s, ties: _join(_code("relation", tie.relation_code) for tie in ties or ()),
        loading.guardians,
        width=14,
    ),
    Column(
        "guardian_number",
        "监护人证件号",
        lambda s, ties: _join(tie.guardian.number_mask for tie in ties or ()),
        loading.guardians,
        "keep",
        26,
    ),
    Column(
        "work_place",
        "监护人务工地",
        lambda s, ties: _join(tie.guardian.work_place for tie in ties or ()),
        loading.guardians,
        "clip",
        24,
    ),
    Column("parents", "父母外出", lambda s, fact: loading.away(fact), loading.parents),
    Column(
        "household",
        "户编号",
        lambda s, m: m and m.household.household_no,
        loading.homes,
        "keep",
        18,
    ),
    Column("household_head", "户主", lambda s, m: m and m.household.head_name, loading.homes),
    Column("to_head", "与户主关系", lambda s, m: m and m.relation_to_head, loading.homes),
    Column("household_group", "村民小组", lambda s, m: m and m.household.group_name, loading.homes),
)
_RECORD = (
    Column("former_name", "曾用名", lambda s, _: s.former_name),
    Column("pinyin", "姓名拼音", lambda s, _: s.name_key, css="clip", width=20),
    Column("no_number", "无户口或无证件", lambda s, _: "是" if s.has_no_number else "", width=16),
    Column("hukou_division", "户籍区划", lambda s, name: name, loading.hukou, "clip", 20),
    Column("hukou_here", "户籍所在", _here, width=10),
    Column("hukou", "户籍地址", lambda s, _: s.hukou_address, css="clip", width=36),
    Column("residence", "现居住地", lambda s, _: s.residence_address, css="clip", width=36),
    Column("created", "建档日期", lambda s, _: _day(s.created_at), css="keep half"),
    Column("updated", "最近更改", lambda s, _: _day(s.updated_at), css="keep half"),
)
ALL = (*_PEOPLE, *_SCHOOLING, *_LIFE, *_RECORD)
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


def _own(user: User) -> ListColumns | None:
    return ListColumns.objects.filter(pk=user.pk).first()


def chosen_by(user: User) -> list[str]:
    own = _own(user)
    return list(USUAL) if own is None or own.columns is None else known(own.columns)


def choose(*, user: User, wanted: Iterable[str]) -> None:
    ListColumns.objects.update_or_create(owner=user, defaults={"columns": known(wanted)})


def reset(*, user: User) -> None:
    ListColumns.objects.filter(pk=user.pk).delete()


def widths_of(user: User) -> dict[str, dict[str, int]]:
    own = _own(user)
    return own.widths if own else {}


@transaction.atomic
def set_width(*, user: User, device: str, column: str, width: int | None) -> None:
    """In pixels; None gives the column back its natural width. Other devices keep theirs."""
    ListColumns.objects.get_or_create(owner=user)
    own = ListColumns.objects.select_for_update().get(pk=user.pk)
    here = {code: px for code, px in own.widths.get(device, {}).items() if code != column}
    if width is not None:
        here[column] = width
    own.widths = {**own.widths, device: here}
    own.save(update_fields=["widths"])


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
