"""A home visit: logged once per UUID of the client, then edited version by version."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.models import User
from casework.models import DropoutCase, HomeVisit, VisitVersion
from casework.services import content as contents
from casework.services.content import Content
from casework.services.step import hold_case, take_step
from casework.states import (
    KINDS_WITHOUT_CASE,
    OPEN_STATES,
    Action,
    CaseState,
    TransitionRefused,
    VisitKind,
    VisitOutcome,
    after_visit,
    refuse_unlikely_day,
)
from core import audit
from core.access import Permission, Scope
from students.models import Student


class VisitConflict(Exception):
    """Another visit came under the same UUID; that one stands, this one was not written."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version came from: nothing of it for what was written on the office's own pages."""

    op: UUID | None = None
    phone: UUID | None = None
    seq: int | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit as it came out: `clashing` names fields that another has written meanwhile."""

    version: int
    merged: list[str]
    clashing: list[str]


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
    **written: Any,
) -> HomeVisit:
    """The same UUID with the same content is the same visit, whatever has become of the case.

    `written` are the other fields of `contents.FIELDS`; what is left out is blank.
    Errors: DropoutCase.DoesNotExist, TransitionRefused, VisitConflict.
    """
    # The next state follows from the present one: hold the case until it is decided.
    case = hold_case(scope=scope, permission=Permission.VISIT_LOG, case_id=case_id)
    head = {"visited_on": visited_on, "kind": kind, "outcome": outcome, "visitors": visitors}
    content = contents.whole({**head, **written})
    logged = HomeVisit.objects.filter(pk=client_uuid, county=case.county).first()
    if logged is not None:
        return _same_or_conflict(logged, contents.digest(case.pk, content))
    refuse_unlikely_day("家访日期", visited_on, today=today)
    try:
        with transaction.atomic():
            return write_visit(
                case.student, case=case, actor=actor, client_uuid=client_uuid, content=content
            )
    except IntegrityError as refusal:
        # Taken by a visit of another case at this moment, or behind another county's wall.
        raise VisitConflict(
            "这张表单的编号已被另一次家访使用，您填写的内容尚未保存。请再按一次“保存家访”。"
        ) from refusal


def _same_or_conflict(logged: HomeVisit, digest: bytes) -> HomeVisit:
    if bytes(logged.content_hash) != digest:
        raise VisitConflict(
            f"这张表单已保存过一次家访（{logged.visited_on:%Y-%m-%d}），那一次没有改动。"
            "您现在填写的内容与它不同，尚未保存。如果这是另一次家访，请再按一次“保存家访”。"
        )
    return logged


def write_visit(
    student: Student,
    *,
    case: DropoutCase | None,
    actor: User,
    client_uuid: UUID,
    content: Content,
    origin: Origin | None = None,
) -> HomeVisit:
    """The visit, its first version, and the step of its case. The case, if any, is held.

    Errors: TransitionRefused for days and states, IntegrityError for a UUID that is taken.
    """
    contents.refuse_wrong_days(content)
    to = _goal(case, content)
    attempt = None
    if case is not None and content["kind"] == VisitKind.PERSUASION:
        attempt = (case.visits.aggregate(last=Max("attempt_no"))["last"] or 0) + 1
    visit = HomeVisit(
        client_uuid=client_uuid,
        county=student.county,
        case=case,
        student_id=student.pk,
        attempt_no=attempt,
        content_hash=contents.digest(case.pk if case else None, content),
        logged_by=actor.pk,
        logged_by_name=actor.full_name,
        **content,
    )
    visit.save(force_insert=True)
    _keep_version(visit, actor=actor, base=0, changed=[], merged=[], origin=origin or Origin())
    _tell(visit, case, actor=actor, to=to)
    return visit


def _goal(case: DropoutCase | None, content: Content) -> CaseState | None:
    """The state this visit leads its case to; None where there is no case."""
    kind, outcome = VisitKind(content["kind"]), VisitOutcome(content["outcome"])
    if case is None:
        _refuse_without_case(kind)
        return None
    to = after_visit(CaseState(case.state), kind=kind, outcome=outcome)
    if to == CaseState.RETURNED != case.state:
        refuse_unlikely_day(
            "返校的家访日期",
            content["visited_on"],
            today=date.max,
            earliest=case.opened_on,
            earliest_name="建案日期",
        )
    return to


def _refuse_without_case(kind: VisitKind) -> None:
    if kind not in KINDS_WITHOUT_CASE:
        allowed = "、".join(each.label for each in KINDS_WITHOUT_CASE)
        raise TransitionRefused(
            f"该生没有未结个案，走访方式不能选“{kind.label}”，请改选：{allowed}。"
        )


def _tell(visit: HomeVisit, case: DropoutCase | None, *, actor: User, to: CaseState | None) -> None:
    detail = {"visit": str(visit.pk), "kind": visit.kind, "outcome": visit.outcome}
    if case is None or to is None:
        audit.record(
            county=visit.county,
            actor=actor,
            action="visit.log",
            target=Student(pk=visit.student_id),
            after=detail,
        )
        return
    facts: dict[str, Any] = {}
    if to == CaseState.RETURNED != case.state:
        facts = {"returned_on": visit.visited_on}
    take_step(
        case,
        actor=actor,
        action=Action.VISIT,
        on=visit.visited_on,
        to=to,
        detail=detail,
        **facts,
    )


def _keep_version(
    visit: HomeVisit,
    *,
    actor: User,
    base: int,
    changed: list[str],
    merged: list[str],
    origin: Origin,
) -> None:
    VisitVersion.objects.create(
        county=visit.county,
        visit=visit,
        number=visit.version,
        base=base,
        changed=changed,
        merged=merged,
        content=contents.plain(contents.of(visit)),
        op=origin.op,
        phone=origin.phone,
        seq=origin.seq,
        claimed_at=origin.claimed_at,
        written_by=actor.pk,
        written_by_name=actor.full_name,
    )


def hold_rows(visit_uuid: UUID, *, county: str) -> HomeVisit | None:
    """The visit with its child and its case, held in the order every writer takes them."""
    visits = HomeVisit.objects.filter(pk=visit_uuid, county=county)
    named = visits.values_list("student", "case").first()
    if named is None:
        return None
    student, case = named
    list(Student.objects.filter(pk=student).select_for_update(of=("self",)).values_list("pk"))
    if case is not None:
        list(DropoutCase.objects.filter(pk=case).select_for_update(of=("self",)).values_list("pk"))
    held = visits.select_for_update(of=("self",)).select_related("case__student", "student")
    return held.get()


def edit_visit(
    visit: HomeVisit,
    *,
    actor: User,
    changes: Content,
    base: int | None,
    origin: Origin | None = None,
    decided: bool = False,
) -> Edit:
    """Write an edit that rests on version `base`, or tell which fields clash and write nothing.

    Without `base` the phone was told no version: it knows the first and its own. `decided` says
    that a person has seen both sides, so nothing clashes. The visit is held.
    Errors: TransitionRefused.
    """
    origin = origin or Origin()
    base = 1 if base is None else base
    others, own_later = _written_since(visit, base=base, origin=origin)
    wanted = {
        name: value
        for name, value in changes.items()
        if name not in own_later and getattr(visit, name) != value
    }
    clashing = [] if decided else [name for name in wanted if name in others]
    merged = sorted(others | own_later)
    if clashing or not wanted:
        return Edit(visit.version, merged, clashing)
    _apply(visit, wanted, actor=actor)
    seen = base if merged else visit.version - 1
    _keep_version(
        visit, actor=actor, base=seen, changed=sorted(wanted), merged=merged, origin=origin
    )
    return Edit(visit.version, merged, [])


def _written_since(visit: HomeVisit, *, base: int, origin: Origin) -> tuple[set[str], set[str]]:
    """Fields others changed after `base`; and fields this phone changed later than this edit.

    What a phone sent before this edit it knew when it wrote it, whichever came first.
    """
    if base >= visit.version:
        return set(), set()
    others: set[str] = set()
    own_later: set[str] = set()
    rows = visit.versions.filter(number__gt=base).values_list("changed", "phone", "seq")
    for changed, phone, seq in rows:
        if origin.phone is None or phone != origin.phone:
            others.update(changed)
        elif (seq or 0) > (origin.seq or 0):
            own_later.update(changed)
    return others, own_later


def _apply(visit: HomeVisit, wanted: Content, *, actor: User) -> None:
    content = contents.of(visit) | wanted
    contents.refuse_wrong_days(content)
    to = _goal_of_edit(visit, wanted, content)
    for name, value in wanted.items():
        setattr(visit, name, value)
    visit.version += 1
    if "kind" in wanted:
        visit.attempt_no = _attempt_after_edit(visit)
    visit.save(update_fields=[*wanted, "version", "attempt_no"])
    audit.record(
        county=visit.county,
        actor=actor,
        action="visit.edit",
        target=visit.case or Student(pk=visit.student_id),
        # What it said before and after stands in its versions.
        after={"visit": str(visit.pk), "version": visit.version, "changed": sorted(wanted)},
    )
    if to is not None and visit.case is not None and to != visit.case.state:
        _tell(visit, visit.case, actor=actor, to=to)


def _goal_of_edit(visit: HomeVisit, wanted: Content, content: Content) -> CaseState | None:
    """A result put right may still move its case; what has ended since stays as it ended."""
    if not {"kind", "outcome"} & wanted.keys():
        return None
    case = visit.case
    if case is None:
        _refuse_without_case(VisitKind(content["kind"]))
        return None
    kinds_fit = case.state in OPEN_STATES and content["outcome"] == VisitOutcome.BACK
    return _goal(case, content) if kinds_fit else None


def _attempt_after_edit(visit: HomeVisit) -> int | None:
    if visit.kind != VisitKind.PERSUASION or visit.case is None:
        return None
    last = visit.case.visits.aggregate(last=Max("attempt_no"))["last"] or 0
    return visit.attempt_no or last + 1
