"""Many suspicions in one act: what a comparison, a roll-over or a transfer list hands over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from accounts.models import User
from casework.models import CaseCode, CaseEvent, DropoutCase
from casework.services.step import known_code, opening_facts
from casework.services.task import set_first_tasks
from casework.services.telling import tell_opened
from casework.states import FORMER_STATES, Action, refuse_unlikely_day
from core.access import Permission, Scope
from core.models import AuditEntry
from students.models import Student


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of every child asked for; the four numbers add up to the children named."""

    cases: tuple[DropoutCase, ...]
    already_open: int
    closed_later: int  # the last case was closed after the day of opening
    out_of_scope: int

    @property
    def words(self) -> str:
        parts = [f"已建疑似个案 {len(self.cases)} 个"]
        if self.already_open:
            parts.append(f"{self.already_open} 人已有未结个案，未重复建案")
        if self.closed_later:
            parts.append(f"{self.closed_later} 人的上一个案在此日期之后才销号，未建案")
        if self.out_of_scope:
            parts.append(f"{self.out_of_scope} 人不在您的负责范围内，未建案")
        return "；".join(parts) + "。"


@transaction.atomic
def open_cases(
    *,
    scope: Scope,
    actor: User | None,
    student_ids: Iterable[int],
    source: str,
    today: date,
    opened_on: date,
    suspicion: str = "",
    sent_down_batch: str = "",
    last_present: Mapping[int, date | None] | None = None,
) -> Opened:
    """A suspected case for each child who has no open one; the act may be repeated.

    Without an actor it is the system's own, of every night. `last_present` tells by child the last
    day it was at school, where that is known.

    A fixed number of statements for any number of children. Errors: TransitionRefused for a day or
    a source code that cannot be.
    """
    refuse_unlikely_day("建案日期", opened_on, today=today)
    known_code(CaseCode.List.SOURCE, source, on=opened_on)
    asked = set(student_ids)
    students = _held(scope, asked)
    free = [student for student in students if not student.has_open_case]  # type: ignore[attr-defined]
    ready = [s for s in free if s.last_closed_on is None or s.last_closed_on <= opened_on]  # type: ignore[attr-defined]
    cases = DropoutCase.objects.bulk_create(
        [
            DropoutCase(
                county=student.county,
                student=student,
                school_at_opening_id=student.school_id,
                grade_at_opening=student.grade,
                opened_on=opened_on,
                state_since=opened_on,
                previous_case_id=student.previous_case_id,  # type: ignore[attr-defined]
                source=source,
                suspicion=suspicion,
                sent_down_batch=sent_down_batch,
                last_present_on=(last_present or {}).get(student.pk),
            )
            for student in ready
        ]
    )
    _record(cases, actor=actor)
    set_first_tasks(cases, on=opened_on)
    tell_opened(cases, actor=actor, on=today)
    return Opened(
        cases=tuple(cases),
        already_open=len(students) - len(free),
        closed_later=len(free) - len(ready),
        out_of_scope=len(asked) - len(students),
    )


def _held(scope: Scope, ids: Collection[int]) -> list[Student]:
    """The children in reach, locked first and looked at afterwards.

    Two openings of one child at a time would both find no case and one would break the constraint.
    """
    rows = Student.objects.within(scope, Permission.CASE_OPEN).filter(pk__in=ids)
    held = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    own = DropoutCase.objects.filter(county=OuterRef("county"), student=OuterRef("pk"))
    last = own.filter(state__in=FORMER_STATES).order_by("-closed_on", "-pk")
    return list(
        Student.objects.filter(pk__in=held)
        .annotate(
            has_open_case=Exists(own.still_open()),
            previous_case_id=Subquery(last.values("pk")[:1]),
            last_closed_on=Subquery(last.values("closed_on")[:1]),
        )
        .order_by("pk")
    )


def _record(cases: list[DropoutCase], *, actor: User | None) -> None:
    who = {
        "actor_id": actor.pk if actor else None,
        "actor_name": actor.full_name if actor else "系统",
    }
    CaseEvent.objects.bulk_create(
        CaseEvent(
            county=case.county,
            case=case,
            happened_on=case.opened_on,
            action=Action.OPEN,
            to_state=case.state,
            detail=opening_facts(case),
            **who,
        )
        for case in cases
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            county=case.county,
            **who,
            action="case.open",
            target_type=DropoutCase._meta.label_lower,
            target_id=case.pk,
            after={
                "student": case.student_id,
                "source": case.source,
                "opened_on": case.opened_on.isoformat(),
            },
        )
        for case in cases
    )
