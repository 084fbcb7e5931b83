"""What becomes of one operation of a phone: asked of the rows as they stand, one answer each."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Value, When
from django.utils import timezone

from accounts.models import User
from casework.models import DropoutCase, HeldOp, HomeVisit, PhoneOp, Verdict
from casework.services import content as contents
from casework.services import holding, photos
from casework.services.content import Content, WrongDays
from casework.services.visit import Origin, edit_visit, hold_rows, write_visit
from casework.states import TransitionRefused
from core.access import Permission, Scope
from students.models import Student

Reason = HeldOp.Reason
Kind = PhoneOp.Kind
ONE_DAY = timedelta(days=1)
ONE_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Sent:
    """One operation, its shape already read."""

    op: UUID
    kind: str
    visit: UUID
    seq: int
    base: int | None
    claimed_at: datetime | None
    student: int | None
    case: int | None
    content: dict[str, Any]
    photos: list[dict[str, Any]]

    @property
    def digest(self) -> bytes:
        told = [self.kind, str(self.visit), self.student, self.case, self.content, self.photos]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()

    @classmethod
    def of(cls, row: PhoneOp) -> "Sent":
        return cls(
            op=row.op,
            kind=row.kind,
            visit=row.visit_uuid,
            seq=row.seq,
            base=row.base,
            claimed_at=row.claimed_at,
            student=row.claimed_student,
            case=row.claimed_case,
            content=row.content,
            photos=row.photos,
        )


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, from which phone, and how far the server's clock is ahead of that phone's."""

    scope: Scope
    person: User
    phone: UUID
    now: datetime
    clock_offset: timedelta | None = None

    def origin(self, sent: Sent) -> Origin:
        return Origin(sent.op, self.phone, sent.seq, sent.claimed_at)

    def is_ahead(self, day: date) -> bool:
        return day > timezone.localdate(self.now)


@dataclass(frozen=True, slots=True)
class Answer:
    """Verdict and words for the phone; with a reason, a person has to decide."""

    verdict: Verdict
    status: int
    words: str
    version: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    clashing: tuple[str, ...] = ()
    student_id: int | None = None

    def fields_of_row(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "status": self.status,
            "words": self.words[:300],
            "version": self.version,
            "fields": self.fields,
        }


def held_answer(
    reason: str,
    words: str,
    *,
    verdict: Verdict = Verdict.QUARANTINED,
    status: int = 202,
    student_id: int | None = None,
    clashing: Iterable[str] = (),
    version: int | None = None,
) -> Answer:
    fields = {contents.outside_name(name): words for name in clashing}
    return Answer(verdict, status, words, version, fields, reason, tuple(clashing), student_id)


def decide(sent: Sent, sender: Sender, *, is_first: bool = False) -> Answer:
    """Writes what can be written. `is_first`: no other operation has ever named this visit.

    Errors: IntegrityError for a number of another county.
    """
    if sent.kind == Kind.VISIT:
        return _decide_visit(sent, sender, is_first=is_first)
    if sent.kind == Kind.EDIT:
        return _decide_edit(sent, sender)
    photos.delete(
        [photo["photo"] for photo in sent.photos],
        visit=sent.visit,
        scope=sender.scope,
        person=sender.person,
        now=sender.now,
    )
    return Answer(Verdict.ACCEPTED, 200, "照片已删除。")


# -- a new visit --------------------------------------------------------------------------------


def _decide_visit(sent: Sent, sender: Sender, *, is_first: bool) -> Answer:
    content, wrong = contents.read(sent.content, is_whole=True)
    if wrong:
        return _refused(wrong)
    content, note = _by_the_servers_clock(content, sent=sent, sender=sender)
    child = find_child(sent.student, sender)
    # A number of a visit that no phone has named is free; the table itself has the last word.
    earlier = None if is_first else _sent_before(sent, content, sender, child=child)
    if earlier is not None:
        return earlier
    if child is None:
        words = "本县学生名册中找不到这名学生，家访已收下，由县教育局核对后登记或存档。"
        return held_answer(Reason.CHILD, words)
    if not child.in_reach:
        return _out_of_reach(child.student)
    if sender.is_ahead(content["visited_on"]):
        return _asked_about_the_day(content["visited_on"], child.student)
    return write(sent, content, child=child.student, sender=sender, note=note)


def write(
    sent: Sent, content: Content, *, child: Student, sender: Sender, note: str = ""
) -> Answer:
    """The visit is written, or the rule's refusal becomes a matter for a person."""
    try:
        case = _case_of(child, sent=sent)
        visit = write_visit(
            child,
            case=case,
            actor=sender.person,
            client_uuid=sent.visit,
            content=content,
            origin=sender.origin(sent),
        )
    except WrongDays as refusal:
        return _refused({refusal.field: str(refusal)})
    except TransitionRefused as refusal:
        words = f"{refusal}这次家访已收下，待负责人处理。"
        return held_answer(Reason.RULE, words, student_id=child.pk)
    return Answer(Verdict.ACCEPTED, 201, note + _saved(visit), visit.version)


def _saved(visit: HomeVisit) -> str:
    number = f"第 {visit.attempt_no} 次劝返" if visit.attempt_no else visit.get_kind_display()
    return f"家访已登记：{visit.visited_on:%Y-%m-%d}，{number}。"


@dataclass(frozen=True, slots=True)
class Child:
    """The record of the child as it stands today, held; merged ones are followed."""

    student: Student
    in_reach: bool


def find_child(student_id: int | None, sender: Sender) -> Child | None:
    reach = sender.scope.q(Permission.VISIT_LOG)
    wanted = Student.objects.filter(county=sender.scope.county)
    rows = wanted.only("county", "full_name", "merged_into").annotate(
        in_reach=Case(
            When(reach, then=Value(True)), default=Value(False), output_field=BooleanField()
        )
    )
    seen: set[int] = set()
    while student_id is not None and student_id not in seen:
        seen.add(student_id)
        student = rows.select_for_update(of=("self",)).filter(pk=student_id).first()
        if student is None or student.merged_into_id is None:
            in_reach = bool(getattr(student, "in_reach", False))
            return None if student is None else Child(student, in_reach)
        student_id = student.merged_into_id
    return None


def _case_of(child: Student, *, sent: Sent) -> DropoutCase | None:
    """The child's open case, held. The one the phone names may have ended meanwhile."""
    cases = DropoutCase.objects.filter(county=child.county, student=child)
    case = cases.still_open().select_for_update(of=("self",)).first()
    if sent.case is None or (case is not None and case.pk == sent.case):
        return case
    named = cases.filter(pk=sent.case).first()
    state = f"现为“{named.get_state_display()}”" if named else "已不在该生名下"
    raise TransitionRefused(f"您出发时的个案（编号 {sent.case}）{state}。")


def _sent_before(
    sent: Sent, content: Content, sender: Sender, *, child: Child | None
) -> Answer | None:
    """The visit under this UUID, whether it stands or is held: the same one, or another."""
    county = sender.scope.county
    visit = HomeVisit.objects.filter(pk=sent.visit, county=county).first()
    if visit is not None:
        student_id: int | None = visit.student_id
        same = bytes(visit.content_hash) == contents.digest(visit.case_id, content)
        same = same and child is not None and child.student.pk == student_id
        version: int | None = visit.version
    else:
        held = HeldOp.objects.filter(county=county, visit_uuid=sent.visit, op__kind=Kind.VISIT)
        first = held.select_related("op").order_by("pk").first()
        if first is None:
            return None
        student_id, version = first.student_id, None
        same = bytes(first.op.digest) == sent.digest
    if same:
        return Answer(Verdict.ACCEPTED, 200, "这次家访已经收到过，不重复登记。", version)
    words = "这次家访的编号已登记过另一份内容，两份都已保留，请在“待处理家访”中选定。"
    return held_answer(
        Reason.SAME_UUID, words, verdict=Verdict.CONFLICT, status=409, student_id=student_id
    )


def _out_of_reach(student: Student) -> Answer:
    words = (
        "该生已不在您的负责范围（可能已转学、换班或并档）。家访已收下，由现在的学校或县教育局登记。"
    )
    return held_answer(Reason.REACH, words, student_id=student.pk)


def _asked_about_the_day(day: date, student: Student) -> Answer:
    words = f"家访日期 {day:%Y-%m-%d} 还没有到。家访已收下，请改成实际走访的日期，改好后自动登记。"
    return held_answer(Reason.FUTURE, words, student_id=student.pk)


def _refused(wrong: dict[str, str]) -> Answer:
    words = "有内容需要修改：" + "；".join(wrong.values())
    return Answer(Verdict.REFUSED, 422, words, fields=wrong)


def _by_the_servers_clock(content: Content, *, sent: Sent, sender: Sender) -> tuple[Content, str]:
    """A phone whose clock is off by days said "today": which day that was, the server knows.

    Days the teacher chose near that "today" go with it. What was claimed stays in the operation.
    """
    offset = sender.clock_offset
    if offset is None or abs(offset) < ONE_DAY or sent.claimed_at is None:
        return content, ""
    claimed = timezone.localdate(sent.claimed_at)
    if content["visited_on"] != claimed:
        return content, ""
    shift = timezone.localdate(sent.claimed_at + offset) - claimed
    moved = {
        name: content[name] + shift
        for name in contents.DAYS
        if content[name] is not None and abs(content[name] - claimed) < ONE_YEAR
    }
    words = (
        f"手机日期与系统相差 {abs(shift.days)} 天，家访日期已按系统时间记为"
        f" {moved['visited_on']:%Y-%m-%d}，如不对请修改。"
    )
    return content | moved, words


# -- an edit ------------------------------------------------------------------------------------


def _decide_edit(sent: Sent, sender: Sender) -> Answer:
    changes, wrong = contents.read(sent.content, is_whole=False)
    if wrong:
        return _refused(wrong)
    visit = hold_rows(sent.visit, county=sender.scope.county)
    if visit is None:
        return _mend_or_wait(sent, sender)
    if sent.base is not None and sent.base > visit.version:
        return Answer(Verdict.WAITING, 202, "前一次修改还没有送到，先收下，送到后自动登记。")
    child = find_child(visit.student_id, sender)
    if child is None or not child.in_reach:
        return _out_of_reach(visit.student)
    if "visited_on" in changes and sender.is_ahead(changes["visited_on"]):
        return _asked_about_the_day(changes["visited_on"], visit.student)
    return _edit(visit, sent=sent, changes=changes, sender=sender)


def _edit(visit: HomeVisit, *, sent: Sent, changes: Content, sender: Sender) -> Answer:
    try:
        edit = edit_visit(
            visit,
            actor=sender.person,
            changes=changes,
            base=sent.base,
            origin=sender.origin(sent),
        )
    except WrongDays as refusal:
        return _refused({refusal.field: str(refusal)})
    except TransitionRefused as refusal:
        return held_answer(Reason.RULE, str(refusal), student_id=visit.student_id)
    if edit.clashing:
        labels = "、".join(contents.LABELS[name] for name in edit.clashing)
        return held_answer(
            Reason.CONFLICT,
            f"{labels}已被别人改过，两种写法都已保留，请在“待处理家访”中逐项选定。",
            verdict=Verdict.CONFLICT,
            status=409,
            student_id=visit.student_id,
            clashing=edit.clashing,
            version=visit.version,
        )
    if edit.merged:
        words = "修改已登记；别人同时改了其他栏目，已合在一起。"
        return Answer(Verdict.MERGED, 200, words, edit.version)
    return Answer(Verdict.ACCEPTED, 200, "修改已登记。", edit.version)


def _mend_or_wait(sent: Sent, sender: Sender) -> Answer:
    """No visit yet: either it is held and this edit belongs to it, or it has not come."""
    held = holding.open_visit(sent.visit, county=sender.scope.county, person_id=sender.person.pk)
    if held is None:
        return Answer(Verdict.WAITING, 202, "原来的家访还没有送到，修改先收下，送到后自动登记。")
    mended = replace(Sent.of(held.op), content=holding.content_of(held) | sent.content)
    answer = _decide_held(mended, sender)
    if answer.version is None:
        holding.keep_mended(held, mended.content)
        words = "修改已收下，和原来的家访一起等负责人处理。"
        return replace(answer, words=(answer.fields and answer.words) or words, reason="")
    holding.answer_anew(held.op, answer.fields_of_row())
    holding.settle(
        held,
        outcome=HeldOp.Outcome.MENDED,
        person=sender.person,
        now=sender.now,
        note="送出人已改正",
    )
    return replace(answer, status=200)


def _decide_held(sent: Sent, sender: Sender) -> Answer:
    """A held visit asked again with its mended content."""
    content, wrong = contents.read(sent.content, is_whole=True)
    if wrong:
        return _refused(wrong)
    child = find_child(sent.student, sender)
    if child is None or not child.in_reach or sender.is_ahead(content["visited_on"]):
        return Answer(Verdict.QUARANTINED, 202, "")
    return write(sent, content, child=child.student, sender=sender)
