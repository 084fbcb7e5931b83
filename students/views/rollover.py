from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from schools.models import School
from students.models import RollOver
from students.models.rollover import RollOverGroup as Group
from students.rollover import queries, services
from students.rollover.forms import PromiseForm, YearForm
from students.rollover.plan import totals
from students.rollover.promises import promise_leavers
from students.rollover.services import RollOverRefused, State


class RollOverList(Requires, TemplateView):
    permission = Permission.STUDENT_ROLL_OVER
    template_name = "students/rollover_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = queries.roll_overs(self.request.scope)
        page = paging.page(rows, by="-from_year", asked=self.request.GET)
        lines = [(roll_over, totals(roll_over)) for roll_over in page.rows]
        return super().get_context_data(page=page, lines=lines, **kwargs)


class RollOverNew(Requires, FormView):  # type: ignore[type-arg]
    """Asking again for the same year measures the same roll-over afresh."""

    permission = Permission.STUDENT_ROLL_OVER
    template_name = "students/rollover_new.html"
    form_class = YearForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        scope = self.request.scope
        if scope.can(self.permission) and not scope.whole_county(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        years = queries.years_to_leave(on=timezone.localdate())
        return super().get_form_kwargs() | {"years": years}

    def form_valid(self, form: YearForm) -> HttpResponse:
        roll_over = services.ask_preview(
            county=self.request.scope.county,
            from_year=form.cleaned_data["from_year"],
            actor=self.request.user,
        )
        return redirect("students:rollover-detail", rollover_id=roll_over.pk)


class RollOverPage(Requires):
    permission = Permission.STUDENT_ROLL_OVER

    @cached_property
    def roll_over(self) -> RollOver:
        rows = queries.roll_overs(self.request.scope)
        return get_object_or_404(rows, pk=self.kwargs["rollover_id"])

    def back(self) -> HttpResponse:
        return redirect("students:rollover-detail", rollover_id=self.roll_over.pk)


@method_decorator(never_cache, name="dispatch")
class RollOverDetail(RollOverPage, TemplateView):
    """Progress while a worker is at it, then the groups and their rows."""

    template_name = "students/rollover_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self._job() is None:
            # The poll sees the end: the whole page is another one now.
            response["HX-Refresh"] = "true"
        return response

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def _job(self) -> Job | None:
        job = self.roll_over.job
        return job if job and not job.is_over else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self._job()
        last = self.roll_over.job
        is_shown = not self.request.htmx and self.roll_over.state != State.CHECKING
        return super().get_context_data(
            roll_over=self.roll_over,
            job=job,
            broken=last if last and last.state in ("failed", "cancelled") else None,
            is_early=timezone.localdate() < self.roll_over.first_day,
            **(self._rows() if is_shown else {}),
            **kwargs,
        )

    def _rows(self) -> dict[str, Any]:
        roll_over, on = self.roll_over, timezone.localdate()
        counted = totals(roll_over)
        chosen = queries.Chosen.of(self.request.GET, counts=counted.groups)
        rows = queries.rows_of(roll_over, chosen, on=on)
        is_whole = not (chosen.grade or chosen.school or chosen.gap)
        page = paging.page(
            rows,
            by="id",
            asked=self.request.GET,
            count=counted.groups[chosen.group] if is_whole else rows.count(),
        )
        return {
            "totals": counted,
            "tabs": [(g.value, g.label, counted.groups[g]) for g in Group],
            "steps": queries.steps(roll_over),
            "chosen": chosen,
            "is_narrowed": bool({"group", "gap"} & self.request.GET.keys()),
            "page": page,
            "lines": queries.name_schools(page.rows),
            **self._leavers(chosen),
        }

    def _leavers(self, chosen: queries.Chosen) -> dict[str, Any]:
        if chosen.group != Group.PRIMARY_LEAVER:
            return {}
        on = timezone.localdate()
        schools = queries.leavers_by_school(self.roll_over)
        is_written = self.roll_over.state in (State.COMMITTED, State.UNDOING)
        return {
            "schools": schools,
            "promised": sum(school.promised for school in schools),
            "promise_form": promise_form(self.roll_over),
            "gaps": queries.gap_counts(self.roll_over, on=on) if is_written else [],
        }


def promise_form(roll_over: RollOver, *args: Any) -> PromiseForm:
    return PromiseForm(
        *args,
        leaving=[
            (row.school, f"{row.name}（{row.leaving} 人）")
            for row in queries.leavers_by_school(roll_over)
            if row.school
        ],
        receiving=queries.junior_schools(roll_over.county, on=timezone.localdate()),
    )


class RollOverPromise(RollOverPage, View):
    """Which junior school expects the leavers of a primary school."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, rollover_id: int) -> HttpResponse:
        form = promise_form(self.roll_over, request.POST)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.warning(request, "；".join(str(words) for words in errors))
            return self._to_leavers()
        try:
            count = promise_leavers(
                actor=self.request.user,
                roll_over=self.roll_over,
                from_school_id=form.cleaned_data["from_school"],
                to_school=School.objects.get(pk=form.cleaned_data["to_school"]),
                replace=form.cleaned_data["replace"],
                now=timezone.now(),
            )
            messages.success(request, f"已为 {count} 名毕业生设置应升初中。")
        except RollOverRefused as refusal:
            messages.error(request, str(refusal))
        return self._to_leavers()

    def _to_leavers(self) -> HttpResponse:
        response = self.back()
        response["Location"] += f"?group={Group.PRIMARY_LEAVER}"
        return response


class RollOverCommit(RollOverPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, rollover_id: int) -> HttpResponse:
        try:
            services.submit(
                county=self.roll_over.county,
                roll_over_id=self.roll_over.pk,
                actor=self.request.user,
                today=timezone.localdate(),
            )
        except RollOverRefused as refusal:
            messages.error(request, str(refusal))
        return self.back()


class RollOverUndo(RollOverPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, rollover_id: int) -> HttpResponse:
        try:
            services.ask_undo(
                county=self.roll_over.county,
                roll_over_id=self.roll_over.pk,
                actor=self.request.user,
            )
        except RollOverRefused as refusal:
            messages.error(request, str(refusal))
        return self.back()
