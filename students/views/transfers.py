from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView, TemplateView, View

from core import paging
from core.access import Permission
from core.web import Requires
from students.models import Student, Transfer
from students.transfers import queries, services
from students.transfers.forms import AcceptForm, RefuseForm, TransferForm
from students.transfers.states import TransferRefused, TransferState


class TransferList(Requires, TemplateView):
    permission = Permission.STUDENT_VIEW
    template_name = "students/transfer_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        box = queries.box(
            self.request.scope, side=asked.get("side", ""), state=asked.get("state", "")
        )
        counts = box.counts()
        count = next(number for value, _, number in counts if value == box.state)
        page = paging.page(box.rows, by="-sent_at", asked=asked, count=count)
        is_county = self.request.scope.whole_county(self.permission)
        return super().get_context_data(
            offers=queries.offers(self.request.scope).count() if is_county else None,
            box=box,
            counts=counts,
            page=page,
            lines=[(row, queries.TONES[TransferState(row.state)]) for row in page.rows],
            **kwargs,
        )


class TransferNew(Requires, FormView):  # type: ignore[type-arg]
    """Asked for on the student's page, by whoever may write the record."""

    permission = Permission.STUDENT_EDIT
    template_name = "students/transfer_form.html"
    form_class = TransferForm

    @cached_property
    def student(self) -> Student:
        rows = Student.objects.within(self.request.scope, self.permission)
        return get_object_or_404(
            rows.select_related("school", "class_group"), pk=self.kwargs["student_id"]
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        schools = queries.receiving_schools(
            self.student.county,
            but=self.student.school_id,
            grade=self.student.grade,
            on=timezone.localdate(),
        )
        return super().get_form_kwargs() | {"schools": schools}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(student=self.student, **kwargs)

    def form_valid(self, form: TransferForm) -> HttpResponse:
        try:
            transfer = services.send(
                scope=self.request.scope,
                actor=self.request.user,
                student_id=self.student.pk,
                to=form.destination,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except TransferRefused as refusal:
            form.add_error(refusal.field, str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request,
            f"转学申请已发出，请对方在 {transfer.due_on:%Y-%m-%d} 前答复；接收前学生仍在本校台账。",
        )
        return redirect("students:transfer-detail", transfer_id=transfer.pk)


class TransferPage(Requires):
    """A transfer that either side may look at; which of them may act is the service's to say."""

    def reachable(self) -> "QuerySet[Transfer]":
        return queries.transfers(self.request.scope)

    @cached_property
    def transfer(self) -> Transfer:
        return get_object_or_404(self.reachable(), pk=self.kwargs["transfer_id"])

    def back(self) -> HttpResponse:
        return redirect("students:transfer-detail", transfer_id=self.transfer.pk)


class TransferDetail(TransferPage, TemplateView):
    permission = Permission.STUDENT_VIEW
    template_name = "students/transfer_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        transfer, scope, edit = self.transfer, self.request.scope, Permission.STUDENT_EDIT
        own = Transfer.objects.filter(pk=transfer.pk)
        numbers = transfer.student.identifiers.filter(kind="id_number", valid_to=None)
        return super().get_context_data(
            transfer=transfer,
            student=transfer.student,
            numbers=numbers,
            tone=queries.TONES[TransferState(transfer.state)],
            may_answer=own.answerable_by(scope, edit).exists(),
            may_refuse=own.received_by(scope, edit).exists(),
            may_withdraw=own.sent_by(scope, edit).exists(),
            may_see_student=Student.objects.within(scope, self.permission)
            .filter(pk=transfer.student_id)
            .exists(),
            **kwargs,
        )


class AnswerTransfer(TransferPage, FormView):  # type: ignore[type-arg]
    permission = Permission.STUDENT_EDIT
    template_name = "students/transfer_answer.html"
    title, submit = "", ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            transfer=self.transfer, title=self.title, submit=self.submit, **kwargs
        )

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            done = self.answer(form)
        except TransferRefused as refusal:
            field = refusal.field if refusal.field in form.fields else None
            form.add_error(field, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"转学申请现为“{done.get_state_display()}”。")
        return self.back()

    def answer(self, form: Any) -> Transfer:
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "transfer_id": self.transfer.pk,
            "now": timezone.now(),
        }


class TransferAccept(AnswerTransfer):
    form_class = AcceptForm
    title, submit = "确认接收", "确认接收"

    def reachable(self) -> "QuerySet[Transfer]":
        rows = super().reachable()
        own = Transfer.objects.answerable_by(self.request.scope, self.permission)
        return rows.filter(pk__in=own.values("pk"))

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        return super().get_form_kwargs() | {
            "classes": queries.classes_for(self.transfer, on=today),
            "is_outside": self.transfer.goes_outside,
            "today": today,
        }

    def answer(self, form: AcceptForm) -> Transfer:
        return services.accept(**self.asked(), **form.facts)


class TransferRefuse(AnswerTransfer):
    form_class = RefuseForm
    title, submit = "退回申请", "退回"

    def reachable(self) -> "QuerySet[Transfer]":
        rows = super().reachable()
        own = Transfer.objects.received_by(self.request.scope, self.permission)
        return rows.filter(pk__in=own.values("pk"))

    def answer(self, form: RefuseForm) -> Transfer:
        return services.send_back(**self.asked(), answer=form.cleaned_data["answer"])


class TransferWithdraw(TransferPage, View):
    permission = Permission.STUDENT_EDIT
    http_method_names = ["post"]

    def reachable(self) -> "QuerySet[Transfer]":
        rows = super().reachable()
        own = Transfer.objects.sent_by(self.request.scope, self.permission)
        return rows.filter(pk__in=own.values("pk"))

    def post(self, request: HttpRequest, transfer_id: int) -> HttpResponse:
        try:
            services.withdraw(
                scope=self.request.scope,
                actor=self.request.user,
                transfer_id=self.transfer.pk,
                now=timezone.now(),
            )
            messages.success(request, "转学申请已撤回，学生仍在本校就读。")
        except TransferRefused as refusal:
            messages.error(request, str(refusal))
        return self.back()
