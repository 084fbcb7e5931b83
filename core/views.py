from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from core import job_pages, jobs, paging, queries, trail
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.models import Job
from core.trail.words import GROUPS
from core.web import Requires


class JobList(Requires, TemplateView):
    permission = Permission.JOB_VIEW
    template_name = "core/job_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = {name: self.request.GET.get(name, "") for name in ("state", "days")}
        rows = queries.jobs_of(
            self.request.scope, actor_id=self.request.user.pk, now=timezone.now(), **chosen
        )
        page = paging.page(rows, by="-created_at", asked=self.request.GET)
        return super().get_context_data(page=page, states=Job.State, **chosen, **kwargs)


class JobPage(Requires):
    permission = Permission.JOB_VIEW

    @cached_property
    def job(self) -> Job:
        rows = queries.jobs_of(
            self.request.scope, actor_id=self.request.user.pk, now=timezone.now()
        )
        return get_object_or_404(rows, pk=self.kwargs["job_id"])


@method_decorator(never_cache, name="dispatch")
class JobDetail(JobPage, TemplateView):
    """The page, and its progress alone for the poll that goes on until the job is over."""

    template_name = "core/job_detail.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self.job.is_over:
            response["HX-Refresh"] = "true"  # whoever saw the end needs no notice of it
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = job_pages.page_of(self.job)
        # What a job made is often its starter's alone.
        leads_on = self.job.actor_id == self.request.user.pk and page != self.request.path
        return super().get_context_data(job=self.job, page=page if leads_on else "", **kwargs)


class JobCancel(JobPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        if jobs.cancel(self.job):
            messages.success(request, "任务已取消，没有写完的部分不会留下。")
        else:
            messages.warning(request, "任务已经结束，不能再取消；结果见本页。")
        return redirect("core:job-detail", job_id=job_id)


class AuditFilter(OfficeForm):
    group = forms.ChoiceField(
        label="事项",
        required=False,
        choices=[("", "全部事项"), *((name, words) for name, (words, _) in GROUPS.items())],
    )
    first_day = DayField(label="起始日期", required=False)
    last_day = DayField(label="截止日期", required=False)
    person = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    @property
    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        given = self.cleaned_data
        return {
            "group": given.get("group", ""),
            "actor_id": given.get("person"),
            "first_day": given.get("first_day"),
            "last_day": given.get("last_day"),
        }


class AuditList(Requires, TemplateView):
    permission = Permission.AUDIT_VIEW
    template_name = "core/audit_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, asked = self.request.scope, self.request.GET
        filters = AuditFilter(asked)
        page = paging.page(queries.audit_entries(scope, **filters.chosen), by="-at", asked=asked)
        return super().get_context_data(
            page=page,
            lines=[trail.line(entry, scope) for entry in page.rows],
            filters=filters,
            is_narrowed=any(filters.chosen.values()),
            **kwargs,
        )
