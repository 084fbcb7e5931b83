"""撤销本批: take back what an act on categories did, but for children touched since."""

from datetime import date

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.scope import scope_for
from core import audit, jobs, tenancy
from core.access import Permission, Scope
from core.models import Job
from students.listing.bulk import BulkRefused, note_categories
from students.models import BulkAct, BulkRow, PersonCategory, Student

UNDO_TASK = "students.undo_categories"
KINDS = (BulkAct.Kind.ADD_CATEGORY, BulkAct.Kind.END_CATEGORY)
_CHUNK = 500
_TOUCHED = "之后又有改动，未撤销"
_NOT_YOURS = "已不在您可以修改的范围，未撤销"


def can_undo(act: BulkAct) -> bool:
    if act.kind not in KINDS or act.undo_job_id or act.job is None or not act.job.is_over:
        return False
    return _to_undo(act).exists()


def _to_undo(act: BulkAct) -> QuerySet[BulkRow]:
    return act.rows.filter(outcome=BulkRow.Outcome.DONE, reason="")


@transaction.atomic
def start(*, actor: User, act_id: int) -> BulkAct:
    """One undo an act, however often asked. Errors: BulkRefused."""
    acts = BulkAct.objects.select_for_update(of=("self",)).select_related("job")
    act = acts.get(pk=act_id, actor=actor)
    if act.undo_job_id:
        return act
    if not can_undo(act):
        raise BulkRefused("这一批没有可以撤销的：还没有办完，或一名也没有办成。")
    act.undo_job = jobs.start(
        county=act.county,
        task=UNDO_TASK,
        title=f"撤销{act.get_kind_display()}：{_to_undo(act).count()} 名学生",
        params={"act": act.pk},
        actor=actor,
        key=f"bulk-undo-{act.pk}",
    )
    act.save(update_fields=["undo_job"])
    audit.record(
        county=act.county,
        actor=actor,
        action="student.bulk_undo",
        target=act,
        after={"kind": act.kind, "settings": act.settings},
    )
    return act


def undo_job(job: Job) -> dict[str, int]:
    """Chunk by chunk; a killed worker's successor goes on behind the last whole chunk."""
    with tenancy.inside(job.county):
        act = BulkAct.objects.select_related("actor").get(pk=job.params["act"])
        job.plan(total=job.done + _to_undo(act).count(), stage="正在撤销")
    while _undo_chunk(job, act):
        pass
    with tenancy.inside(job.county):
        undone = act.rows.filter(outcome=BulkRow.Outcome.UNDONE).count()
        return {"undone": undone, "left": act.rows.filter(outcome="done").count()}


def _undo_chunk(job: Job, act: BulkAct) -> bool:
    with tenancy.inside(job.county):
        rows = _to_undo(act).order_by("student")[:_CHUNK]
        ids = list(rows.values_list("student", flat=True))
        if not ids:
            return False
        scope = scope_for(act.actor, on=timezone.localdate(), county=act.county)
        mine = _locked(scope, ids)
        undone = _restore(act, mine)
        here = act.rows.filter(student__in=ids)
        here.filter(student__in=undone).update(outcome=BulkRow.Outcome.UNDONE)
        here.filter(student__in=mine - undone).update(reason=_TOUCHED)
        here.filter(student__in=set(ids) - mine).update(reason=_NOT_YOURS)
        note_categories(act, act.actor, sorted(undone), undo=True)
        job.advance(len(ids))
    return True


def _locked(scope: Scope, ids: list[int]) -> set[int]:
    rows = Student.objects.within(scope, Permission.STUDENT_EDIT).filter(pk__in=ids)
    locked = rows.order_by("pk").select_for_update(of=("self",))
    return set(locked.values_list("pk", flat=True))


def _restore(act: BulkAct, mine: set[int]) -> set[int]:
    """Whose category stands again as it did before: those whose row is still as the act left it."""
    on = date.fromisoformat(act.settings["on"])
    rows = PersonCategory.objects.filter(county=act.county, type=act.settings["category"])
    if act.kind == BulkAct.Kind.ADD_CATEGORY:
        source = act.settings["source"]
        left = rows.filter(student__in=mine, valid_from=on, valid_to=None, source=source)
        undone = set(left.values_list("student", flat=True))
        left.delete()
        return undone
    since = rows.filter(student__in=mine, valid_from__gt=on).values_list("student", flat=True)
    ended = rows.filter(student__in=mine - set(since), valid_to=on)
    undone = set(ended.values_list("student", flat=True))
    former = act.rows.filter(student=OuterRef("student")).values("former_end")
    ended.update(valid_to=Subquery(former[:1]))
    return undone
