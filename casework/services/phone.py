"""What phones send: each operation decided once, answered alike however often it comes.

Nothing a phone sends is dropped. An operation is applied, or waits for the one before it, or is
held for a person (casework.services.held); only words that cannot be a visit are refused, and
those too stay in the operation's row.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid5

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.scope import scope_for
from casework.models import HeldOp, PhoneOp, Verdict
from casework.services import holding, photos
from casework.services.deciding import Answer, Sender, Sent, decide, held_answer

Reason = HeldOp.Reason
WAIT = timedelta(days=7)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_TWICE = "这个编号已经用来送过另一份内容，两份都已保留，请等负责人选定。"
_LATE = "等了七天仍没有收到它前面的内容，请负责人查看后登记或存档。"


def receive(sent: Sent, *, sender: Sender) -> tuple[PhoneOp, bool]:
    """The operation's row with its answer, and whether it had been answered before.

    Runs in the caller's transaction. Whoever else sends about the same visit waits.
    """
    lock_visit(sent)
    rows = _about(sent, sender)
    known = rows.get(sent.op)
    if known is not None and bytes(known.digest) != sent.digest:
        return _receive_twin(sent, sender=sender)
    if known is not None:
        return known, True
    try:
        with transaction.atomic():
            row = keep(sent, decide(sent, sender, is_first=not rows), sender=sender)
    except IntegrityError:
        # A number that stands behind another county's wall.
        return _receive_twin(sent, sender=sender)
    if any(_waits(each) for each in rows.values()):
        # Also where the visit itself is held: what waited for it belongs to it from now on.
        apply_waiting(row, now=sender.now)
        row.refresh_from_db()  # one of them may have put this very one right
    return row, False


def lock_visit(sent: Sent | PhoneOp) -> None:
    visit = sent.visit if isinstance(sent, Sent) else sent.visit_uuid
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(visit)])


def _about(sent: Sent, sender: Sender) -> dict[object, PhoneOp]:
    same = Q(pk=sent.op) | Q(visit_uuid=sent.visit)
    return {row.op: row for row in PhoneOp.objects.filter(same, county=sender.scope.county)}


def _receive_twin(sent: Sent, *, sender: Sender) -> tuple[PhoneOp, bool]:
    """Other content under a number that is taken: kept once under a number of its own."""
    twin = replace(sent, op=uuid5(sent.op, sender.scope.county + sent.digest.hex()))
    known = PhoneOp.objects.filter(pk=twin.op, county=sender.scope.county).first()
    if known is not None:
        return known, True
    answer = held_answer(
        Reason.SAME_UUID,
        _TWICE,
        verdict=Verdict.CONFLICT,
        status=409,
        student_id=holding.known_student(sent.student, county=sender.scope.county),
    )
    return keep(twin, answer, sender=sender), False


def keep(sent: Sent, answer: Answer, *, sender: Sender) -> PhoneOp:
    """Write the operation down with its answer, and for a person what a person must decide."""
    offset = sender.clock_offset
    row = PhoneOp(
        op=sent.op,
        county=sender.scope.county,
        kind=sent.kind,
        visit_uuid=sent.visit,
        person_id=sender.person.pk,
        person_name=sender.person.full_name,
        phone=sender.phone,
        seq=sent.seq,
        base=sent.base,
        claimed_student=sent.student,
        claimed_case=sent.case,
        content=sent.content,
        photos=sent.photos,
        digest=sent.digest,
        claimed_at=sent.claimed_at,
        clock_offset=None if offset is None else int(offset.total_seconds()),
        received_at=sender.now,
        **answer.fields_of_row(),
    )
    row.save(force_insert=True)
    if answer.reason:
        hold(row, answer, now=sender.now)
    if sent.photos and sent.kind == PhoneOp.Kind.VISIT:
        photos.announce(
            county=row.county, visit=sent.visit, person_id=row.person_id, announced=sent.photos
        )
    return row


def hold(row: PhoneOp, answer: Answer, *, now: datetime) -> None:
    holding.hold(
        row,
        reason=answer.reason,
        words=row.words,
        fields=list(answer.clashing),
        student_id=answer.student_id,
        now=now,
    )


# -- what came too early ------------------------------------------------------------------------


def apply_waiting(row: PhoneOp, *, now: datetime) -> None:
    """Once an operation is in, those that waited for it, each in its sender's own row."""
    waiting = PhoneOp.objects.filter(county=row.county, visit_uuid=row.visit_uuid)
    late = Q(held__reason=Reason.ORPHAN, held__settled_at=None)
    rows = list(waiting.filter(Q(verdict=Verdict.WAITING) | late).order_by("seq", "received_at"))
    moved = True
    while rows and moved:
        moved = False
        for each in list(rows):
            if _decide_again(each, now=now):
                rows.remove(each)
                moved = True


def _waits(row: PhoneOp) -> bool:
    return row.verdict in (Verdict.WAITING, Verdict.QUARANTINED) and row.kind == PhoneOp.Kind.EDIT


def _decide_again(row: PhoneOp, *, now: datetime) -> bool:
    """Whether it waits no longer; it is decided with what its sender may do today."""
    sender = sender_of(row, now=now)
    if sender is None:
        return False
    answer = decide(Sent.of(row), sender)
    if answer.verdict == Verdict.WAITING:
        return False
    holding.answer_anew(row, answer.fields_of_row())
    holding.settle_by_itself(row, sender.person, now=now)
    if answer.reason:
        hold(row, answer, now=now)
    return True


def sender_of(row: PhoneOp, *, now: datetime) -> Sender | None:
    person = User.objects.filter(pk=row.person_id).first()
    if person is None:
        return None
    scope = scope_for(person, on=timezone.localdate(now), county=row.county)
    offset = None if row.clock_offset is None else timedelta(seconds=row.clock_offset)
    return Sender(scope, person, row.phone, now, offset)


def ask_about_waiting(*, now: datetime) -> int:
    """How many waited a week: from now on a person decides, and they still join by themselves."""
    rows = PhoneOp.objects.filter(verdict=Verdict.WAITING, received_at__lt=now - WAIT)
    asked = 0
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            row = rows.select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is None:
                continue
            student = holding.known_student(row.claimed_student, county=row.county)
            answer = held_answer(Reason.ORPHAN, _LATE, student_id=student)
            holding.answer_anew(row, answer.fields_of_row())
            hold(row, answer, now=now)
            asked += 1
    return asked
