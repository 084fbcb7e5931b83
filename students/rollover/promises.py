"""The junior school that expects a leaver of grade six."""

from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from core import audit
from schools.models import School, Stage
from students.models import RollOver
from students.rollover.services import RollOverRefused, State

# One word a child and year; a later one replaces it only where that was asked for.
_PROMISE = """
INSERT INTO students_schoolpromise
       (county, student_id, school_year, school_id, set_by, set_by_name, set_at)
SELECT r.county, r.student_id, %(year)s, %(to_school)s, %(actor)s, %(actor_name)s, %(now)s
  FROM students_rolloverrow r
 WHERE r.roll_over_id = %(roll_over)s AND r."group" = 'primary_leaver'
   AND r.school_id = %(from_school)s
    ON CONFLICT (student_id, school_year) DO UPDATE
   SET school_id = excluded.school_id, set_by = excluded.set_by,
       set_by_name = excluded.set_by_name, set_at = excluded.set_at
 WHERE %(replace)s AND students_schoolpromise.school_id <> excluded.school_id
"""


@transaction.atomic
def promise_leavers(
    *,
    actor: User,
    roll_over: RollOver,
    from_school_id: int,
    to_school: School,
    replace: bool,
    now: datetime,
) -> int:
    """All leavers of one primary school to one junior school; children whose word changed.

    Errors: RollOverRefused.
    """
    if roll_over.state in (State.CHECKING, State.UNDOING):
        raise RollOverRefused("名单正在重新测算，请等测算完成后再设置应升学校。")
    if to_school.county != roll_over.county or Stage.JUNIOR not in to_school.stages:
        raise RollOverRefused(f"{to_school.name}不是本县的初中，请从列表中另选。")
    with connection.cursor() as cursor:
        cursor.execute(
            _PROMISE,
            {
                "year": roll_over.to_year,
                "roll_over": roll_over.pk,
                "from_school": from_school_id,
                "to_school": to_school.pk,
                "replace": replace,
                "actor": actor.pk,
                "actor_name": actor.full_name,
                "now": now,
            },
        )
        count = int(cursor.rowcount)
    audit.record(
        county=roll_over.county,
        actor=actor,
        action="roll_over.promise",
        target=roll_over,
        after={"from_school": from_school_id, "to_school": to_school.pk, "children": count},
    )
    return count
