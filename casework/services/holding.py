"""Operations that wait for a person: put aside, told of, found again, settled."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from accounts.models import Grant, User
from accounts.roles import Role
from accounts.scope import scope_for
from casework.models import HeldOp, HomeVisit, PhoneOp
from core import notices
from core.access import Permission
from core.models import Notice
from students.models import Student

Reason = HeldOp.Reason
# Whose matter it is: of the school where the child is now, or of the writers themselves.
_OF_THE_SCHOOL = (Reason.REACH, Reason.CHILD)


def hold(
    row: PhoneOp,
    *,
    reason: str,
    words: str,
    fields: list[str],
    student_id: int | None,
    now: datetime,
) -> HeldOp:
    """One matter for each operation; held again for another reason it is the same matter."""
    facts = {
        "reason": reason,
        "words": words,
        "fields": fields,
        "student_id": student_id,
        "outcome": "",
        "note": "",
        "settled_at": None,
        "settled_by": None,
    }
    first = {"county": row.county, "visit_uuid": row.visit_uuid, "held_at": now}
    held, _ = HeldOp.objects.update_or_create(
        op=row, defaults=facts, create_defaults={**facts, **first}
    )
    notices.tell(
        county=row.county,
        people=_concerned(held),
        event=f"visit-held-{held.pk}",
        words=f"有一次手机家访需要处理：{held.get_reason_display()}。",
        path=reverse("casework:held-detail", args=[held.pk]),
        tone=Notice.Tone.WARN,
    )
    return held


def _concerned(held: HeldOp) -> Iterable[int]:
    """The writers who may open it; else the school's head; else the county."""
    today = timezone.localdate(held.held_at)
    if held.reason not in _OF_THE_SCHOOL:
        writers = {held.op.person_id, *_writers(held)}
        may = [pk for pk in writers if _may_open(held, pk)]
        if may:
            return may
    valid = Grant.objects.valid_on(today).filter(user__is_active=True)
    school = Student.objects.filter(pk=held.student_id or 0).values("school")
    heads = valid.filter(role=Role.SCHOOL_HEAD, school__in=school).values_list("user", flat=True)
    county = valid.filter(role=Role.COUNTY_OFFICER, division=held.county)
    return list(heads) or list(county.values_list("user", flat=True))


def _writers(held: HeldOp) -> list[int]:
    visits = HomeVisit.objects.filter(county=held.county, pk=held.visit_uuid)
    people = visits.values_list("versions__written_by", flat=True).distinct()
    return [person for person in people if person is not None]


def _may_open(held: HeldOp, person_id: int) -> bool:
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        return False
    scope = scope_for(person, on=timezone.localdate(held.held_at), county=held.county)
    return HeldOp.objects.within(scope, Permission.VISIT_LOG).filter(pk=held.pk).exists()


def known_student(student_id: int | None, *, county: str) -> int | None:
    found = Student.objects.filter(county=county, pk=student_id or 0)
    return found.values_list("pk", flat=True).first()


def open_visit(visit: UUID, *, county: str, person_id: int) -> HeldOp | None:
    """A person's own new visit that is held."""
    rows = HeldOp.objects.still_open().filter(county=county, visit_uuid=visit)
    mine = rows.filter(op__person_id=person_id, op__kind=PhoneOp.Kind.VISIT)
    return mine.exclude(reason=Reason.SAME_UUID).select_related("op").order_by("pk").first()


def content_of(held: HeldOp) -> dict[str, Any]:
    """As the phone sent it, with what it sent after."""
    return {**held.op.content, **held.chosen}


def keep_mended(held: HeldOp, content: dict[str, Any]) -> None:
    held.chosen = content
    held.save(update_fields=["chosen"])


def answer_anew(row: PhoneOp, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def settle(held: HeldOp, *, outcome: str, person: User, now: datetime, note: str = "") -> None:
    held.outcome, held.note, held.settled_at = outcome, note, now
    held.settled_by, held.settled_by_name = person.pk, person.full_name
    held.save(
        update_fields=["outcome", "note", "settled_at", "settled_by", "settled_by_name", "chosen"]
    )


def settle_by_itself(row: PhoneOp, person: User, *, now: datetime) -> None:
    """What a person was asked about has found its visit meanwhile."""
    held = HeldOp.objects.still_open().filter(op=row).first()
    if held is not None:
        note = "原来的家访已送到，自动登记"
        settle(held, outcome=HeldOp.Outcome.MENDED, person=person, now=now, note=note)
