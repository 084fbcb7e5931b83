"""撤销本批: a written roster taken back, but for the children somebody worked on since.

The plan is one temporary table, made anew for every look and for the deed; the deed is a fixed
number of statements, however many children.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import User
from core import audit, jobs, tenancy
from core.models import Job
from schools.models import ClassGroup
from students.models import ImportBatch, RosterTrace, Student
from students.rosters import tracing
from students.rosters.tracing import FACTS, PARTS, STUDENT, Part

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

TASK = "students.undo_roster"
State = ImportBatch.State
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('students.rosters'), %s)"

# Facts a roster may have written for a child it created, and what makes them another's.
_OTHERS_FACTS = {
    "students_enrolment": "x.valid_to IS NOT NULL OR x.source <> %(source)s",
    "students_personcategory": "x.valid_to IS NOT NULL OR x.batch_id IS DISTINCT FROM %(batch)s",
    "students_studentidentifier": "x.valid_to IS NOT NULL OR x.source <> %(source)s",
    "students_sealedextra": "false",
}
# Opened by the roster itself; a pair somebody decided on stays, and its child with it.
_PAIRS = "students_duplicatepair"


class UndoRefused(jobs.JobRefused):
    """There is nothing to take back; the text says why."""


@dataclass(frozen=True, slots=True)
class Counts:
    removed: int
    restored: int
    left: int


# -- asking ------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, county: str, batch_id: int, actor: "_User | None") -> ImportBatch:
    """Errors: ImportBatch.DoesNotExist, UndoRefused."""
    batch = _held(county, batch_id)
    if batch.state == State.UNDONE:
        return batch
    _refuse(batch, State.COMMITTED, State.UNDOING)
    batch.state = State.UNDOING
    batch.undo_job = jobs.start(
        county=county,
        task=TASK,
        title=f"撤销名册：{batch.file_name}"[:200],
        params={"batch": batch.pk},
        actor=actor,
        key=f"roster-undo-{batch.pk}",
    )
    batch.save(update_fields=["state", "undo_job"])
    audit.record(county=county, actor=actor, action="roster.ask_undo", target=batch)
    return batch


def _held(county: str, batch_id: int) -> ImportBatch:
    rows = ImportBatch.objects.select_for_update(of=("self",))
    return rows.get(pk=batch_id, county=county)


def _refuse(batch: ImportBatch, *allowed: State) -> None:
    if batch.state not in allowed:
        raise UndoRefused(f"这份名册{batch.get_state_display()}，没有可以撤销的内容。")
    if not batch.made:
        raise UndoRefused(
            "这份名册没有留存原值（写入超过 90 天后不再留存），不能整批撤销；"
            "请在学生页面逐名改正，或导入改正后的名册。"
        )


def preview(batch: ImportBatch) -> Counts:
    """What an undo would do now; nothing is written. The caller holds a transaction.

    Errors: UndoRefused.
    """
    _refuse(batch, State.COMMITTED, State.UNDOING)
    _make_plan(batch)
    return _counts()


# -- doing -------------------------------------------------------------------------------------


def undo(*, county: str, batch_id: int, actor: User | None, job: Job | None = None) -> Counts:
    """In one transaction; a second time nothing is left to do. Errors: UndoRefused."""
    with tenancy.inside(county):
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [int(county)])
        batch = _held(county, batch_id)
        if batch.state == State.UNDONE:
            return Counts(0, 0, RosterTrace.objects.exclude(touched=[]).filter(batch=batch).count())
        _refuse(batch, State.COMMITTED, State.UNDOING)
        _make_plan(batch, hold=True)
        counts = _counts()
        _take_back(batch, actor)
        _forget_classes(batch)
        batch.state, batch.undone_at = State.UNDONE, timezone.now()
        batch.undone_by_name = actor.full_name if actor else "系统"
        batch.save(update_fields=["state", "undone_at", "undone_by_name"])
        audit.record(
            county=county,
            actor=actor,
            action="roster.undo",
            target=batch,
            after={"removed": counts.removed, "restored": counts.restored, "left": counts.left},
        )
        if job:
            job.advance(0)
    return counts


def undo_job(job: Job) -> dict[str, Any]:
    actor = User.objects.filter(pk=job.actor_id).first() if job.actor_id else None
    job.stage = "正在恢复写入前的内容"
    counts = undo(county=job.county, batch_id=job.params["batch"], actor=actor, job=job)
    return {"removed": counts.removed, "restored": counts.restored, "left": counts.left}


# -- the plan ----------------------------------------------------------------------------------

_FRESH = """
DROP TABLE IF EXISTS pg_temp.fresh;
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT s.id AS student_id, s.updated_at > s.created_at OR s.merged_into_id IS NOT NULL AS is_edited
  FROM students_student s
 WHERE s.county = %(county)s AND s.id BETWEEN %(first)s AND %(last)s
   AND s.created_at = %(at)s::timestamptz;
ANALYZE fresh
"""
_TRACED = """
DROP TABLE IF EXISTS pg_temp.traced;
CREATE TEMPORARY TABLE traced ON COMMIT DROP AS
SELECT student_id FROM students_rostertrace WHERE batch_id = %(batch)s AND before IS NOT NULL;
ANALYZE traced
"""
_HOLD = """
SELECT s.id FROM students_student s
 WHERE s.id IN (SELECT student_id FROM fresh UNION ALL SELECT student_id FROM traced)
 ORDER BY s.id FOR UPDATE
"""
_TOUCHED_PARTS = "array_remove(ARRAY[{}], NULL)".format(
    ", ".join(
        f"CASE WHEN t.after ->> '{part.name}' IS DISTINCT FROM {tracing.digest(f'now.{part.name}')}"
        f" THEN '{part.table}' END"
        for part in PARTS
    )
)
_PLAN = f"""
DROP TABLE IF EXISTS pg_temp.undo_plan;
CREATE TEMPORARY TABLE undo_plan ON COMMIT DROP AS
SELECT f.student_id, true AS is_new, NULL::jsonb AS before,
       CASE WHEN f.is_edited THEN ARRAY['students_student'] ELSE '{{{{}}}}' END
           || coalesce(h.tables, '{{{{}}}}') AS touched
  FROM fresh f
  LEFT JOIN (SELECT student_id, array_agg(DISTINCT "table"::text) AS tables
               FROM ({{hanging}}) hanging GROUP BY 1) h USING (student_id)
 UNION ALL
SELECT t.student_id, false, t.before, {_TOUCHED_PARTS}
  FROM students_rostertrace t LEFT JOIN ({tracing.IMAGES}) now USING (student_id)
 WHERE t.batch_id = %(batch)s AND t.before IS NOT NULL;
ANALYZE undo_plan
"""
# A child that a later roster found unchanged is that roster's child too.
_LATER = """
SELECT f.student_id, 'students_rosterrow' AS "table"
  FROM fresh f
  JOIN students_rosterrow r ON r.student_id = f.student_id AND r.verdict <> 'rejected'
  JOIN students_importbatch b
    ON b.id = r.batch_id AND b.id <> %(batch)s AND b.state IN ('committed', 'undoing')
"""


def _make_plan(batch: ImportBatch, *, hold: bool = False) -> None:
    first, last = batch.made["children"]
    values = {
        "county": batch.county,
        "batch": batch.pk,
        "source": batch.source_words,
        "at": batch.made["at"],
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FRESH, values)
        cursor.execute(_TRACED, values)
        if hold:
            cursor.execute(_HOLD)
        cursor.execute(_PLAN.format(hanging=_hanging()), values)


def _hanging() -> str:
    """Every row anywhere that names a child the roster created and was not written by it."""
    found = [_LATER]
    for model, column in _references():
        table = model._meta.db_table
        what = _OTHERS_FACTS.get(table, "x.state <> 'open'" if table == _PAIRS else "true")
        found.append(
            f"SELECT f.student_id, '{table}' FROM fresh f"
            f" JOIN {table} x ON x.{column} = f.student_id WHERE {what}"
        )
    return " UNION ALL ".join(found)


def _references() -> list[tuple[type[models.Model], str]]:
    """Columns the database holds a child by, whoever owns the table."""
    relations = Student._meta.get_fields(include_hidden=True)
    fields = [one.field for one in relations if isinstance(one, models.ManyToOneRel)]
    hot = {part.table for part in FACTS}
    return [
        (field.model, field.column)
        for field in fields
        if getattr(field, "db_constraint", True) or field.model._meta.db_table in hot
    ]


def _counts() -> Counts:
    statement = """
SELECT count(*) FILTER (WHERE is_new AND touched = '{}'),
       count(*) FILTER (WHERE NOT is_new AND touched = '{}'),
       count(*) FILTER (WHERE touched <> '{}')
  FROM undo_plan
"""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return Counts(*cursor.fetchone())


# -- the deed ----------------------------------------------------------------------------------

_UNTOUCHED = "p.touched = '{}'"
_LEFT = """
INSERT INTO students_rostertrace (county, batch_id, student_id, touched)
SELECT %(county)s, %(batch)s, student_id, touched FROM undo_plan WHERE touched <> '{}'
    ON CONFLICT (batch_id, student_id) DO UPDATE SET touched = excluded.touched
"""
_RESTORE_STUDENT = """
UPDATE students_student s SET ({columns}) = ({old})
  FROM undo_plan p
 CROSS JOIN LATERAL jsonb_populate_record(NULL::students_student, p.before -> 'student') old
 WHERE s.id = p.student_id AND NOT p.is_new AND p.touched = '{{}}' AND p.before ? 'student'
"""
# Half-restored spans would overlap: out first, then in.
_TAKE_OUT = """
DELETE FROM {table} x USING undo_plan p
 WHERE x.student_id = p.student_id AND p.touched = '{{}}' AND (p.is_new OR p.before ? '{name}')
"""
_PUT_BACK = """
INSERT INTO {table} ({columns})
SELECT {old} FROM undo_plan p
 CROSS JOIN LATERAL jsonb_populate_recordset(NULL::{table}, p.before -> '{name}') old
 WHERE NOT p.is_new AND p.touched = '{{}}' AND p.before ? '{name}'
"""
_FORGET_PAIRS = """
DELETE FROM students_duplicatepair x USING undo_plan p
 WHERE p.is_new AND p.touched = '{}' AND p.student_id IN (x.first_id, x.second_id)
"""
_AUDIT = """
INSERT INTO core_auditentry
       (county, at, actor_id, actor_name, action, target_type, target_id, before, after, purpose)
SELECT %(county)s, now(), %(actor_id)s, %(actor_name)s,
       CASE WHEN p.is_new THEN 'student.remove' ELSE 'student.restore' END,
       'students.student', p.student_id, coalesce(told.after, '{}'), coalesce(told.before, '{}'),
       %(source)s
  FROM undo_plan p
  LEFT JOIN (
      SELECT r.student_id,
             (SELECT jsonb_object_agg(key, value -> 0) FROM jsonb_each(r.changes)) AS before,
             (SELECT jsonb_object_agg(key, value -> 1) FROM jsonb_each(r.changes)) AS after
        FROM students_rosterrow r WHERE r.batch_id = %(batch)s AND r.verdict = 'changed'
  ) told USING (student_id)
 WHERE p.touched = '{}'
"""
_REMOVE = """
DELETE FROM students_student s USING undo_plan p
 WHERE s.id = p.student_id AND p.is_new AND p.touched = '{}'
"""


def _take_back(batch: ImportBatch, actor: User | None) -> None:
    values: dict[str, Any] = {
        "county": batch.county,
        "batch": batch.pk,
        "actor_id": actor.pk if actor else None,
        "actor_name": actor.full_name if actor else "系统",
        "source": f"撤销{batch.source_words}"[:200],
    }
    statements = [
        _LEFT,
        _AUDIT,
        *[_TAKE_OUT.format(table=part.table, name=part.name) for part in FACTS],
        *[_PUT_BACK.format(**_words(part)) for part in FACTS],
        _RESTORE_STUDENT.format(**_words(STUDENT)),
        _FORGET_PAIRS,
        _REMOVE,
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def _words(part: Part) -> dict[str, str]:
    return {
        "table": part.table,
        "name": part.name,
        "columns": ", ".join(part.columns),
        "old": ", ".join(f"old.{column}" for column in part.columns),
    }


def _forget_classes(batch: ImportBatch) -> None:
    """Classes the roster made, as far as nothing names them now."""
    classes = ClassGroup.objects.filter(pk__in=batch.made["classes"])
    for relation in ClassGroup._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):
            field = relation.field
            naming = field.model._base_manager.filter(**{f"{field.name}__isnull": False})
            classes = classes.exclude(pk__in=naming.values(field.name))
    classes.delete()
