"""Logging a home visit, once per UUID of the client."""

import hashlib
import json
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.models import User
from casework.models import DropoutCase, HomeVisit
from casework.services.step import hold_case, take_step
from casework.states import (
    Action,
    CaseState,
    TransitionRefused,
    VisitKind,
    VisitOutcome,
    after_visit,
    refuse_unlikely_day,
)
from core.access import Permission, Scope


class VisitConflict(Exception):
    """Another visit came under the same UUID; that one stands, this one was not written."""


@transaction.atomic
def log_home_visit(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    client_uuid: UUID,
    today: date,
    visited_on: date,
    kind: VisitKind,
    outcome: VisitOutcome,
    visitors: str,
    people_met: str = "",
    findings: str = "",
    advice: str = "",
    promised_on: date | None = None,
    next_visit_on: date | None = None,
) -> HomeVisit:
    """The same UUID with the same content is the same visit, whatever has become of the case."""
    # The next state follows from the present one: hold the case until it is decided.
    case = hold_case(scope=scope, permission=Permission.VISIT_LOG, case_id=case_id)
    content = {
        "visited_on": visited_on,
        "kind": VisitKind(kind),
        "outcome": VisitOutcome(outcome),
        "visitors": visitors,
        "people_met": people_met,
        "findings": findings,
        "advice": advice,
        "promised_on": promised_on,
        "next_visit_on": next_visit_on,
    }
    digest = _digest(case.pk, content)
    logged = HomeVisit.objects.filter(pk=client_uuid, county=case.county).first()
    if logged is not None:
        return _same_or_conflict(logged, digest)
    _refuse_wrong_days(
        today=today, visited_on=visited_on, promised_on=promised_on, next_visit_on=next_visit_on
    )
    to = after_visit(CaseState(case.state), kind=VisitKind(kind), outcome=VisitOutcome(outcome))
    facts: dict[str, Any] = {}
    if to == CaseState.RETURNED != case.state:
        refuse_unlikely_day(
            "返校的家访日期",
            visited_on,
            today=today,
            earliest=case.opened_on,
            earliest_name="建案日期",
        )
        facts = {"returned_on": visited_on}
    visit = _write(case, client_uuid=client_uuid, actor=actor, digest=digest, content=content)
    take_step(
        case,
        actor=actor,
        action=Action.VISIT,
        on=visited_on,
        to=to,
        detail={"visit": str(client_uuid), "kind": visit.kind, "outcome": visit.outcome},
        **facts,
    )
    return visit


def _digest(case_id: int, content: dict[str, Any]) -> bytes:
    text = json.dumps({"case": case_id, **content}, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _same_or_conflict(logged: HomeVisit, digest: bytes) -> HomeVisit:
    if bytes(logged.content_hash) != digest:
        raise VisitConflict(
            f"这张表单已保存过一次家访（{logged.visited_on:%Y-%m-%d}），那一次没有改动。"
            "您现在填写的内容与它不同，尚未保存。如果这是另一次家访，请再按一次“保存家访”。"
        )
    return logged


def _refuse_wrong_days(
    *, today: date, visited_on: date, promised_on: date | None, next_visit_on: date | None
) -> None:
    refuse_unlikely_day("家访日期", visited_on, today=today)
    for name, day in (("承诺返校日期", promised_on), ("下次走访日期", next_visit_on)):
        if day is not None and day < visited_on:
            raise TransitionRefused(
                f"{name}不能早于家访日期（{visited_on:%Y-%m-%d}），请核对后修改其中一处。"
            )


def _write(
    case: DropoutCase,
    *,
    client_uuid: UUID,
    actor: User,
    digest: bytes,
    content: dict[str, Any],
) -> HomeVisit:
    attempt: int | None = None
    if content["kind"] == VisitKind.PERSUASION:
        attempt = (case.visits.aggregate(last=Max("attempt_no"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            return HomeVisit.objects.create(
                client_uuid=client_uuid,
                county=case.county,
                case=case,
                student_id=case.student_id,
                attempt_no=attempt,
                content_hash=digest,
                logged_by=actor.pk,
                logged_by_name=actor.full_name,
                **content,
            )
    except IntegrityError as refusal:
        # Taken by a visit of another case at this moment, or behind another county's wall.
        raise VisitConflict(
            "这张表单的编号已被另一次家访使用，您填写的内容尚未保存。请再按一次“保存家访”。"
        ) from refusal
