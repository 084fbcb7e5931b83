"""What a person does with a roster once its columns are agreed: see the verdicts, submit, discard.

Checking and writing run in a worker (students.tasks) or in a command; each is one transaction, so
a killed one leaves nothing behind and is simply done again.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction

from core import audit, jobs, tenancy
from core.models import Job
from core.sheets.gate import FileRefused
from students.models import (
    ImportBatch,
    RosterCorrection,
    RosterMark,
    RosterRow,
    RosterTrace,
    SheetColumns,
)
from students.rosters import files, running
from students.rosters.running import Report

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

CHECK_TASK, COMMIT_TASK = "students.check_roster", "students.commit_roster"
_State = ImportBatch.State
PENDING = [_State.READING, _State.MAPPING, _State.CHECKING, _State.CHECKED, _State.COMMITTING]
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.rosters'), %s)"
_MAX_NAME = 200


def _silent(stage: str, done: int) -> None:
    """For a caller that shows no progress."""


class BatchRefused(jobs.JobRefused):
    """The batch is not in a state for this; the text says what to do."""


# -- handing in --------------------------------------------------------------------------------


def open_batch(
    *,
    county: str,
    school_year: int,
    file_name: str,
    stored_as: str,
    sha256: str,
    actor: "_User | None",
    office: str = "",
    state: str = _State.CHECKING,
) -> tuple[ImportBatch, bool]:
    """A new batch, or the pending one of this very file.

    One that begins with its check takes its columns as the contract and the office's profile say.
    """
    try:
        with transaction.atomic():
            batch = ImportBatch.objects.create(
                county=county,
                school_year=school_year,
                office=office,
                state=state,
                file_name=file_name[:_MAX_NAME],
                sha256=sha256,
                stored_as=stored_as,
                created_by=actor.pk if actor else None,
                created_by_name=actor.full_name if actor else "系统",
            )
    except IntegrityError:
        pending = ImportBatch.objects.filter(county=county, sha256=sha256, state__in=PENDING)
        return pending.get(school_year=school_year), False
    audit.record(county=county, actor=actor, action="roster.receive", target=batch)
    return batch, True


def is_waiting(batch: ImportBatch) -> bool:
    """Nothing to start: a worker is at it, or it waits for a person."""
    at_work = {_State.READING: batch.read_job, _State.CHECKING: batch.check_job}
    if batch.state not in at_work:
        return True
    job = at_work[_State(batch.state)]
    return job is not None and not job.is_over


def start_check(batch: ImportBatch, *, actor: "_User | None", again: bool = False) -> ImportBatch:
    batch.check_job = jobs.start(
        county=batch.county,
        task=CHECK_TASK,
        title=f"{'重新核对' if again else '核对'}名册：{batch.file_name}"[:_MAX_NAME],
        params={"batch": batch.pk},
        actor=actor,
        # The job before may have done its work and not yet have ended: it must not stand for this.
        key=None if again else f"roster-check-{batch.pk}",
    )
    batch.save(update_fields=["check_job"])
    return batch


def check_again(batch: ImportBatch, *, actor: "_User | None") -> None:
    """Judge a batch with what was corrected in it. The caller holds the batch.

    A check at work looks for new corrections before it ends.
    """
    if batch.state == ImportBatch.State.CHECKING and is_waiting(batch):
        return
    batch.state = ImportBatch.State.CHECKING
    batch.save(update_fields=["state"])
    start_check(batch, actor=actor, again=True)


def submit(*, county: str, batch_id: int, actor: "_User | None") -> ImportBatch:
    """Write what was checked. Errors: ImportBatch.DoesNotExist, BatchRefused."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if batch.state == ImportBatch.State.COMMITTED:
        return batch
    allowed = (ImportBatch.State.CHECKED, ImportBatch.State.COMMITTING)
    if batch.state not in allowed:
        checking = batch.state == ImportBatch.State.CHECKING
        remedy = "请等核对结束再提交。" if checking else "请重新导入文件。"
        raise BatchRefused(f"这份名册{batch.get_state_display()}，不能提交。{remedy}")
    batch.state = ImportBatch.State.COMMITTING
    batch.commit_job = jobs.start(
        county=county,
        task=COMMIT_TASK,
        title=f"写入名册：{batch.file_name}"[:_MAX_NAME],
        params={"batch": batch.pk},
        actor=actor,
        key=f"roster-commit-{batch.pk}",
    )
    batch.save(update_fields=["state", "commit_job"])
    audit.record(county=county, actor=actor, action="roster.submit", target=batch)
    return batch


def discard(*, county: str, batch_id: int, actor: "_User | None") -> ImportBatch:
    """Errors: ImportBatch.DoesNotExist, BatchRefused."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if batch.state in (_State.COMMITTING, _State.COMMITTED, _State.UNDOING, _State.UNDONE):
        raise BatchRefused(f"这份名册{batch.get_state_display()}，不能放弃。")
    batch.state = ImportBatch.State.DISCARDED
    batch.save(update_fields=["state"])
    _forget_rows([batch])
    audit.record(county=county, actor=actor, action="roster.discard", target=batch)
    transaction.on_commit(lambda: files.forget(batch.stored_as))
    return batch


# -- checking ----------------------------------------------------------------------------------


def check(
    *,
    county: str,
    batch_id: int,
    path: Path | None = None,
    report: Report = _silent,
    guard: Callable[[], None] = lambda: None,
) -> ImportBatch:
    """Read the file, judge every row, keep the verdicts. `guard` is asked before they are kept.

    A batch that is past this is left as it is: a second delivery finds the work done.
    Errors: OSError, and whatever `guard` raises.
    """
    with tenancy.inside(county):
        batch = ImportBatch.objects.get(pk=batch_id, county=county)
    if batch.state != ImportBatch.State.CHECKING:
        return batch
    try:
        given = nullcontext(path) if path else files.opened(batch.stored_as)
        with given as plain:
            # Once more for what was corrected while it was read.
            while batch.state == ImportBatch.State.CHECKING:
                with tenancy.inside(county):
                    running.check_file(batch, plain, report=report)
                    guard()
    except FileRefused as refusal:
        batch = refuse(county=county, batch_id=batch_id, refusal=refusal)
    return batch


def import_at_once(*, county: str, batch_id: int, path: Path) -> ImportBatch:
    """Check and write in one transaction, for a caller that wants no look in between.

    Errors: OSError.
    """
    try:
        with tenancy.inside(county):
            _one_at_a_time(county)
            batch = ImportBatch.objects.select_for_update(of=("self",)).get(
                pk=batch_id, county=county
            )
            running.check_file(batch, path, report=_silent)
            running.write_decided(batch, report=_silent)
    except FileRefused as refusal:
        batch = refuse(county=county, batch_id=batch_id, refusal=refusal)
    return batch


def _one_at_a_time(county: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [int(county)])


def refuse(*, county: str, batch_id: int, refusal: FileRefused) -> ImportBatch:
    with tenancy.inside(county):
        batch = ImportBatch.objects.get(pk=batch_id, county=county)
        batch.state, batch.refusal = ImportBatch.State.REFUSED, refusal.code
        batch.save(update_fields=["state", "refusal"])
    return batch


# -- writing -----------------------------------------------------------------------------------


def commit(
    *,
    county: str,
    batch_id: int,
    report: Report = _silent,
    guard: Callable[[], None] = lambda: None,
) -> ImportBatch:
    """Write a checked batch in one transaction; one roster a county at a time.

    Errors: BatchRefused, and whatever `guard` raises just before the end.
    """
    with tenancy.inside(county):
        _one_at_a_time(county)
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
        if batch.state == ImportBatch.State.COMMITTED:
            return batch
        if batch.state != ImportBatch.State.COMMITTING:
            raise BatchRefused(f"这份名册{batch.get_state_display()}，不能写入。")
        running.decide_anew(batch, report=report)
        running.write_decided(batch, report=report)
        guard()
    return batch


# -- afterwards --------------------------------------------------------------------------------


def purge(*, before: date) -> int:
    """Staged rows of old batches, of all counties: what was not submitted by then is discarded."""
    old = ImportBatch.objects.filter(created_at__date__lt=before)
    unanswered = [_State.READING, _State.MAPPING, _State.CHECKED]
    old.filter(state__in=unanswered).update(state=_State.DISCARDED)
    # Who was left behind by an undo stays readable; what could still be taken back does not.
    old.exclude(state=_State.UNDONE).update(made={})
    RosterTrace.objects.filter(batch__in=old, touched=[]).delete()
    return _forget_rows(old)


def _forget_rows(batches: Iterable[ImportBatch]) -> int:
    """The staged rows, and what was marked and corrected in them; the number of rows."""
    RosterMark.objects.filter(batch__in=batches).delete()
    RosterCorrection.objects.filter(batch__in=batches).delete()
    SheetColumns.objects.filter(batch__in=batches).delete()
    return RosterRow.objects.filter(batch__in=batches).delete()[0]


# -- the worker's end --------------------------------------------------------------------------


def check_job(job: Job) -> dict[str, object]:
    batch = check(
        county=job.county,
        batch_id=job.params["batch"],
        report=_reporter(job),
        guard=lambda: job.advance(0),
    )
    return {"batch": batch.pk, "refused": batch.refusal}


def commit_job(job: Job) -> dict[str, object]:
    batch = commit(
        county=job.county,
        batch_id=job.params["batch"],
        report=_reporter(job),
        guard=lambda: job.advance(0),
    )
    return {"batch": batch.pk}


def _reporter(job: Job) -> Report:
    """Progress goes out with the next heartbeat: the work itself is one open transaction."""

    def report(stage: str, done: int) -> None:
        job.stage, job.done = stage, done or job.done

    return report
