from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import View

from casework import forms, services
from casework.services import OpenCaseExists, overdue
from casework.services.comparisons import open_suspects
from casework.states import TransitionRefused
from casework.views.case import DeedForm
from core.access import Permission, Scope
from core.web import Requires
from students.comparison.services import ComparisonRefused
from students.models import MatchRun, RollOver, Student, Transfer
from students.rollover.queries import Gap, leavers
from students.transfers.states import TransferState


class OpenCase(Requires, DeedForm):
    permission = Permission.CASE_OPEN
    form_class = forms.OpenForm
    days = ("opened_on",)

    @cached_property
    def student(self) -> Student:
        students = Student.objects.within(self.request.scope, self.permission)
        return get_object_or_404(students, pk=self.kwargs["student_id"])

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"source": _own_source(self.request.scope)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            student=self.student,
            title="建立疑似辍学个案",
            submit="建立个案",
            cancel_href=reverse("casework:student-cases", args=[self.student.pk]),
            **kwargs,
        )

    def form_valid(self, form: forms.CaseForm) -> HttpResponse:
        try:
            case = services.open_case(student_id=self.student.pk, **self.asked(form))
        except OpenCaseExists as refusal:
            form.add_error(None, str(refusal))
            return self.render_to_response(
                self.get_context_data(form=form, standing=refusal.case_id)
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, "个案已建立，请尽快核查。")
        return redirect("casework:case-detail", case_id=case.pk)


def _own_source(scope: Scope) -> str:
    """What a school or a township finds, it reports as its own; the county is told by many."""
    if scope.whole_county(Permission.CASE_OPEN):
        return ""
    reaches = [grant for grant in scope.grants if Permission.CASE_OPEN in grant.permissions]
    return "township" if any(reach.region for reach in reaches) else "school"


class OpenFromTransfers(Requires, View):
    """Children whose transfer nobody answered in time, as ticked on the list of transfers."""

    permission = Permission.CASE_OPEN
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        ticked = [pk for pk in self.request.POST.getlist("transfer") if pk.isdecimal()]
        late = Transfer.objects.within(self.request.scope, self.permission).filter(
            state=TransferState.OVERDUE, pk__in=ticked
        )
        _open_many(self.request, late.values_list("student", flat=True), source="transfer")
        return redirect(f"{reverse('students:transfer-list')}?side=out&state=overdue")


class OpenFromLeavers(Requires, View):
    """Leavers of grade six who turned up at no school."""

    permission = Permission.CASE_OPEN
    http_method_names = ["post"]

    def post(self, request: HttpRequest, rollover_id: int) -> HttpResponse:
        rows = RollOver.objects.within(self.request.scope, self.permission)
        roll_over = get_object_or_404(rows, pk=rollover_id)
        if roll_over.state == RollOver.State.COMMITTED:
            missing = leavers(roll_over, on=timezone.localdate(), gap=Gap.NOWHERE)
            _open_many(request, missing.values_list("student", flat=True), source="stage_gap")
        else:
            messages.warning(request, "这次升级还没有写入，写入以后再为没有入学的学生建案。")
        return redirect("students:rollover-detail", rollover_id=rollover_id)


class OpenFromComparison(Requires, View):
    """The accepted suspects of a comparison of lists."""

    permission = Permission.CASE_OPEN
    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: int) -> HttpResponse:
        rows = MatchRun.objects.within(self.request.scope, self.permission)
        run = get_object_or_404(rows, pk=run_id)
        try:
            opened = open_suspects(
                scope=self.request.scope,
                actor=self.request.user,
                run_id=run.pk,
                today=timezone.localdate(),
            )
        except (ComparisonRefused, TransitionRefused) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, opened.words)
        return redirect("students:comparison-detail", run_id=run_id)


_SUSPICIONS = {
    "transfer": overdue.SUSPICION,
    "stage_gap": "小学毕业后没有初中入学登记",
}


def _open_many(request: Any, student_ids: Iterable[int], *, source: str) -> None:
    today = timezone.localdate()
    opened = services.open_cases(
        scope=request.scope,
        actor=request.user,
        student_ids=student_ids,
        source=source,
        today=today,
        opened_on=today,
        suspicion=_SUSPICIONS[source],
    )
    said = messages.success if opened.cases else messages.warning
    said(request, opened.words)
