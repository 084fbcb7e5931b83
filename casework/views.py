from collections.abc import Callable, Iterable
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView, View

from casework import forms, services
from casework.models import DropoutCase, HomeVisit
from casework.queries import (
    TONES,
    CaseFile,
    CaseList,
    case_lines,
    filter_choices,
    next_actions,
    with_visits,
)
from casework.services import OpenCaseExists, VisitConflict, overdue
from casework.services.comparisons import open_suspects
from casework.states import Action, CaseState, TransitionRefused, refuse_wrong_start
from core import paging
from core.access import Permission, Scope
from core.web import Requires
from students.comparison.services import ComparisonRefused
from students.models import MatchRun, RollOver, Student, Transfer
from students.rollover.queries import Gap, leavers
from students.transfers.states import TransferState


class CaseIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/case_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        filters = forms.CaseFilters(self.request.GET, choices=filter_choices(scope, on=on))
        cases = CaseList(scope, on, filters.chosen)
        page = paging.page(cases.rows, by="-opened_on", asked=self.request.GET, count=cases.count)
        return super().get_context_data(
            filters=filters,
            chosen=filters.chosen,
            chips=self._chips(cases),
            page=page,
            lines=case_lines(page.rows),
            **kwargs,
        )

    def _chips(self, cases: CaseList) -> list[tuple[str, str, int, bool]]:
        """Query, label, count, chosen: the other filters stay as they are."""
        kept = self.request.GET.copy()
        for name in ("before", "after"):
            kept.pop(name, None)
        chips = []
        for value, label, count in cases.chips():
            kept["state"] = value
            here = value == cases.chosen.get("state", "")
            chips.append((kept.urlencode(), label, count, here))
        return chips


def _latest_visits(student: Student, scope: Scope, *, most: int = 10) -> "QuerySet[HomeVisit]":
    rows = HomeVisit.objects.within(scope, Permission.CASE_VIEW).filter(student=student)
    return rows.order_by("-visited_on", "-logged_at")[:most]


class StudentCases(Requires, TemplateView):
    """The cases of one child, for the child's page; a whole page where there is no htmx."""

    permission = Permission.CASE_VIEW
    template_name = "casework/student_cases.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#cases" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        students = Student.objects.within(self.request.scope, self.permission)
        student = get_object_or_404(students, pk=self.kwargs["student_id"])
        cases = DropoutCase.objects.within(self.request.scope, self.permission)
        own = with_visits(cases.filter(student=student).select_related("student"))
        found = list(own.order_by("-opened_on", "-pk"))
        may_open = Student.objects.within(self.request.scope, Permission.CASE_OPEN)
        return super().get_context_data(
            student=student,
            lines=case_lines(found),
            visits=_latest_visits(student, self.request.scope),
            may_open=not any(case.is_open for case in found)
            and may_open.filter(pk=student.pk).exists(),
            **kwargs,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        response["Cache-Control"] = "no-store"
        return response


class CaseDoor(Requires):
    """A page about one case within reach; any other is 404, the same as none."""

    @cached_property
    def case(self) -> DropoutCase:
        cases = DropoutCase.objects.within(self.request.scope, self.permission)
        rows = cases.select_related(
            "student__school", "student__class_group", "school_at_opening", "previous_case"
        )
        return get_object_or_404(rows, pk=self.kwargs["case_id"])

    @property
    def case_href(self) -> str:
        return reverse("casework:case-detail", args=[self.case.pk])


class CaseDetail(CaseDoor, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/case_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        actions = next_actions(self.case, scope=self.request.scope)
        return super().get_context_data(
            case=self.case,
            file=CaseFile(self.case),
            tone=TONES[CaseState(self.case.state)],
            doors=[(action, _address(action, self.case.pk)) for action in actions],
            on=timezone.localtime(),
            **kwargs,
        )


def _address(action: Action, case_id: int) -> str:
    name = "visit-new" if action == Action.VISIT else f"case-{action.value}"
    return reverse(f"casework:{name}", args=[case_id])


class DeedForm(FormView):  # type: ignore[type-arg]
    """Asks for what a deed needs; a refusal keeps every answer."""

    request: Any
    template_name = "casework/case_form.html"
    days: tuple[str, ...] = ()  # fields that begin as today

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        return super().get_form_kwargs() | {"case": None, "today": today}

    def get_initial(self) -> dict[str, Any]:
        return dict.fromkeys(self.days, timezone.localdate())

    def asked(self, form: forms.CaseForm) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "today": timezone.localdate(),
            **form.cleaned_data,
        }


class OpenCase(Requires, DeedForm):
    permission = Permission.CASE_OPEN
    form_class = forms.OpenForm
    days = ("opened_on",)

    @cached_property
    def student(self) -> Student:
        students = Student.objects.within(self.request.scope, self.permission)
        return get_object_or_404(students, pk=self.kwargs["student_id"])

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


class ActOnCase(CaseDoor, DeedForm):
    """One deed of the lifecycle: a form, one service, back to the case."""

    permission = Permission.CASE_MANAGE
    action: Action
    deed: Callable[..., DropoutCase]
    submit = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            refuse_wrong_start(CaseState(self.case.state), self.action)
        except TransitionRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect(self.case_href)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"case": self.case}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            case=self.case,
            student=self.case.student,
            title=self.action.label,
            submit=self.submit or self.action.label,
            cancel_href=self.case_href,
            **kwargs,
        )

    def form_valid(self, form: forms.CaseForm) -> HttpResponse:
        try:
            case = type(self).deed(case_id=self.case.pk, **self.asked(form))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request, f"“{self.action.label}”已办理，个案现为“{case.get_state_display()}”。"
        )
        return redirect("casework:case-detail", case_id=case.pk)


class VerifyCase(ActOnCase):
    action, form_class, deed = Action.VERIFY, forms.VerifyForm, services.verify_case
    days = ("verified_on",)
    submit = "保存核查结果"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"verified_by": self.request.user.full_name}


class AdvanceCase(ActOnCase):
    form_class: type[forms.CaseForm] = forms.AdvanceForm
    deed = services.advance_case
    days = ("on",)

    def asked(self, form: forms.CaseForm) -> dict[str, Any]:
        return super().asked(form) | {"action": self.action}


class PersuadeCase(AdvanceCase):
    action = Action.PERSUADE


class EscalateCase(AdvanceCase):
    action = Action.ESCALATE


class ObserveStudent(AdvanceCase):
    action, form_class = Action.OBSERVE, forms.ObserveForm


class ReturnStudent(ActOnCase):
    action, form_class, deed = Action.RETURN, forms.ReturnForm, services.return_student
    days = ("returned_on",)


class RecordRelapse(ActOnCase):
    action, form_class, deed = Action.RELAPSE, forms.RelapseForm, services.record_relapse
    days = ("on",)


class CloseCase(ActOnCase):
    permission = Permission.CASE_CLOSE
    action, form_class, deed = Action.CLOSE, forms.CloseForm, services.close_case
    days = ("closed_on",)


class LapseCase(ActOnCase):
    permission = Permission.CASE_CLOSE
    action, form_class, deed = Action.LAPSE, forms.LapseForm, services.lapse_case
    days = ("closed_on",)


class LogVisit(ActOnCase):
    permission = Permission.VISIT_LOG
    template_name = "casework/visit_form.html"
    action, form_class = Action.VISIT, forms.VisitForm
    days = ("visited_on",)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"visitors": self.request.user.full_name}

    def form_valid(self, form: forms.CaseForm) -> HttpResponse:
        try:
            visit = services.log_home_visit(case_id=self.case.pk, **self.asked(form))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        except VisitConflict as conflict:
            form.add_error(None, str(conflict))
            cast(forms.VisitForm, form).renew_uuid()
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _saved(visit))
        return redirect("casework:case-detail", case_id=self.case.pk)


def _saved(visit: HomeVisit) -> str:
    number = f"第 {visit.attempt_no} 次劝返" if visit.attempt_no else visit.get_kind_display()
    return f"家访已保存：{visit.visited_on:%Y-%m-%d}，{number}，{visit.get_outcome_display()}。"


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
