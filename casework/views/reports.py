"""控辍保学月报告: who has reported and who has not, and one school's report."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from casework.models.report import MonthReport
from casework.services import report
from casework.states import TransitionRefused
from core import paging
from core.access import Permission
from core.forms import OfficeForm
from core.web import Requires
from schools.deadlines import NoDeadline
from schools.models import School

_SHOWN_MONTHS = 12


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _months(today: date) -> list[date]:
    """This month and those before it, newest first."""
    first = today.replace(day=1)
    return [
        date(first.year + (first.month - 1 - back) // 12, (first.month - 1 - back) % 12 + 1, 1)
        for back in range(_SHOWN_MONTHS)
    ]


class ReportIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/report_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        months = _months(today)
        month = _month(self.request.GET.get("month", "")) or months[0]
        asked = self.request.GET.get("state", "")
        schools = report.asked_within(scope, month=month)
        chips = _chips(schools)
        state = asked if asked in _WHICH else "missing"
        page = paging.page(
            schools.filter(_WHICH[state]).select_related("township"),
            by="code",
            asked=self.request.GET,
            count=next(count for value, _, count in chips if value == state),
        )
        reports = MonthReport.objects.filter(school__in=page.rows, month=month)
        by_school = {one.school_id: one for one in reports}
        may_report = School.objects.within(scope, Permission.MONTH_REPORT)
        return super().get_context_data(
            month=month,
            months=months,
            state=state,
            chips=chips,
            page=page,
            lines=[(school, by_school.get(school.pk)) for school in page.rows],
            mine=set(may_report.values_list("pk", flat=True))
            if scope.can(Permission.MONTH_REPORT)
            else set(),
            due_on=_due(month, scope.county),
            today=today,
            **kwargs,
        )


def _due(month: date, county: str) -> date | None:
    try:
        return report.due_day(month, county=county)
    except NoDeadline:
        return None


_WHICH = {
    "missing": Q(told=None),
    "zero": Q(told=0),
    "some": Q(told__gt=0),
}
_WORDS = {"missing": "未报告", "zero": "零报告", "some": "有疑似或辍学"}


def _chips(schools: "QuerySet[School]") -> list[tuple[str, str, int]]:
    counted = schools.aggregate(**{name: Count("pk", filter=q) for name, q in _WHICH.items()})
    return [(name, words, counted[name]) for name, words in _WORDS.items()]


class ReportForm(OfficeForm):
    note = forms.CharField(
        label="说明",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="需要县教育局知道的情况，例如：两名疑似学生正在核查。",
    )


class ReportDetail(Requires, FormView):  # type: ignore[type-arg]
    """What one school reports for a month; the figures come from its cases."""

    permission = Permission.CASE_VIEW
    http_method_names = ["get", "head"]
    template_name = "casework/report_form.html"
    form_class = ReportForm

    @cached_property
    def school(self) -> School:
        rows = School.objects.within(self.request.scope, self.permission).distinct()
        return get_object_or_404(rows, pk=self.kwargs["school_id"])

    @cached_property
    def month(self) -> date:
        month = _month(self.kwargs["month"])
        if month is None or month > timezone.localdate():
            raise Http404
        return month

    @cached_property
    def report(self) -> MonthReport | None:
        return MonthReport.objects.filter(school=self.school, month=self.month).first()

    def get_initial(self) -> dict[str, Any]:
        return {"note": self.report.note if self.report else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = School.objects.within(self.request.scope, Permission.MONTH_REPORT)
        return super().get_context_data(
            school=self.school,
            month=self.month,
            report=self.report,
            figures=report.figures(self.school, month=self.month),
            may_report=mine.filter(pk=self.school.pk).exists(),
            due_on=_due(self.month, self.school.county),
            **kwargs,
        )


class ReportSend(ReportDetail):
    permission = Permission.MONTH_REPORT
    http_method_names = ["post"]

    def form_valid(self, form: ReportForm) -> HttpResponse:
        try:
            sent = report.report_month(
                scope=self.request.scope,
                actor=self.request.user,
                school_id=self.school.pk,
                month=self.month,
                today=timezone.localdate(),
                note=form.cleaned_data["note"],
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        words = "零报告已报送" if sent.is_zero else "月报告已报送"
        messages.success(self.request, f"{sent.month:%Y-%m} {words}。")
        return redirect("casework:report-detail", self.school.pk, self.kwargs["month"])
