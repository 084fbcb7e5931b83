"""制作文书: the rules asked while the case is held, the number given, the words kept for good."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from casework.legal_rules import (
    Body,
    follows,
    month_later,
    refuse_fine,
    refuse_fine_without_rule,
    refuse_outside_window,
)
from casework.models import DropoutCase, FineRule, LegalKind, LegalPaper
from casework.models.task import TaskKind, TaskLine
from casework.queries.bodies import ISSUE, IssuingBody, bodies_for
from casework.queries.chain import kind_names, standing_of
from casework.services.legal import numbers, words
from casework.services.legal.facts import Asked, facts_of
from casework.services.moves import advance_case
from casework.services.step import hold_case
from casework.services.task import finish_tasks, set_task
from casework.states import Action, CaseState, TransitionRefused, refuse_unlikely_day
from core import audit
from core.access import Scope
from schools.deadlines import Deadline, deadline

LINES = {
    Body.SCHOOL: TaskLine.EDUCATION,
    Body.TOWNSHIP: TaskLine.GOVERNMENT,
    Body.COUNTY: TaskLine.COUNTY,
}


@transaction.atomic
def issue_paper(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    kind_code: str,
    body_code: str,
    form_key: UUID,
    today: date,
    asked: Asked,
) -> LegalPaper:
    """The same form sent again is the same paper, though the case has moved on since."""
    case = hold_case(scope=scope, permission=ISSUE, case_id=case_id)
    made = LegalPaper.objects.filter(county=case.county, form_key=form_key, case=case).first()
    if made is not None:
        return made
    kind = LegalKind.objects.valid_on(asked.issued_on).get(pk=kind_code)
    body = _own_body(scope, case, body_code)
    refuse_unlikely_day(
        "制作日期",
        asked.issued_on,
        today=today,
        earliest=case.opened_on,
        earliest_name="建案日期",
    )
    earlier = _rests_on(case, kind, body, on=asked.issued_on)
    rule = _fine_rule(case.county, kind, asked, earlier)
    days = given_days(kind, county=case.county, on=asked.issued_on)
    asked = _within_its_deadline(kind, asked)
    paper = _write(
        case,
        kind,
        asked,
        actor=actor,
        body=body,
        form_key=form_key,
        days=days,
        earlier=earlier,
        rule=rule,
    )
    _go_on(paper, scope=scope, actor=actor, today=today)
    return paper


def _own_body(scope: Scope, case: DropoutCase, code: str) -> IssuingBody:
    own = [body for body in bodies_for(scope, case) if body.code == code]
    if not own:
        raise TransitionRefused("您不能以这个单位的名义制作文书，请从列表中选择您所在的单位。")
    return own[0]


def _rests_on(
    case: DropoutCase, kind: LegalKind, body: IssuingBody, *, on: date
) -> LegalPaper | None:
    found = follows(
        kind,
        standing_of(case, on=on),
        body=body.body,
        body_code=body.code,
        on=on,
        names=kind_names(),
    )
    if found is None:
        return None
    paper = LegalPaper.objects.select_related("kind", "follows__kind").get(pk=found.pk)
    _refuse_window(kind, paper, on=on)
    return paper


def _refuse_window(kind: LegalKind, earlier: LegalPaper, *, on: date) -> None:
    served = (earlier.follows or earlier).served_on
    if not kind.opens_rule or served is None:
        return
    months = deadline(Deadline(kind.opens_rule), county=earlier.county, on=on)
    more = deadline(Deadline(kind.closes_rule), county=earlier.county, on=on)
    opens = month_later(served, months) + timedelta(days=1)
    refuse_outside_window(kind, on=on, opens=opens, closes=month_later(served, months + more))


def _fine_rule(
    county: str, kind: LegalKind, asked: Asked, earlier: LegalPaper | None
) -> FineRule | None:
    if not kind.is_fine:
        return None
    rule = FineRule.objects.filter(county=county).valid_on(asked.issued_on).first()
    refuse_fine_without_rule(kind, has_rule=rule is not None)
    assert rule is not None  # noqa: S101 - refused above
    refuse_fine(asked.amount, least=rule.least, most=rule.most, rule=str(rule))
    if earlier and earlier.amount and asked.amount and asked.amount > earlier.amount:
        raise TransitionRefused(
            f"罚款金额不能高于事先告知的 {earlier.amount:f} 元（行政处罚法第四十五条），请改小。"
        )
    return rule


def given_days(kind: LegalKind, *, county: str, on: date) -> int | None:
    if not kind.deadline_rule:
        return None
    return deadline(Deadline(kind.deadline_rule), county=county, on=on)


def _within_its_deadline(kind: LegalKind, asked: Asked) -> Asked:
    """A day that the paper itself names is the person's to choose; others follow from service."""
    if not kind.deadline_rule or kind.counts_from_service:
        return replace(asked, deadline_on=None)
    if asked.deadline_on is None or asked.deadline_on <= asked.issued_on:
        raise TransitionRefused("期限须在制作日期之后，请改晚一些，给监护人留出办理时间。")
    return asked


def _write(
    case: DropoutCase,
    kind: LegalKind,
    asked: Asked,
    *,
    actor: User,
    body: IssuingBody,
    form_key: UUID,
    days: int | None,
    earlier: LegalPaper | None,
    rule: FineRule | None,
) -> LegalPaper:
    numbered = _number(case.county, kind, body, on=asked.issued_on)
    facts = facts_of(
        case,
        kind,
        asked,
        body=body,
        number=numbered.get("number", ""),
        days=days,
        earlier=earlier,
        rule=rule,
    )
    return LegalPaper.objects.create(
        county=case.county,
        case=case,
        kind=kind,
        follows=earlier,
        form_key=form_key,
        body=body.body,
        body_code=body.code,
        body_name=body.name,
        issued_on=asked.issued_on,
        addressee=asked.addressee,
        relation=asked.relation,
        amount=asked.amount if kind.is_fine else None,
        fine_rule=rule,
        deadline_days=days if kind.counts_from_service else None,
        deadline_on=asked.deadline_on,
        data=words.sheets(kind, facts),
        issued_by=actor.pk,
        issued_by_name=actor.full_name,
        **numbered,
    )


def _number(county: str, kind: LegalKind, body: IssuingBody, *, on: date) -> dict[str, Any]:
    if not kind.is_numbered:
        return {}
    serial = numbers.next_serial(county=county, body_code=body.code, year=on.year)
    number = numbers.in_words(body.sign, year=on.year, serial=serial)
    return {"year": on.year, "serial": serial, "number": number}


def _go_on(paper: LegalPaper, *, scope: Scope, actor: User, today: date) -> None:
    """The first order moves the case; what the paper waits for becomes a task."""
    case, kind, on = paper.case, paper.kind, paper.issued_on
    audit.record(
        county=paper.county,
        actor=actor,
        action="legal.issue",
        target=paper,
        after={"case": case.pk, "kind": kind.name, "number": paper.number},
    )
    if kind.escalates and case.state == CaseState.PERSUADING:
        advance_case(
            scope=scope,
            actor=actor,
            case_id=case.pk,
            action=Action.ESCALATE,
            today=today,
            on=on,
            note=str(paper),
        )
    # What the step or the paper before asked for is this paper.
    finish_tasks(case, on=on, kinds=[TaskKind.LEGAL_NEXT], about="")
    if paper.follows_id:
        finish_tasks(case, on=on, kinds=[TaskKind.LEGAL_NEXT], about=about(paper.follows_id))
    if kind.is_served:
        set_task(
            case,
            kind=TaskKind.LEGAL_SERVE,
            line=LINES[Body(paper.body)],
            on=on,
            rule=Deadline.LEGAL_SERVED,
            about=about(paper.pk),
            words=f"送达{paper}"[:120],
        )


def about(paper_id: int) -> str:
    return f"paper:{paper_id}"
