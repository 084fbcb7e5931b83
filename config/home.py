"""The home page gathers from every floor, so it stands above them all.

Every figure leads to the list of its rows, and is counted by the very query of that list.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView

from accounts.queries import staff
from casework.queries import UNSETTLED, CaseList
from casework.states import CaseState
from config.todos import Figure, duty_gaps, link, task_rows, todos
from core import paging
from core.access import Permission, Scope
from core.queries import audit_entries
from core.web import Requires
from ledgers.kinds import KINDS
from ledgers.models import LedgerVersion
from students.forms import NOT_ENROLLED
from students.queries import students

LATEST_LEDGERS = 6
# What counts today, by what the person may do; the first that fits.
_FOCUS = (
    (Permission.DEADLINE_SET, "先看逾期任务、没有报月报告的学校和没有责任人的学生"),
    (Permission.MONTH_REPORT, "先看未点名的班级和待签字的个案，月底前报月报告"),
    (Permission.ATTENDANCE_TAKE, "先点名，再按应办日期家访；没有网络用“离线家访”"),
    (Permission.CASE_MANAGE, "先看逾期任务、待签字的个案和待送达的文书"),
    (Permission.USER_MANAGE, "本岗位管理账号，不接触学生和个案"),
    (Permission.CASE_VIEW, "本岗位查看个案、台账和审计记录，不办理个案"),
    (Permission.AUDIT_VIEW, "本岗位查看审计记录，不接触学生和个案"),
    (Permission.LEDGER_VIEW, "本岗位查看台账，不办理个案"),
)


class Home(Requires, TemplateView):
    permission = Permission.HOME_VIEW
    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        return super().get_context_data(
            focus=next((words for permission, words in _FOCUS if scope.can(permission)), ""),
            tasks=task_rows(scope, today),
            todos=todos(scope, self.request.user, today),
            counts=[*_students(scope, today), *_cases(scope, today), *_watch(scope, today)],
            ledgers=_ledgers(scope),
            today=today,
            **kwargs,
        )


class HomeGaps(Requires, TemplateView):
    """Fetched by the home page once it stands: it looks at every child in reach."""

    permission = Permission.RESPONSIBILITY_ASSIGN
    template_name = "home_gaps.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#gaps" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gaps = duty_gaps(self.request.scope, timezone.localdate())
        return super().get_context_data(todos=gaps, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        response["Cache-Control"] = "no-store"
        return response


def _students(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.STUDENT_VIEW):
        return
    everyone = students(scope, chosen={}, on=on)
    absent = students(scope, chosen={"state": NOT_ENROLLED}, on=on)
    to = "students:student-list"
    yield Figure("学生", _count(everyone, scope), link(to))
    yield Figure("未就读学生", _count(absent, scope), link(to, state=NOT_ENROLLED), "bad")


def _count(rows: Any, scope: Scope) -> int:
    """As the student list counts."""
    whole = scope.whole_county(Permission.STUDENT_VIEW)
    return paging.capped_count(rows) if whole else int(rows.count())


def _cases(scope: Scope, on: date) -> Iterator[Figure]:
    if not scope.can(Permission.CASE_VIEW):
        return
    cases, to = CaseList(scope, on, {}), "casework:case-list"
    chips = {value: (label, count) for value, label, count in cases.chips()}
    yield Figure("未结个案", chips[UNSETTLED][1], link(to, state=UNSETTLED), "warn")
    for state in _SHOWN:
        label, count = chips[state.value]
        yield Figure(label, count, link(to, state=state.value))


_SHOWN = (
    CaseState.SUSPECTED,
    CaseState.CONFIRMED,
    CaseState.PERSUADING,
    CaseState.ESCALATED,
    CaseState.RETURNED,
    CaseState.OBSERVING,
)


def _watch(scope: Scope, on: date) -> Iterator[Figure]:
    """For those who keep accounts or read the trail."""
    if scope.whole_county(Permission.USER_MANAGE):
        count = paging.capped_count(staff(scope, on=on, chosen={}))
        yield Figure("账号", count, link("accounts:user-list"))
    if scope.whole_county(Permission.AUDIT_VIEW):
        asked = {"first_day": on.isoformat(), "last_day": on.isoformat()}
        count = paging.capped_count(audit_entries(scope, first_day=on, last_day=on))
        yield Figure("今天的审计记录", count, link("audit-list", **asked))


def _ledgers(scope: Scope) -> list[tuple[str, LedgerVersion]]:
    """Title and latest version of each kind's newest periods."""
    versions = LedgerVersion.objects.within(scope, Permission.LEDGER_VIEW)
    newest = versions.filter(unit=scope.county).order_by("-built_at")[:LATEST_LEDGERS]
    return [(KINDS[one.kind].title if one.kind in KINDS else one.kind, one) for one in newest]
