from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from students.comparison import services
from students.forms import ComparisonForm, DecisionForm
from students.models import MatchDifference, MatchRun
from students.queries import lists


class ComparisonList(Requires, TemplateView):
    permission = Permission.ROSTER_IMPORT
    template_name = "students/comparison_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = paging.page(lists.runs(self.request.scope), by="-created_at", asked=self.request.GET)
        return super().get_context_data(page=page, found=MatchDifference.Found.choices, **kwargs)


class ComparisonNew(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.ROSTER_IMPORT
    template_name = "students/comparison_new.html"
    form_class = ComparisonForm

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        born_from, born_to = lists.school_age(on=today)
        return super().get_form_kwargs() | {
            "lists": lists.comparable(self.request.scope),
            "today": today,
            "initial": {
                "office_list": self.request.GET.get("list"),
                "as_of": today,
                "born_from": born_from,
                "born_to": born_to,
            },
        }

    def form_valid(self, form: ComparisonForm) -> HttpResponse:
        try:
            run = services.start(
                county=self.request.scope.county, asked=form.asked, actor=self.request.user
            )
        except services.ComparisonRefused as refusal:
            form.add_error("office_list", str(refusal))
            return self.form_invalid(form)
        return redirect("students:comparison-detail", run_id=run.pk)


class ComparisonPage(Requires):
    permission = Permission.ROSTER_IMPORT

    @cached_property
    def run(self) -> MatchRun:
        return get_object_or_404(lists.runs(self.request.scope), pk=self.kwargs["run_id"])


@method_decorator(never_cache, name="dispatch")
class ComparisonDetail(ComparisonPage, TemplateView):
    template_name = "students/comparison_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self._job() is None:
            response["HX-Refresh"] = "true"
        return response

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def _job(self) -> Job | None:
        if self.run.state != MatchRun.State.RUNNING:
            return lists.taking_job(self.run)
        job = self.run.job
        return job if job and not job.is_over else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self._job()
        is_running = self.run.state == MatchRun.State.RUNNING
        return super().get_context_data(
            run=self.run,
            job=job,
            broken=self.run.job if is_running and job is None else None,
            **({} if self.request.htmx or is_running else self._findings()),
            **kwargs,
        )

    def _findings(self) -> dict[str, Any]:
        tabs = lists.tabs(self.run)
        asked = {name: self.request.GET.get(name, "") for name in ("found", "decision")}
        first = services.SUSPECTS[self.run.kind] or next(
            (tab.found for tab in tabs if tab.count), tabs[0].found
        )
        tab = next((tab for tab in tabs if tab.found == (asked["found"] or first)), tabs[0])
        decision = asked["decision"]
        decision = decision if decision in MatchDifference.Decision.values else ""
        page = paging.page(
            lists.findings(self.run, found=tab.found, decision=decision),
            by="id",
            asked=self.request.GET,
            count=getattr(tab, decision) if decision else tab.count,
        )
        return {
            "tabs": tabs,
            "tab": tab,
            "decision": decision,
            "decisions": [
                (value, words, getattr(tab, value))
                for value, words in MatchDifference.Decision.choices
            ],
            "page": page,
            "lines": lists.finding_lines(page.rows),
            "steps": lists.next_steps(self.run),
        }


class ComparisonDecide(ComparisonPage, View):
    """One finding or all of a class that are open; the page comes back where it was."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: int) -> HttpResponse:
        here = reverse("students:comparison-detail", args=[self.run.pk])
        form = DecisionForm(request.POST)
        if not form.is_valid():
            messages.error(request, form.words)
            return redirect(here)
        try:
            messages.success(request, self._done(form))
        except services.ComparisonRefused as refusal:
            messages.error(request, str(refusal))
        except MatchDifference.DoesNotExist:
            messages.error(request, "这条结果已不在本次比对里，请刷新页面后再点。")
        found = form.cleaned_data["found"]
        return redirect(f"{here}?found={found}" if found else here)

    def _done(self, form: DecisionForm) -> str:
        run = {"county": self.run.county, "run_id": self.run.pk, "actor": self.request.user}
        decision = MatchDifference.Decision(form.cleaned_data["decision"])
        if decision == MatchDifference.Decision.OPEN:
            undone = services.undo(differences=form.chosen.differences, **run)
            return f"已撤销 {undone} 条的处理，恢复为待定。"
        decided = services.decide(
            chosen=form.chosen, decision=decision, note=form.cleaned_data["note"], **run
        )
        words = f"已将 {decided.findings} 条记为“{decision.label}”。"
        if decided.job:
            words += "对方的内容正在写入学生记录，本页显示进度。"
        if decided.partly:
            words += f"其中 {decided.partly} 条有内容没有采用，原因写在那一行。"
        return words


class ComparisonCreate(ComparisonPage, View):
    """Children of accepted entries that the county does not know."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: int) -> HttpResponse:
        try:
            made = services.create_children(
                county=self.run.county, run_id=self.run.pk, actor=self.request.user
            )
        except services.ComparisonRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _created_words(made, lists.next_steps(self.run).newcomers))
        return redirect("students:comparison-detail", run_id=run_id)


def _created_words(made: int, left: int | None) -> str:
    words = f"已为 {made} 名学生建立记录（未就读）；已在库中的直接关联。"
    if left:
        words += (
            f"另有 {left} 人没有证件号，库中已有同名、同日出生的学生，没有建立记录，"
            "请核对是否同一人后在学生页面办理。"
        )
    return words
