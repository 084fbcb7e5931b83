"""对应列: what each column of an uploaded roster means; the profiles of offices, and templates."""

import tempfile
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from core.access import Permission
from core.models import Job
from core.sheets.text import squeeze
from core.web import Requires
from schools.models import School
from students.models import ImportBatch
from students.queries import batches, columns
from students.rosters import profiles, receiving, templates
from students.rosters.fields import UnknownField
from students.rosters.forms import ProfileForm

State = ImportBatch.State
_LONGEST_OFFICE = 40


@method_decorator(never_cache, name="dispatch")
class ImportColumns(Requires, TemplateView):
    """Progress while the heads are read, then the columns; past that, the batch's own page."""

    permission = Permission.ROSTER_IMPORT
    template_name = "students/import_columns.html"

    @cached_property
    def batch(self) -> ImportBatch:
        rows = batches.batches(self.request.scope).select_related("read_job")
        return get_object_or_404(rows, pk=self.kwargs["batch_id"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.batch.state == State.READING:
            return super().get(request, *args, **kwargs)
        if request.htmx:  # type: ignore[attr-defined]
            # The poll sees the end: the whole page is another one now.
            return HttpResponse(headers={"HX-Refresh": "true"})
        if not self._can_choose():
            return redirect("students:import-detail", batch_id=self.batch.pk)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        office = squeeze(request.POST.get("office", ""))[:_LONGEST_OFFICE]
        found = columns.groups(self.batch)
        try:
            receiving.confirm_columns(
                county=self.batch.county,
                batch_id=self.batch.pk,
                chosen=columns.chosen(found, request.POST),
                left_out=columns.left_out(found, request.POST),
                office=office,
                actor=self.request.user,
            )
        except (receiving.NameMissing, receiving.NothingLeft) as refused:
            return self._again(str(refused), office=office)
        except UnknownField:
            return self._again("有一列选了系统没有的项目，请从列表中重新选择。", office=office)
        return redirect("students:import-detail", batch_id=batch_id)

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self._job()
        shown: dict[str, Any] = {"groups": None, "office": self.batch.office}
        if self._can_choose():
            shown["groups"] = columns.groups(self.batch, said=kwargs.get("said"))
        broken = self.batch.read_job if job is None and self._is_reading() else None
        known = profiles.offices(county=self.batch.county)
        return super().get_context_data(
            **{"batch": self.batch, "job": job, "broken": broken, "offices": known} | shown | kwargs
        )

    def _again(self, error: str, *, office: str) -> HttpResponse:
        context = self.get_context_data(said=self.request.POST, error=error, office=office)
        return self.render_to_response(context)

    def _is_reading(self) -> bool:
        return self.batch.state == State.READING

    def _job(self) -> Job | None:
        job = self.batch.read_job
        return job if self._is_reading() and job and not job.is_over else None

    def _can_choose(self) -> bool:
        may = (State.MAPPING, State.CHECKED)
        return self.batch.state in may and self.batch.sheet_columns.exists()


class ProfileList(Requires, FormView):  # type: ignore[type-arg]
    """What the heads of each office's files mean, to be added to and forgotten."""

    permission = Permission.ROSTER_IMPORT
    template_name = "students/profile_list.html"
    form_class = ProfileForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            offices=columns.profiles_by_office(self.request.scope),
            known=profiles.offices(county=self.request.scope.county),
            layouts=columns.templates(on=timezone.localdate()),
            **kwargs,
        )

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        said = form.cleaned_data
        profiles.choose(county=self.request.scope.county, actor=self.request.user, **said)
        messages.success(self.request, f"已记住：{said['office']}的“{said['label']}”。")
        return redirect("students:profile-list")


class ProfileForget(Requires, View):
    permission = Permission.ROSTER_IMPORT
    http_method_names = ["post"]

    def post(self, request: HttpRequest, profile_id: int) -> HttpResponse:
        row = get_object_or_404(columns.profile_rows(self.request.scope), pk=profile_id)
        profiles.forget(row=row, actor=self.request.user)
        messages.success(request, f"不再记住：{row.office}的“{row.label}”。")
        return redirect("students:profile-list")


class TemplateDownload(Requires, View):
    """An empty form with drop-downs; the schools in it are those of the user's own places."""

    permission = Permission.ROSTER_IMPORT

    def get(self, request: HttpRequest, layout: str) -> HttpResponseBase:
        today = timezone.localdate()
        row = columns.templates(on=today).filter(pk=layout).first()
        if row is None:
            raise Http404
        schools = School.objects.within(self.request.scope, self.permission).open_on(today)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        templates.write(file, layout=row, schools=schools, on=today)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{row.title}.xlsx")
