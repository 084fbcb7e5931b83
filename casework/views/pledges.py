"""目标责任书: who has signed, the paper to sign, and the signed scan."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.generic import FormView, TemplateView, View

from casework import duty_forms as forms
from casework.duties import PARTIES, DutyRefused, PledgeKind, lines_of, refuse_foreign_line
from casework.models import ResponsibilityPledge
from casework.queries import duties
from casework.queries import pledges as queries
from casework.queries.covers import cover_of, in_reach
from casework.services import pledges as services
from casework.services import scans
from casework.states import TransitionRefused
from core import paging, papers
from core.access import Permission
from core.web import Requires

VIEW, ASSIGN = Permission.RESPONSIBILITY_VIEW, Permission.RESPONSIBILITY_ASSIGN
MOST_PAPERS = 200
_FORMATS = {"docx": papers.DOCX, "pdf": papers.PDF}


class _PledgeLists(Requires):
    permission = VIEW

    def lists(self) -> list[queries.PledgeList]:
        on = timezone.localdate()
        year = queries.this_year(on)
        asked = self.request.GET
        if asked.get("year", "").isdecimal() and len(asked["year"]) == 4:
            year = min(int(asked["year"]), year)
        chosen = {
            name: value
            for name in ("town", "school", "class_group", "state")
            if (value := asked.get(name, "")) and (value.isdecimal() or name == "state")
        }
        return [
            queries.PledgeList(self.request.scope, kind, year, on, chosen) for kind in PledgeKind
        ]

    def chosen_list(self, lists: list[queries.PledgeList]) -> queries.PledgeList:
        """The kind asked for, else the first in which somebody is to sign."""
        asked = self.request.GET.get("kind", "")
        named = next((one for one in lists if one.kind == asked), None)
        return named or next((one for one in lists if one.total), lists[0])


class PledgeIndex(_PledgeLists, TemplateView):
    template_name = "casework/pledge_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lists = self.lists()
        here = self.chosen_list(lists)
        state = here.chosen.get("state", "")
        counts = {"": here.total, "signed": here.signed, "unsigned": here.total - here.signed}
        page = paging.page(
            here.rows, by=queries.sort_of(here.kind), asked=self.request.GET, count=counts[state]
        )
        kept: dict[str, Any] = {"kind": here.kind.value, "year": here.year, **here.chosen}
        choices = duties.filter_choices(self.request.scope, on=here.on)
        return super().get_context_data(
            lists=[one for one in lists if one.total or one is here],
            here=here,
            year=queries.year_words(here.year),
            years=[here.on.year - n for n in range(4)],
            towns=choices["town"],
            schools=choices["school"],
            states=[
                (value, label, counts[value], urlencode(kept | {"state": value}))
                for value, label in (("", "全部"), ("signed", "已签"), ("unsigned", "未签"))
            ],
            state=state,
            kept=urlencode(kept),
            page=page,
            lines=[(place, queries.place_title(place)) for place in page.rows],
            may_keep=PARTIES[here.kind].line in lines_of(self.request.scope, ASSIGN),
            most=MOST_PAPERS,
            **kwargs,
        )


def _paper_file(made: list[papers.Paper], form: str, *, name: str) -> HttpResponse:
    on = timezone.localdate()
    content = papers.pdf(made, on=on) if form == "pdf" else papers.docx(made, on=on)
    response = HttpResponse(content, content_type=_FORMATS[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


class PledgePapers(_PledgeLists, View):
    """The papers of everybody on the list in one file, to be printed and signed in one go."""

    def get(self, request: HttpRequest) -> HttpResponse:
        here = self.chosen_list(self.lists())
        form = request.GET.get("as", "")
        rows = list(here.rows.order_by(*queries.sort_of(here.kind), "pk")[: MOST_PAPERS + 1])
        if form not in _FORMATS or not rows or len(rows) > MOST_PAPERS:
            messages.warning(
                request, f"一次最多打印 {MOST_PAPERS} 份，请按乡镇或学校筛选后再下载。"
            )
            return redirect(f"{reverse('casework:pledge-list')}?kind={here.kind.value}")
        made = [
            services.paper(here.kind, place, scope=here.scope, year=here.year, on=here.on)
            for place in rows
        ]
        try:
            return _paper_file(made, form, name=f"pledges-{here.year}")
        except papers.NoChineseFont as refusal:
            messages.error(request, str(refusal))
            return redirect(f"{reverse('casework:pledge-list')}?kind={here.kind.value}")


class OnePledge(Requires):
    """The lower party of one pledge, in reach of the permission; any other is 404."""

    permission = VIEW

    @cached_property
    def kind(self) -> PledgeKind:
        try:
            return PledgeKind(self.kwargs["pledge_kind"])
        except ValueError:
            raise Http404 from None

    @cached_property
    def place(self) -> Any:
        lower, key = PARTIES[self.kind].lower, self.kwargs["pledge_place"]
        try:
            return in_reach(self.request.scope, self.permission, lower, key)
        except DutyRefused:
            raise Http404 from None

    @property
    def year(self) -> int:
        return queries.this_year(timezone.localdate())

    @property
    def list_href(self) -> str:
        return f"{reverse('casework:pledge-list')}?kind={self.kind.value}"


class PledgePaper(OnePledge, View):
    def get(self, request: HttpRequest, pledge_kind: str, pledge_place: int) -> HttpResponse:
        place, on = self.place, timezone.localdate()
        made = services.paper(self.kind, place, scope=self.request.scope, year=self.year, on=on)
        form = request.GET.get("as", "docx")
        try:
            return _paper_file(
                [made],
                form if form in _FORMATS else "docx",
                name=f"pledge-{self.year}-{pledge_place}",
            )
        except papers.NoChineseFont as refusal:
            messages.error(request, str(refusal))
            return redirect(self.list_href)


class PledgeSign(OnePledge, FormView):  # type: ignore[type-arg]
    """Keeps the signed scan; a later one replaces it and leaves it readable."""

    permission = ASSIGN
    template_name = "casework/pledge_form.html"
    form_class = forms.SignedForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        place = self.place
        try:
            line = PARTIES[self.kind].line
            refuse_foreign_line(line, scope=self.request.scope, permission=ASSIGN)
        except DutyRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect(self.list_href)
        self._sides = queries.sides(
            self.kind, place, county=self.request.scope.county, on=timezone.localdate()
        )
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        if self.request.method != "GET":
            return {}
        upper, lower = self._sides
        today = timezone.localdate()
        return {"upper_name": upper.signer, "lower_name": lower.signer, "signed_on": today}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            kind=self.kind,
            place=queries.place_title(self.place),
            year=queries.year_words(self.year),
            kept=self._kept(),
            cancel_href=self.list_href,
            **kwargs,
        )

    def _kept(self) -> list[ResponsibilityPledge]:
        rows = ResponsibilityPledge.objects.within(self.request.scope, ASSIGN)
        lookup = cover_of(self.place).lookup
        return list(rows.filter(kind=self.kind, **lookup).order_by("-year", "-pk"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.place  # noqa: B018 - out of reach is 404 before anything is read
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: forms.SignedForm) -> HttpResponse:
        said = dict(form.cleaned_data)
        file = said.pop("file")
        try:
            services.keep_signed(
                scope=self.request.scope,
                actor=self.request.user,
                kind=self.kind,
                key=self.kwargs["pledge_place"],
                year=self.year,
                content=file,
                size=file.size,
                today=timezone.localdate(),
                **said,
            )
        except TransitionRefused as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        except DutyRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, "签订的责任书已存入，扫描件加密保存。")
        return redirect(self.list_href)


class PledgeScan(Requires, View):
    permission = VIEW

    def get(self, request: HttpRequest, pledge_id: int) -> HttpResponse | StreamingHttpResponse:
        rows = ResponsibilityPledge.objects.within(self.request.scope, self.permission)
        pledge = get_object_or_404(rows, pk=pledge_id)
        if not scans.is_kept(pledge.stored_as):
            messages.error(request, "扫描件在服务器上找不到，请联系系统管理员从备份恢复。")
            return redirect("casework:pledge-list")
        services.note_read(pledge, actor=self.request.user)
        pieces = scans.pieces(pledge.stored_as)
        response = StreamingHttpResponse(pieces, content_type=pledge.media_type)
        name = f"pledge-{pledge.year}-{pledge.pk}.{scans.ENDINGS[pledge.media_type]}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response


class PledgeWithdraw(Requires, View):
    permission = ASSIGN

    def post(self, request: HttpRequest, pledge_id: int) -> HttpResponse:
        rows = ResponsibilityPledge.objects.within(self.request.scope, self.permission)
        get_object_or_404(rows, pk=pledge_id)
        try:
            services.withdraw(
                scope=self.request.scope, actor=self.request.user, pledge_id=pledge_id
            )
        except DutyRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "已撤下，这一份重新列为未签，扫描件仍保留。")
        return redirect("casework:pledge-list")
