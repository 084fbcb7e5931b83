"""What waits for somebody today, each figure counted by the query of the list it leads to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from casework.legal_rules import PaperStage
from casework.models import HeldOp
from casework.models.task import TaskKind, TaskLine
from casework.queries import UNSETTLED, CaseList
from casework.queries.attendance import called_classes
from casework.queries.gaps import Gaps, total
from casework.queries.handovers import HandoverList
from casework.queries.papers import PaperList
from casework.queries.tasks import LATE, TODAY, WEEK, TaskList
from casework.queries.visit_plans import UNREAD, ReviewList
from casework.services.report import asked_within
from core import paging
from core.access import Permission, Scope
from core.models import Job
from core.queries import RECENT_DAYS, jobs_of
from schools.calendar import work_calendar
from students.models import ImportBatch
from students.queries.batches import batches

TOWNSHIP = 9  # digits of a township's code


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and the list whose rows it counts."""

    label: str
    count: int
    href: str
    tone: str = ""

    @property
    def text(self) -> str:
        return paging.count_text(self.count)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Tasks of one kind, or of every kind: late, of today, of the next seven days."""

    name: str
    figures: tuple[Figure, ...]


def link(name: str, **asked: str) -> str:
    return reverse(name) + (f"?{urlencode(asked)}" if asked else "")


_DAYS = ((LATE, "逾期", "bad"), (TODAY, "今天到期", "warn"), (WEEK, "七天内到期", ""))


def task_rows(scope: Scope, on: date) -> list[TaskRow]:
    """The sum first; nothing where nothing is due."""
    if not scope.can(Permission.CASE_VIEW):
        return []
    lines = TaskList(scope, on, {}).soon_by_kind()
    if not lines:
        return []
    every = {day: sum(counts[day] for counts in lines.values()) for day, *_ in _DAYS}
    return [
        _task_row("全部事项", every),
        *(_task_row(str(kind.label), lines[kind], kind) for kind in TaskKind if kind in lines),
    ]


def _task_row(name: str, counts: dict[str, int], kind: TaskKind | None = None) -> TaskRow:
    asked = {"kind": kind.value} if kind else {}
    figures = (
        Figure(f"{name}{words}", counts[day], link("casework:task-list", when=day, **asked), tone)
        for day, words, tone in _DAYS
    )
    return TaskRow(name, tuple(figures))


def todos(scope: Scope, user: User, on: date) -> list[Figure]:
    """Only what there is something of, the nearest to the children first."""
    waiting = (
        *_classes(scope, on),
        *_asked_of_me(scope, user, on),
        *_visits(scope, user, on),
        *_papers(scope, on),
        *_reports(scope, on),
        *_cases_due(scope, on),
        *_imports(scope),
        *_jobs(scope, user),
    )
    return [figure for figure in waiting if figure.count]


def _classes(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.ATTENDANCE_TAKE) or not work_calendar().works(on):
        return
    missing = called_classes(scope, day=on).filter(Q(called_at=None))
    yield Figure(
        "今天未点名的班级",
        missing.count(),
        link("casework:attendance-list", state="missing"),
        "warn",
    )


def _asked_of_me(scope: Scope, user: User, on: date) -> Iterator[Figure]:
    if scope.can(Permission.CASE_HAND_OVER):
        offered = HandoverList(scope, user.pk).rows("asked").still_open()
        yield Figure("个案移交待答复", offered.count(), link("casework:handover-list"), "warn")
    for line, words in _signing(scope):
        yield _tasks(scope, on, words, kind=TaskKind.SIGN.value, line=line.value)
    if scope.can(Permission.PLAN_APPROVE):
        yield _tasks(scope, on, "一人一案待审批", kind=TaskKind.PLAN_REVIEW.value)


def _signing(scope: Scope) -> Iterator[tuple[TaskLine, str]]:
    """A school signs for education, a township for government."""
    grants = [grant for grant in scope.grants if Permission.CASE_SIGN in grant.permissions]
    if any(grant.school for grant in grants):
        yield TaskLine.EDUCATION, "销号待学校签字"
    if any(len(grant.region) == TOWNSHIP for grant in grants):
        yield TaskLine.GOVERNMENT, "销号待乡镇签字"


def _tasks(scope: Scope, on: date, label: str, **asked: str) -> Figure:
    count = TaskList(scope, on, asked).rows.count()
    return Figure(label, count, link("casework:task-list", **asked), "warn")


def _visits(scope: Scope, user: User, on: date) -> Iterator[Figure]:
    if scope.can(Permission.VISIT_LOG):
        waiting = HeldOp.objects.within(scope, Permission.VISIT_LOG).still_open()
        yield Figure("待处理家访", waiting.count(), link("casework:held-list"), "warn")
    if scope.can(Permission.VISIT_REVIEW) and not scope.whole_county(Permission.VISIT_REVIEW):
        unread = ReviewList(scope, user.pk, on).rows(UNREAD)
        yield Figure(
            "家访待复核", unread.count(), link("casework:visit-reviews", which=UNREAD), "warn"
        )


def _papers(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.LEGAL_ISSUE):
        return
    by_stage = PaperList(scope, on, {}).by_stage
    for stage, words, tone in (
        (PaperStage.UNSERVED, "依法文书待送达", "warn"),
        (PaperStage.LATE, "依法文书已过期限、没有结果", "bad"),
    ):
        href = link("casework:paper-list", stage=stage.value)
        yield Figure(words, by_stage[stage.value], href, tone)


def _reports(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.CASE_MANAGE):
        return
    missing = asked_within(scope, month=on.replace(day=1)).filter(Q(told=None))
    own = scope.can(Permission.MONTH_REPORT)
    words = "本月控辍保学月报告未报送" if own else "本月未报送月报告的学校"
    yield Figure(words, missing.count(), link("casework:report-list", state="missing"), "warn")


def _cases_due(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.CASE_VIEW):
        return
    days = str(settings.VISIT_DUE_DAYS)
    asked = {"overdue": days, "state": UNSETTLED}
    due = CaseList(scope, on, asked)
    yield Figure(
        f"个案 {days} 天以上没有家访", due.count, link("casework:case-list", **asked), "bad"
    )


def _imports(scope: Scope) -> Iterator[Figure]:
    if not scope.can(Permission.ROSTER_IMPORT):
        return
    waiting = {
        ImportBatch.State.MAPPING: "名册待对应列",
        ImportBatch.State.CHECKED: "名册已核对，待提交",
    }
    for state, words in waiting.items():
        count = batches(scope, state=state).count()
        yield Figure(words, count, link("students:import-list", state=state.value), "warn")


def _jobs(scope: Scope, user: User) -> Iterator[Figure]:
    if not scope.can(Permission.JOB_VIEW):
        return
    asked = {"state": Job.State.FAILED.value, "days": str(RECENT_DAYS)}
    failed = jobs_of(scope, actor_id=user.pk, now=timezone.now(), **asked)
    label = f"近 {RECENT_DAYS} 天未完成的任务"
    yield Figure(label, failed.count(), link("core:job-list", **asked), "bad")


def duty_gaps(scope: Scope, on: date) -> list[Figure]:
    """Children nobody answers for, by line. Apart: of a whole county it takes its time."""
    by = "town" if scope.whole_county(Permission.RESPONSIBILITY_VIEW) else "school"
    sums = total(Gaps(scope, on, {}).lines(by))
    return [
        Figure(words, count, link("casework:gap-list", line=line, show="list"), "warn")
        for line, words, count in (
            ("education", "教育线没有责任人的学生", sums.education),
            ("government", "政府线没有责任人的学生", sums.government),
        )
        if count
    ]
