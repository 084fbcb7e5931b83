"""核对: the verdicts of a roster and its doubtful cells, before it is submitted."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from core import paging
from core.models import Job
from schools.models import School
from students.models import ImportBatch, RosterRow
from students.queries import batches, duplicates, preview
from students.rosters import corrections, marks
from students.views.imports import ImportPage

State = ImportBatch.State
Verdict = RosterRow.Verdict
# What needs a person's eye comes first.
_BY_CARE = (Verdict.REJECTED, Verdict.CHANGED, Verdict.CREATED, Verdict.UNCHANGED)
_WRITTEN = (State.COMMITTING, State.COMMITTED, State.UNDOING, State.UNDONE)
_SHOWN = (State.CHECKED, State.CHECKING, *_WRITTEN)


class PreviewPage(ImportPage):
    @property
    def is_checked(self) -> bool:
        """Its rows can be shown, also while they are judged anew."""
        return self.batch.state in _SHOWN and bool(self.batch.sheets)

    @property
    def is_open(self) -> bool:
        return corrections.is_open(self.batch)

    def back(self) -> HttpResponse:
        return redirect("students:import-detail", batch_id=self.batch.pk)


@method_decorator(never_cache, name="dispatch")
class ImportDetail(PreviewPage, TemplateView):
    """Progress while a worker is at it, then the verdicts."""

    template_name = "students/import_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.batch.state in (State.READING, State.MAPPING):
            return redirect("students:import-columns", batch_id=self.batch.pk)
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self._job() is None:
            # The poll sees the end: the whole page is another one now.
            response["HX-Refresh"] = "true"
        return response

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def _job(self) -> Job | None:
        """The job that is at work on the batch."""
        at_work = {
            State.CHECKING: self.batch.check_job,
            State.COMMITTING: self.batch.commit_job,
        }.get(State(self.batch.state))
        return at_work if at_work and not at_work.is_over else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            batch=self.batch,
            job=self._job(),
            broken=self._broken(),
            is_checked=self.is_checked,
            **({} if self.request.htmx else self._whole()),
            **kwargs,
        )

    def _broken(self) -> Job | None:
        """The job that ended without the batch getting further."""
        last = self.batch.commit_job if self.batch.commit_job_id else self.batch.check_job
        stuck = self.batch.state in (State.CHECKING, State.COMMITTING)
        return last if stuck and last and last.is_over else None

    def _whole(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "refusal": batches.refusal_words(self.batch),
            "totals": batches.totals(self.batch),
            "sheets": batches.sheets(self.batch),
            "doubtful": duplicates.waiting_from(self.batch),
        }
        return found | (self._rows() if self.is_checked else {})

    def _rows(self) -> dict[str, Any]:
        shown = self._marked() or self._others() or self._verdicts()
        return shown | {
            "is_open": self.is_open,
            "faults": preview.faults(self.batch),
            "corrected": preview.corrected(self.batch),
            "schools": self._schools(),
        }

    def _schools(self) -> list[str]:
        """Names to choose from while a school is corrected."""
        if not self.is_open:
            return []
        names = School.objects.filter(county=self.batch.county).order_by("name")
        return list(names.values_list("name", flat=True))

    def _marked(self) -> dict[str, Any] | None:
        """Rows with one fault, by the address of a line of the summary."""
        code = self.request.GET.get("code", "")
        if code not in preview.CODES:
            return None
        asked = {name: self.request.GET.get(name, "") for name in ("field", "value")}
        rows = corrections.marks_of(self.batch, code=code, **asked)
        page = paging.page(rows, by=("sheet_no", "row_no"), asked=self.request.GET)
        found = self._preview.of_marks(page.rows)
        return {
            "code": code,
            "title": marks.title(code),
            "remedy": marks.remedy(code),
            "page": page,
            "blocks": self._preview.blocks(found),
        }

    def _others(self) -> dict[str, Any] | None:
        if self.request.GET.get("verdict") != preview.OTHER:
            return None
        lines, untold = preview.other_lines(self.batch)
        return {"verdict": preview.OTHER, "others": lines, "untold": untold}

    def _verdicts(self) -> dict[str, Any]:
        totals = batches.totals(self.batch)
        verdict = self.request.GET.get("verdict", "")
        if verdict not in Verdict.values:
            verdict = next((v for v in _BY_CARE if totals.verdicts[v]), _BY_CARE[0])
        page = paging.page(
            batches.rows_of(self.batch, verdict=verdict),
            by=("sheet_no", "row_no"),
            asked=self.request.GET,
            count=totals.verdicts[verdict],
        )
        shown: dict[str, Any] = {"verdict": verdict, "page": page}
        if verdict == Verdict.REJECTED:
            return shown | {"blocks": self._preview.blocks(self._preview.of_rows(page.rows))}
        return shown | {"lines": batches.lines(self.batch, page.rows)}

    @cached_property
    def _preview(self) -> preview.Preview:
        return preview.Preview(self.batch, all_columns=self._all_columns)

    @property
    def _all_columns(self) -> bool:
        return bool(self.request.GET.get("columns") == "all")
