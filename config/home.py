"""The home page gathers from every floor, so it stands above them all.

Every figure leads to the list of its rows, and is counted by the very query of that list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.generic import TemplateView

from accounts.models import User
from accounts.queries import staff
from casework.queries import UNSETTLED, CaseList
from casework.states import CaseState
from core import paging
from core.access import Permission, Scope
from core.models import Job
from core.queries import RECENT_DAYS, audit_entries, jobs_of
from core.web import Requires
from ledgers.kinds import KINDS
from ledgers.models import LedgerVersion
from students.forms import NOT_ENROLLED
from students.models import ImportBatch
from students.queries import students
from students.queries.batches import batches

LATEST_LEDGERS = 6


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


class Home(Requires, TemplateView):
    permission = Permission.HOME_VIEW
    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        waiting = [*_imports(scope), *_jobs(scope, self.request.user), *_cases_due(scope, today)]
        return super().get_context_data(
            todos=[figure for figure in waiting if figure.count],
            counts=[*_students(scope, today), *_cases(scope, today), *_watch(scope, today)],
            ledgers=_ledgers(scope),
            today=today,
            **kwargs,
        )


def _link(name: str, **asked: str) -> str:
    return reverse(name) + (f"?{urlencode(asked)}" if asked else "")


def _students(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.STUDENT_VIEW):
        return
    everyone = students(scope, chosen={}, on=on)
    absent = students(scope, chosen={"state": NOT_ENROLLED}, on=on)
    to = "students:student-list"
    yield Figure("学生", _count(everyone, scope), _link(to))
    yield Figure("未就读学生", _count(absent, scope), _link(to, state=NOT_ENROLLED), "bad")


def _count(rows: Any, scope: Scope) -> int:
    """As the student list counts."""
    whole = scope.whole_county(Permission.STUDENT_VIEW)
    return paging.capped_count(rows) if whole else int(rows.count())


def _cases(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.CASE_VIEW):
        return
    cases, to = CaseList(scope, on, {}), "casework:case-list"
    chips = {value: (label, count) for value, label, count in cases.chips()}
    yield Figure("未结个案", chips[UNSETTLED][1], _link(to, state=UNSETTLED), "warn")
    for state in _SHOWN:
        label, count = chips[state.value]
        yield Figure(label, count, _link(to, state=state.value))


_SHOWN = (
    CaseState.SUSPECTED,
    CaseState.CONFIRMED,
    CaseState.PERSUADING,
    CaseState.ESCALATED,
    CaseState.RETURNED,
    CaseState.OBSERVING,
)


def _cases_due(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.CASE_VIEW):
        return
    days = str(settings.VISIT_DUE_DAYS)
    asked = {"overdue": days, "state": UNSETTLED}
    due = CaseList(scope, on, asked)
    href = _link("casework:case-list", **asked)
    yield Figure(f"个案 {days} 天以上没有家访", due.count, href, "bad")
    suspected = {"state": CaseState.SUSPECTED.value}
    count = CaseList(scope, on, suspected).count
    yield Figure("疑似辍学待核查", count, _link("casework:case-list", **suspected), "warn")


def _imports(scope: Scope) -> Iterator[Figure]:
    if not scope.can(Permission.ROSTER_IMPORT):
        return
    waiting = {
        ImportBatch.State.MAPPING: "名册待对应列",
        ImportBatch.State.CHECKED: "名册已核对，待提交",
    }
    for state, words in waiting.items():
        count = batches(scope, state=state).count()
        yield Figure(words, count, _link("students:import-list", state=state.value), "warn")


def _jobs(scope: Scope, user: User) -> Iterator[Figure]:
    if not scope.can(Permission.JOB_VIEW):
        return
    asked = {"state": Job.State.FAILED.value, "days": str(RECENT_DAYS)}
    failed = jobs_of(scope, actor_id=user.pk, now=timezone.now(), **asked)
    label = f"近 {RECENT_DAYS} 天未完成的任务"
    yield Figure(label, failed.count(), _link("core:job-list", **asked), "bad")


def _watch(scope: Scope, on: date) -> Iterator[Figure]:
    """For those who keep accounts or read the trail."""
    if scope.whole_county(Permission.USER_MANAGE):
        count = paging.capped_count(staff(scope, on=on, chosen={}))
        yield Figure("账号", count, _link("accounts:user-list"))
    if scope.whole_county(Permission.AUDIT_VIEW):
        asked = {"first_day": on.isoformat(), "last_day": on.isoformat()}
        count = paging.capped_count(audit_entries(scope, first_day=on, last_day=on))
        yield Figure("今天的审计记录", count, _link("audit-list", **asked))


def _ledgers(scope: Scope) -> list[tuple[str, LedgerVersion]]:
    """Title and latest version of each kind's newest periods."""
    versions = LedgerVersion.objects.within(scope, Permission.LEDGER_VIEW)
    newest = versions.filter(unit=scope.county).order_by("-built_at")[:LATEST_LEDGERS]
    return [(KINDS[one.kind].title if one.kind in KINDS else one.kind, one) for one in newest]
