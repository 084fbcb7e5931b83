"""Legal papers: the county's list, one paper, and what becomes of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.views.generic import FormView, TemplateView, View

from casework import paper_forms as forms
from casework.models import LegalPaper
from casework.models.legal import LegalPaperQuerySet
from casework.queries.bodies import bodies_of
from casework.queries.papers import (
    TONES,
    PaperList,
    paper_choices,
    paper_facts,
    paper_lines,
    result_choices,
)
from casework.services import legal, scans
from casework.states import TransitionRefused
from core import paging, papers
from core.access import Permission
from core.web import Requires


class PaperIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/paper_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        filters = forms.PaperFilters(self.request.GET, choices=paper_choices(scope, on=on))
        found = PaperList(scope, on, filters.chosen)
        page = paging.page(found.rows, by="-issued_on", asked=self.request.GET, count=found.count)
        return super().get_context_data(
            filters=filters,
            chosen=found.chosen,
            chips=self._chips(found),
            page=page,
            lines=paper_lines(page.rows, on=on),
            **kwargs,
        )

    def _chips(self, found: PaperList) -> list[tuple[str, str, int, bool]]:
        kept = {name: value for name, value in found.chosen.items() if name != "stage"}
        here = found.chosen.get("stage", "")
        return [
            (urlencode({**kept, "stage": value}), label, count, value == here)
            for value, label, count in found.chips()
        ]


class PaperDoor(Requires):
    """A page about one paper within reach; any other is 404, the same as none."""

    permission = Permission.CASE_VIEW
    key = "paper_id"

    @property
    def papers(self) -> LegalPaperQuerySet:
        return LegalPaper.objects.within(self.request.scope, self.permission)

    @cached_property
    def paper(self) -> LegalPaper:
        rows = self.papers.select_related(
            "kind", "case__student__school", "follows__kind", "fine_rule"
        )
        return get_object_or_404(rows, pk=self.kwargs[self.key])


class PaperDetail(PaperDoor, TemplateView):
    template_name = "casework/paper_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        on, paper = timezone.localdate(), self.paper
        stage = paper.stage(on=on)
        return super().get_context_data(
            paper=paper,
            case=paper.case,
            student=paper.case.student,
            sheets=paper.data,
            facts=paper_facts(paper),
            stage=stage,
            tone=TONES[stage],
            is_own=self._is_own() and not paper.voided_on,
            **kwargs,
        )

    def _is_own(self) -> bool:
        """Only the body that made a paper serves it and writes down what became of it."""
        scope = self.request.scope
        if not scope.can(Permission.LEGAL_ISSUE):
            return False
        return any(body.code == self.paper.body_code for body in bodies_of(scope))


class PaperFile(PaperDoor, View):
    """The paper as a file, made anew from its kept words."""

    as_word = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            content = legal.print_paper(self.paper, actor=self.request.user, as_word=self.as_word)
        except papers.NoChineseFont as trouble:
            messages.error(request, str(trouble))
            return redirect("casework:paper-detail", paper_id=self.paper.pk)
        media_type, ending = (papers.DOCX, "docx") if self.as_word else (papers.PDF, "pdf")
        name = f"{self.paper.kind.name}{self.paper.number}.{ending}"
        response = HttpResponse(content, content_type=media_type)
        side = "attachment" if self.as_word else "inline"
        response["Content-Disposition"] = f"{side}; filename*=utf-8''{quote(name)}"
        response["Cache-Control"] = "no-store"
        return response


class PaperScan(PaperDoor, View):
    """送达回证 as it was scanned."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        paper = self.paper
        if not scans.is_kept(paper.scan):
            messages.warning(request, f"{paper}没有送达回证扫描件，请登记送达后上传。")
            return redirect("casework:paper-detail", paper_id=paper.pk)
        pieces = legal.read_scan(paper, actor=self.request.user)
        response = StreamingHttpResponse(pieces, content_type=paper.scan_type)
        name = quote(f"送达回证{paper.number}.{scans.ENDINGS[paper.scan_type]}")
        response["Content-Disposition"] = f"attachment; filename*=utf-8''{name}"
        response["Cache-Control"] = "no-store"
        return response


class ActOnPaper(PaperDoor, FormView):  # type: ignore[type-arg]
    """One deed on a paper: a form, one service, back to the paper."""

    permission = Permission.LEGAL_ISSUE
    key = "issued_id"
    template_name = "casework/paper_form.html"
    deed: Callable[..., LegalPaper]
    title = ""
    days: tuple[str, ...] = ()

    @property
    def papers(self) -> LegalPaperQuerySet:
        return super().papers.of_bodies([body.code for body in bodies_of(self.request.scope)])

    def get_initial(self) -> dict[str, Any]:
        return dict.fromkeys(self.days, timezone.localdate())

    @property
    def paper_href(self) -> str:
        return reverse("casework:paper-detail", args=[self.paper.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            paper=self.paper,
            student=self.paper.case.student,
            title=self.title,
            submit=self.title,
            cancel_href=self.paper_href,
            **kwargs,
        )

    def asked(self, form: Any) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "paper_id": self.paper.pk,
            **form.cleaned_data,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            paper = type(self).deed(**self.asked(form))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"“{self.title}”已办理：{paper}。")
        return redirect(self.paper_href)


class DatedDeed(ActOnPaper):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def asked(self, form: Any) -> dict[str, Any]:
        return super().asked(form) | {"today": timezone.localdate()}


class ServePaper(DatedDeed):
    form_class, deed, title = forms.ServeForm, legal.serve_paper, "登记送达"
    days = ("served_on",)

    def get_initial(self) -> dict[str, Any]:
        own = {"served_by": self.request.user.full_name, "served_way": "direct"}
        return super().get_initial() | own | {"receiver": self.paper.addressee}

    def asked(self, form: Any) -> dict[str, Any]:
        scan = form.cleaned_data["scan"]
        size = {"scan_size": scan.size} if scan else {}
        return super().asked(form) | size | {"scan": scan or None}


class AddScan(ActOnPaper):
    form_class, deed, title = forms.ScanForm, legal.add_scan, "上传送达回证"

    def asked(self, form: Any) -> dict[str, Any]:
        return super().asked(form) | {"scan_size": form.cleaned_data["scan"].size}


class RecordResult(DatedDeed):
    form_class, deed, title = forms.ResultForm, legal.record_result, "登记结果"
    days = ("result_on",)

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        return super().get_form_kwargs() | {"results": result_choices(self.paper.kind, on=today)}


class VoidPaper(ActOnPaper):
    form_class, deed, title = forms.VoidForm, legal.void_paper, "作废"

    def asked(self, form: Any) -> dict[str, Any]:
        return super().asked(form) | {"today": timezone.localdate()}
