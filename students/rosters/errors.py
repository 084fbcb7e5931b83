"""The rejected rows as a workbook that goes back to the school: what is wrong and what to do."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.sheets.writer import Column, Layout, write
from students.models import ImportBatch
from students.rosters.reasons import REMEDIES, TITLES, Reason
from students.rosters.reporting import rejected_rows

LAYOUT = Layout(
    name="退回行",
    title="名册退回行及处理办法",
    columns=(
        Column("文件", width=30),
        Column("工作表", width=14),
        Column("行号", width=8, is_number=True),
        Column("姓名", width=14),
        Column("退回原因", width=20),
        Column("单元格内容", width=24),
        Column("处理办法", width=70),
    ),
)


def write_errors(target: Path, *, batches: Iterable[ImportBatch]) -> int:
    """The number of rows written."""
    return write(target, LAYOUT, _rows(batches))


def _rows(batches: Iterable[ImportBatch]) -> Iterator[tuple[object, ...]]:
    for batch in batches:
        for row in rejected_rows(batch):
            reason = Reason(row.reason)
            yield (
                batch.file_name,
                batch.sheets[row.sheet_no]["sheet"],
                row.row_no,
                row.full_name,
                TITLES[reason],
                row.reason_cell,
                REMEDIES[reason],
            )
