"""Tasks with a day: set, finished, and those that follow from the steps of a case."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce

from casework.legal_rules import AWAY_STATES
from casework.models import CaseEvent, DropoutCase
from casework.models.task import CaseTask, TaskKind, TaskLine
from casework.states import OPEN_STATES, Action, CaseState, VisitKind
from schools.calendar import WorkCalendar, work_calendar
from schools.deadlines import Deadline, deadline

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StepTask:
    """What a case in some state waits for: done within the rule's working days."""

    kind: TaskKind
    line: TaskLine
    rule: Deadline


# The task of each state; the kinds named here begin and end with the steps of the case alone.
STEP_TASKS: dict[CaseState, StepTask] = {
    CaseState.SUSPECTED: StepTask(TaskKind.VERIFY, TaskLine.EDUCATION, Deadline.TASK_VERIFY),
    CaseState.CONFIRMED: StepTask(TaskKind.ASSIGN, TaskLine.EDUCATION, Deadline.TASK_ASSIGN),
    CaseState.PERSUADING: StepTask(
        TaskKind.PERSUADE_VISIT, TaskLine.EDUCATION, Deadline.TASK_PERSUADE_VISIT
    ),
    CaseState.ESCALATED: StepTask(
        TaskKind.LEGAL_NEXT, TaskLine.GOVERNMENT, Deadline.TASK_LEGAL_NEXT
    ),
    CaseState.TRANSFERRED: StepTask(
        TaskKind.RECEIPT, TaskLine.EDUCATION, Deadline.TRANSFER_ANSWERED
    ),
    CaseState.RETURNED: StepTask(
        TaskKind.OBSERVE_CHECK, TaskLine.EDUCATION, Deadline.TASK_OBSERVE_CHECK
    ),
    CaseState.OBSERVING: StepTask(
        TaskKind.OBSERVE_CHECK, TaskLine.EDUCATION, Deadline.TASK_OBSERVE_CHECK
    ),
    CaseState.PLACED: StepTask(
        TaskKind.OBSERVE_CHECK, TaskLine.EDUCATION, Deadline.TASK_OBSERVE_CHECK
    ),
}
STEP_KINDS = frozenset(task.kind for task in STEP_TASKS.values())
# A visit that leaves the state as it was has done the work only where it is this kind of visit.
_VISIT_DOES = {
    CaseState.PERSUADING: VisitKind.PERSUASION,
    CaseState.OBSERVING: VisitKind.OBSERVATION,
    CaseState.PLACED: VisitKind.OBSERVATION,
}


def due_day(rule: Deadline, *, county: str, on: date, calendar: WorkCalendar | None = None) -> date:
    """So many working days after `on` as the county's rule says. Errors: NoDeadline."""
    days = deadline(rule, county=county, on=on)
    return (calendar or work_calendar()).add(on, days)


def set_task(
    case: DropoutCase,
    *,
    kind: TaskKind,
    on: date,
    due_on: date | None = None,
    rule: Deadline | None = None,
    line: TaskLine = TaskLine.EDUCATION,
    about: str = "",
    words: str = "",
    event: CaseEvent | None = None,
) -> CaseTask:
    """Call with the case held. An open task of the kind (and `about`) gets the new day instead.

    The day is `due_on`, or follows from `rule` in working days.
    """
    if due_on is None:
        if rule is None:
            raise ValueError("a task needs a day or a rule")
        due_on = due_day(rule, county=case.county, on=on)
    facts: dict[str, Any] = {
        "line": line,
        "words": words,
        "set_on": on,
        "due_on": max(due_on, on),
        "event": event,
    }
    task, _ = CaseTask.objects.still_open().update_or_create(
        county=case.county, case=case, kind=kind, about=about, defaults=facts
    )
    return task


def finish_tasks(
    case: DropoutCase,
    *,
    on: date,
    kinds: Collection[TaskKind] | None = None,
    about: str | None = None,
) -> int:
    """How many open tasks of the case ended on that day; without kinds, all of them."""
    tasks = CaseTask.objects.still_open().filter(county=case.county, case=case)
    if kinds is not None:
        tasks = tasks.filter(kind__in=kinds)
    if about is not None:
        tasks = tasks.filter(about=about)
    return tasks.update(**ended(on))


def ended(on: date) -> dict[str, Any]:
    """The fields of a task done on a day: too late, it keeps the mark though no night saw it."""
    late = Case(When(due_on__lt=on, then=F("due_on") + Value(_ONE_DAY)), default=Value(None))
    return {"done_on": on, "late_since": Coalesce(F("late_since"), late)}


def follow_step(
    case: DropoutCase,
    *,
    action: Action,
    before: CaseState | None,
    on: date,
    event: CaseEvent,
) -> None:
    """Every step of a case: the old state's task ends, the new state's begins."""
    state = CaseState(case.state)
    if state not in OPEN_STATES:
        finish_tasks(case, on=on)
        return
    if state == before and not _did_the_work(state, action, event):
        return
    # A paper for a child who is no longer away need not be served any more.
    moot = set() if state in AWAY_STATES else {TaskKind.LEGAL_SERVE}
    finish_tasks(case, on=on, kinds=STEP_KINDS | moot)
    task = STEP_TASKS.get(state)
    if task is not None:
        _begin(case, task, on=on, event=event)


def _begin(case: DropoutCase, task: StepTask, *, on: date, event: CaseEvent) -> None:
    """Those of its kind have just ended: none is looked for, a visit is written in few words."""
    CaseTask.objects.create(
        county=case.county,
        case=case,
        kind=task.kind,
        line=task.line,
        set_on=on,
        due_on=max(due_day(task.rule, county=case.county, on=on), on),
        event=event,
    )


def _did_the_work(state: CaseState, action: Action, event: CaseEvent) -> bool:
    if action == Action.VISIT:
        return state in _VISIT_DOES and event.detail.get("kind") == _VISIT_DOES[state]
    return action == Action.VERIFY


def set_first_tasks(cases: Iterable[DropoutCase], *, on: date) -> None:
    """The tasks of cases that one act opened on one day in one county, in a few statements."""
    task = STEP_TASKS[CaseState.SUSPECTED]
    rows = list(cases)
    if not rows:
        return
    due_on = due_day(task.rule, county=rows[0].county, on=on)
    CaseTask.objects.bulk_create(
        CaseTask(
            county=case.county, case=case, kind=task.kind, line=task.line, set_on=on, due_on=due_on
        )
        for case in rows
    )
