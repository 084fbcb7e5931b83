"""A list of responsible persons from a workbook: all of it, or nothing and every reason why."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.db import transaction

from accounts.models import User
from casework.duties import DutyRefused, Level, refuse_foreign_line
from casework.models import ResponsibilityRole
from casework.queries.covers import Cover, class_words, cover_of, places
from casework.services.responsibility import ASSIGN, Assigned, Entry, Named, assign_many
from core import crypto
from core.access import Scope
from core.sheets import blank, gate, reader
from core.sheets.text import half_width, squeeze
from schools.models import ClassGroup, Division, School
from students.models import Student, StudentIdentifier

MOST_ROWS = 20_000
MOST_FAULTS = 200
_LOOK_FOR_HEAD = 20
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}").fullmatch
HEADS = {
    "岗位": "post",
    "姓名": "name",
    "单位及职务": "duty",
    "电话": "phone",
    "乡镇": "town",
    "村": "village",
    "学校": "school",
    "班级": "class_group",
    "学生证件号或学籍号": "number",
}
_NEEDED = {
    Level.TOWNSHIP: ("town",),
    Level.VILLAGE: ("town", "village"),
    Level.SCHOOL: ("school",),
    Level.CLASS_GROUP: ("school", "class_group"),
    Level.STUDENT: ("number",),
}
Row = dict[str, str]


def _key(text: str) -> str:
    """As the reader gives a cell: half-width, so that a name from the database compares."""
    return squeeze(half_width(text))


class SheetRefused(Exception):
    """The whole file; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    row: int
    words: str


@dataclass(frozen=True, slots=True)
class SheetRead:
    """Either what was written, or what is wrong with which rows."""

    assigned: Assigned | None
    faults: list[Fault]


@transaction.atomic
def assign_from_sheet(
    *, scope: Scope, actor: User, content: IO[bytes], on: date, today: date
) -> SheetRead:
    """Errors: SheetRefused, gate.FileRefused, DutyRefused."""
    rows = _rows(content)
    finder = _Finder(scope, rows, on=today)
    entries: dict[tuple[str, Cover], tuple[int, Entry]] = {}
    faults = []
    for number, row in rows:
        try:
            entry = finder.entry(row)
            first, _ = entries.setdefault((entry.post.code, entry.cover), (number, entry))
            if first != number:
                raise DutyRefused(f"与第 {first} 行是同一对象的同一岗位，请保留一行。")
        except DutyRefused as refusal:
            faults.append(Fault(number, str(refusal)))
    if faults:
        return SheetRead(None, faults)
    wanted = [entry for _, entry in entries.values()]
    done = assign_many(scope=scope, actor=actor, entries=wanted, on=on, today=today)
    return SheetRead(done, [])


def _rows(content: IO[bytes]) -> list[tuple[int, Row]]:
    with tempfile.NamedTemporaryFile() as plain:
        for piece in iter(lambda: content.read(1 << 20), b""):
            plain.write(piece)
        plain.flush()
        passed = gate.inspect(Path(plain.name))
        with reader.sheets(passed, most=MOST_ROWS + _LOOK_FOR_HEAD) as sheets:
            for sheet in sheets:
                found = list(_below_head(sheet.rows()))
                if found:
                    return _not_too_many(found)
    raise SheetRefused(
        "没有找到责任人名单。表头须有“岗位”“姓名”和包保对象各栏，可先下载模板，照样填好再上传。"
    )


def _not_too_many(rows: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    if len(rows) > MOST_ROWS:
        raise SheetRefused(f"一份名单最多 {MOST_ROWS:,} 行，请分成几份上传。")
    return rows


def _below_head(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Row]]:
    at: dict[int, str] = {}
    for number, cells in rows:
        if at:
            row = {name: cells[place] for place, name in at.items() if place < len(cells)}
            if any(row.values()):
                yield number, row
        elif number <= _LOOK_FOR_HEAD:
            found = {
                place: HEADS[head]
                for place, cell in enumerate(cells)
                if (head := squeeze(cell).strip("*")) in HEADS
            }
            at = found if {"post", "name"} <= set(found.values()) else {}


class _Finder:
    """From the words of a row to an entry; everything the rows may name is read once."""

    def __init__(self, scope: Scope, rows: list[tuple[int, Row]], *, on: date) -> None:
        self._scope = scope
        posts = ResponsibilityRole.objects.of(scope.county).valid_on(on)
        self._posts = {_key(post.name): post for post in posts if post.level != Level.FAMILY}
        self._divisions: dict[tuple[str, str], list[Division]] = {}
        for unit in self._reach(Level.VILLAGE).select_related("parent"):
            above = _key(unit.parent.name) if unit.parent else ""
            self._divisions.setdefault((above, _key(unit.name)), []).append(unit)
        for unit in self._reach(Level.TOWNSHIP):
            self._divisions.setdefault((_key(unit.name), ""), []).append(unit)
        self._schools: dict[str, list[School]] = {}
        for school in self._reach(Level.SCHOOL):
            for name in {_key(school.name), school.code}:
                self._schools.setdefault(name, []).append(school)
        self._classes: dict[tuple[int, str], list[ClassGroup]] = {}
        for group in self._reach(Level.CLASS_GROUP):
            for name in {_key(str(group)), _key(class_words(group))}:
                self._classes.setdefault((group.school_id, name), []).append(group)
        self._children = self._numbered(rows)

    def _reach(self, level: Level) -> Any:
        return places(self._scope, ASSIGN, level)

    def _numbered(self, rows: list[tuple[int, Row]]) -> dict[str, Student]:
        """Children by the number written, through the blind index."""
        index = crypto.bulk_blind_index()
        asked = {squeeze(row.get("number", "")).upper() for _, row in rows} - {""}
        blinds = {index(number): number for number in asked}
        known = StudentIdentifier.objects.filter(
            county=self._scope.county, blind__in=list(blinds)
        ).values_list("blind", "student")
        by_student = {pk: blinds[bytes(blind)] for blind, pk in known}
        return {
            by_student[one.pk]: one for one in self._reach(Level.STUDENT).filter(pk__in=by_student)
        }

    def entry(self, row: Row) -> Entry:
        """Errors: DutyRefused."""
        post = self._posts.get(_key(row["post"]))
        if post is None:
            known = "、".join(post.name for post in self._posts.values())
            raise DutyRefused(f"没有“{row['post'][:20]}”这个岗位，可填：{known}。")
        refuse_foreign_line(post.line, scope=self._scope, permission=ASSIGN)
        level = Level(post.level)
        lacking = [name for name in _NEEDED.get(level, ()) if not row.get(name)]
        if lacking:
            heads = {name: head for head, name in HEADS.items()}
            told = "、".join(f"“{heads[name]}”" for name in lacking)
            raise DutyRefused(f"“{post.name}”包保{level.label}，请填写{told}。")
        return Entry(post, cover_of(self._place(level, row)), _person(row))

    def _place(self, level: Level, row: Row) -> Any:
        if level == Level.COUNTY:
            return _one(list(self._reach(level)), "县（区）")
        if level in (Level.TOWNSHIP, Level.VILLAGE):
            village = _key(row["village"]) if level == Level.VILLAGE else ""
            found = self._divisions.get((_key(row["town"]), village), [])
            return _one(found, f"“{row['town']}{village}”")
        if level == Level.STUDENT:
            child = self._children.get(_key(row["number"]).upper())
            return _one([child] if child else [], "这个号码的学生")
        school = _one(self._schools.get(_key(row["school"]), []), f"学校“{row['school']}”")
        if level == Level.SCHOOL:
            return school
        found_classes = self._classes.get((school.pk, _key(row["class_group"])), [])
        return _one(found_classes, f"{school}的班级“{row['class_group']}”")


def _one(found: list[Any], words: str) -> Any:
    if not found:
        raise DutyRefused(f"没有找到{words}，或者不在您的负责范围内，请核对写法。")
    if len(found) > 1:
        raise DutyRefused(
            f"{words}不止一个，请写得更完整：学校写标识码，班级在前面加学段，如“小学2024级1班”。"
        )
    return found[0]


def _person(row: Row) -> Named:
    name, phone = _key(row["name"]), _key(row.get("phone", ""))
    if not name:
        raise DutyRefused("没有写责任人的姓名，请补填。")
    if phone and not _PHONE(phone):
        raise DutyRefused("电话不是手机号或带区号的固定电话，请核对后改正，或留空。")
    return Named(name[:60], duty=row.get("duty", "")[:60], phone=phone.replace("-", ""))


def write_template(target: IO[bytes], *, county: str, on: date) -> None:
    posts = ResponsibilityRole.objects.of(county).valid_on(on).order_by("sort", "code")
    listed = [post for post in posts if post.level != Level.FAMILY]
    choices = [(post.name, f"包{Level(post.level).label}") for post in listed]
    columns = [
        blank.BlankColumn("岗位", choices=choices, is_required=True, example="包村干部"),
        blank.BlankColumn("姓名", is_required=True, example="张永福"),
        blank.BlankColumn("单位及职务", example="黄羊镇副镇长"),
        blank.BlankColumn("电话", note="手机号，或带区号的固定电话。", example="19900000000"),
        blank.BlankColumn("乡镇", note="包乡镇、包村的岗位填写。", example="黄羊镇"),
        blank.BlankColumn("村", note="包村的岗位填写全称。", example="新店村村委会"),
        blank.BlankColumn("学校", note="包学校、包班的岗位填写名称或标识码。"),
        blank.BlankColumn("班级", note="包班的岗位填写，如 2024级1班。"),
        blank.BlankColumn("学生证件号或学籍号", note="包到学生的岗位填写。"),
    ]
    guidance = [
        "一行一名责任人。岗位从下拉列表中选择，对象只填该岗位需要的栏。",
        "全部行核对无误才会写入；同一对象的同一岗位已有别人的，按更换办理，原责任人保留在历史里。",
    ]
    blank.write(target, blank.BlankForm("责任人", "包保责任人名单", columns, guidance))
