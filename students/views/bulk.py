"""Pages of an act on many children: what to do, the dry run, and how far the job is.

Casework has the same pages for its own act: they inherit from these.
"""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from core.access import Permission
from core.web import Requires
from students.forms import CategoryForm
from students.listing import bulk, undoing
from students.listing.bulk import BulkRefused, Chosen
from students.listing.selection import opened
from students.models import BulkAct
from students.views.listing import conditions_of

_SHOWN = 50


class BulkStart(Requires, View):
    """From the list: ticked children, or all that fit its conditions."""

    http_method_names = ["post"]
    kinds: tuple[BulkAct.Kind, ...]
    detail: str

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.request.scope.can(Permission.STUDENT_VIEW):
            raise PermissionDenied
        kind = request.POST.get("kind", self.kinds[0])
        if kind not in self.kinds:
            raise Http404
        try:
            with transaction.atomic():
                act = bulk.fix(
                    scope=self.request.scope,
                    actor=self.request.user,
                    kind=kind,
                    chosen=self._chosen(),
                    on=timezone.localdate(),
                )
        except BulkRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("students:student-list")
        return redirect(reverse(self.detail, args=[act.pk]))

    def _chosen(self) -> Chosen:
        asked = self.request.POST
        if "all" not in asked:
            ticked = [int(pk) for pk in asked.getlist("student") if pk.isdecimal() and len(pk) < 19]
            return Chosen(None, tuple(ticked), "在名单中勾选")
        selection = opened(asked.get("selection", ""), user_id=self.request.user.pk)
        if selection is None:
            raise BulkRefused("筛选条件已失效，请重新筛选后再选。")
        return Chosen(selection, said=conditions_of(selection, self.request.scope))


class BulkPage(Requires):
    """One's own act: to anybody else it does not exist."""

    kinds: tuple[BulkAct.Kind, ...]
    detail: str
    commit: str
    task: str

    @cached_property
    def act(self) -> BulkAct:
        acts = bulk.own_acts(self.request.scope, self.request.user, self.kinds)
        (act_id,) = self.kwargs.values()
        return get_object_or_404(acts.select_related("job", "undo_job"), pk=act_id)

    def back(self) -> HttpResponse:
        return redirect(reverse(self.detail, args=[self.act.pk]))


@method_decorator(never_cache, name="dispatch")
class BulkDetail(BulkPage, FormView):  # type: ignore[type-arg]
    template_name = "students/student_bulk.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and not self._is_at_work:
            # The whole page anew: whoever saw the end needs no notice of it.
            response["HX-Refresh"] = "true"
        return response

    @property
    def _is_at_work(self) -> bool:
        return any(job and not job.is_over for job in (self.act.job, self.act.undo_job))

    def get_initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate(), "opened_on": timezone.localdate(), **self.act.settings}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        act = self.act
        left = act.rows.exclude(reason="").select_related("student")
        return super().get_context_data(
            act=act,
            tally=bulk.tally(act),
            left=left.order_by("reason", "student__name_key", "pk")[:_SHOWN],
            left_shown=_SHOWN,
            said=self.said(),
            can_undo=undoing.can_undo(act),
            commit_href=reverse(self.commit, args=[act.pk]),
            here=reverse(self.detail, args=[act.pk]),
            **kwargs,
        )

    def said(self) -> list[tuple[str, str]]:
        """What was filled in, in words."""
        form = self.get_form_class()(**{**self.get_form_kwargs(), "data": None})
        found = []
        for name, field in form.fields.items():
            value = self.act.settings.get(name, "")
            words = dict(getattr(field, "choices", ())).get(value, value)
            found.append((str(field.label), str(words)))
        return found

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.act.state == BulkAct.State.STARTED:
            messages.warning(request, bulk.STARTED_ALREADY)
            return self.back()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                self.dry_run(form.cleaned_data)
        except BulkRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return self.back()

    def dry_run(self, asked: dict[str, Any]) -> None:
        raise NotImplementedError


class BulkCommit(BulkPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: int) -> HttpResponse:
        try:
            bulk.start(actor=self.request.user, act_id=self.act.pk, task=self.task)
        except BulkRefused as refusal:
            messages.warning(request, str(refusal))
        return self.back()


class _Categories(Requires):
    permission = Permission.STUDENT_EDIT
    kinds: tuple[BulkAct.Kind, ...] = (BulkAct.Kind.ADD_CATEGORY, BulkAct.Kind.END_CATEGORY)
    detail = "students:bulk-detail"
    commit = "students:bulk-commit"
    task = bulk.CATEGORY_TASK


class CategoryStart(_Categories, BulkStart):
    pass


class CategoryDetail(_Categories, BulkDetail):
    form_class = CategoryForm

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        return super().get_form_kwargs() | {
            "categories": bulk.category_choices(on=today),
            "ends": self.act.kind == BulkAct.Kind.END_CATEGORY,
            "today": today,
        }

    def dry_run(self, asked: dict[str, Any]) -> None:
        bulk.try_categories(scope=self.request.scope, act=self.act, **asked)


class CategoryCommit(_Categories, BulkCommit):
    pass


class CategoryUndo(_Categories, BulkPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, act_id: int) -> HttpResponse:
        try:
            undoing.start(actor=self.request.user, act_id=self.act.pk)
        except BulkRefused as refusal:
            messages.warning(request, str(refusal))
        return self.back()
