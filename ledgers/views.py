import tempfile
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from ledgers import services, sheets
from ledgers.forms import FullExportForm, LedgerFilters
from ledgers.kinds import Kind
from ledgers.models import LedgerVersion
from ledgers.periods import KindUnknown, LedgerRefused, Period, PeriodUnknown
from ledgers.queries import LedgerChanges, LedgerSheet, place_choices, versions_of
from ledgers.shelf import shelf, under_way

_ROWS_A_PAGE = 50


class LedgerList(Requires, TemplateView):
    """Kinds by periods: what stands, what is being built, what is still to be built."""

    permission = Permission.LEDGER_VIEW
    template_name = "ledgers/ledger_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        places = shelf(self.request.scope, today=timezone.localdate())
        return super().get_context_data(shelf=places, **kwargs)


class LedgerBuild(Requires, View):
    permission = Permission.LEDGER_BUILD
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        county = self.request.scope.county
        try:
            kind = services.kind_named(request.POST.get("kind", ""))
            period = Period.parse(request.POST.get("period", ""))
            services.start_build(
                kind,
                county=county,
                period=period,
                as_of=period.as_of(timezone.localdate()),
                actor=self.request.user,
            )
        except LedgerRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("ledgers:ledger-list")
        return redirect("ledgers:ledger-detail", kind=kind.code, period=str(period))


class LedgerPage(Requires):
    """A kind and a period of the address, and the version of it that is looked at."""

    permission = Permission.LEDGER_VIEW

    @cached_property
    def kind(self) -> Kind:
        try:
            return services.kind_named(self.kwargs["kind"])
        except KindUnknown as unknown:
            raise Http404 from unknown

    @cached_property
    def period(self) -> Period:
        try:
            return Period.parse(self.kwargs["period"])
        except PeriodUnknown as unknown:
            raise Http404 from unknown

    @cached_property
    def versions(self) -> list[LedgerVersion]:
        """Those of the period, newest first."""
        scope = self.request.scope
        chain = versions_of(self.kind, scope=scope, permission=self.permission, unit=scope.county)
        return list(chain.filter(period=str(self.period)).order_by("-number"))

    @cached_property
    def version(self) -> LedgerVersion | None:
        """The one asked for by number, else the newest."""
        asked = self.request.GET.get("version", "")
        if not asked:
            return self.versions[0] if self.versions else None
        found = [v for v in self.versions if str(v.number) == asked]
        if not found:
            raise Http404
        return found[0]

    def built(self) -> LedgerVersion:
        if self.version is None:
            raise Http404
        return self.version

    @cached_property
    def filters(self) -> LedgerFilters:
        choices = place_choices(self.request.scope)
        return LedgerFilters(self.request.GET, choices=choices, kind=self.kind)


@method_decorator(never_cache, name="dispatch")
class LedgerDetail(LedgerPage, TemplateView):
    """The rows of a version; progress above them while a worker builds the next."""

    template_name = "ledgers/ledger_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.version is None and self.job is None:
            raise Http404
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and (self.job is None or self.job.is_over):
            # The poll sees the end: the whole page is another one now.
            response["HX-Refresh"] = "true"
        return response

    @cached_property
    def job(self) -> Job | None:
        return under_way(self.request.scope, kind=self.kind, period=self.period)

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {} if self.request.htmx or self.version is None else self._rows(self.version)
        here = {
            "kind": self.kind,
            "period": self.period,
            "version": self.version,
            "job": self.job,
        }
        return super().get_context_data(**(kwargs | here | shown))

    def _rows(self, version: LedgerVersion) -> dict[str, Any]:
        sheet = LedgerSheet(version, self.kind, self.request.scope, chosen=self.filters.chosen)
        page = paging.page(
            sheet.rows, by="sort_key", asked=self.request.GET, count=sheet.count, size=_ROWS_A_PAGE
        )
        return {
            "versions": self.versions,
            "filters": self.filters,
            "chosen": self.filters.chosen,
            "chips": self._chips(sheet),
            "page": page,
            "export_form": FullExportForm(auto_id="export_%s"),
            "kept": _kept(self.request.GET),
        }

    def _chips(self, sheet: LedgerSheet) -> list[tuple[str, str, int, bool]]:
        """Query, label, count, chosen: the other filters stay as they are."""
        chips = []
        for value, label, count in sheet.chips():
            kept = _kept(self.request.GET)
            kept["status"] = value
            here = value == sheet.chosen.get("status", "")
            chips.append((kept.urlencode(), label, count, here))
        return chips


class LedgerChange(LedgerPage, TemplateView):
    """What this version changed against the one before it."""

    template_name = "ledgers/ledger_changes.html"
    sorts = (("new", "新增"), ("changed", "变更"), ("gone", "减少"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self.built()
        changes = LedgerChanges(version, self.request.scope)
        counts = {sort: paging.capped_count(getattr(changes, sort)) for sort, _ in self.sorts}
        asked = self.request.GET.get("sort", "")
        sort = asked if asked in counts else next((s for s in counts if counts[s]), "new")
        page = paging.page(
            getattr(changes, sort), by="sort_key", asked=self.request.GET, count=counts[sort]
        )
        here = {
            "kind": self.kind,
            "period": self.period,
            "version": version,
            "sort": sort,
            "tabs": [
                (value, label, paging.count_text(counts[value])) for value, label in self.sorts
            ],
            "page": page,
            "lines": _differences(self.kind, page.rows, changes if sort == "changed" else None),
        }
        return super().get_context_data(**(kwargs | here))


class LedgerExport(LedgerPage, View):
    """The official form with masked numbers."""

    permission = Permission.LEDGER_EXPORT

    def get(self, request: HttpRequest, kind: str, period: str) -> HttpResponseBase:
        return self._file(sheets.Wish())

    def _file(self, wish: sheets.Wish) -> HttpResponseBase:
        version, today = self.built(), timezone.localdate()
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        try:
            sheets.export(
                file,
                version=version,
                kind=self.kind,
                scope=self.request.scope,
                actor=self.request.user,
                wish=wish,
                today=today,
                chosen=self.filters.chosen,
            )
        except sheets.TooManyRows as refusal:
            messages.warning(self.request, str(refusal))
            return redirect("ledgers:ledger-detail", kind=self.kind.code, period=version.period)
        file.seek(0)
        name = sheets.file_name(version, kind=self.kind, today=today)
        return FileResponse(file, as_attachment=True, filename=name)


class LedgerExportFull(LedgerExport):
    """With full numbers, for a purpose that is written down."""

    permission = Permission.IDENTITY_REVEAL
    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str, period: str) -> HttpResponseBase:
        if not self.request.scope.can(Permission.LEDGER_EXPORT):
            raise PermissionDenied
        self.built()
        form = FullExportForm(request.POST)
        if not form.is_valid():
            messages.warning(request, "导出完整号码须写明用途，请填写后再导出。")
            return redirect("ledgers:ledger-detail", kind=kind, period=period)
        return self._file(sheets.Wish(full=True, purpose=form.cleaned_data["purpose"]))


def _kept(asked: Any) -> Any:
    kept = asked.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    return kept


def _differences(
    kind: Kind, rows: list[Any], changes: LedgerChanges | None
) -> list[tuple[Any, list[tuple[str, str, str]]]]:
    """Each row with its changed cells: column, before, after."""
    before = changes.before(rows) if changes else {}
    titles = [column.title for column in kind.columns]
    lines = []
    for row in rows:
        old = before.get(row.subject_id)
        cells = zip(titles, old.cells if old else (), row.cells, strict=False)
        lines.append((row, [change for change in cells if change[1] != change[2]]))
    return lines
