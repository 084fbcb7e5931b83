from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView

from casework import forms
from casework.models import DropoutCase, HomeVisit
from casework.queries import CaseList, case_lines, filter_choices, with_visits
from core import paging
from core.access import Permission, Scope
from core.web import Requires
from students.models import Student


class CaseIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/case_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        filters = forms.CaseFilters(self.request.GET, choices=filter_choices(scope, on=on))
        cases = CaseList(scope, on, filters.chosen)
        page = paging.page(cases.rows, by="-opened_on", asked=self.request.GET, count=cases.count)
        return super().get_context_data(
            filters=filters,
            chosen=filters.chosen,
            chips=self._chips(cases),
            page=page,
            lines=case_lines(page.rows),
            **kwargs,
        )

    def _chips(self, cases: CaseList) -> list[tuple[str, str, int, bool]]:
        """Query, label, count, chosen: the other filters stay as they are."""
        kept = self.request.GET.copy()
        for name in ("before", "after"):
            kept.pop(name, None)
        chips = []
        for value, label, count in cases.chips():
            kept["state"] = value
            here = value == cases.chosen.get("state", "")
            chips.append((kept.urlencode(), label, count, here))
        return chips


def _latest_visits(student: Student, scope: Scope, *, most: int = 10) -> "QuerySet[HomeVisit]":
    rows = HomeVisit.objects.within(scope, Permission.CASE_VIEW).filter(student=student)
    return rows.order_by("-visited_on", "-logged_at")[:most]


class StudentCases(Requires, TemplateView):
    """The cases of one child, for the child's page; a whole page where there is no htmx."""

    permission = Permission.CASE_VIEW
    template_name = "casework/student_cases.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#cases" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        students = Student.objects.within(self.request.scope, self.permission)
        student = get_object_or_404(students, pk=self.kwargs["student_id"])
        cases = DropoutCase.objects.within(self.request.scope, self.permission)
        own = with_visits(cases.filter(student=student).select_related("student"))
        found = list(own.order_by("-opened_on", "-pk"))
        may_open = Student.objects.within(self.request.scope, Permission.CASE_OPEN)
        return super().get_context_data(
            student=student,
            lines=case_lines(found),
            visits=_latest_visits(student, self.request.scope),
            may_open=not any(case.is_open for case in found)
            and may_open.filter(pk=student.pk).exists(),
            **kwargs,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        response["Cache-Control"] = "no-store"
        return response
