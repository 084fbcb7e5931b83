"""A ledger version as the official form: layout of the province's usual ledgers (reference 2.7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO, TYPE_CHECKING

from core import audit
from core.access import Permission, Scope
from core.sheets import report
from core.sheets.report import Field, Heading, Report
from ledgers.kinds import Kind, Shape
from ledgers.models import LedgerVersion
from ledgers.periods import LedgerRefused, Period
from ledgers.queries import LedgerSheet, stream_cells, unit_name
from ledgers.secrets import reveal

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

_SIGNATURES = "单位负责人（签字）：                    审核人：                    填表人："


class TooManyRows(LedgerRefused):
    def __init__(self, rows: int) -> None:
        super().__init__(
            f"这份台账有 {rows:,} 行，超过一张工作表的上限，请按乡镇或学校生成台账后分别导出。"
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What an export shall hold: masked numbers, or full ones for a stated purpose."""

    full: bool = False
    purpose: str = ""


def export(
    target: IO[bytes],
    *,
    version: LedgerVersion,
    kind: Kind,
    scope: Scope,
    actor: "_User | None",
    wish: Wish,
    today: date,
    chosen: dict[str, str] | None = None,
) -> int:
    """Rows written; an audit entry says who took how many, and why. Errors: TooManyRows."""
    sheet = LedgerSheet(version, kind, scope, Permission.LEDGER_EXPORT, chosen or {})
    form = layout(version, kind=kind, filled_by=actor.full_name if actor else "", today=today)
    lines = _lines(sheet, wish)
    try:
        written = report.write(target, report=form, rows=lines, expected_rows=version.rows)
    except report.TooManyRows:
        raise TooManyRows(version.rows) from None
    audit.record(
        county=version.county,
        actor=actor,
        action="ledger.export",
        target=version,
        after={
            "kind": kind.code,
            "period": version.period,
            "version": version.number,
            "rows": written,
            "full": wish.full,
        },
        purpose=wish.purpose,
    )
    return written


def layout(version: LedgerVersion, *, kind: Kind, filled_by: str, today: date) -> Report:
    period = Period.parse(version.period)
    unit = unit_name(version.unit)
    serial = Heading("", (Field("序号", 6, is_number=True),))
    return Report(
        sheet_name=kind.title,
        title=f"{unit}{period.label}{kind.title}",
        filing=(
            f"填报单位（盖章）：{unit}",
            f"填报人/联系电话：{filled_by}",
            f"填报日期：{today.year}年{today.month}月{today.day}日",
        ),
        headings=(
            serial,
            *(
                Heading(
                    group.title,
                    tuple(
                        Field(column.title, column.width, is_number=column.shape == Shape.NUMBER)
                        for column in group.columns
                    ),
                )
                for group in kind.groups
            ),
        ),
        when_empty=f"零报告：截至{version.as_of:%Y-%m-%d}，{unit}没有应列入本台账的{kind.subject}。",
        foot=(_SIGNATURES, *_notes(version, kind)),
    )


def file_name(version: LedgerVersion, *, kind: Kind, today: date) -> str:
    return (
        f"{unit_name(version.unit)}{Period.parse(version.period).label}{kind.title}"
        f"第{version.number}版（{today:%Y%m%d}）.xlsx"
    )


def _notes(version: LedgerVersion, kind: Kind) -> list[str]:
    as_of = f"本表数据截至{version.as_of:%Y-%m-%d}，为第{version.number}版。"
    notes = [as_of, version.rule, *kind.notes]
    return [f"{'填表说明：' if i == 1 else ''}{i}. {note}" for i, note in enumerate(notes, start=1)]


def _lines(sheet: LedgerSheet, wish: Wish) -> Iterator[list[str]]:
    number = 0
    for chunk in stream_cells(sheet.rows, with_secrets=wish.full):
        if wish.full:
            reveal(sheet.kind, chunk, scope=sheet.scope)
        for _, cells, _ in chunk:
            number += 1
            yield [str(number), *cells]
