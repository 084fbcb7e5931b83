"""What a person does with another office's list: hand it in, look at it, confirm, apply, discard.

Reading and applying run in a worker (students.tasks); each is one transaction, so a killed one
leaves nothing behind and is simply done again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.models import Job
from core.sheets.gate import FileRefused
from students.lists import applying, conflicts, files, staging
from students.lists.entries import Setting
from students.lists.kinds import KINDS
from students.lists.places import places_of
from students.lists.reading import ListFile, open_list
from students.models import FactConflict, ListEntry, OfficeList
from students.rosters.running import school_finder

READ_TASK, APPLY_TASK = "students.read_list", "students.apply_list"
# The lock of roster commits: nobody else changes many children meanwhile.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.rosters'), %s)"
_MAX_NAME, _MAX_BODY = 200, 40
State = OfficeList.State
Guard = Callable[[], None]
Report = Callable[[str, int], None]


def _unguarded() -> None:
    """For a caller that holds no claim."""


def _silent(stage: str, done: int) -> None:
    """For a caller that shows no progress."""


class ListRefused(jobs.JobRefused):
    """The list is not in a state for this; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the person says of the file."""

    kind: str
    owning_body: str
    list_date: date
    default_type: str = ""
    covers: tuple[str, ...] = ()
    # The only places it speaks of; neither: the whole county.
    townships: tuple[str, ...] = ()
    schools: tuple[int, ...] = ()


# -- handing in --------------------------------------------------------------------------------


def receive(
    *, county: str, described: Described, file_name: str, content: IO[bytes], actor: User | None
) -> OfficeList:
    """Keep an uploaded list and start reading it; the same file twice is one list.

    Errors: ListRefused, if the same file stands there with other words about it.
    """
    stored_as, sha256 = files.store(content)
    default_type = described.default_type or KINDS[described.kind].default_type
    try:
        with transaction.atomic():
            office_list = OfficeList.objects.create(
                county=county,
                kind=described.kind,
                owning_body=described.owning_body[:_MAX_BODY],
                list_date=described.list_date,
                default_type_id=default_type or None,
                covers=list(described.covers),
                townships=list(described.townships),
                schools=list(described.schools),
                file_name=file_name[:_MAX_NAME],
                sha256=sha256,
                stored_as=stored_as,
                created_by=actor.pk if actor else None,
                created_by_name=actor.full_name if actor else "系统",
            )
    except IntegrityError:
        files.forget(stored_as)
        same = OfficeList.objects.filter(
            county=county, kind=described.kind, list_date=described.list_date, sha256=sha256
        )
        return _as_described(
            same.exclude(state__in=[State.REFUSED, State.DISCARDED]).get(), described
        )
    audit.record(county=county, actor=actor, action="list.receive", target=office_list)
    office_list.read_job = _job(office_list, READ_TASK, "读取名单", actor=actor)
    office_list.save(update_fields=["read_job"])
    return office_list


def _as_described(known: OfficeList, described: Described) -> OfficeList:
    said = (described.owning_body[:_MAX_BODY], *map(set, (described.townships, described.schools)))
    if (known.owning_body, set(known.townships), set(known.schools)) != said:
        raise ListRefused(
            "这份文件已经上传过，当时填写的单位或范围与这次不同。"
            "请打开名单列表中的那一份：要改范围，先放弃它，再重新上传。"
        )
    return known


def _job(office_list: OfficeList, task: str, words: str, *, actor: User | None) -> Job:
    return jobs.start(
        county=office_list.county,
        task=task,
        title=f"{words}：{office_list.file_name}"[:_MAX_NAME],
        params={"list": office_list.pk},
        actor=actor,
        key=f"{task}-{office_list.pk}",
    )


# -- reading -----------------------------------------------------------------------------------


def read(
    *,
    county: str,
    list_id: int,
    path: Path | None = None,
    report: Report = _silent,
    guard: Guard = _unguarded,
) -> OfficeList:
    """Read the file, find its children, measure what applying would do. Errors: OSError."""
    with tenancy.inside(county):
        office_list = OfficeList.objects.get(pk=list_id, county=county)
    if office_list.state != State.READING:
        return office_list
    try:
        with tenancy.inside(county):
            _read(office_list, path or files.stored_path(office_list.stored_as), report=report)
            guard()
    except FileRefused as refusal:
        with tenancy.inside(county):
            office_list.state, office_list.refusal = State.REFUSED, refusal.code
            office_list.save(update_fields=["state", "refusal"])
    files.forget(office_list.stored_as)
    return office_list


def _read(office_list: OfficeList, path: Path, *, report: Report) -> None:
    ListEntry.objects.filter(office_list=office_list).delete()
    day = office_list.list_date
    setting = Setting(
        schools=school_finder(office_list.county),
        school_year=day.year if day.month >= 9 else day.year - 1,
        default_type=office_list.default_type_id or "",
        promises=KINDS[office_list.kind].promises,
    )
    with open_list(path, setting=setting) as file:
        staging.stage(
            file.rows(),
            office_list=office_list,
            progress=lambda done: report(f"已读 {done} 行", done),
        )
    _keep_counts(office_list, file)
    report("正在与本县学生比对", 0)
    applying.match(office_list)
    office_list.plan = _dry_run(office_list)
    office_list.state = State.READY
    if newer_than(office_list) is not None:
        office_list.state = State.NEEDS_CONFIRM
    office_list.save()


def _keep_counts(office_list: OfficeList, file: ListFile) -> None:
    rows = ListEntry.objects.filter(office_list=office_list).values_list("verdict")
    counted = dict(rows.annotate(count=Count("id")))
    office_list.counts = {verdict: counted.get(verdict, 0) for verdict in ListEntry.Verdict.values}
    office_list.sheets = [
        {"sheet": one.name, "data_rows": one.data_rows, "other_rows": sum(one.other_rows.values())}
        for one in file.sheets
    ]
    office_list.ignored_sheets = file.ignored_sheets


def _dry_run(office_list: OfficeList) -> dict[str, int]:
    """What applying would do, by doing it and taking it back: the preview cannot differ."""
    with transaction.atomic():
        counts = applying.apply(_applying(office_list, actor_id=None, actor_name=""))
        transaction.set_rollback(True)
    return counts


def newer_than(office_list: OfficeList) -> date | None:
    """The date of the next newer list of this kind, office and places that was applied already."""
    return min((one.list_date for one in _newer(office_list)), default=None)


def _newer(office_list: OfficeList) -> list[OfficeList]:
    newer = OfficeList.objects.filter(
        county=office_list.county,
        kind=office_list.kind,
        owning_body=office_list.owning_body,
        state=State.APPLIED,
        list_date__gt=office_list.list_date,
    )
    own = places_of(office_list)
    return [one for one in newer if places_of(one).meet(own)]


def _refuse_partly_newer(office_list: OfficeList) -> None:
    """The days until a newer list are filled for all its children alike, or not at all."""
    own = places_of(office_list)
    other = next((one for one in _newer(office_list) if not places_of(one).hold(own)), None)
    if other is not None:
        raise ListRefused(
            f"同一单位 {other.list_date:%Y-%m-%d} 的名单已经登记，但只列了部分乡镇、学校，"
            "与这份名单的范围不同。请把这份名单按那一份的范围分成两个文件，分别上传登记。"
        )


def _applying(
    office_list: OfficeList, *, actor_id: int | None, actor_name: str
) -> applying.Applying:
    return applying.Applying(office_list, newer_than(office_list), actor_id, actor_name)


# -- applying ----------------------------------------------------------------------------------


def confirm(*, county: str, list_id: int, actor: User) -> OfficeList:
    """A person stands for it that the older date is meant. Errors: DoesNotExist, ListRefused."""
    office_list = _held(county, list_id)
    if office_list.state != State.NEEDS_CONFIRM:
        raise ListRefused(f"这份名单{office_list.get_state_display()}，不需要确认日期。")
    _refuse_partly_newer(office_list)
    office_list.state = State.READY
    office_list.confirmed_by_name = actor.full_name
    office_list.confirmed_at = timezone.now()
    office_list.save(update_fields=["state", "confirmed_by_name", "confirmed_at"])
    audit.record(county=county, actor=actor, action="list.confirm_date", target=office_list)
    return office_list


def submit(*, county: str, list_id: int, actor: User | None) -> OfficeList:
    """Start writing a read list. Errors: OfficeList.DoesNotExist, ListRefused."""
    office_list = _held(county, list_id)
    if office_list.state in (State.APPLIED, State.NEEDS_CONFIRM):
        return office_list
    refuse_apply(office_list)
    if _is_old_unasked(office_list):
        # A newer list was applied since this one was read.
        office_list.state = State.NEEDS_CONFIRM
        office_list.save(update_fields=["state"])
        return office_list
    _refuse_partly_newer(office_list)
    office_list.state = State.APPLYING
    office_list.apply_job = _job(office_list, APPLY_TASK, "登记名单", actor=actor)
    office_list.save(update_fields=["state", "apply_job"])
    audit.record(county=county, actor=actor, action="list.submit", target=office_list)
    return office_list


def refuse_apply(office_list: OfficeList) -> None:
    if not KINDS[office_list.kind].is_register:
        raise ListRefused("这类名单只用于比对，不登记类别。请到“名单比对”里新建比对。")
    if office_list.purged_at is not None:
        raise ListRefused("这份名单的各行已按期清理，不能登记。请重新上传名单。")
    if office_list.state not in (State.READY, State.APPLYING):
        raise ListRefused(f"这份名单{office_list.get_state_display()}，不能登记。请重新上传名单。")


def _is_old_unasked(office_list: OfficeList) -> bool:
    return office_list.confirmed_at is None and newer_than(office_list) is not None


def apply(*, county: str, list_id: int, guard: Guard = _unguarded) -> OfficeList:
    """Write a submitted list in one transaction; one a county at a time. Errors: ListRefused."""
    with tenancy.inside(county):
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [int(county)])
        office_list = _held(county, list_id)
        if office_list.state == State.APPLIED:
            return office_list
        if office_list.state != State.APPLYING:
            raise ListRefused(f"这份名单{office_list.get_state_display()}，不能写入。")
        _write(office_list)
        guard()
    return office_list


def _write(office_list: OfficeList) -> None:
    job = office_list.apply_job
    applying.match(office_list)
    office_list.result = applying.apply(
        _applying(
            office_list,
            actor_id=job.actor_id if job else None,
            actor_name=job.actor_name if job else "系统",
        )
    )
    # Later lists of other offices ask by this what the owner's newest list was complete for.
    office_list.covers = applying.covered_types(office_list)
    office_list.state, office_list.applied_at = State.APPLIED, timezone.now()
    office_list.save(update_fields=["result", "covers", "state", "applied_at"])
    audit.record(
        county=office_list.county,
        actor=None,
        action="list.apply",
        target=office_list,
        after={**office_list.result, "submitted_by": job.actor_name if job else "系统"},
    )


def discard(*, county: str, list_id: int, actor: User | None) -> OfficeList:
    """Errors: OfficeList.DoesNotExist, ListRefused."""
    office_list = _held(county, list_id)
    if office_list.state in (State.APPLYING, State.APPLIED):
        raise ListRefused(f"这份名单{office_list.get_state_display()}，不能放弃。")
    if office_list.runs.exists():
        raise ListRefused("这份名单已做过比对，比对结果要引用它，不能放弃。")
    office_list.state = State.DISCARDED
    office_list.save(update_fields=["state"])
    ListEntry.objects.filter(office_list=office_list).delete()
    audit.record(county=county, actor=actor, action="list.discard", target=office_list)
    transaction.on_commit(lambda: files.forget(office_list.stored_as))
    return office_list


# -- disputes ----------------------------------------------------------------------------------


def decide_conflict(
    *, county: str, conflict_id: int, upheld: bool, note: str, actor: User
) -> FactConflict:
    """Errors: FactConflict.DoesNotExist, ListRefused."""
    rows = FactConflict.objects.select_for_update(of=("self",)).select_related("office_list")
    conflict = rows.get(pk=conflict_id, county=county)
    states = FactConflict.State
    if conflict.state != states.OPEN:
        raise ListRefused(
            f"这条出入已由{conflict.decided_by_name}核定为“{conflict.get_state_display()}”。"
        )
    now = timezone.now()
    if not upheld and not conflicts.overrule(conflict, on=timezone.localdate(now)):
        raise ListRefused("这名学生的这一项此后又有变动，请先到学生页面核对，再按主管部门核定。")
    conflict.state = states.UPHELD if upheld else states.OVERRULED
    conflict.decided_at, conflict.note = now, note
    conflict.decided_by, conflict.decided_by_name = actor.pk, actor.full_name
    conflict.save(update_fields=["state", "decided_at", "note", "decided_by", "decided_by_name"])
    audit.record(
        county=county,
        actor=actor,
        action="list.decide_conflict",
        target=conflict,
        after={"state": conflict.state, "student": conflict.student_id, "note": note},
    )
    return conflict


def _held(county: str, list_id: int) -> OfficeList:
    rows = OfficeList.objects.select_for_update(of=("self",))
    return rows.get(pk=list_id, county=county)


# -- the worker's end --------------------------------------------------------------------------


def read_job(job: Job) -> dict[str, object]:
    def report(stage: str, done: int) -> None:
        # Goes out with the next heartbeat: the work itself is one open transaction.
        job.stage, job.done = stage, done or job.done

    office_list = read(
        county=job.county,
        list_id=job.params["list"],
        report=report,
        guard=lambda: job.advance(0),
    )
    return {"list": office_list.pk, "refused": office_list.refusal}


def apply_job(job: Job) -> dict[str, object]:
    office_list = apply(county=job.county, list_id=job.params["list"], guard=lambda: job.advance(0))
    return {"list": office_list.pk, **office_list.result}
