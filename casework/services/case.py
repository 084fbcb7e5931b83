"""What people do with a case, one function for each."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from casework.models import CaseCode, DropoutCase
from casework.services.step import (
    OPENING_DAY,
    hold_case,
    known_code,
    opening_facts,
    record_event,
    refuse_day,
    take_step,
)
from casework.services.telling import tell_opened
from casework.states import (
    FORMER_STATES,
    Action,
    CaseState,
    TransitionRefused,
    after_check,
    refuse_unlikely_day,
)
from core import audit
from core.access import Permission, Scope
from students.models import Student

MANAGE = Permission.CASE_MANAGE
OTHER_CAUSE = "R99"


class OpenCaseExists(TransitionRefused):
    """The student has an open case already; `case_id` names it."""

    def __init__(self, case: DropoutCase) -> None:
        self.case_id = case.pk
        super().__init__(
            f"该生已有未结个案（编号 {case.pk}，{case.opened_on:%Y-%m-%d} 建案，"
            f"{case.get_state_display()}）。请在该个案中继续办理，不必重复建案。"
        )


@transaction.atomic
def open_case(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    today: date,
    opened_on: date,
    source: str,
    last_present_on: date | None = None,
    suspicion: str = "",
    sent_down_batch: str = "",
) -> DropoutCase:
    """A suspicion about one child. After a closed case it is a relapse and names that case."""
    # Held: a merge of this moment is waited for, so no case begins on a record that went away.
    rows = Student.objects.within(scope, Permission.CASE_OPEN)
    student = rows.select_for_update(of=("self",)).get(pk=student_id)
    refuse_unlikely_day(OPENING_DAY, opened_on, today=today)
    if last_present_on:
        refuse_presence_after(last_present_on, opened_on)
    known_code(CaseCode.List.SOURCE, source, on=opened_on)
    return open_for(
        student,
        actor=actor,
        on=opened_on,
        source=source,
        last_present_on=last_present_on,
        suspicion=suspicion,
        sent_down_batch=sent_down_batch,
    )


def refuse_presence_after(last_present_on: date, opened_on: date) -> None:
    if last_present_on > opened_on:
        raise TransitionRefused(
            f"最后到校日期不能晚于{OPENING_DAY}（{opened_on:%Y-%m-%d}），请核对后修改其中一处。"
        )


def open_for(student: Student, *, actor: User, on: date, **facts: Any) -> DropoutCase:
    cases = DropoutCase.objects.filter(county=student.county, student=student)
    previous = cases.filter(state__in=FORMER_STATES).order_by("-closed_on", "-pk").first()
    if previous and previous.closed_on:
        refuse_unlikely_day(
            OPENING_DAY,
            on,
            today=date.max,
            earliest=previous.closed_on,
            earliest_name="上一个案的结案日期",
        )
    try:
        with transaction.atomic():
            case = DropoutCase.objects.create(
                county=student.county,
                student=student,
                school_at_opening=student.school,
                grade_at_opening=student.grade,
                opened_on=on,
                state_since=on,
                previous_case=previous,
                **facts,
            )
    except IntegrityError as refusal:
        standing = cases.still_open().first()
        if standing is None:
            raise
        raise OpenCaseExists(standing) from refusal
    record_event(
        case, actor=actor, action=Action.OPEN, on=on, before=None, detail=opening_facts(case)
    )
    audit.record(
        county=case.county,
        actor=actor,
        action="case.open",
        target=case,
        after={"student": student.pk, "source": case.source, "opened_on": on.isoformat()},
    )
    tell_opened([case], actor=actor, on=timezone.localdate())
    return case


@transaction.atomic
def verify_case(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    today: date,
    verified_on: date,
    result: str,
    verified_by: str,
    evidence: str = "",
    main_cause: str = "",
    causes: Sequence[str] = (),
    dropped_out_on: date | None = None,
    whereabouts: str = "",
    note: str = "",
    seen: int | None = None,
) -> DropoutCase:
    """核查: the result's code decides whether the case is excluded, confirmed or open as before."""
    case = hold_case(scope=scope, permission=MANAGE, case_id=case_id, seen=seen)
    refuse_day(case, "核查日期", verified_on, today=today)
    code = known_code(CaseCode.List.VERIFICATION, result, on=verified_on)
    to = after_check(CaseState(case.state), leads_to=code.leads_to)
    facts: dict[str, Any] = {}
    if to == CaseState.EXCLUDED:
        _refuse_without_evidence(code, evidence)
        facts = {"closed_on": verified_on}
    elif to == CaseState.CONFIRMED:
        facts = _dropout_facts(
            main_cause=main_cause, causes=causes, dropped_out_on=dropped_out_on, on=verified_on
        )
        if OTHER_CAUSE in facts["causes"] and not note:
            raise TransitionRefused("辍学原因选了“其他”，请在“说明”中写明是什么原因。")
    take_step(
        case,
        actor=actor,
        action=Action.VERIFY,
        on=verified_on,
        to=to,
        note=note,
        verification_result=result,
        verified_on=verified_on,
        verified_by=verified_by,
        evidence=evidence,
        whereabouts=whereabouts or case.whereabouts,
        **facts,
    )
    return case


def _refuse_without_evidence(code: CaseCode, evidence: str) -> None:
    if not evidence:
        wanted = code.evidence or "能证明的材料名称和日期"
        raise TransitionRefused(
            f"核查结果为“{code.name}”须写明佐证材料：{wanted}。请在“佐证材料”中填写。"
        )


def _dropout_facts(
    *, main_cause: str, causes: Sequence[str], dropped_out_on: date | None, on: date
) -> dict[str, Any]:
    if not main_cause:
        raise TransitionRefused("确认辍学须选定一项主要辍学原因，请在“主要原因”中选择。")
    if dropped_out_on is None:
        raise TransitionRefused("确认辍学须填写辍学日期；记不清的填最后到校日期的次日。")
    if dropped_out_on > on:
        raise TransitionRefused(
            f"辍学日期不能晚于核查日期（{on:%Y-%m-%d}），请核对后修改其中一处。"
        )
    every = list(dict.fromkeys([main_cause, *causes]))
    for cause in every:
        known_code(CaseCode.List.CAUSE, cause, on=on)
    return {"main_cause": main_cause, "causes": every, "dropped_out_on": dropped_out_on}
