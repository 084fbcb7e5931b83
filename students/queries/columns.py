"""The step 对应列 in words: every column of a roster with its proposal, and what is doubtful."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.access import Permission, Scope
from students.models import ColumnLayout, ColumnProfile, ImportBatch, SheetColumns
from students.rosters import fields, mapping
from students.rosters.labels import Field

# More selects than this no browser shows quickly; the columns behind are kept as extra.
MOST_SHOWN = 200
# Of these the leftmost column counts; of the others each one.
_SEVERAL = {str(Field.CATEGORY_LIST), str(Field.DISABILITY), fields.EXTRA}
_WHY = {
    mapping.KNOWN: ("", "已识别"),
    mapping.OFFICE: ("good", "按这个单位以前的选择"),
    mapping.LAYOUT: ("good", "按现成的模板"),
    mapping.CHOSEN: ("good", "已改"),
    mapping.SIMILAR: ("warn", "列名相近，请确认"),
    mapping.NOTHING: ("", "没有认出，照原样保存"),
}
_WANTED = (
    ((Field.ID_NUMBER, Field.STUDENT_NO), "身份证件号和学籍号", "没有证件标记的学生都会退回"),
    ((Field.SCHOOL, Field.SCHOOL_CODE), "学校", "学生所在学校不会随这张表更新"),
    ((Field.GRADE, Field.GRADE_AND_CLASS, Field.CLASS), "年级、班级", "不会随这张表更新"),
)


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column as the page shows it."""

    name: str  # of the select
    letter: str
    label: str
    samples: list[str]
    options: SafeString
    tone: str
    mark: str


@dataclass(slots=True)
class Group:
    """Sheets with the same heads: agreed on once."""

    sheets: list[SheetColumns]
    lines: list[ColumnLine] = field(default_factory=list)
    hidden: int = 0
    missing: list[str] = field(default_factory=list)
    doubtful: int = 0
    is_left_out: bool = False

    @property
    def title(self) -> str:
        return "、".join(sheet.name for sheet in self.sheets)

    @property
    def skip(self) -> str:
        """The name of the box that leaves these sheets out."""
        return f"skip{self.sheets[0].position}"

    @property
    def header_rows(self) -> str:
        """Nothing if the sheets differ in it."""
        if len({(sheet.first_row, sheet.last_row) for sheet in self.sheets}) > 1:
            return ""
        first, last = self.sheets[0].first_row, self.sheets[0].last_row
        return f"第 {first} 行" if first == last else f"第 {first}—{last} 行"

    @property
    def is_alike(self) -> bool:
        """The columns stand at the same letters on every sheet."""
        orders = {tuple(c["index"] for c in _by_label(sheet)) for sheet in self.sheets}
        return len(orders) == 1


def groups(batch: ImportBatch, *, said: Mapping[str, Any] | None = None) -> list[Group]:
    """`said` is what a person sent and was not taken: it is shown again."""
    by_heads: dict[tuple[frozenset[tuple[str, str]], bool], Group] = {}
    for sheet in SheetColumns.objects.filter(batch=batch).order_by("position"):
        heads = frozenset((column["label"], column["field"]) for column in sheet.columns)
        by_heads.setdefault((heads, sheet.is_left_out), Group([])).sheets.append(sheet)
    found = list(by_heads.values())
    for group in found:
        _fill(group, said or {})
    return found


def chosen(found: list[Group], said: Mapping[str, Any]) -> dict[tuple[int, str], str]:
    """The choices of a sent form, by sheet position and column head."""
    picked: dict[tuple[int, str], str] = {}
    for group in found:
        first = group.sheets[0]
        for column in first.columns[:MOST_SHOWN]:
            code = said.get(_name(first, column))
            if code is not None:
                picked |= {(sheet.position, column["label"]): code for sheet in group.sheets}
    return picked


def left_out(found: list[Group], said: Mapping[str, Any]) -> set[int]:
    """Positions of the sheets whose box is ticked in a sent form."""
    return {sheet.position for group in found if group.skip in said for sheet in group.sheets}


def _fill(group: Group, said: Mapping[str, Any]) -> None:
    first, taken = group.sheets[0], dict[str, str]()
    is_alike = group.is_alike
    group.is_left_out = group.skip in said if said else first.is_left_out
    for column in first.columns[:MOST_SHOWN]:
        code = said.get(_name(first, column), column["field"])
        tone, mark = _mark(column, code, taken)
        taken.setdefault(code, column["label"])
        group.doubtful += tone == "warn"
        group.lines.append(
            ColumnLine(
                name=_name(first, column),
                letter=_letter(column["index"]) if is_alike else "",
                label=column["label"],
                samples=column["samples"],
                options=_options(code),
                tone=tone,
                mark=mark,
            )
        )
    group.hidden = max(len(first.columns) - MOST_SHOWN, 0)
    group.missing = [
        f"没有{title}：{so}。"
        for wanted, title, so in _WANTED
        if not any(str(one) in taken for one in wanted)
    ]


def _mark(column: dict[str, Any], code: str, taken: dict[str, str]) -> tuple[str, str]:
    if code not in _SEVERAL and code in taken:
        return "warn", f"与“{taken[code]}”列重复，以左边的为准，这一列照原样保存"
    if code != column["field"]:
        return _WHY[mapping.CHOSEN]
    if column["unlike"]:
        return "warn", f"内容不像{fields.title_of(code)}，请核对"
    return _WHY[column["why"]]


def _by_label(sheet: SheetColumns) -> list[dict[str, Any]]:
    return sorted(sheet.columns, key=lambda column: str(column["label"]))


def _name(sheet: SheetColumns, column: dict[str, Any]) -> str:
    return f"c{sheet.position}-{column['index']}"


def _letter(index: int) -> str:
    """0 -> A, 26 -> AA, as Excel shows it."""
    letters, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _options(selected: str) -> SafeString:
    def options(pairs: list[tuple[str, str]]) -> SafeString:
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (code, SafeString(" selected") if code == selected else "", title)
                for code, title in pairs
            ),
        )

    rest = format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        ((title, options(pairs)) for title, pairs in fields.CHOICES),
    )
    return format_html("{}{}", options([(fields.EXTRA, fields.EXTRA_TITLE)]), rest)


# -- profiles and layouts ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileLine:
    row: ColumnProfile
    title: str


def profile_rows(scope: Scope) -> QuerySet[ColumnProfile]:
    return ColumnProfile.objects.within(scope, Permission.ROSTER_IMPORT)


def profiles_by_office(scope: Scope) -> dict[str, list[ProfileLine]]:
    found: dict[str, list[ProfileLine]] = {}
    for row in profile_rows(scope).order_by("office", "label"):
        found.setdefault(row.office, []).append(ProfileLine(row, fields.title_of(row.field)))
    return found


def templates(*, on: date) -> QuerySet[ColumnLayout]:
    rows = ColumnLayout.objects.filter(valid_from__lte=on).exclude(valid_to__lt=on)
    return rows.order_by("position", "code")
