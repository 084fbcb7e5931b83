"""Columns that only offices' lists have: households, guardians, disability, promised schools."""

import re

from students.rosters import cells
from students.rosters.header import Column, Header
from students.rosters.labels import Field

Row = list[str]
# By the bare label: a column under 户主信息 or 监护人 bears its heading in front.
_PATTERNS = {
    "household_no": r"(户主信息|家庭)?户(籍)?(编号|号)|家庭编号",
    "head_name": r"户主|户主(信息)?.{0,2}姓名|户主信息姓名",
    "relation": r"与户主(的)?关系",
    "guardian_name": r"监护人|(法定|实际)?监护人(信息)?姓名|受委托监护人姓名|家长姓名",
    "both_away": r"父母双方(是否)?(同时)?外出(务工)?|是否父母双方(同时)?外出(务工)?",
    "promised": r"(应升|拟升|升入|录取|派位|分配|划片|对口)(的)?(初中|初级中学|中学|学校)(名称)?"
    r"|初中(录取|派位|就读)?(学校)(名称)?|小升初(派位|录取)?(初中|学校|结果)|派位结果|录取结果",
    "one_away": r"(是否)?一方外出(务工)?,?另一方无监护能力",
}
_MATCHERS = {field: re.compile(pattern).fullmatch for field, pattern in _PATTERNS.items()}


class ListColumns:
    """Where they stand on one sheet."""

    def __init__(self, header: Header) -> None:
        self._at: dict[str, int] = {}
        for column in header.columns:
            name = _named(column)
            if name and name not in self._at:
                self._at[name] = column.index
        disability = {
            "disability_type": ("残疾类别", "残疾类型"),
            "disability_level": ("残疾等级",),
            "card": ("残疾人证号", "残疾证号"),
        }
        for column in header.all(Field.DISABILITY):
            for name, labels in disability.items():
                if column.label in labels:
                    self._at.setdefault(name, column.index)

    @property
    def indices(self) -> frozenset[int]:
        """Kept in columns of their own, so not among the extra ones."""
        return frozenset(self._at.values())

    def read(self, row: Row) -> dict[str, str]:
        return {name: text for name, index in self._at.items() if (text := cells.blank(row[index]))}


def _named(column: Column) -> str:
    if column.field is not None:
        return ""
    return next((name for name, is_it in _MATCHERS.items() if is_it(column.label)), "")
