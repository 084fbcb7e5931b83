"""What follows a roster: the error workbook to mend it in, and taking the whole batch back."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from core import audit, jobs, paging
from core.models import Job
from students.models import ImportBatch
from students.queries import batches, kept
from students.rosters import errorbook, files, takeback
from students.views.imports import ImportPage

State = ImportBatch.State
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Progressing(ImportPage, TemplateView):
    """A page on one job of the batch: its progress, then what came of it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and not self.is_at_work:
            # The poll sees the end: the whole page is another one now.
            response["HX-Refresh"] = "true"
        return response

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else str(self.template_name)]

    @property
    def job(self) -> Job | None:
        raise NotImplementedError

    @property
    def is_at_work(self) -> bool:
        return self.job is not None and not self.job.is_over


@method_decorator(never_cache, name="dispatch")
class ImportBook(Progressing):
    """订正表: asked for here, built by a worker, fetched here."""

    template_name = "students/import_book.html"

    @property
    def job(self) -> Job | None:
        return self.batch.book_job

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            batch=self.batch,
            job=self.job,
            is_at_work=self.is_at_work,
            is_ready=bool(errorbook.stored_as(self.batch)),
            can_ask=self.batch.state in errorbook.READY and files.is_kept(self.batch.stored_as),
            rejected=batches.totals(self.batch).verdicts["rejected"],
            **kwargs,
        )

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        try:
            errorbook.ask(county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user)
        except jobs.JobRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("students:import-book", batch_id=batch_id)


class ImportBookFile(ImportPage, View):
    def get(self, request: HttpRequest, batch_id: int) -> HttpResponseBase:
        name = errorbook.stored_as(self.batch)
        if not name:
            messages.warning(request, "订正表还没有做好，或已过保存期，请在本页重新制作。")
            return redirect("students:import-book", batch_id=batch_id)
        audit.record(
            county=self.batch.county,
            actor=self.request.user,
            action="roster.error_book_taken",
            target=self.batch,
        )
        response = StreamingHttpResponse(files.pieces(name), content_type=XLSX)
        file_name = quote(errorbook.file_name(self.batch))
        response["Content-Disposition"] = f"attachment; filename*=utf-8''{file_name}"
        return response


@method_decorator(never_cache, name="dispatch")
class ImportUndo(Progressing):
    """撤销本批: how many of each before the button, and who was left behind it."""

    template_name = "students/import_undo.html"

    @property
    def job(self) -> Job | None:
        return self.batch.undo_job if self.batch.state == State.UNDOING else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            batch=self.batch,
            job=self.job,
            is_at_work=self.is_at_work,
            **({} if self.is_at_work else self._outcome()),
            **kwargs,
        )

    def _outcome(self) -> dict[str, Any]:
        if self.batch.state == State.UNDONE:
            page = paging.page(kept.children(self.batch), by="student_id", asked=self.request.GET)
            return {"page": page, "lines": kept.lines(self.batch, page.rows)}
        try:
            return {"counts": takeback.preview(self.batch)}
        except takeback.UndoRefused as refusal:
            return {"refusal": str(refusal)}

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        try:
            takeback.ask(county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user)
        except takeback.UndoRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("students:import-undo", batch_id=batch_id)
