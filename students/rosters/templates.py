"""A ready layout as an empty workbook, with the lists of this county and this day."""

from collections.abc import Iterable
from datetime import date
from typing import IO, Any

from core import codes
from core.sheets import blank
from core.sheets.blank import BlankColumn, BlankForm
from schools.models import School
from students.models import ColumnLayout

Pairs = list[tuple[str, str]]
_SHEET = "学生花名册"
_GUIDANCE = (
    "1. 第一张表每名学生一行，表头不要改动；不够时直接往下写，可以有空行。",
    "2. 证件号、学籍号、日期各列已设为文本，请直接输入或“选择性粘贴—数值”。",
    "3. 橙色表头为必填。没有的内容留空，不写“无”。",
    "4. 填好后在“名册导入”里上传，系统逐行核对，确认后才写入。",
)


def write(target: IO[bytes], *, layout: ColumnLayout, schools: Iterable[School], on: date) -> None:
    lists = _lists(schools, on=on)
    blank.write(
        target,
        BlankForm(
            name=_SHEET,
            title=layout.title,
            columns=[_column(column, lists) for column in layout.columns],
            guidance=[*_GUIDANCE, f"依据：{layout.source}。{layout.note}"],
            shows_lists=layout.is_coded,
        ),
    )


def _lists(schools: Iterable[School], *, on: date) -> dict[str, Pairs]:
    nations = codes.choices("ethnicity", on=on)
    known = sorted({(school.name, school.code) for school in schools})
    return {
        "school": [(name, "") for name in dict.fromkeys(name for name, _ in known)],
        "school_code": [(code, name) for name, code in known],
        "ethnicity": [(name, "") for _, name in nations],
        "ethnicity_code": list(nations),
    }


def _column(column: dict[str, Any], lists: dict[str, Pairs]) -> BlankColumn:
    choices = column.get("choices", [])
    if isinstance(choices, str):
        choices = lists[choices]
    return BlankColumn(
        title=column["label"],
        note=column.get("note", ""),
        choices=[(value, meaning) for value, meaning in choices],
        is_required=column.get("required", False),
        example=column.get("example", ""),
    )
