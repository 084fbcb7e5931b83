"""Suspected cases for the children of a list: the dry run, and the job that opens them."""

from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from casework.models import CaseCode, DropoutCase
from casework.services.openings import open_cases
from casework.services.step import known_code
from casework.states import FORMER_STATES, refuse_unlikely_day
from core.access import Permission, Scope
from core.models import Job
from students.listing import bulk
from students.models import BulkAct, Student

LIST_TASK = "casework.open_from_list"
_NOT_YOURS = "不在您可以建案的范围"
_HAS_ONE = "已有未结个案"
_CLOSED_LATER = "上一个案在此日期之后才结案"
_CHANGED = "试算后情况有变，未重复建案"


@transaction.atomic
def try_openings(
    *, scope: Scope, act: BulkAct, source: str, opened_on: date, suspicion: str, today: date
) -> None:
    """Who would get a case and who not. Errors: TransitionRefused, bulk.BulkRefused."""
    refuse_unlikely_day("建案日期", opened_on, today=today)
    known_code(CaseCode.List.SOURCE, source, on=opened_on)
    settings = {"source": source, "opened_on": opened_on.isoformat(), "suspicion": suspicion}
    bulk.begin_dry_run(act, settings=settings)
    bulk.refuse_all_but(act, Student.objects.within(scope, Permission.CASE_OPEN), _NOT_YOURS)
    own = DropoutCase.objects.filter(county=OuterRef("county"), student=OuterRef("pk"))
    bulk.refuse(act, Student.objects.filter(Exists(own.still_open())), _HAS_ONE)
    later = own.filter(state__in=FORMER_STATES, closed_on__gt=opened_on)
    bulk.refuse(act, Student.objects.filter(Exists(later)), _CLOSED_LATER)


def open_chunk(act: BulkAct, scope: Scope, actor: User, ids: list[int]) -> dict[int, str]:
    """Who got no case after all."""
    on = date.fromisoformat(act.settings["opened_on"])
    opened = open_cases(
        scope=scope,
        actor=actor,
        student_ids=ids,
        source=act.settings["source"],
        today=on,
        opened_on=on,
        suspicion=act.settings["suspicion"],
    )
    treated = {case.student_id for case in opened.cases}
    return dict.fromkeys(set(ids) - treated, _CHANGED)


def openings_job(job: Job) -> dict[str, int]:
    return bulk.run(job, open_chunk)
