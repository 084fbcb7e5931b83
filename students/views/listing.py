"""The list of children: what it shows, in which columns, under which name, and as a file."""

import json
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission, Scope
from core.web import Requires, offer_undo
from students import search, services
from students.forms import SearchForm, StudentFilters, ViewForm, WidthForm
from students.listing import columns, saved
from students.listing.saved import Look, ViewRefused
from students.listing.selection import SORTS, Selection, words
from students.models import SavedView, Student
from students.queries import children

LIST_URL = "students:student-list"


def _filters(asked: Any, scope: Scope) -> StudentFilters:
    return StudentFilters(
        asked,
        choices=children.filter_choices(scope, on=timezone.localdate()),
        sorts=[(code, label) for code, (label, _) in SORTS.items()],
    )


def conditions_of(selection: Selection, scope: Scope) -> str:
    """A selection's conditions in words."""
    filters = _filters(selection.chosen, scope)
    return words(filters.conditions.values(), search=selection.search)


class ListDoor(Requires):
    """What the address asks for: every page around the list reads it the same way."""

    permission = Permission.STUDENT_VIEW

    @cached_property
    def filters(self) -> StudentFilters:
        return _filters(self.request.GET, self.request.scope)

    @cached_property
    def sought(self) -> search.Search | None:
        return search.opened(self.request.GET.get("find", ""), user_id=self.request.user.pk)

    @cached_property
    def selection(self) -> Selection:
        chosen = self.filters.chosen
        return Selection(chosen, self.filters.cleaned_data.get("sort", ""), self.sought)

    @cached_property
    def saved_view(self) -> SavedView | None:
        asked = self.request.GET.get("view", "")
        if not asked.isdecimal() or len(asked) > 18:
            return None
        found: SavedView | None = self.views.filter(pk=int(asked)).first()
        return found

    @property
    def views(self) -> Any:
        user, scope = self.request.user, self.request.scope
        return SavedView.objects.open_to(user.pk, county=scope.county).select_related("owner")

    @cached_property
    def shown(self) -> list[str]:
        if self.saved_view:
            return columns.known(self.saved_view.columns)
        return columns.chosen_by(self.request.user)

    @property
    def look(self) -> Look:
        return Look(self.selection, self.shown)

    def kept(self, *without: str) -> str:
        """The address's conditions, from the first page on."""
        kept: QueryDict = self.request.GET.copy()
        for name in ("after", "before", *without):
            kept.pop(name, None)
        return kept.urlencode()

    def back(self, query: str) -> HttpResponse:
        return redirect(f"{reverse(LIST_URL)}?{query}" if query else LIST_URL)


class StudentList(ListDoor, TemplateView):
    template_name = "students/student_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today, scope, asked = timezone.localdate(), self.request.scope, self.request.GET
        rows = self.selection.rows(scope, on=today)
        count = None if scope.whole_county(self.permission) else rows.count()
        page = paging.page(
            children.for_list(rows), by=self.selection.keys, asked=asked, count=count
        )
        return super().get_context_data(
            page=page,
            headings=[columns.BY_CODE[code] for code in self.shown],
            lines=columns.lines(page.rows, self.shown, on=today),
            filters=self.filters,
            find=asked.get("find", "") if self.sought else "",
            is_stale_search=bool(asked.get("find")) and self.sought is None,
            search=self.sought,
            chosen=self.selection.chosen,
            drops=[] if page.rows else self._drops(),
            selection=self.selection.token(user_id=self.request.user.pk),
            kept=self.kept(),
            widths=json.dumps(columns.widths_of(self.request.user)),
            **self._named(),
            **kwargs,
        )

    def _drops(self) -> list[tuple[str, str, str]]:
        """For an empty list: a filter in words, the address without it, how many are left then.

        Those that bring children back, if there are any: no click for nothing.
        """
        found = []
        for name, (label, value) in self.filters.conditions.items():
            chosen = {other: v for other, v in self.selection.chosen.items() if other != name}
            rest = Selection(chosen, search=self.sought)
            rows = rest.rows(self.request.scope, on=timezone.localdate())
            count = paging.capped_count(rows)
            found.append((f"{label}：{value}", self.kept(name), count))
        helping = [drop for drop in found if drop[2]] or found
        return [(said, query, paging.count_text(count)) for said, query, count in helping]

    def _named(self) -> dict[str, Any]:
        """The views on offer, and the one looked through."""
        for gone in saved.removed_from(self.request.user, scope=self.request.scope):
            messages.warning(
                self.request, f"您用过的视图“{gone.name}”已由{gone.owner.full_name}删除。"
            )
        view = self.saved_view
        if view:
            saved.note_use(view=view, user=self.request.user)
        return {
            "view": view,
            "view_may_change": view is not None and view.may_change(self.request.user.pk),
            "view_differs": view is not None and _differs(view, self.look),
            "tabs": [(other, address(other)) for other in self.views.order_by("name", "pk")],
            "view_form": ViewForm(auto_id="view_%s"),
        }


def _differs(view: SavedView, look: Look) -> bool:
    return view.filters != look.selection.chosen or view.sort != look.selection.sort


def address(view: SavedView) -> str:
    """The list as a view keeps it; the conditions stand in the address, so that it can be read."""
    asked = {**view.filters, "sort": view.sort} if view.sort else dict(view.filters)
    return urlencode({"view": view.pk, **asked})


class StudentSearch(Requires, View):
    """A name or number is posted, and the list is asked for by a token that hides it."""

    permission = Permission.STUDENT_VIEW
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.POST)
        if not form.is_valid():
            for error in form.errors.get("words", []):
                messages.warning(request, str(error))
            return redirect(LIST_URL)
        sought = search.search_for(form.cleaned_data["words"])
        token = search.token_of(sought, user_id=self.request.user.pk)
        return redirect(f"{reverse(LIST_URL)}?{urlencode({'find': token})}")


class ListColumns(ListDoor, TemplateView):
    """Which columns, in which order. Every button is a form's: it works without a script."""

    template_name = "students/student_columns.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("choices", columns.choices(self.shown))
        return super().get_context_data(kept=self.kept("view"), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST
        order = columns.known(asked.getlist("order"))
        order += [code for code in columns.BY_CODE if code not in order]
        for name, by in (("up", -1), ("down", 1)):
            if name in asked:
                return self._moved(asked, columns.moved(order, code=asked[name], by=by))
        if "reset" in asked:
            columns.reset(user=self.request.user)
            messages.success(request, "已恢复为通常的列。")
        else:
            shown = asked.getlist("show")
            columns.choose(user=self.request.user, wanted=[c for c in order if c in shown])
            messages.success(request, "列已保存，以后打开学生名单都按此显示。")
        return self.back(self.kept("view"))

    def _moved(self, asked: QueryDict, order: list[str]) -> HttpResponse:
        shown = [code for code in order if code in asked.getlist("show")]
        here = asked.get("up") or asked.get("down")
        choices = columns.choices(shown, order)
        return self.render_to_response(self.get_context_data(choices=choices, moved=here))


class ListWidths(ListDoor, View):
    """Sent by the page while a column is pulled wider; the answer is nothing to show."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WidthForm(request.POST)
        if not form.is_valid() or form.cleaned_data["column"] not in ("name", *columns.BY_CODE):
            return HttpResponse(status=422)
        columns.set_width(user=self.request.user, **form.cleaned_data)
        return HttpResponse(status=204)


class StudentPeek(Requires, TemplateView):
    """速览: every column of one child beside the list, asked for by the page."""

    permission = Permission.STUDENT_VIEW
    http_method_names = ["post"]
    template_name = "students/student_peek.html"

    def post(self, request: HttpRequest, student_id: int) -> HttpResponse:
        scope, today = self.request.scope, timezone.localdate()
        rows = children.for_list(Student.objects.within(scope, self.permission))
        student = get_object_or_404(rows, pk=student_id)
        services.note_look(student=student, actor=self.request.user, now=timezone.now())
        ((_, cells),) = columns.lines([student], list(columns.BY_CODE), on=today)
        told = [cell for cell in cells if cell.plain]
        return self.render_to_response(self.get_context_data(student=student, cells=told))


class ViewSave(ListDoor, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ViewForm(request.POST)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.warning(request, str(errors[0]))
            return self.back(self.kept())
        try:
            view = saved.save_view(
                scope=self.request.scope,
                actor=self.request.user,
                look=self.look,
                **form.cleaned_data,
            )
        except ViewRefused as refusal:
            messages.warning(request, str(refusal))
            return self.back(self.kept())
        messages.success(request, f"视图“{view.name}”已保存。")
        return self.back(address(view))


class ViewPage(ListDoor):
    @cached_property
    def view(self) -> SavedView:
        found: SavedView = get_object_or_404(self.views, pk=self.kwargs["view_id"])
        return found

    @cached_property
    def own_view(self) -> SavedView:
        own = self.views.filter(owner=self.request.user)
        found: SavedView = get_object_or_404(own, pk=self.kwargs["view_id"])
        return found


class ViewChange(ViewPage, View):
    """The view takes on the filters and the order of the list as it stands."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, view_id: int) -> HttpResponse:
        shown = columns.known(self.view.columns)
        try:
            view = saved.change_view(
                scope=self.request.scope,
                actor=self.request.user,
                view_id=self.view.pk,
                look=Look(self.selection, shown),
                now=timezone.now(),
            )
        except ViewRefused as refusal:
            messages.warning(request, str(refusal))
            return self.back(self.kept())
        messages.success(request, f"视图“{view.name}”已按现在的条件更新。")
        return self.back(address(view))


class ViewEdit(ViewPage, FormView):  # type: ignore[type-arg]
    """Name, sharing, removal: the owner's."""

    template_name = "students/student_view.html"
    form_class = ViewForm

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.own_view.name, "sharing": self.own_view.sharing}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        view = self.own_view
        return super().get_context_data(
            view=view, users=saved.users_of(view), query=address(view), **kwargs
        )

    def form_valid(self, form: ViewForm) -> HttpResponse:
        try:
            view = saved.rename_view(
                scope=self.request.scope,
                actor=self.request.user,
                view_id=self.own_view.pk,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except ViewRefused as refusal:
            form.add_error("name", str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"视图“{view.name}”已保存。")
        return self.back(address(view))


class ViewRemove(ViewPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, view_id: int) -> HttpResponse:
        view = self.own_view
        users = saved.remove_view(
            scope=self.request.scope,
            actor=self.request.user,
            view_id=view.pk,
            now=timezone.now(),
        )
        told = f"，用过它的 {users} 人会收到提示" if users else ""
        undo = reverse("students:view-restore", args=[view.pk])
        offer_undo(request, f"视图“{view.name}”已删除{told}。", address=undo)
        return self.back("")


class ViewRestore(ListDoor, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, view_id: int) -> HttpResponse:
        try:
            view = saved.restore_view(
                scope=self.request.scope,
                actor=self.request.user,
                view_id=view_id,
                now=timezone.now(),
            )
        except SavedView.DoesNotExist:
            raise Http404 from None
        except ViewRefused as refusal:
            messages.warning(request, str(refusal))
            return self.back("")
        messages.success(request, f"视图“{view.name}”已恢复。")
        return self.back(address(view))
