"""What becomes of a paper: served, its receipt scanned, its result, or void with its number."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import IO

from django.db import transaction

from accounts.models import User
from casework.legal_rules import ServiceWay, refuse_service
from casework.models import CaseCode, LegalPaper
from casework.models.task import TaskKind
from casework.queries.bodies import ISSUE, bodies_of
from casework.services import scans
from casework.services.legal import words
from casework.services.legal.issue import about
from casework.services.step import hold_case, known_code
from casework.services.task import finish_tasks
from casework.services.telling import tell_served
from casework.states import TransitionRefused, refuse_unlikely_day
from core import audit, papers
from core.access import Scope
from schools.calendar import work_calendar

OF_PAPER = (TaskKind.LEGAL_SERVE, TaskKind.LEGAL_NEXT)


def hold_paper(*, scope: Scope, paper_id: int) -> LegalPaper:
    """Another body's paper is `LegalPaper.DoesNotExist`, the same as none."""
    own = LegalPaper.objects.within(scope, ISSUE).of_bodies([b.code for b in bodies_of(scope)])
    case_id = own.values_list("case", flat=True).get(pk=paper_id)
    hold_case(scope=scope, permission=ISSUE, case_id=case_id)
    rows = own.select_related("kind", "case").select_for_update(of=("self",))
    paper = rows.get(pk=paper_id)
    if paper.voided_on:
        raise TransitionRefused(f"{paper}已于 {paper.voided_on:%Y-%m-%d} 作废，不能再办理。")
    return paper


@transaction.atomic
def serve_paper(
    *,
    scope: Scope,
    actor: User,
    paper_id: int,
    today: date,
    served_on: date,
    served_way: ServiceWay,
    receiver: str,
    receiver_relation: str = "",
    served_by: str,
    service_note: str = "",
    scan: IO[bytes] | None = None,
    scan_size: int = 0,
) -> LegalPaper:
    paper = hold_paper(scope=scope, paper_id=paper_id)
    if not paper.kind.is_served or paper.served_on:
        raise TransitionRefused(_served_already(paper))
    way = ServiceWay(served_way)
    refuse_service(
        way=way,
        served_on=served_on,
        issued_on=paper.issued_on,
        today=today,
        deadline_on=paper.deadline_on,
        note=service_note,
    )
    paper.served_on, paper.served_way, paper.receiver = served_on, way, receiver
    paper.receiver_relation, paper.served_by = receiver_relation, served_by
    paper.service_note = service_note
    if paper.deadline_days is not None:
        paper.deadline_on = _counted(paper, from_day=served_on)
    paper.save(
        update_fields=[
            *("served_on", "served_way", "receiver", "receiver_relation"),
            *("served_by", "service_note", "deadline_on"),
        ]
    )
    finish_tasks(paper.case, on=served_on, kinds=[TaskKind.LEGAL_SERVE], about=about(paper.pk))
    told = {"served_on": served_on.isoformat(), "served_way": way.label}
    audit.record(county=paper.county, actor=actor, action="legal.serve", target=paper, after=told)
    tell_served(paper, actor=actor, on=today)
    if scan is not None:
        _keep_scan(paper, actor=actor, scan=scan, size=scan_size)
    return paper


def _served_already(paper: LegalPaper) -> str:
    if paper.served_on is None:
        return f"{paper}是记录，不需要送达。"
    return f"{paper}已于 {paper.served_on:%Y-%m-%d} 登记送达，不必重复登记。"


def _counted(paper: LegalPaper, *, from_day: date) -> date:
    """The day of service is not counted; a last day off moves to the next worked one."""
    calendar, days = work_calendar(), paper.deadline_days or 0
    if paper.kind.in_working_days:
        return calendar.add(from_day, days)
    return calendar.next(from_day + timedelta(days=days))


@transaction.atomic
def add_scan(
    *, scope: Scope, actor: User, paper_id: int, scan: IO[bytes], scan_size: int
) -> LegalPaper:
    """送达回证 comes back later than the service is written down, or is scanned again better."""
    paper = hold_paper(scope=scope, paper_id=paper_id)
    if paper.served_on is None:
        raise TransitionRefused(f"{paper}还没有登记送达，请先登记送达，再上传送达回证。")
    _keep_scan(paper, actor=actor, scan=scan, size=scan_size)
    return paper


def _keep_scan(paper: LegalPaper, *, actor: User, scan: IO[bytes], size: int) -> None:
    kept, old = scans.keep(scan, size=size), paper.scan
    paper.scan, paper.scan_type = kept.stored_as, kept.media_type
    paper.save(update_fields=["scan", "scan_type"])
    audit.record(
        county=paper.county,
        actor=actor,
        action="legal.scan",
        target=paper,
        after={"sha256": kept.sha256},
    )
    transaction.on_commit(lambda: scans.forget(old))


@transaction.atomic
def record_result(
    *,
    scope: Scope,
    actor: User,
    paper_id: int,
    today: date,
    result: str,
    result_on: date,
    result_note: str = "",
) -> LegalPaper:
    paper = hold_paper(scope=scope, paper_id=paper_id)
    if paper.served_on is None:
        raise TransitionRefused(f"{paper}还没有登记送达，请先登记送达，再登记结果。")
    refuse_unlikely_day(
        "结果日期", result_on, today=today, earliest=paper.served_on, earliest_name="送达日期"
    )
    code = known_code(CaseCode.List.LEGAL_RESULT, result, on=result_on)
    if code.code not in paper.kind.results:
        raise TransitionRefused(f"《{paper.kind.name}》没有“{code.name}”这项结果，请另选一项。")
    before = paper.result
    paper.result, paper.result_on, paper.result_note = result, result_on, result_note
    paper.save(update_fields=["result", "result_on", "result_note"])
    finish_tasks(paper.case, on=today, kinds=OF_PAPER, about=about(paper.pk))
    audit.record(
        county=paper.county,
        actor=actor,
        action="legal.result",
        target=paper,
        before={"result": before},
        after={"result": code.name},
    )
    return paper


@transaction.atomic
def void_paper(
    *, scope: Scope, actor: User, paper_id: int, today: date, void_reason: str
) -> LegalPaper:
    """The number stays with it and is not given again."""
    paper = hold_paper(scope=scope, paper_id=paper_id)
    later = paper.followers.filter(voided_on=None).select_related("kind").first()
    if later is not None:
        raise TransitionRefused(f"{later}是依据这份文书制作的，请先将那一份作废，再作废这一份。")
    paper.voided_on, paper.void_reason = today, void_reason
    paper.save(update_fields=["voided_on", "void_reason"])
    finish_tasks(paper.case, on=today, kinds=OF_PAPER, about=about(paper.pk))
    audit.record(
        county=paper.county,
        actor=actor,
        action="legal.void",
        target=paper,
        after={"number": paper.number, "reason": void_reason},
    )
    return paper


def print_paper(paper: LegalPaper, *, actor: User, as_word: bool) -> bytes:
    """Made anew from the kept words: the file of today is the file of the day of issue.

    Errors: papers.NoChineseFont.
    """
    sheets: list[papers.Paper] = paper.data
    if paper.voided_on:
        day = papers.day_in_words(paper.voided_on)
        sheets = words.voided(sheets, on=day, reason=paper.void_reason)
    make = papers.docx if as_word else papers.pdf
    content = make(sheets, on=paper.issued_on)
    audit.record(
        county=paper.county,
        actor=actor,
        action="legal.print",
        target=paper,
        after={"number": paper.number, "file": "docx" if as_word else "pdf"},
    )
    return content


def read_scan(paper: LegalPaper, *, actor: User) -> Iterator[bytes]:
    """Errors: OSError, crypto.CannotOpen, while it is read."""
    audit.record(county=paper.county, actor=actor, action="legal.scan_taken", target=paper)
    return scans.pieces(paper.scan)
