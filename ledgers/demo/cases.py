"""Dropout cases of two school years in every state, told through the services a person uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.scope import scope_for
from casework import services
from casework.models import DropoutCase
from casework.models.signature import SignatureLine
from casework.queries.standing import digest_of
from casework.states import Action, VisitKind, VisitOutcome
from core.access import Scope
from ledgers.demo import papers
from ledgers.demo.moves import school_for
from ledgers.demo.stories import stories
from ledgers.demo.users import Signers
from students.models import Student
from students.transfers import services as transfers

_LONGEST_STEP = 8  # days
_HOLIDAYS = (2, 7, 8)  # months in which nobody misses a lesson
_SOURCES = ("school", "school", "township", "sent_down", "status_match")
_SUSPICIONS = ("连续缺课未请假", "开学未报到", "多次请假后未返校", "学籍比对无就读记录")
_CAUSES = ("R02", "R02", "R01", "R03", "R12", "R10", "R15", "R06")
_EXCUSES = (
    ("X03", "在读证明一份，就读学校已盖章"),
    ("X04", "学籍截图一份，与就读学校班主任通话核实"),
    ("X02", "县内接收学校书面说明"),
    ("X08", "休学审批表及县级医院证明"),
    ("X01", "当日考勤表及到校照片"),
)
_FINDINGS = (
    "孩子在家，情绪稳定，不愿谈学习。",
    "父母外出，由祖父母照看，说不清去向。",
    "孩子跟随亲戚在外务工，已电话联系。",
)
_ADVICE = (
    "由班主任结对补课，每周联系一次。",
    "请村委会协助联系监护人返乡。",
    "协调插入原班，安排心理辅导。",
)


@dataclass(slots=True)
class _Pen:
    """Who writes a case down, and the day it is at."""

    officer: User
    scope: Scope
    signers: Signers
    rng: Random
    case_id: int
    day: date
    today: date
    was_enrolled: bool

    @property
    def now(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.day, time(10)))


def tell_cases(
    *,
    officer: User,
    signers: Signers,
    students: Sequence[int],
    rng: Random,
    today: date,
    year_began: date,
) -> None:
    """One case a student, open ones first; the order of `students` decides who gets which."""
    scope = scope_for(officer, on=today)
    enrolled = set(
        Student.objects.filter(pk__in=students).exclude(school=None).values_list("pk", flat=True)
    )
    for student, (story, is_open) in zip(students, stories(len(students)), strict=True):
        opened_on = _opening(len(story), is_open, rng=rng, today=today, year_began=year_began)
        case = _open(officer, scope, student, opened_on, rng=rng, was_enrolled=student in enrolled)
        pen = _Pen(officer, scope, signers, rng, case, opened_on, today, student in enrolled)
        for step in story:
            pen.day += timedelta(days=rng.randrange(2, _LONGEST_STEP + 1))
            _STEPS[step](pen)
    _place_openings(scope.county)


def _opening(steps: int, is_open: bool, *, rng: Random, today: date, year_began: date) -> date:
    needed = timedelta(days=3 + _LONGEST_STEP * steps)
    if is_open:
        return today - needed - timedelta(days=rng.randrange(20))
    earliest = year_began.replace(year=year_began.year - 1) + timedelta(days=15)
    days = max((today - needed - earliest).days, 0)
    opened_on = earliest
    for _ in range(20):
        opened_on = earliest + timedelta(days=rng.randrange(days + 1))
        if opened_on.month not in _HOLIDAYS:
            break
    return opened_on


def _open(
    officer: User,
    scope: Scope,
    student: int,
    opened_on: date,
    *,
    rng: Random,
    was_enrolled: bool,
) -> int:
    source = rng.choice(_SOURCES) if was_enrolled else "township"
    last_present_on = opened_on - timedelta(days=rng.randrange(8, 15))
    case = services.open_case(
        scope=scope,
        actor=officer,
        student_id=student,
        today=opened_on,
        opened_on=opened_on,
        source=source,
        last_present_on=last_present_on if was_enrolled else None,
        suspicion=rng.choice(_SUSPICIONS) if was_enrolled else "适龄儿童未入学",
        sent_down_batch=f"{opened_on:%Y}年第{rng.randrange(1, 4)}批"
        if source == "sent_down"
        else "",
    )
    return case.pk


def _visit(pen: _Pen, kind: VisitKind, outcome: VisitOutcome, *, people_met: str) -> None:
    promised = outcome == VisitOutcome.PROMISED
    services.log_home_visit(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        client_uuid=UUID(int=pen.rng.getrandbits(128), version=4),
        today=pen.day,
        visited_on=pen.day,
        kind=kind,
        outcome=outcome,
        visitors=pen.rng.choice(("班主任、村干部", "班主任、副校长", "包村干部、校长")),
        people_met=people_met,
        findings=pen.rng.choice(_FINDINGS),
        advice=pen.rng.choice(_ADVICE),
        promised_on=pen.day + timedelta(days=3) if promised else None,
        next_visit_on=pen.day + timedelta(days=7),
    )


def _phone(pen: _Pen) -> None:
    _visit(pen, VisitKind.PHONE, VisitOutcome.NOT_MET, people_met="")


def _check(pen: _Pen) -> None:
    _visit(pen, VisitKind.FIRST_CHECK, VisitOutcome.TALKED, people_met="祖父母")


def _persuade(pen: _Pen) -> None:
    _visit(pen, VisitKind.PERSUASION, VisitOutcome.TALKED, people_met="学生、母亲")


def _promise(pen: _Pen) -> None:
    _visit(pen, VisitKind.PERSUASION, VisitOutcome.PROMISED, people_met="学生、父亲")


def _refuse(pen: _Pen) -> None:
    _visit(pen, VisitKind.PERSUASION, VisitOutcome.REFUSED, people_met="父亲")


def _look(pen: _Pen) -> None:
    _visit(pen, VisitKind.OBSERVATION, VisitOutcome.BACK, people_met="学生、班主任")


def _verify(pen: _Pen, result: str, **facts: Any) -> None:
    services.verify_case(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        verified_on=pen.day,
        result=result,
        verified_by=pen.officer.full_name,
        **facts,
    )


def _confirm(pen: _Pen) -> None:
    main, other = pen.rng.sample(sorted(set(_CAUSES)), 2)
    _verify(
        pen,
        "C01" if pen.was_enrolled else "C02",
        main_cause=main,
        causes=[other],
        dropped_out_on=pen.day - timedelta(days=pen.rng.randrange(3, 10)),
        whereabouts=pen.rng.choice(("在家", "随父母在外", "县城餐馆帮工", "外省务工")),
    )


def _exclude(pen: _Pen) -> None:
    result, evidence = pen.rng.choice(_EXCUSES)
    _verify(pen, result, evidence=evidence)


def _unclear(pen: _Pen) -> None:
    _verify(pen, "U01")


def _advance(pen: _Pen, action: Action) -> None:
    services.advance_case(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        action=action,
        today=pen.day,
        on=pen.day,
    )


def _order(pen: _Pen) -> None:
    papers.order(pen.case_id, officer=pen.officer, scope=pen.scope, rng=pen.rng, on=pen.day)


def _watch(pen: _Pen) -> None:
    _advance(pen, Action.OBSERVE)


def _back(pen: _Pen) -> None:
    services.return_student(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        returned_on=pen.day,
        placement=pen.rng.choice(("RP01", "RP01", "RP02", "RP03", "RP04")),
    )


def _relapse(pen: _Pen) -> None:
    services.record_relapse(
        scope=pen.scope, actor=pen.officer, case_id=pen.case_id, today=pen.day, on=pen.day
    )


def _teach_at_home(pen: _Pen) -> None:
    services.place_student(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        on=pen.day,
        placement="RP08",
        ending_proof=f"残教安置〔{pen.day.year}〕{pen.rng.randrange(1, 60)}号",
    )


def _send_away(pen: _Pen) -> None:
    """Sent two days ago: the receiving school still has its time to answer."""
    pen.day = max(pen.day, pen.today - timedelta(days=2))
    student = Student.objects.get(cases=pen.case_id)
    if student.school_id is None:
        return
    transfers.send(
        scope=pen.scope,
        actor=pen.officer,
        student_id=student.pk,
        to=school_for(student, pen.rng, on=pen.day),
        reason="随父母到务工地就读",
        now=pen.now,
    )
    services.await_receipt(
        scope=pen.scope, actor=pen.officer, case_id=pen.case_id, today=pen.day, on=pen.day
    )


def _propose(pen: _Pen) -> None:
    services.propose_lapse(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        on=pen.day,
        lapse_reason="moved_out",
        ending_proof=f"派出所户口迁移证明，{pen.day:%Y-%m-%d}",
    )


def _sign(pen: _Pen, line: SignatureLine) -> None:
    case = DropoutCase.objects.select_related("student__school__township").get(pk=pen.case_id)
    signer = pen.signers.of(case.student, line)
    services.sign_ending(
        scope=scope_for(signer, on=pen.day),
        actor=signer,
        case_id=pen.case_id,
        line=line,
        digest=digest_of(case),
        now=pen.now,
    )


def _head_signs(pen: _Pen) -> None:
    _sign(pen, SignatureLine.EDUCATION)


def _both_sign(pen: _Pen) -> None:
    for line in SignatureLine:
        _sign(pen, line)


def _close(pen: _Pen) -> None:
    services.close_case(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        closed_on=pen.day,
        note="跟踪期满，稳定在校。",
    )


def _lapse(pen: _Pen) -> None:
    services.lapse_case(
        scope=pen.scope,
        actor=pen.officer,
        case_id=pen.case_id,
        today=pen.day,
        closed_on=pen.day,
    )


_STEPS = {
    "phone": _phone,
    "check": _check,
    "unclear": _unclear,
    "confirm": _confirm,
    "exclude": _exclude,
    "persuade": _persuade,
    "promise": _promise,
    "refuse": _refuse,
    "order": _order,
    "back": _back,
    "watch": _watch,
    "look": _look,
    "relapse": _relapse,
    "teach_at_home": _teach_at_home,
    "send_away": _send_away,
    "propose": _propose,
    "head_signs": _head_signs,
    "both_sign": _both_sign,
    "close": _close,
    "lapse": _lapse,
}


def _place_openings(county: str) -> None:
    """A case of the year before was opened at the school and grade of that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE casework_dropoutcase kase
               SET school_at_opening_id = stay.school_id, grade_at_opening = stay.grade
              FROM students_enrolment stay
             WHERE kase.county = %(county)s AND stay.student_id = kase.student_id
               AND kase.opened_on BETWEEN stay.valid_from
                                      AND coalesce(stay.valid_to, kase.opened_on)
               AND (kase.school_at_opening_id, kase.grade_at_opening)
                   IS DISTINCT FROM (stay.school_id, stay.grade)
            """,
            {"county": county},
        )
