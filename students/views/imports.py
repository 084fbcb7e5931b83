import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission
from core.web import Requires
from students.models import ImportBatch
from students.queries import batches, columns
from students.rosters import profiles, receiving, services
from students.rosters.errors import write_errors
from students.rosters.forms import RosterForm

State = ImportBatch.State


class ImportList(Requires, TemplateView):
    permission = Permission.ROSTER_IMPORT
    template_name = "students/import_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = self.request.GET.get("state", "")
        rows = batches.batches(self.request.scope, state=state)
        page = paging.page(rows, by="-created_at", asked=self.request.GET)
        return super().get_context_data(
            page=page,
            lines=[(batch, batches.totals(batch)) for batch in page.rows],
            state=state,
            states=State,
            **kwargs,
        )


class ImportNew(Requires, FormView):  # type: ignore[type-arg]
    """The same file sent twice, by a double click or a second person, is one batch."""

    permission = Permission.ROSTER_IMPORT
    template_name = "students/import_new.html"
    form_class = RosterForm

    def get_form_kwargs(self) -> dict[str, Any]:
        years = batches.school_years(on=timezone.localdate())
        return super().get_form_kwargs() | {"years": years}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            offices=profiles.offices(county=self.request.scope.county),
            layouts=columns.templates(on=timezone.localdate()),
            **kwargs,
        )

    def form_valid(self, form: RosterForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        batch = receiving.receive(
            county=self.request.scope.county,
            school_year=form.cleaned_data["school_year"],
            office=form.cleaned_data["office"],
            file_name=file.name,
            content=file,
            actor=self.request.user,
        )
        return redirect("students:import-columns", batch_id=batch.pk)


class ImportPage(Requires):
    permission = Permission.ROSTER_IMPORT

    @cached_property
    def batch(self) -> ImportBatch:
        rows = batches.batches(self.request.scope)
        return get_object_or_404(
            rows.select_related("check_job", "commit_job"), pk=self.kwargs["batch_id"]
        )


class ImportCommit(ImportPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        try:
            services.submit(
                county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user
            )
        except services.BatchRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("students:import-detail", batch_id=batch_id)


class ImportDiscard(ImportPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        try:
            services.discard(
                county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user
            )
        except services.BatchRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("students:import-detail", batch_id=batch_id)
        messages.success(request, f"已放弃“{self.batch.file_name}”，库中学生没有变动。")
        return redirect("students:import-list")


class ImportRejected(ImportPage, View):
    """The rejected rows as a workbook for the school to mend."""

    def get(self, request: HttpRequest, batch_id: int) -> FileResponse:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "rejected.xlsx"
            write_errors(target, batches=[self.batch])
            # Open before the folder goes: the handle keeps the file until it is sent.
            content = target.open("rb")
        stem = Path(self.batch.file_name).stem
        return FileResponse(content, as_attachment=True, filename=f"{stem}-退回行.xlsx")
