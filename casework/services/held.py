"""What a person does with a held operation: take it, choose field by field, or file it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from casework.models import HeldOp, HomeVisit, PhoneOp, Verdict
from casework.services import content as contents
from casework.services import deciding, holding, phone, photos
from casework.services.content import Content
from casework.services.deciding import Answer, Sender, Sent
from casework.services.visit import edit_visit, hold_rows
from casework.states import TransitionRefused
from core import audit
from core.access import Permission, Scope

Reason = HeldOp.Reason
Outcome = HeldOp.Outcome
THEIRS, OURS = "stands", "sent"


class AlreadySettled(TransitionRefused):
    """Somebody was faster; the text says who."""


def hold_open(*, scope: Scope, held_id: int) -> HeldOp:
    """Held, with its operation. Errors: HeldOp.DoesNotExist, AlreadySettled."""
    rows = HeldOp.objects.within(scope, Permission.VISIT_LOG).filter(pk=held_id)
    op = rows.values_list("op", flat=True).get()
    phone.lock_visit(PhoneOp.objects.get(pk=op, county=scope.county))
    held = rows.select_for_update(of=("self",)).select_related("op").get()
    if held.settled_at is not None:
        raise AlreadySettled(
            f"这件事已由{held.settled_by_name}处理（{held.get_outcome_display()}），不必再办。"
        )
    return held


@transaction.atomic
def file_away(*, scope: Scope, actor: User, held_id: int, note: str, now: datetime) -> HeldOp:
    """Kept with its reason and written into no case. Errors: TransitionRefused."""
    held = hold_open(scope=scope, held_id=held_id)
    if not note.strip():
        raise TransitionRefused("存档须写明理由，例如“与 9月20日 的家访重复”。")
    _settle(held, outcome=Outcome.FILED, actor=actor, now=now, note=note.strip())
    return held


@transaction.atomic
def take(
    *, scope: Scope, actor: User, held_id: int, content: Content, now: datetime, note: str = ""
) -> HeldOp:
    """Write the held visit, as its writer sent it or as the person here put it right.

    The visit is its writer's still; who took it stands in the settlement and in the trail.
    Errors: TransitionRefused, HeldOp.DoesNotExist.
    """
    held = hold_open(scope=scope, held_id=held_id)
    sender = _sender(held, scope=scope, now=now)
    child = deciding.find_child(held.student_id, sender)
    if child is None or not child.in_reach:
        raise TransitionRefused("该生不在您的负责范围，请由该生现在的学校登记，或写明理由存档。")
    sent = replace(Sent.of(held.op), case=None, visit=_free_uuid(held))
    if sender.is_ahead(content["visited_on"]):
        raise TransitionRefused("家访日期不能晚于今天，请改为实际走访的日期。")
    answer = deciding.write(sent, content, child=child.student, sender=sender)
    if answer.version is None:
        raise TransitionRefused(answer.words)
    _take_photos(held, sent)
    _answer(held, f"{actor.full_name}已登记这次家访。", version=answer.version)
    _settle(held, outcome=Outcome.TAKEN, actor=actor, now=now, note=note)
    phone.apply_waiting(held.op, now=now)
    return held


@transaction.atomic
def choose(
    *,
    scope: Scope,
    actor: User,
    held_id: int,
    chosen: dict[str, str],
    now: datetime,
    note: str = "",
) -> HeldOp:
    """Field by field what stands or what was sent; every disputed field needs a choice.

    Errors: TransitionRefused, HeldOp.DoesNotExist.
    """
    held = hold_open(scope=scope, held_id=held_id)
    visit = hold_rows(held.visit_uuid, county=held.county)
    if visit is None:
        raise TransitionRefused("原来的家访还没有送到，请等它送到，或写明理由存档。")
    sent, _ = contents.read(held.op.content, is_whole=False)
    missing = [contents.LABELS[n] for n in disputed(held, visit, sent) if n not in chosen]
    if missing:
        raise TransitionRefused(f"请为“{'、'.join(missing)}”各选定一种写法。")
    changes = {name: value for name, value in sent.items() if chosen.get(name, OURS) == OURS}
    edit = edit_visit(
        visit,
        actor=actor,
        changes=changes,
        base=visit.version,
        origin=_sender(held, scope=scope, now=now).origin(Sent.of(held.op)),
        decided=True,
    )
    held.chosen = chosen
    _answer(held, f"{actor.full_name}已逐项选定。", version=edit.version)
    _settle(held, outcome=Outcome.MERGED, actor=actor, now=now, note=note)
    return held


def disputed(held: HeldOp, visit: HomeVisit, sent: Content) -> list[str]:
    """Fields of which two versions are on the table today, also those written since it was held."""
    asked = {*held.fields, *_written_since(held, visit)} if held.fields else set(sent)
    return [name for name in sent if name in asked and getattr(visit, name) != sent[name]]


def _written_since(held: HeldOp, visit: HomeVisit) -> set[str]:
    rows = visit.versions.filter(number__gt=held.op.base or 1).exclude(phone=held.op.phone)
    return {name for changed in rows.values_list("changed", flat=True) for name in changed}


def _sender(held: HeldOp, *, scope: Scope, now: datetime) -> Sender:
    """The writer, with the reach of the person who decides."""
    writer = User.objects.get(pk=held.op.person_id)
    return Sender(scope, writer, held.op.phone, now)


def _free_uuid(held: HeldOp) -> Any:
    """Where another visit stands under its number, this one goes under that of its operation."""
    taken = HomeVisit.objects.filter(pk=held.visit_uuid, county=held.county).exists()
    return held.op_id if taken else held.visit_uuid


def _take_photos(held: HeldOp, sent: Sent) -> None:
    if sent.visit != held.visit_uuid:
        photos.move(held.op.photos, visit=sent.visit, county=held.county)


def _answer(held: HeldOp, words: str, *, version: int | None) -> None:
    answer = Answer(Verdict.ACCEPTED, 200, words, version)
    holding.answer_anew(held.op, answer.fields_of_row())


def _settle(held: HeldOp, *, outcome: str, actor: User, now: datetime, note: str) -> None:
    holding.settle(held, outcome=outcome, person=actor, now=now, note=note[:200])
    if outcome == Outcome.FILED:
        words = f"{actor.full_name}已存档，不登记：{held.note}"
        holding.answer_anew(held.op, {"words": words[:300]})
    audit.record(
        county=held.county,
        actor=actor,
        action="visit.settle",
        target=held,
        after={"outcome": outcome, "visit": str(held.visit_uuid)},
    )
