from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from students.forms import ConflictForm, OfficeListForm
from students.lists import services
from students.models import FactConflict, ListEntry, OfficeList
from students.queries import lists

State = OfficeList.State


class ListIndex(Requires, TemplateView):
    permission = Permission.ROSTER_IMPORT
    template_name = "students/list_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = self.request.GET.get("kind", "")
        rows = lists.lists(self.request.scope, kind=kind)
        return super().get_context_data(
            page=paging.page(rows, by="-created_at", asked=self.request.GET),
            kind=kind,
            kinds=OfficeList.Kind,
            **kwargs,
        )


class ListNew(Requires, FormView):  # type: ignore[type-arg]
    """The same file sent twice for one day is one list."""

    permission = Permission.ROSTER_IMPORT
    template_name = "students/list_new.html"
    form_class = OfficeListForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "initial": {"kind": self.request.GET.get("kind", "")},
            "today": timezone.localdate(),
            "categories": lists.category_choices(),
            "places": lists.place_choices(self.request.scope, on=timezone.localdate()),
        }

    def form_valid(self, form: OfficeListForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        try:
            office_list = services.receive(
                county=self.request.scope.county,
                described=form.described,
                file_name=file.name,
                content=file,
                actor=self.request.user,
            )
        except services.ListRefused as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        return redirect("students:list-detail", list_id=office_list.pk)


class ListPage(Requires):
    permission = Permission.ROSTER_IMPORT

    @cached_property
    def office_list(self) -> OfficeList:
        rows = lists.lists(self.request.scope).select_related("read_job", "apply_job")
        return get_object_or_404(rows, pk=self.kwargs["list_id"])

    @property
    def named(self) -> dict[str, Any]:
        return {
            "county": self.office_list.county,
            "list_id": self.office_list.pk,
            "actor": self.request.user,
        }


@method_decorator(never_cache, name="dispatch")
class ListDetail(ListPage, TemplateView):
    """Progress while a worker is at it, then the rows and what applying would do."""

    template_name = "students/list_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self._job() is None:
            # The poll sees the end: the whole page is another one now.
            response["HX-Refresh"] = "true"
        return response

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def _job(self) -> Job | None:
        at_work = self._last()
        return at_work if at_work and not at_work.is_over else None

    def _last(self) -> Job | None:
        jobs = {
            State.READING: self.office_list.read_job,
            State.APPLYING: self.office_list.apply_job,
        }
        return jobs.get(State(self.office_list.state))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = self._last()
        return super().get_context_data(
            office_list=self.office_list,
            job=self._job(),
            broken=last if last and last.is_over else None,
            **({} if self.request.htmx else self._shown()),
            **kwargs,
        )

    def _shown(self) -> dict[str, Any]:
        of = self.office_list
        verdicts = lists.verdicts(of)
        asked = self.request.GET.get("verdict", "")
        if asked not in ListEntry.Verdict.values:
            asked = next((value for value, _, count in verdicts if count), ListEntry.Verdict.GOOD)
        page = paging.page(
            lists.entries(of, verdict=asked),
            by=("sheet_no", "row_no"),
            asked=self.request.GET,
            count=of.counts.get(asked, 0),
        )
        return {
            "refusal": lists.refusal_words(of),
            "verdicts": verdicts,
            "verdict": asked,
            "page": page,
            "lines": lists.entry_lines(page.rows) if of.counts else None,
            "deeds": lists.deeds(of.result or of.plan),
            "is_register": lists.is_register(of),
            "places": lists.place_words(of),
            "newer": services.newer_than(of) if of.state == State.NEEDS_CONFIRM else None,
            "runs": of.runs.order_by("-created_at")[:10],
        }


class ListConfirm(ListPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, list_id: int) -> HttpResponse:
        try:
            services.confirm(**self.named)
        except services.ListRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "已确认按较早的日期登记，可以提交登记。")
        return redirect("students:list-detail", list_id=list_id)


class ListApply(ListPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, list_id: int) -> HttpResponse:
        try:
            services.submit(**self.named)
        except services.ListRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("students:list-detail", list_id=list_id)


class ListDiscard(ListPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, list_id: int) -> HttpResponse:
        try:
            services.discard(**self.named)
        except services.ListRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("students:list-detail", list_id=list_id)
        messages.success(request, f"已放弃“{self.office_list.file_name}”，学生资料没有变动。")
        return redirect("students:list-list")


class ConflictList(Requires, TemplateView):
    permission = Permission.ROSTER_IMPORT
    template_name = "students/list_conflicts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = lists.conflict_counts(self.request.scope)
        state = self.request.GET.get("state", "")
        state = state if state in FactConflict.State.values else FactConflict.State.OPEN
        rows = lists.conflicts(self.request.scope, state=state)
        return super().get_context_data(
            page=paging.page(
                rows,
                by="id",
                asked=self.request.GET,
                count=next(count for value, _, count in counts if value == state),
            ),
            state=state,
            counts=counts,
            **kwargs,
        )


class ConflictDecide(Requires, View):
    permission = Permission.ROSTER_IMPORT
    http_method_names = ["post"]

    def post(self, request: HttpRequest, conflict_id: int) -> HttpResponse:
        rows = FactConflict.objects.within(self.request.scope, self.permission)
        conflict = get_object_or_404(rows, pk=conflict_id)
        form = ConflictForm(request.POST)
        if not form.is_valid():
            messages.error(request, form.words)
            return redirect("students:conflict-list")
        try:
            services.decide_conflict(
                county=conflict.county,
                conflict_id=conflict.pk,
                upheld=form.cleaned_data["decision"] == FactConflict.State.UPHELD,
                note=form.cleaned_data["note"],
                actor=self.request.user,
            )
        except services.ListRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "已记下核定结果。")
        return redirect("students:conflict-list")
