"""下载所见: the list as a workbook, with the same rows, columns and order as on the screen.

A short list is written in the request, a long one by a worker into a file that only the person who
asked may fetch, for a week. Either leaves an audit entry, and a row for each child in it.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Window
from django.utils import timezone

from accounts.models import User
from accounts.scope import scope_for
from core import audit, jobs, tenancy
from core.access import Scope
from core.models import Job
from core.sheets.writer import Column, Layout, write
from students.listing import columns, selection
from students.listing.selection import Selection
from students.models import ExportedStudent, ListExport, Student
from students.queries import children

TASK = "students.download_list"
AT_ONCE = 2_000
KEEP = timedelta(days=7)
_CHUNK = 1_000
_MOST_ROWS = 1_000_000  # a sheet has 1,048,576
_FOLDER = "downloads"


class TooManyChildren(jobs.JobRefused):
    def __init__(self, rows: int) -> None:
        super().__init__(
            f"名单有 {rows:,} 名学生，超过一张工作表的上限，请按乡镇或学校筛选后分别下载。"
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What the screen shows; `said` are its conditions in words."""

    selection: Selection
    columns: list[str]
    said: str


def export(
    target: BinaryIO,
    *,
    scope: Scope,
    actor: User,
    wish: Wish,
    now: datetime,
    report: Callable[[int, int], None] = lambda total, done: None,
) -> int:
    """Rows written. Numbers are masked, as on the screen. Errors: TooManyChildren."""
    with transaction.atomic():
        rows = _rows(scope, wish, now=now)
        first = next(rows, None)
        # Counted by the statement that reads the rows: head line and rows cannot differ.
        total: int = getattr(first, "list_total", 0)
        if total > _MOST_ROWS:
            raise TooManyChildren(total)
        taken = ListExport.objects.create(
            county=scope.county, actor=actor, words=wish.said[:300], total=total, at=now
        )
        found = chain([first], rows) if first else rows
        cells = _cells(found, taken, wish, now=now, report=report)
        write(target, _layout(wish, actor=actor, total=total, now=now), cells)
        audit.record(
            county=scope.county,
            actor=actor,
            action="student.export",
            target=taken,
            after={"rows": total, "conditions": wish.said, "columns": wish.columns},
        )
    return total


def _rows(scope: Scope, wish: Wish, *, now: datetime) -> Iterator[Student]:
    on = timezone.localdate(now)
    rows = children.for_list(wish.selection.in_order(scope, on=on))
    return rows.annotate(list_total=Window(Count("*"))).iterator(chunk_size=_CHUNK)


def _cells(
    rows: Iterator[Student],
    taken: ListExport,
    wish: Wish,
    *,
    now: datetime,
    report: Callable[[int, int], None],
) -> Iterator[list[str]]:
    on, done = timezone.localdate(now), 0
    while chunk := list(islice(rows, _CHUNK)):
        ExportedStudent.objects.bulk_create(
            [ExportedStudent(county=taken.county, export=taken, student=row) for row in chunk]
        )
        for student, cells in columns.lines(chunk, wish.columns, on=on):
            yield [student.full_name, *(cell.plain for cell in cells)]
        done += len(chunk)
        report(taken.total, done)


def _layout(wish: Wish, *, actor: User, total: int, now: datetime) -> Layout:
    shown = [columns.BY_CODE[code] for code in wish.columns]
    sought = wish.selection.search
    words = f"“{sought.words}”；" if sought and sought.words else ""
    return Layout(
        name="学生名单",
        title="学生名单",
        subtitle=(
            f"条件：{words}{wish.said}　共 {total} 名　"
            f"{timezone.localtime(now):%Y-%m-%d %H:%M} 由{actor.full_name}下载，号码已掩码"
        ),
        columns=[Column("姓名", 14), *(Column(c.title, c.width) for c in shown)],
        frozen_columns=1,
    )


def file_name(now: datetime) -> str:
    return f"学生名单（{timezone.localtime(now):%Y%m%d%H%M}）.xlsx"


# -- by a worker -------------------------------------------------------------------------------


def start(*, scope: Scope, actor: User, wish: Wish) -> Job:
    return jobs.start(
        county=scope.county,
        task=TASK,
        title="下载学生名单",
        params={
            "selection": wish.selection.token(user_id=actor.pk),
            "columns": wish.columns,
            "said": wish.said,
        },
        actor=actor,
    )


def download_job(job: Job) -> dict[str, Any]:
    now = timezone.now()
    actor = User.objects.get(pk=job.actor_id or 0)
    chosen = selection.opened(job.params["selection"], user_id=actor.pk)
    if chosen is None:
        raise jobs.JobRefused("筛选条件已失效，请回到学生名单重新下载。")
    wish = Wish(chosen, job.params["columns"], job.params["said"])
    name = f"{_FOLDER}/{uuid.uuid4().hex}.xlsx"
    path = path_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tenancy.inside(job.county), path.open("wb") as target:
            scope = scope_for(actor, on=timezone.localdate(now), county=job.county)
            rows = export(
                target, scope=scope, actor=actor, wish=wish, now=now, report=_reporter(job)
            )
            job.advance(0)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return {"file": name, "rows": rows}


def _reporter(job: Job) -> Callable[[int, int], None]:
    """Goes out with the next heartbeat: the work is one open transaction."""

    def report(total: int, done: int) -> None:
        job.done, job.stage = done, f"已写 {done:,}／{total:,} 名"

    return report


def path_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def purge(*, before: datetime) -> int:
    """Files nobody fetched in time; they hold children's names."""
    gone = 0
    for path in path_of(_FOLDER).glob("*.xlsx"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone
