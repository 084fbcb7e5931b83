"""个案移交: the offer, the answer, and the lists of both sides."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView, View

from casework.models import CaseHandover
from casework.models.handover import HandoverState
from casework.queries.handovers import TABS, Handing, HandoverList, choices
from casework.services import handover as services
from casework.states import TransitionRefused
from casework.views.case import CaseDoor
from core import paging
from core.access import Permission
from core.forms import OfficeForm
from core.web import Requires

TONES = {
    HandoverState.OFFERED: "busy",
    HandoverState.ACCEPTED: "good",
    HandoverState.REFUSED: "warn",
    HandoverState.WITHDRAWN: "",
}


class HandoverIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/handover_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = HandoverList(self.request.scope, self.request.user.pk)
        asked = self.request.GET.get("tab", "")
        tab = asked if asked in dict(TABS) else TABS[0][0]
        is_open = self.request.GET.get("answered") != "1"
        rows = found.rows(tab).filter(state=HandoverState.OFFERED) if is_open else found.rows(tab)
        if not is_open:
            rows = rows.exclude(state=HandoverState.OFFERED)
        page = paging.page(rows, by="-offered_at", asked=self.request.GET)
        return super().get_context_data(
            tab=tab,
            tabs=found.tabs(),
            is_open=is_open,
            page=page,
            lines=[(row, TONES[HandoverState(row.state)]) for row in page.rows],
            withdrawable=set(
                services.withdrawable(self.request.scope, self.request.user.pk)
                .filter(pk__in=[row.pk for row in page.rows], transfer=None)
                .values_list("pk", flat=True)
            )
            if self.request.scope.can(Permission.CASE_HAND_OVER)
            else set(),
            reader=self.request.user.pk,
            **kwargs,
        )


class OfferForm(OfficeForm):
    to = forms.ChoiceField(label="交给谁")
    why = forms.CharField(
        label="移交原因", max_length=200, help_text="例如：该生换班；本人调离；随父母转学。"
    )
    work = forms.CharField(
        label="已做的工作和待办事项",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="接收人先看到这一段：做过什么、家长怎么说、接下来要做什么。",
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "请选择"), *people]  # type: ignore[attr-defined]


class OfferCase(CaseDoor, FormView):  # type: ignore[type-arg]
    permission = Permission.CASE_HAND_OVER
    form_class = OfferForm
    template_name = "casework/handover_form.html"

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        return choices(self.case, giver=self.request.user.pk, on=timezone.localdate())

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"people": self.people}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            case=self.case,
            student=self.case.student,
            handing=Handing(self.case),
            has_receivers=bool(self.people),
            cancel_href=self.case_href,
            **kwargs,
        )

    def form_valid(self, form: OfferForm) -> HttpResponse:
        try:
            offer = services.offer_case(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request, f"已请{offer.to_words}接收。对方接收以前，个案仍由原负责人办理。"
        )
        return redirect(self.case_href)


class AnswerForm(OfficeForm):
    verdict = forms.ChoiceField(
        label="答复",
        choices=[("accept", "接收"), ("refuse", "退回")],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        help_text="退回的须写明原因，例如：该生已转到二班。",
    )

    def clean(self) -> dict[str, Any] | None:
        asked = super().clean() or {}
        if asked.get("verdict") == "refuse" and not asked.get("answer"):
            self.add_error("answer", "退回须写明原因，让移交人知道该交给谁")
        return asked


class AnswerOffer(Requires, FormView):  # type: ignore[type-arg]
    """For the person who was asked, and nobody else."""

    permission = Permission.CASE_HAND_OVER
    form_class = AnswerForm
    template_name = "casework/handover_answer.html"

    @cached_property
    def offer(self) -> CaseHandover:
        mine = CaseHandover.objects.filter(
            county=self.request.scope.county, to_user=self.request.user.pk
        )
        return get_object_or_404(
            mine.select_related("case__student__school"), pk=self.kwargs["asked_id"]
        )

    @property
    def list_href(self) -> str:
        return reverse("casework:handover-list")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.offer.is_open:
            return super().get(request, *args, **kwargs)
        messages.warning(request, f"这次移交{self.offer.get_state_display()}，不必再答复。")
        return redirect(self.list_href)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            offer=self.offer, student=self.offer.case.student, cancel_href=self.list_href, **kwargs
        )

    def form_valid(self, form: AnswerForm) -> HttpResponse:
        try:
            offer = services.answer_offer(
                scope=self.request.scope,
                actor=self.request.user,
                handover_id=self.offer.pk,
                is_accepted=form.cleaned_data["verdict"] == "accept",
                answer=form.cleaned_data["answer"],
                now=timezone.now(),
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        if offer.state == HandoverState.ACCEPTED:
            messages.success(self.request, "已接收，个案现在由您负责。")
            return redirect("casework:case-detail", offer.case_id)
        messages.success(self.request, "已退回，系统已告诉移交人。")
        return redirect(self.list_href)


class WithdrawOffer(Requires, View):
    permission = Permission.CASE_HAND_OVER
    http_method_names = ["post"]

    def post(self, request: HttpRequest, offered_id: int) -> HttpResponse:
        rows = services.withdrawable(self.request.scope, self.request.user.pk)
        offer = get_object_or_404(rows, pk=offered_id)
        try:
            services.withdraw_offer(
                scope=self.request.scope,
                actor=self.request.user,
                handover_id=offer.pk,
                now=timezone.now(),
            )
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "移交已撤回，个案仍由原负责人办理。")
        return redirect(f"{reverse('casework:handover-list')}?tab=offered")
