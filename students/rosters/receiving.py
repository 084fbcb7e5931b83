"""Handing in a roster: keep the file, read its heads, agree on its columns, have it checked."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from core import audit, jobs, tenancy
from core.models import Job
from core.sheets.gate import FileRefused, Refusal
from students.models import ImportBatch, SheetColumns
from students.rosters import fields, files, mapping, profiles, services
from students.rosters.mapping import SheetHeads
from students.rosters.reading import open_roster
from students.rosters.schools import SchoolFinder
from students.rosters.verdict import Setting

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

READ_TASK = "students.read_roster_heads"
State = ImportBatch.State
_MAX_TITLE = 200
_MAX_TOLD = 60


class NameMissing(ValueError):
    """Sheets in which no column is the name; its text says what to do."""

    def __init__(self, sheets: list[str]) -> None:
        named = "、".join(f"“{name}”" for name in sheets)
        super().__init__(f"工作表{named}里没有哪一列对应“姓名”，请选出学生姓名所在的列。")


class NothingLeft(ValueError):
    """Every sheet was left out; its text says what to do."""

    def __init__(self) -> None:
        super().__init__("每张工作表都选了不导入，请至少留下一张；整份都不要就点“放弃这份名册”。")


def receive(
    *,
    county: str,
    school_year: int,
    file_name: str,
    content: IO[bytes],
    actor: "_User | None",
    office: str = "",
) -> ImportBatch:
    """Keep an uploaded file and start reading its heads; the same file twice is one batch."""
    stored_as, sha256 = files.store(content)
    batch, is_new = services.open_batch(
        county=county,
        school_year=school_year,
        file_name=file_name,
        stored_as=stored_as,
        sha256=sha256,
        actor=actor,
        office=office,
        state=State.READING,
    )
    if not is_new and services.is_waiting(batch):
        files.forget(stored_as)
        return batch
    if not is_new:
        batch.stored_as = stored_as
        batch.save(update_fields=["stored_as"])
    if batch.state == State.CHECKING and batch.sheet_columns.exists():
        return services.start_check(batch, actor=actor)
    return _start_reading(batch, actor=actor)


def _start_reading(batch: ImportBatch, *, actor: "_User | None") -> ImportBatch:
    batch.state = State.READING
    batch.read_job = jobs.start(
        county=batch.county,
        task=READ_TASK,
        title=f"读取表头：{batch.file_name}"[:_MAX_TITLE],
        params={"batch": batch.pk},
        actor=actor,
        key=f"roster-read-{batch.pk}",
    )
    batch.save(update_fields=["state", "read_job"])
    return batch


# -- the worker's end --------------------------------------------------------------------------


def read_columns(
    *, county: str, batch_id: int, guard: Callable[[], None] = lambda: None
) -> ImportBatch:
    """Propose what each column means. A batch that is past this is left as it is.

    Errors: OSError, and whatever `guard` raises just before the end.
    """
    with tenancy.inside(county):
        batch = ImportBatch.objects.get(pk=batch_id, county=county)
        memory = profiles.memory(county=county, office=batch.office)
        layouts = profiles.layouts(on=timezone.localdate(batch.created_at))
    if batch.state != State.READING:
        return batch
    for layout in layouts:
        if layout.title == batch.office:
            memory = layout.meanings | memory
    try:
        with files.opened(batch.stored_as) as path:
            found = mapping.read_heads(path, memory=memory, layouts=layouts)
            if not found:
                _refuse_headless(path, school_year=batch.school_year)
    except FileRefused as refusal:
        return services.refuse(county=county, batch_id=batch_id, refusal=refusal)
    return _keep(batch, found, memory=memory, guard=guard)


def _refuse_headless(path: Path, *, school_year: int) -> None:
    """Whether there is nothing at all or only no header takes a look at every row.

    Errors: FileRefused, always.
    """
    setting = Setting(schools=SchoolFinder([], places=[]), school_year=school_year)
    with open_roster(path, setting=setting) as roster:
        for _ in roster.rows():
            pass
    raise FileRefused(Refusal.NO_HEADER)


def _keep(
    batch: ImportBatch,
    found: list[SheetHeads],
    *,
    memory: profiles.Memory,
    guard: Callable[[], None],
) -> ImportBatch:
    with tenancy.inside(batch.county):
        held = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if held.state == State.READING:
            mapping.keep(held, found, memory=memory)
            held.state = State.MAPPING
            held.save(update_fields=["state"])
            guard()
    return held


def read_job(job: Job) -> dict[str, object]:
    batch = read_columns(
        county=job.county, batch_id=job.params["batch"], guard=lambda: job.advance(0)
    )
    return {"batch": batch.pk, "refused": batch.refusal}


# -- a person's choice -------------------------------------------------------------------------


@transaction.atomic
def confirm_columns(
    *,
    county: str,
    batch_id: int,
    chosen: Mapping[tuple[int, str], str],
    office: str,
    actor: "_User | None",
    left_out: Collection[int] = (),
) -> ImportBatch:
    """Agree on the columns and start the check; remember them for the office, if one is named.

    `chosen` is a field code by sheet position and column head; what it does not name stays.
    `left_out` are the positions of sheets that are not to be read. A batch whose check is at work
    or over is left as it is, so a double click does nothing.
    Errors: ImportBatch.DoesNotExist, NameMissing, NothingLeft, fields.UnknownField.
    """
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if batch.state not in (State.MAPPING, State.CHECKED):
        return batch
    sheets = list(SheetColumns.objects.filter(batch=batch).order_by("position"))
    changed = mapping.confirmed(sheets, chosen=chosen)
    was_left_out = [sheet.is_left_out for sheet in sheets]
    for sheet in sheets:
        sheet.is_left_out = sheet.position in left_out
    is_other = bool(changed) or was_left_out != [sheet.is_left_out for sheet in sheets]
    if all(sheet.is_left_out for sheet in sheets):
        raise NothingLeft
    if nameless := mapping.nameless(sheets):
        raise NameMissing(nameless)
    SheetColumns.objects.bulk_update(sheets, ["columns", "is_left_out"])
    batch.office = office
    batch.save(update_fields=["office"])
    if office:
        profiles.remember(
            county=county, office=office, chosen=mapping.to_remember(sheets), actor=actor
        )
    if batch.state == State.CHECKED and not is_other:
        return batch
    _record(batch, changed, actor=actor)
    if batch.state == State.CHECKED:
        services.check_again(batch, actor=actor)
        return batch
    batch.state = State.CHECKING
    batch.save(update_fields=["state"])
    return services.start_check(batch, actor=actor)


def _record(
    batch: ImportBatch, changed: dict[str, tuple[str, str]], *, actor: "_User | None"
) -> None:
    told = [
        f"{label}：{fields.title_of(after)}（原为{fields.title_of(before)}）"
        for label, (before, after) in list(changed.items())[:_MAX_TOLD]
    ]
    audit.record(
        county=batch.county,
        actor=actor,
        action="roster.map",
        target=batch,
        after={"office": batch.office, "columns": "；".join(told)},
    )
