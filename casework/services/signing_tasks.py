"""As soon as a case can be signed for, each line that has not signed has a task with a day."""

from datetime import date

from django.utils import timezone

from casework.models import CaseEvent, DropoutCase
from casework.models.signature import SignatureLine
from casework.models.task import TaskKind, TaskLine
from casework.queries.standing import Standing
from casework.services.task import finish_tasks, set_task
from casework.services.telling import tell_to_sign
from casework.states import Action, CaseState, ending
from schools.deadlines import Deadline

_LINES = {
    SignatureLine.EDUCATION: TaskLine.EDUCATION,
    SignatureLine.GOVERNMENT: TaskLine.GOVERNMENT,
}


def ask_for_signatures(case: DropoutCase, *, on: date, event: CaseEvent) -> None:
    """After every step, with the case held; a day that was set once stays."""
    if _is_far_from_its_end(case, event):
        return
    open_tasks = case.tasks.still_open().filter(kind=TaskKind.SIGN)
    asked = set(open_tasks.values_list("about", flat=True))
    wanted = _wanted(case, on=on)
    for line in asked - wanted:
        finish_tasks(case, on=on, kinds=[TaskKind.SIGN], about=line)
    for line in wanted - asked:
        task = set_task(
            case,
            kind=TaskKind.SIGN,
            line=_LINES[SignatureLine(line)],
            rule=Deadline.TASK_SIGN,
            on=on,
            about=line,
            event=event,
        )
        tell_to_sign(case, task, on=timezone.localdate())


def _is_far_from_its_end(case: DropoutCase, event: CaseEvent) -> bool:
    """Most steps: nothing to sign for before and nothing after."""
    if ending(CaseState(case.state), lapse_reason=case.lapse_reason) is not None:
        return False
    return event.from_state == event.to_state and event.action != Action.WITHDRAW


def _wanted(case: DropoutCase, *, on: date) -> set[str]:
    if ending(CaseState(case.state), lapse_reason=case.lapse_reason) is None:
        return set()
    standing = Standing(case, on)
    return {line.value for line in standing.lines_wanting} if standing.is_ready_to_sign else set()
