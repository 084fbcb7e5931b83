"""Acts on many children: fix who is meant, try it out, then do it in a job.

The rows are fixed at the dry run. Who fits the conditions later is not touched, and who no longer
can be treated when the job comes by is left out and counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.scope import scope_for
from core import audit, jobs, tenancy
from core.access import Permission, Scope
from core.models import AuditEntry, Job
from students.listing.selection import Selection
from students.models import BulkAct, BulkRow, CategoryType, PersonCategory, Student

CATEGORY_TASK = "students.change_categories"
MOST = 50_000
EDIT = Permission.STUDENT_EDIT
_CHUNK = 500
Kind, Outcome, State = BulkAct.Kind, BulkRow.Outcome, BulkAct.State

# Gets the children of one chunk and says who was not treated, and why.
Perform = Callable[[BulkAct, Scope, User, list[int]], dict[int, str]]

STARTED_ALREADY = "这一批已经开始办理，不能再改。要再办一批，请回到学生名单重新选择。"
_NOBODY = "没有选中学生。请在名单中勾选，或勾选“全选符合条件的”。"

_FIX = """
INSERT INTO students_bulkrow (county, act_id, student_id, outcome, reason)
SELECT %s, %s, chosen.id, '', '' FROM ({rows}) chosen (id)
"""


class BulkRefused(Exception):
    """The text tells the person what to do instead."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Either what the list showed or the children ticked on it."""

    selection: Selection | None
    ticked: tuple[int, ...] = ()
    said: str = ""

    def rows(self, scope: Scope, *, on: date) -> QuerySet[Student]:
        if self.selection is not None:
            return self.selection.rows(scope, on=on)
        return Selection().rows(scope, on=on).filter(pk__in=self.ticked)


@transaction.atomic
def fix(*, scope: Scope, actor: User, kind: str, chosen: Chosen, on: date) -> BulkAct:
    """The children meant, written down in one statement.

    Errors: BulkRefused for none or too many.
    """
    if chosen.selection is None and not chosen.ticked:
        raise BulkRefused(_NOBODY)
    act = BulkAct.objects.create(
        county=scope.county, actor=actor, kind=kind, words=chosen.said[:300]
    )
    rows = chosen.rows(scope, on=on).order_by().values_list("pk")[: MOST + 1]
    statement, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_FIX.format(rows=statement), [scope.county, act.pk, *parameters])
        act.total = cursor.rowcount
    if not act.total:
        raise BulkRefused(_NOBODY)
    if act.total > MOST:
        raise BulkRefused(f"一次最多办理 {MOST:,} 名学生，请按乡镇、学校或年级筛选后分几次办理。")
    act.save(update_fields=["total"])
    return act


def own_acts(scope: Scope, actor: User, kinds: Iterable[str]) -> QuerySet[BulkAct]:
    return BulkAct.objects.filter(county=scope.county, actor=actor, kind__in=list(kinds))


# -- the dry run -------------------------------------------------------------------------------


def begin_dry_run(act: BulkAct, *, settings: dict[str, str]) -> None:
    if act.state == State.STARTED:
        raise BulkRefused(STARTED_ALREADY)
    with connection.cursor() as cursor:
        # No statistics know the rows of an act just made: taken for one row, they are looked
        # through once for every child, and 5,000 children take a minute.
        cursor.execute("SET LOCAL enable_nestloop = off")
    act.rows.update(outcome=Outcome.READY, reason="")
    act.settings, act.state = settings, State.CHECKED
    act.save(update_fields=["settings", "state"])


def refuse(act: BulkAct, students: QuerySet[Student], reason: str) -> None:
    """One statement: these of the act cannot be treated."""
    ready = BulkRow.objects.ready().filter(act=act)
    ready.filter(student__in=students.values("pk")).update(outcome=Outcome.REFUSED, reason=reason)


def refuse_all_but(act: BulkAct, students: QuerySet[Student], reason: str) -> None:
    ready = BulkRow.objects.ready().filter(act=act)
    ready.exclude(student__in=students.values("pk")).update(outcome=Outcome.REFUSED, reason=reason)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a dry run or of a finished act; they add up to the children meant."""

    ready: int
    done: int
    undone: int
    refused: list[tuple[str, int]]
    skipped: list[tuple[str, int]]
    kept: list[tuple[str, int]]  # done, and not undone with the rest

    @property
    def refused_total(self) -> int:
        return sum(count for _, count in self.refused)

    @property
    def skipped_total(self) -> int:
        return sum(count for _, count in self.skipped)


def tally(act: BulkAct) -> Tally:
    counted = act.rows.values_list("outcome", "reason").annotate(n=Count("pk"))
    found = sorted(counted, key=lambda row: -row[2])

    def number(outcome: str) -> int:
        return sum(n for which, _, n in found if which == outcome)

    def reasons(outcome: str) -> list[tuple[str, int]]:
        return [(reason, n) for which, reason, n in found if which == outcome]

    return Tally(
        number(Outcome.READY),
        number(Outcome.DONE),
        number(Outcome.UNDONE),
        reasons(Outcome.REFUSED),
        reasons(Outcome.SKIPPED),
        [(reason, n) for reason, n in reasons(Outcome.DONE) if reason],
    )


# -- doing it ----------------------------------------------------------------------------------


@transaction.atomic
def start(*, actor: User, act_id: int, task: str) -> BulkAct:
    """One job an act, however often asked. Errors: BulkRefused."""
    act = BulkAct.objects.select_for_update(of=("self",)).get(pk=act_id, actor=actor)
    if act.state == State.STARTED:
        return act
    if act.state != State.CHECKED or not act.rows.ready().exists():
        raise BulkRefused("还没有能办的学生，请先填写并试算。")
    act.job = jobs.start(
        county=act.county,
        task=task,
        title=f"{act.get_kind_display()}：{act.total} 名学生",
        params={"act": act.pk},
        actor=actor,
        key=f"bulk-{act.pk}",
    )
    act.state = State.STARTED
    act.save(update_fields=["state", "job"])
    audit.record(
        county=act.county,
        actor=actor,
        action="student.bulk",
        target=act,
        after={"kind": act.kind, "conditions": act.words, "settings": act.settings},
    )
    return act


def run(job: Job, perform: Perform) -> dict[str, int]:
    """Chunk by chunk; a killed worker's successor goes on behind the last whole chunk."""
    with tenancy.inside(job.county):
        act = BulkAct.objects.select_related("actor").get(pk=job.params["act"])
        job.plan(total=job.done + act.rows.ready().count(), stage="正在办理")
    while _run_chunk(job, act, perform):
        pass
    with tenancy.inside(job.county):
        result = tally(act)
    return {"done": result.done, "skipped": result.skipped_total}


def _run_chunk(job: Job, act: BulkAct, perform: Perform) -> bool:
    with tenancy.inside(job.county):
        scope = scope_for(act.actor, on=timezone.localdate(), county=act.county)
        rows = act.rows.ready().order_by("student")[:_CHUNK]
        ids = list(rows.values_list("student", flat=True))
        if not ids:
            return False
        left_out = perform(act, scope, act.actor, ids)
        here = act.rows.filter(student__in=ids)
        here.exclude(student__in=left_out).update(outcome=Outcome.DONE)
        for reason in set(left_out.values()):
            those = [pk for pk, why in left_out.items() if why == reason]
            here.filter(student__in=those).update(outcome=Outcome.SKIPPED, reason=reason)
        job.advance(len(ids))
    return True


# -- categories --------------------------------------------------------------------------------

_NOT_YOURS = "不在您可以修改的范围"
_HAS_IT = "该日期起已登记这一类别"
_HAS_NOT = "没有正在生效的这一类别"


def category_choices(*, on: date) -> list[tuple[str, str]]:
    """Those of the person: what a household is registered as comes by list, for the household."""
    now = Q(valid_to=None) | Q(valid_to__gte=on)
    types = CategoryType.objects.filter(now, level=CategoryType.Level.PERSON)
    return list(types.order_by("sort").values_list("code", "name"))


@transaction.atomic
def try_categories(*, scope: Scope, act: BulkAct, category: str, source: str, on: date) -> None:
    settings = {"category": category, "source": source, "on": on.isoformat()}
    begin_dry_run(act, settings=settings)
    refuse_all_but(act, Student.objects.within(scope, EDIT), _NOT_YOURS)
    held = Student.objects.filter(pk__in=_standing(act).values("student"))
    if act.kind == Kind.ADD_CATEGORY:
        refuse(act, held, _HAS_IT)
    else:
        refuse_all_but(act, held, _HAS_NOT)


def _standing(act: BulkAct) -> QuerySet[PersonCategory]:
    """Rows in the way of an addition, or those that an end would end."""
    on = date.fromisoformat(act.settings["on"])
    rows = PersonCategory.objects.filter(county=act.county, type=act.settings["category"])
    if act.kind == Kind.ADD_CATEGORY:
        return rows.filter(Q(valid_to=None) | Q(valid_to__gte=on))
    return rows.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


def change_categories(act: BulkAct, scope: Scope, actor: User, ids: list[int]) -> dict[int, str]:
    """Who was not treated: the children are locked and looked at once more."""
    rows = Student.objects.within(scope, EDIT).filter(pk__in=ids).order_by("pk")
    mine = set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    left_out = dict.fromkeys(set(ids) - mine, _NOT_YOURS)
    held = set(_standing(act).filter(student__in=mine).values_list("student", flat=True))
    if act.kind == Kind.ADD_CATEGORY:
        left_out |= dict.fromkeys(held, _HAS_IT)
        _add(act, sorted(mine - held))
    else:
        left_out |= dict.fromkeys(mine - held, _HAS_NOT)
        _end(act, held)
    note_categories(act, actor, sorted(mine - set(left_out)))
    return left_out


def _add(act: BulkAct, students: list[int]) -> None:
    PersonCategory.objects.bulk_create(
        PersonCategory(
            county=act.county,
            student_id=pk,
            type_id=act.settings["category"],
            source=act.settings["source"],
            valid_from=date.fromisoformat(act.settings["on"]),
        )
        for pk in students
    )


def _end(act: BulkAct, students: set[int]) -> None:
    """The last day that stood before is kept in the act, for its undo."""
    standing = _standing(act)
    former = standing.filter(student=OuterRef("student")).values("valid_to")
    act.rows.filter(student__in=students).update(former_end=Subquery(former[:1]))
    standing.filter(student__in=students).update(valid_to=act.settings["on"])


def note_categories(act: BulkAct, actor: User, students: list[int], *, undo: bool = False) -> None:
    said = [act.settings["category"]]
    begins = (act.kind == Kind.ADD_CATEGORY) != undo
    before, after = ([], said) if begins else (said, [])
    action = "category.undo" if undo else "category.add" if begins else "category.end"
    AuditEntry.objects.bulk_create(
        AuditEntry(
            county=act.county,
            actor_id=actor.pk,
            actor_name=actor.full_name,
            action=action,
            target_type=Student._meta.label_lower,
            target_id=pk,
            before={"categories": before},
            after={"categories": after},
            purpose=f"{act.settings['source']}，{act.settings['on']}",
        )
        for pk in students
    )


def categories_job(job: Job) -> dict[str, int]:
    return run(job, change_categories)


def purge(*, before: datetime) -> int:
    """Acts of long ago, with their rows; what they did stands in the audit trail."""
    return BulkAct.objects.filter(created_at__lt=before).delete()[0]
