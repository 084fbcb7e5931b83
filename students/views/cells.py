"""Correcting the cells of a roster without script: on a page of the row, or all of one error."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from core.access import Permission
from core.sheets.text import clean
from students.forms import RevealForm
from students.queries import preview
from students.rosters import corrections, marks, services
from students.rosters.corrections import CellRefused, ChangedMeanwhile, Place, Standing
from students.views.preview import PreviewPage

KEPT, CLASHED, REFUSED = 200, 409, 422
_BOX = re.compile(r"c(\d{1,5})").fullmatch


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one cell, as the table and the page of its row tell it."""

    column: int
    text: str
    status: int
    message: str = ""
    shown: str = ""  # what stands there now, masked
    seen: str = ""

    @classmethod
    def clashed(cls, column: int, text: str, field: str, standing: Standing) -> "Outcome":
        theirs = marks.shown(field, standing.text)
        who = standing.by or "另一位同事"
        message = f"{who}刚把这一格改成了“{theirs or '空'}”。您填的内容还在，请选用哪一个。"
        return cls(column, text, CLASHED, message, theirs, standing.token)


class RowPage(PreviewPage):
    template_name = "students/import_row.html"

    @cached_property
    def row(self) -> preview.MarkedRow | None:
        if not self.is_checked:
            return None
        place = {"sheet": self.kwargs["sheet_no"], "row": self.kwargs["row_no"]}
        return preview.Preview(self.batch).row(**place)

    def page(self, *, status: int = 200, **more: Any) -> HttpResponse:
        if self.row is None:
            raise Http404
        context = {"batch": self.batch, "row": self.row, "is_open": self.is_open, **more}
        return render(self.request, self.template_name, context, status=status)


@method_decorator(never_cache, name="dispatch")
class ImportRow(RowPage, View):
    """One row with its cells under the file's own heads, a box for each that is judged."""

    def get(self, request: HttpRequest, **_place: int) -> HttpResponse:
        return self.page(lines=self._lines([]))

    def post(self, request: HttpRequest, **_place: int) -> HttpResponse:
        outcomes = [self._correct(column) for column in self._touched()]
        status = max((outcome.status for outcome in outcomes), default=KEPT)
        if status == KEPT:
            said = "改正已保存，正在重新核对。" if outcomes else "没有改动。"
            messages.success(request, said)
            return self.back()
        if self.row is None:
            messages.error(request, next(o.message for o in outcomes if o.status == status))
            return self.back()
        return self.page(status=status, lines=self._lines(outcomes), is_wrong=True)

    def _touched(self) -> list[int]:
        """Columns whose text is another than was seen: the rest was only carried along."""
        boxes = filter(None, map(_BOX, self.request.POST))
        columns = sorted(int(found[1]) for found in boxes)
        return [column for column in columns if self._is_touched(column)]

    def _is_touched(self, column: int) -> bool:
        text, seen = self._posted(column)
        if not text and f"masked{column}" in self.request.POST:
            return False
        return corrections.token(clean(text)) != seen

    def _posted(self, column: int) -> tuple[str, str]:
        return self.request.POST[f"c{column}"], self.request.POST.get(f"seen{column}", "")

    def _correct(self, column: int) -> Outcome:
        text, seen = self._posted(column)
        place = Place(self.kwargs["sheet_no"], self.kwargs["row_no"], column)
        try:
            kept = corrections.correct(
                county=self.batch.county,
                batch_id=self.batch.pk,
                place=place,
                text=text,
                seen=seen,
                actor=self.request.user,
            )
        except ChangedMeanwhile as clash:
            return Outcome.clashed(column, text, clash.field, clash.standing)
        except (CellRefused, services.BatchRefused) as refusal:
            return Outcome(column, text, REFUSED, str(refusal))
        return Outcome(column, kept, KEPT)

    def _lines(self, outcomes: list[Outcome]) -> list[tuple[preview.Cell, Outcome | None]]:
        found = {outcome.column: outcome for outcome in outcomes if outcome.status != KEPT}
        cells = self.row.cells if self.row else []
        return [(cell, found.get(cell.head.column)) for cell in cells]


@method_decorator(never_cache, name="dispatch")
class ImportCellReveal(RowPage, View):
    """Shows one masked cell, once, to somebody who says what for."""

    permission = Permission.IDENTITY_REVEAL
    http_method_names = ["post"]

    def post(self, request: HttpRequest, column_no: int, **_place: int) -> HttpResponse:
        cells = self.row.cells if self.row else []
        cell = next((cell for cell in cells if cell.head.column == column_no), None)
        if cell is None or not self.is_checked:
            raise Http404
        form = RevealForm(request.POST)
        full = self._reveal(cell, form.cleaned_data["purpose"]) if form.is_valid() else ""
        return self._answer(cell, form, full=full)

    def _reveal(self, cell: preview.Cell, purpose: str) -> str:
        return corrections.reveal(
            batch=self.batch,
            place=Place(self.kwargs["sheet_no"], self.kwargs["row_no"], cell.head.column),
            label=cell.head.label,
            mask=cell.shown,
            purpose=purpose,
            actor=self.request.user,
        )

    def _answer(self, cell: preview.Cell, form: RevealForm, *, full: str) -> HttpResponse:
        context = {
            "secret_id": cell.head.column,
            "address": self.request.path,
            "mask": cell.shown,
            "form": form,
            "full": full,
        }
        status = 200 if full else REFUSED
        if self.request.htmx:
            template = "students/reveal.html#secret"
            return render(self.request, template, context, status=status)
        lines = [(each, None) for each in (self.row.cells if self.row else [])]
        return self.page(status=status, lines=lines, revealed=context)


class ImportCorrectAll(PreviewPage, View):
    """All cells with one fault and one content, in one act."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        asked = {name: request.POST.get(name, "") for name in ("code", "field", "value", "text")}
        try:
            count = corrections.correct_all(
                county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user, **asked
            )
        except services.BatchRefused as refusal:
            messages.error(request, str(refusal))
            return self.back()
        except ChangedMeanwhile as clash:
            clashed = Outcome.clashed(0, asked["text"], clash.field, clash.standing)
            return self._again(asked, clashed.message, status=CLASHED)
        except CellRefused as refusal:
            return self._again(asked, str(refusal), status=REFUSED)
        messages.success(request, f"{count:,} 处已改为“{asked['text']}”，正在重新核对。")
        return self.back()

    def _again(self, asked: dict[str, str], message: str, *, status: int) -> HttpResponse:
        faults = preview.faults(self.batch)
        of_code = next((fault for fault in faults if fault.code == asked["code"]), None)
        values = of_code.values if of_code else []
        value = next((value for value in values if value.token == asked["value"]), None)
        context = {"batch": self.batch, "fault": of_code, "value": value, "message": message}
        context["text"] = asked["text"]
        return render(self.request, "students/import_same.html", context, status=status)


class ImportRecheck(PreviewPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        try:
            corrections.judge_anew(
                county=self.batch.county, batch_id=self.batch.pk, actor=self.request.user
            )
        except services.BatchRefused as refusal:
            messages.error(request, str(refusal))
        return self.back()
