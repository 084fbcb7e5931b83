"""What a person does with doubtful pairs: search the county, say they are two, join, part."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.access import Permission, Scope
from core.models import Job
from students.duplicates import finding, merging
from students.duplicates.merging import MergeRefused, TouchedSince, merge, undo
from students.models import DuplicatePair

EDIT = Permission.STUDENT_EDIT
FIND_TASK = "students.find_duplicates"

__all__ = [
    "MergeRefused",
    "TouchedSince",
    "find_job",
    "merge",
    "reject",
    "start_finding",
    "undo",
]


def start_finding(*, scope: Scope, actor: User) -> Job:
    """One search a county at a time. Errors: MergeRefused for a place below the county."""
    if not scope.whole_county(EDIT):
        raise MergeRefused("查找重复要比对全县学生，由县教育局业务员办理。")
    return jobs.start(
        county=scope.county,
        task=FIND_TASK,
        title="查找重复学生",
        params={},
        actor=actor,
        key="find-duplicates",
    )


def find_job(job: Job) -> dict[str, object]:
    with tenancy.inside(job.county):
        job.stage = "正在比对全县学生"
        pairs = finding.find(county=job.county, now=timezone.now())
        job.advance(0)
    return {"pairs": pairs}


@transaction.atomic
def reject(
    *, scope: Scope, actor: User, pair_id: int, now: datetime, note: str = ""
) -> DuplicatePair:
    """Two children after all. The pair comes back only when their facts change.

    Errors: DuplicatePair.DoesNotExist, MergeRefused.
    """
    rows = DuplicatePair.objects.within(scope, EDIT).select_for_update(of=("self",))
    pair = rows.get(pk=pair_id)
    if pair.state == DuplicatePair.State.MERGED:
        raise MergeRefused("这一对已经合并。确认不是同一人的，请先撤销合并。")
    if pair.state == DuplicatePair.State.OPEN:
        merging.decide(pair, actor=actor, state=DuplicatePair.State.REJECTED, now=now, note=note)
        audit.record(county=pair.county, actor=actor, action="duplicate.reject", target=pair)
    return pair
