"""复核 of visits day by day; planned visits with their coverage."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView, View

from casework.models import HomeVisit, PlannedVisit, VisitBatch
from casework.queries import visit_plans as queries
from casework.services import visit_plan as services
from casework.states import TransitionRefused
from core import paging
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.web import Requires

_SHOWN = 50
TONES = {
    queries.VISITED: "good",
    queries.AHEAD: "",
    queries.MISSED: "warn",
    queries.CANCELLED: "",
}


class VisitReviews(Requires, TemplateView):
    """What was visited, to be read day by day."""

    permission = Permission.VISIT_REVIEW
    template_name = "casework/visit_reviews.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        on = timezone.localdate()
        found = queries.ReviewList(self.request.scope, self.request.user.pk, on)
        asked = self.request.GET.get("which", "")
        which = asked if asked in dict(queries.REVIEWS) else queries.UNREAD
        pages = Paginator(found.rows(which).prefetch_related("reviews"), _SHOWN)
        return super().get_context_data(
            which=which,
            chips=found.chips(),
            page=pages.get_page(self.request.GET.get("page")),
            on=on,
            **kwargs,
        )


class ReviewVisit(Requires, View):
    permission = Permission.VISIT_REVIEW
    http_method_names = ["post"]

    def post(self, request: HttpRequest, visit_id: UUID) -> HttpResponse:
        rows = HomeVisit.objects.within(self.request.scope, self.permission)
        visit = get_object_or_404(rows, pk=visit_id)
        version = request.POST.get("version", "")
        remark = request.POST.get("remark", "").strip()
        which = request.POST.get("which", "")
        back = f"{reverse('casework:visit-reviews')}?which={which}"
        if which not in dict(queries.REVIEWS):
            back = reverse("casework:visit-reviews")
        try:
            if len(remark) > 200:
                raise TransitionRefused("批注最多 200 个字，请缩短后再保存。")
            services.review_visit(
                scope=self.request.scope,
                actor=self.request.user,
                visit_id=visit.pk,
                version=int(version) if version.isdecimal() and len(version) < 9 else 0,
                remark=remark,
                now=timezone.now(),
            )
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "批注已保存。" if remark else "已阅。")
        return redirect(back)


class BatchIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/visit_batch_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        rows = queries.batches(scope).select_related("school")
        page = paging.page(rows, by="-last_day", asked=self.request.GET)
        visits = queries.planned(scope, on=on).filter(batch__in=page.rows)
        covered = queries.coverage(visits)
        return super().get_context_data(
            page=page, lines=[(batch, covered[batch.pk]) for batch in page.rows], **kwargs
        )


class BatchDetail(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/visit_batch.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        batch = get_object_or_404(
            queries.batches(scope).select_related("school"), pk=self.kwargs["visit_batch_id"]
        )
        every = queries.planned(scope, on=on).filter(batch=batch)
        covered = queries.coverage(every)[batch.pk]
        asked = self.request.GET.get("state", "")
        state = asked if asked in (*dict(queries.STATES), "should") else ""
        rows = every
        if state == "should":
            rows = every.exclude(state=queries.CANCELLED)
        elif state:
            rows = every.filter(state=state)
        count = {**covered.counts, "should": covered.should, "": sum(covered.counts.values())}
        page = paging.page(
            rows.select_related("student__class_group"),
            by="planned_on",
            asked=self.request.GET,
            count=count.get(state, 0),
        )
        words = dict(queries.STATES)
        return super().get_context_data(
            batch=batch,
            covered=covered,
            state=state,
            total=count[""],
            page=page,
            lines=[(row, words[row.state], TONES[row.state]) for row in page.rows],
            may_note=scope.can(Permission.VISIT_PLAN),
            **kwargs,
        )


class BatchForm(OfficeForm):
    target = forms.ChoiceField(label="走访谁")
    title = forms.CharField(label="名称", max_length=80, help_text="例如：十一月全员家访。")
    visitors = forms.CharField(label="走访人", max_length=120)
    first_day = DayField(label="起始日期")
    last_day = DayField(label="截止日期", help_text="学生按日平均排开，排好后逐个列出。")
    with_weekends = forms.BooleanField(label="周末和假日也走访", required=False)

    def __init__(self, *args: Any, targets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [("", "请选择"), *targets]  # type: ignore[attr-defined]


class NewBatch(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.VISIT_PLAN
    form_class = BatchForm
    template_name = "casework/visit_batch_form.html"

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        return {"visitors": self.request.user.full_name, "first_day": today}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"targets": queries.targets(self.request.scope)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title="安排批次走访",
            submit="排出走访日期",
            cancel_href=reverse("casework:visit-batch-list"),
            **kwargs,
        )

    def form_valid(self, form: BatchForm) -> HttpResponse:
        try:
            batch: VisitBatch = services.plan_visits(
                scope=self.request.scope,
                actor=self.request.user,
                today=timezone.localdate(),
                **form.cleaned_data,
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, "走访日期已排好。")
        return redirect("casework:visit-batch", batch.pk)


class NoteForm(OfficeForm):
    what = forms.ChoiceField(
        label="怎么回事",
        choices=[("cancel", "取消，不用走访"), ("missed", "到期没有走访，以后补")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="原因", max_length=200, help_text="例如：该生已转学；大雪封路，改到下周。"
    )


class NotePlanned(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.VISIT_PLAN
    form_class = NoteForm
    template_name = "casework/visit_batch_form.html"

    @cached_property
    def planned(self) -> PlannedVisit:
        rows = PlannedVisit.objects.within(self.request.scope, self.permission)
        return get_object_or_404(
            rows.select_related("student", "batch"), pk=self.kwargs["planned_id"]
        )

    @property
    def batch_href(self) -> str:
        return reverse("casework:visit-batch", args=[self.planned.batch_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=f"{self.planned.student.full_name}：取消或说明未走访的原因",
            submit="保存",
            cancel_href=self.batch_href,
            **kwargs,
        )

    def form_valid(self, form: NoteForm) -> HttpResponse:
        try:
            services.note_planned(
                scope=self.request.scope,
                actor=self.request.user,
                planned_id=self.planned.pk,
                is_cancelled=form.cleaned_data["what"] == "cancel",
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, "已保存。")
        return redirect(self.batch_href)
