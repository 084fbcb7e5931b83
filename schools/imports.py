"""The county's school list from a spreadsheet; the rosters are matched against it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from core import audit, tenancy
from core.sheets import gate, reader
from core.sheets.gate import FileRefused, Refusal
from core.sheets.text import squeeze
from schools import reference
from schools.models import Division, School, Stage

FIELDS = {
    "学校标识码": "code",
    "学校名称": "name",
    "学校类别": "kind",
    "学段": "stages",
    "所在乡镇": "township_name",
    "乡镇代码": "township",
    "是否寄宿制": "is_boarding",
    "是否小规模": "is_small",
    "是否教学点": "is_teaching_point",
}
STAGES = {
    "学前": Stage.PRESCHOOL,
    "幼儿园": Stage.PRESCHOOL,
    "小学": Stage.PRIMARY,
    "初中": Stage.JUNIOR,
    "高中": Stage.SENIOR,
    "普通高中": Stage.SENIOR,
    "中职": Stage.VOCATIONAL,
    "特殊教育": Stage.SPECIAL,
}
_SEPARATORS = re.compile(r"[、,;/+\s]+")
_CODE = re.compile(r"\d{10}").fullmatch
_TOWNSHIP = re.compile(r"\d{9}").fullmatch
_YES, _NO = frozenset(("是", "1", "√", "有")), frozenset(("", "否", "0", "×", "无"))
_COMPARED = (
    *("name", "kind", "stages", "township_id"),
    *("is_boarding", "is_small", "is_teaching_point", "county"),
)


NO_HEADER_REMEDY = (
    "没有找到表头。表头须有“学校标识码”“学校名称”和“乡镇代码”；"
    "没有乡镇代码的，请用 --county 写明县的6位区划代码。"
)


class RowRefused(Exception):
    """One school cannot be stored; the text says why and what to do."""


@dataclass(slots=True)
class Outcome:
    file: str
    refused: str | None = None
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


def import_schools(path: Path, *, county: str | None = None) -> Outcome:
    """Schools added or brought up to date by 学校标识码; none is ever removed.

    `county` is that of the township codes unless given. Townships that are missing are added,
    and the project's own divisions if the county itself is. Errors: OSError.
    """
    outcome = Outcome(path.name)
    try:
        rows = list(_rows(path))
        of_county = county or _county(rows)
    except FileRefused as refusal:
        outcome.refused = refusal.code
        return outcome
    with tenancy.inside(of_county):
        _ensure_county(of_county)
        for number, row in rows:
            _take(number, row, county=of_county, outcome=outcome)
    return outcome


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number and cells by field, of every sheet that has the two needed columns."""
    found = False
    with reader.sheets(gate.inspect(path)) as sheets:
        for sheet in sheets:
            columns: dict[int, str] = {}
            for number, row in sheet.rows():
                if columns:
                    cells = {name: row[at] for at, name in columns.items() if at < len(row)}
                    if any(cells.values()):
                        yield number, cells
                else:
                    columns = _columns(row)
                    found = found or bool(columns)
    if not found:
        raise FileRefused(Refusal.NO_HEADER)


def _columns(row: list[str]) -> dict[int, str]:
    columns = {
        at: FIELDS[label] for at, text in enumerate(row) if (label := squeeze(text)) in FIELDS
    }
    return columns if {"code", "name"} <= set(columns.values()) else {}


def _county(rows: list[tuple[int, dict[str, str]]]) -> str:
    for _, row in rows:
        if _TOWNSHIP(row.get("township", "")):
            return row["township"][:6]
    raise FileRefused(Refusal.NO_HEADER)


def _ensure_county(county: str) -> None:
    if not Division.objects.filter(pk=county).exists():
        reference.load_divisions(reference.project_divisions(), of=county)


def _take(number: int, row: dict[str, str], *, county: str, outcome: Outcome) -> None:
    try:
        values = _read(row, county=county)
    except RowRefused as refusal:
        outcome.rejected.append((number, str(refusal)))
        return
    code = squeeze(row["code"])
    school = School.objects.filter(code=code).first()
    before = {name: getattr(school, name) for name in _COMPARED} if school else None
    if before == values:
        outcome.unchanged += 1
        return
    _store(school, code=code, before=before, values=values)
    if school:
        outcome.changed += 1
    else:
        outcome.created += 1


@transaction.atomic
def _store(
    school: School | None, *, code: str, before: dict[str, Any] | None, values: dict[str, Any]
) -> None:
    if school is None:
        school = School(code=code)
    for name, value in values.items():
        setattr(school, name, value)
    school.save()
    audit.record(
        county=values["county"],
        actor=None,
        action="school.change" if before else "school.create",
        target=school,
        before=before,
        after=values,
    )


def _read(row: dict[str, str], *, county: str) -> dict[str, Any]:
    """Errors: RowRefused."""
    if not _CODE(squeeze(row["code"])):
        raise RowRefused(f"学校标识码“{row['code']}”应为10位数字，请按学校代码库核对")
    if not row["name"]:
        raise RowRefused("没有学校名称，请补上全称")
    return {
        "name": squeeze(row["name"])[:120],
        "kind": row.get("kind", "")[:40],
        "stages": _stages(row.get("stages", "")),
        "township_id": _township(row, county=county),
        "is_boarding": _yes(row, "is_boarding", "是否寄宿制"),
        "is_small": _yes(row, "is_small", "是否小规模"),
        "is_teaching_point": _yes(row, "is_teaching_point", "是否教学点"),
        "county": county,
    }


def _stages(text: str) -> list[str]:
    words = [word for word in _SEPARATORS.split(text) if word]
    unknown = [word for word in words if word not in STAGES]
    if unknown:
        known = "、".join(STAGES)
        raise RowRefused(f"学段“{unknown[0]}”不在名录中，请写{known}，几个学段用顿号分开")
    return [STAGES[word].value for word in words]


def _township(row: dict[str, str], *, county: str) -> str | None:
    code, name = squeeze(row.get("township", "")), squeeze(row.get("township_name", ""))
    if not code:
        found = Division.objects.filter(parent_id=county, name=name).first() if name else None
        return found.pk if found else None
    if not _TOWNSHIP(code) or not code.startswith(county):
        raise RowRefused(f"乡镇代码“{code}”应为9位数字并以{county}开头，请核对")
    Division.objects.get_or_create(
        code=code,
        defaults={
            "name": name or code,
            "level": Division.Level.TOWNSHIP,
            "parent_id": county,
        },
    )
    return code


def _yes(row: dict[str, str], name: str, label: str) -> bool:
    text = row.get(name, "")
    if text not in _YES | _NO:
        raise RowRefused(f"“{label}”一栏的“{text}”看不出是或否，请写“是”或“否”")
    return text in _YES
