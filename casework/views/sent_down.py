from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView

from casework.models import DropoutCase
from casework.services.sent_down import open_sent_down, sent_down_lists, usable
from casework.states import TransitionRefused
from core import paging
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.web import Requires
from students.models import ListEntry, OfficeList

FOUND, UNKNOWN = "found", "unknown"


class SentDownForm(OfficeForm):
    batch = forms.CharField(
        label="下发批次", max_length=60, help_text="通知或批次的名称，例如：2026年秋季第1批。"
    )
    received_on = DayField(label="收到日期", help_text="个案的建案日期，核查时限从这一天算起。")


class OpenSentDown(Requires, FormView):  # type: ignore[type-arg]
    """A list from above: who of it is ours, who has a case, and who is not to be found."""

    permission = Permission.CASE_OPEN
    template_name = "casework/sent_down_form.html"
    form_class = SentDownForm

    @cached_property
    def office_list(self) -> OfficeList:
        rows = sent_down_lists(self.request.scope)
        return get_object_or_404(rows, pk=self.kwargs["list_id"])

    def get_initial(self) -> dict[str, Any]:
        return {"received_on": min(self.office_list.list_date, timezone.localdate())}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = usable(self.office_list)
        found, unknown = rows.exclude(student=None), rows.filter(student=None)
        state = UNKNOWN if self.request.GET.get("state") == UNKNOWN else FOUND
        chips = [(FOUND, "找到的学生", found.count()), (UNKNOWN, "未找到", unknown.count())]
        page = paging.page(
            (unknown if state == UNKNOWN else found).select_related("student", "school"),
            by=("sheet_no", "row_no"),
            asked=self.request.GET,
            count=next(count for value, _, count in chips if value == state),
        )
        return super().get_context_data(
            office_list=self.office_list,
            state=state,
            chips=chips,
            page=page,
            lines=self._lines(page.rows),
            has_children=chips[0][2] > 0,
            cancel_href=reverse("students:list-list"),
            **kwargs,
        )

    def _lines(self, entries: list[ListEntry]) -> list[tuple[ListEntry, DropoutCase | None]]:
        children = [entry.student_id for entry in entries if entry.student_id]
        cases = DropoutCase.objects.within(self.request.scope, Permission.CASE_VIEW)
        newest = cases.filter(student__in=children).order_by("opened_on", "pk")
        by_child = {case.student_id: case for case in newest}
        return [(entry, by_child.get(entry.student_id or 0)) for entry in entries]

    def form_valid(self, form: SentDownForm) -> HttpResponse:
        try:
            opened = open_sent_down(
                scope=self.request.scope,
                actor=self.request.user,
                list_id=self.office_list.pk,
                today=timezone.localdate(),
                **form.cleaned_data,
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        said = messages.success if opened.cases else messages.warning
        said(self.request, opened.words)
        return redirect("casework:cases-from-sent-down", self.office_list.pk)
