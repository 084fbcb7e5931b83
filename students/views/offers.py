"""Children whom another county of this database asks us to take."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from core import paging
from core.access import Permission
from core.web import Requires
from students.models import TransferOffer
from students.transfers import counties, queries
from students.transfers.forms import OfferForm, RefuseForm
from students.transfers.states import TransferRefused, TransferState


class OfferList(Requires, TemplateView):
    permission = Permission.STUDENT_VIEW
    template_name = "students/transfer_offers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, state = self.request.scope, self.request.GET.get("state", "")
        rows = queries.offers(scope, state=state)
        page = paging.page(rows, by="-received_at", asked=self.request.GET)
        return super().get_context_data(
            page=page,
            counts=queries.offer_counts(scope),
            state=state,
            lines=[(row, queries.TONES[TransferState(row.state)]) for row in page.rows],
            **kwargs,
        )


class OfferPage(Requires):
    @cached_property
    def offer(self) -> TransferOffer:
        rows = TransferOffer.objects.within(self.request.scope, self.permission)
        related = ("from_division", "from_school", "to_school", "class_group")
        return get_object_or_404(rows.select_related(*related), pk=self.kwargs["offer_id"])


class OfferDetail(OfferPage, TemplateView):
    permission = Permission.STUDENT_VIEW
    template_name = "students/transfer_offer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tone = queries.TONES[TransferState(self.offer.state)]
        return super().get_context_data(offer=self.offer, tone=tone, **kwargs)


class AnswerOffer(OfferPage, FormView):  # type: ignore[type-arg]
    permission = Permission.STUDENT_EDIT
    template_name = "students/transfer_offer_answer.html"
    title, submit = "", ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            offer=self.offer, title=self.title, submit=self.submit, **kwargs
        )

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            done = self.answer(form)
        except TransferRefused as refusal:
            field = refusal.field if refusal.field in form.fields else None
            form.add_error(field, str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request,
            f"转学申请现为“{done.get_state_display()}”，答复正送回{self.offer.from_division}。",
        )
        return redirect("students:offer-detail", offer_id=done.pk)

    def answer(self, form: Any) -> TransferOffer:
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "offer_id": self.offer.pk,
            "now": timezone.now(),
        }


class OfferAccept(AnswerOffer):
    form_class = OfferForm
    title, submit = "确认接收", "确认接收"

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        schools = queries.receiving_schools(
            self.offer.county, but=None, grade=self.offer.grade, on=today
        )
        return super().get_form_kwargs() | {"schools": schools, "today": today}

    def answer(self, form: OfferForm) -> TransferOffer:
        return counties.accept_offer(**self.asked(), entry=form.entry)


class OfferRefuse(AnswerOffer):
    form_class = RefuseForm
    title, submit = "退回申请", "退回"

    def answer(self, form: RefuseForm) -> TransferOffer:
        return counties.refuse_offer(**self.asked(), answer=form.cleaned_data["answer"])
