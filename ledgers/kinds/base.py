"""What a ledger kind is made of: columns, statuses, the rule in words, one SQL statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import groupby


class Holds(StrEnum):
    """Whose sealed number stands behind a masked cell."""

    IDENTIFIER = "identifier"
    GUARDIAN_NUMBER = "guardian_number"
    GUARDIAN_PHONE = "guardian_phone"
    RESPONSIBLE_PHONE = "responsible_phone"


class Shape(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int = 12
    shape: Shape = Shape.TEXT
    secret: Holds | None = None
    note: str = ""  # where the value comes from, when the title does not say it


@dataclass(frozen=True, slots=True)
class Group:
    """A heading over its columns; without a title the columns are merged over both header rows."""

    title: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Kind:
    """`sql` yields subject_id, student_id, township, school_id, class_group_id, status, sort_key,
    cells and secrets for one county, unit and day; its parameters are those of `build.asked`."""

    code: str
    title: str
    subject: str  # what one row is: 学生 or 个案
    groups: tuple[Group, ...]
    statuses: Mapping[str, str]
    rule: str
    sql: str = field(repr=False)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """In the order of a row's cells; 序号 is counted when a row is shown."""
        return tuple(column for group in self.groups for column in group.columns)

    @cached_property
    def name_place(self) -> int:
        """Where a row has the child's name."""
        return [column.title for column in self.columns].index("姓名")

    @cached_property
    def secret_columns(self) -> tuple[tuple[int, Holds], ...]:
        """Place of the cell and what it hides, in the order of a row's `secrets`."""
        return tuple(
            (place, column.secret) for place, column in enumerate(self.columns) if column.secret
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """填表说明 beside the rule: the origin of columns that need one."""
        same_origin = groupby(
            ((column.note, column.title) for column in self.columns if column.note),
            key=lambda pair: pair[0],
        )
        told = ("、".join(title for _, title in pairs) + f"：{note}" for note, pairs in same_origin)
        return ("证件号码、电话默认脱敏显示。", *told)
