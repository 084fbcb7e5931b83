"""The user's own workbook with what is wrong in it, to be mended there and imported again.

Built by a worker from the kept upload; lies sealed until it is purged.
"""

import re
import tempfile
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from core import audit, jobs, tenancy
from core.models import Job
from core.sheets import gate, marking
from core.sheets.marking import CannotMark, Order, SheetMarks, plain
from core.sheets.reader import Merged
from students.models import ImportBatch, RosterCorrection, RosterMark
from students.rosters import files, mapping, marks
from students.rosters.amending import Amendments
from students.rosters.header import Header
from students.rosters.reading import HeaderOf, Row, open_roster
from students.rosters.reasons import RETURNED
from students.rosters.schools import SchoolFinder
from students.rosters.verdict import Setting

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

TASK = "students.build_error_book"
SUMMARY = "汇总"
_HEADING_LINE = "退回原因汇总"
_BATCH_LINE = "批次编号："
_BATCH = re.compile(r"批次编号:(\d{1,18})").fullmatch
_HELP = (
    f"红色单元格需要改正，原因见批注和最右边的“{RETURNED}”栏。"
    "改好后把本文件直接再导入一次：只有改过的行会写入，“退回原因”栏和本表不会读入。"
)
State = ImportBatch.State
READY = (State.CHECKED, State.COMMITTED, State.UNDONE)
_NO_FILE = (
    f"这份名册的原文件只保存 {settings.ROSTER_KEEP_DAYS} 天，现在已经没有了。"
    "请下载“退回行”，在学校手中的原表上改正后重新导入。"
)


class NoFileAnyMore(jobs.JobRefused):
    def __init__(self) -> None:
        super().__init__(_NO_FILE)


# -- asking ------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, county: str, batch_id: int, actor: "_User | None") -> ImportBatch:
    """Start building; asked twice it is one job. Errors: ImportBatch.DoesNotExist, JobRefused."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if batch.state not in READY:
        raise jobs.JobRefused(f"这份名册{batch.get_state_display()}，核对完再制作订正表。")
    if not files.is_kept(batch.stored_as):
        raise NoFileAnyMore
    batch.book_job = jobs.start(
        county=county,
        task=TASK,
        title=f"制作订正表：{batch.file_name}"[:200],
        params={"batch": batch.pk},
        actor=actor,
        key=f"error-book-{batch.pk}",
    )
    batch.save(update_fields=["book_job"])
    return batch


def stored_as(batch: ImportBatch) -> str:
    """Where the finished workbook lies; nothing if there is none, or no more."""
    done = batch.book_job is not None and batch.book_job.state == Job.State.DONE
    name = str(batch.book_job.result.get("file", "")) if done and batch.book_job else ""
    return name if files.is_kept(name) else ""


def file_name(batch: ImportBatch) -> str:
    return f"{Path(batch.file_name).stem}-订正表.xlsx"


# -- building ----------------------------------------------------------------------------------


def build_job(job: Job) -> dict[str, Any]:
    with tenancy.inside(job.county):
        batch = ImportBatch.objects.get(pk=job.params["batch"], county=job.county)
    if not files.is_kept(batch.stored_as):
        raise NoFileAnyMore
    job.stage = "正在标注原表"
    with files.opened(batch.stored_as) as path:
        with tenancy.inside(job.county):
            order = order_of(batch, path)
        name = write(path, order)
    try:
        with tenancy.inside(job.county):
            job.advance(0)
            rows = sum(len(sheet.rows) for sheet in order.sheets.values())
            audit.record(
                county=job.county,
                actor=None,
                action="roster.error_book",
                target=batch,
                after={"rows": rows, "asked_by": job.actor_name},
            )
    except BaseException:
        files.forget(name)
        raise
    return {"file": name, "rows": rows}


def order_of(batch: ImportBatch, path: Path) -> Order:
    """What has to be marked by the last check, and the cells corrected in the preview."""
    kept = RosterMark.objects.filter(batch=batch).order_by("sheet_no", "row_no")
    places = kept.values_list("sheet_no", "row_no", "code", "column")
    order = order_by(
        batch.sheets, places.iterator(chunk_size=2000), number=batch.pk, old=batch.summary_sheet
    )
    for sheet_no, cells in _corrected_cells(batch, path).items():
        order.sheets[batch.sheets[sheet_no]["sheet"]].edits = cells
    return order


def _corrected_cells(batch: ImportBatch, path: Path) -> dict[int, dict[int, dict[int, str]]]:
    """By sheet, row and column, what the file does not say."""
    found: dict[int, dict[int, dict[int, str]]] = {}
    if not RosterCorrection.objects.filter(batch=batch, undone_at=None).exists():
        return found
    amendments = Amendments(batch)

    def watch(sheet: int, header: Header) -> Callable[[int, Row], Row] | None:
        amend = amendments.for_sheet(sheet, header)
        if amend is None:
            return None

        def compare(number: int, row: Row) -> Row:
            new = amend(number, row)
            if new is not row:
                pairs = enumerate(zip_longest(new, row, fillvalue=""))
                found.setdefault(sheet, {})[number] = {n: a for n, (a, b) in pairs if a != b}
            return new

        return compare

    # Nobody asks for the verdicts here.
    setting = Setting(SchoolFinder([], places=[]), school_year=batch.school_year)
    with open_roster(
        path, setting=setting, amend=watch, header_of=mapping.header_of(batch)
    ) as roster:
        for _ in roster.rows():
            pass
    return found


def order_by(
    sheets: list[dict[str, Any]],
    places: Iterable[tuple[int, int, str, int | None]],
    *,
    number: int,
    old: str,
) -> Order:
    by_number = {n: _sheet_marks(sheet) for n, sheet in enumerate(sheets)}
    codes: dict[str, None] = {}
    for sheet_no, row, code, column in places:
        codes[code] = None
        by_number[sheet_no].rows.append((row, code, column))
    return Order(
        heading=RETURNED,
        summary=SUMMARY,
        replaces=old,
        lines=[_HEADING_LINE, f"{_BATCH_LINE}{number}", _HELP],
        titles={code: marks.title(code) for code in codes},
        remedies={code: marks.remedy(code) for code in codes},
        sheets={sheets[n]["sheet"]: found for n, found in by_number.items()},
    )


def _sheet_marks(sheet: dict[str, Any]) -> SheetMarks:
    columns = {label: index for index, label, *_ in reversed(sheet["heads"])}
    return SheetMarks(
        head_row=sheet["header_rows"][0],
        column=columns.get(RETURNED, max(columns.values()) + 1),
        stands=RETURNED in columns,
    )


def write(path: Path, order: Order) -> str:
    """Where it lies. A workbook that cannot be marked is written anew from its cells."""
    passed = gate.inspect(path)
    if passed.kind is gate.Kind.XLSX:
        try:
            return _marked(path, order)
        except CannotMark:
            pass
    with tempfile.NamedTemporaryFile(dir=path.parent) as copy:
        plain.write(passed, Path(copy.name))
        return _marked(Path(copy.name), order)


def _marked(path: Path, order: Order) -> str:
    name = ""
    try:
        with marking.marked(path, order) as stream:
            name, _ = files.store(stream, folder=files.CORRECTIONS)
    except CannotMark:
        files.forget(name)
        raise
    return name


# -- coming back -------------------------------------------------------------------------------


class Returning:
    """Looks at the sheets without a header: is one of them the summary of an error workbook?"""

    def __init__(self, header_of: HeaderOf) -> None:
        self._header_of = header_of
        self._number: int | None = None
        self._sheet = ""

    def header_of(self, sheet: str, rows: dict[int, Row], merged: list[Merged]) -> Header | None:
        header = self._header_of(sheet, rows, merged)
        texts = [row[0] for row in rows.values() if row and row[0]]
        if header is None and texts[:1] == [_HEADING_LINE] and len(texts) > 1:
            told = _BATCH(texts[1])
            if told:
                self._number, self._sheet = int(told[1]), sheet
        return header

    def corrects(self, county: str) -> tuple[int | None, str]:
        """The batch it was made of, if this county has it, and the name of the sheet."""
        known = ImportBatch.objects.filter(county=county, pk=self._number or 0)
        return (self._number if known.exists() else None), self._sheet
