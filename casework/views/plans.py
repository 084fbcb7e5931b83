"""一人一案 of a case: its versions, form and decision, what came of the measures, the paper."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView, View

from casework import plan_forms as forms
from casework.models import CasePlan
from casework.models.plan import PlanState
from casework.queries.plans import plan_paper
from casework.services import plan as services
from casework.states import TransitionRefused
from casework.views.case import CaseDoor
from core import audit, papers
from core.access import Permission

TONES = {
    PlanState.DRAFT: "",
    PlanState.SUBMITTED: "busy",
    PlanState.APPROVED: "good",
    PlanState.RETURNED: "warn",
}


class PlanDoor(CaseDoor):
    permission = Permission.CASE_VIEW

    @cached_property
    def versions(self) -> list[CasePlan]:
        return list(self.case.plans.order_by("-number"))

    @property
    def newest(self) -> CasePlan | None:
        return self.versions[0] if self.versions else None

    @cached_property
    def in_force(self) -> CasePlan | None:
        return next((one for one in self.versions if one.state == PlanState.APPROVED), None)

    def version(self, number: str) -> CasePlan:
        found = [one for one in self.versions if str(one.number) == number]
        if not found:
            raise Http404
        return found[0]

    @property
    def plan_href(self) -> str:
        return reverse("casework:plan-detail", args=[self.case.pk])

    def back(self) -> HttpResponse:
        return redirect(self.plan_href)

    def told(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "case": self.case,
            "student": self.case.student,
            "newest": self.newest,
            "cancel_href": self.plan_href,
            **kwargs,
        }


class PlanDetail(PlanDoor, TemplateView):
    """The newest version, or `?version=` an older one, which stays readable."""

    template_name = "casework/plan_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("version", "")
        plan = self.version(asked) if asked else self.newest
        is_newest = plan is not None and plan == self.newest
        return super().get_context_data(
            **self.told(),
            plan=plan,
            measures=plan.told() if plan else [],
            versions=[(one, TONES[PlanState(one.state)]) for one in self.versions],
            in_force=self.in_force,
            tone=TONES[PlanState(plan.state)] if plan else "",
            doors=self._doors(plan) if is_newest or not plan else frozenset(),
            may_tell_result=self.case.is_open and self._may(Permission.PLAN_WRITE),
            on=timezone.localtime(),
            **kwargs,
        )

    def _may(self, permission: Permission) -> bool:
        return bool(self.request.scope.can(permission))

    def _doors(self, plan: CasePlan | None) -> frozenset[str]:
        """What this reader may do with the newest version."""
        if not self.case.is_open:
            return frozenset()
        doors = set()
        if self._may(Permission.PLAN_WRITE):
            doors.add("write")
            if plan and plan.state == PlanState.DRAFT:
                doors.add("submit")
        if plan and plan.state == PlanState.SUBMITTED and self._may(Permission.PLAN_APPROVE):
            doors.add("decide" if plan.written_by != self.request.user.pk else "own")
        return frozenset(doors)


class PlanForm(PlanDoor, FormView):  # type: ignore[type-arg]
    """Writes the next version. Somebody faster: 409, both on one page, nothing lost."""

    permission = Permission.PLAN_WRITE
    form_class = forms.PlanForm
    template_name = "casework/plan_form.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.case.is_open:
            messages.warning(request, f"个案“{self.case.get_state_display()}”，方案不再改动。")
            return self.back()
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        plan = self.newest
        return {"base": plan.number, "cause": plan.cause, "goal": plan.goal} if plan else {}

    @cached_property
    def rows(self) -> Any:
        if self.request.method == "POST":
            return forms.MeasureRows(self.request.POST)
        measures = self.newest.measures.order_by("position") if self.newest else []
        names = ("key", "what", "who", "due_on")
        return forms.MeasureRows(
            initial=[{name: getattr(one, name) for name in names} for one in measures]
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("rows", self.rows)
        return super().get_context_data(**self.told(title=self._title()), **kwargs)

    def _title(self) -> str:
        return "修改一人一案" if self.newest else "制定一人一案"

    def form_valid(self, form: forms.PlanForm) -> HttpResponse:
        if not self.rows.is_valid():
            return self.form_invalid(form)
        try:
            plan = services.write_plan(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                measures=self.rows.measures(),
                **form.cleaned_data,
            )
        except services.PlanMoved as moved:
            return self._show_both(form, moved)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"一人一案第 {plan.number} 版已保存，请核对后提交审批。")
        return self.back()

    def _show_both(self, form: forms.PlanForm, moved: services.PlanMoved) -> HttpResponse:
        form.add_error(None, str(moved))
        form.data = {**form.data.dict(), "base": moved.newest.number}  # type: ignore[attr-defined]
        context = self.get_context_data(form=form, other=moved.newest, others=moved.newest.told())
        return self.render_to_response(context, status=409)


class SubmitPlan(PlanDoor, View):
    permission = Permission.PLAN_WRITE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        number = request.POST.get("number", "")
        try:
            plan = services.submit_plan(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                number=int(number) if number.isdecimal() and len(number) < 9 else 0,
                now=timezone.now(),
            )
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"第 {plan.number} 版已提交，待学校负责人或县教育局审批。")
        return self.back()


class DecidePlan(PlanDoor, FormView):  # type: ignore[type-arg]
    permission = Permission.PLAN_APPROVE
    form_class = forms.DecisionForm
    template_name = "casework/plan_decision.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.newest and self.newest.state == PlanState.SUBMITTED and self.case.is_open:
            return super().get(request, *args, **kwargs)
        messages.warning(request, "现在没有等待审批的方案。")
        return self.back()

    def get_initial(self) -> dict[str, Any]:
        return {"number": self.newest.number if self.newest else 0}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        measures = self.newest.told() if self.newest else []
        return super().get_context_data(**self.told(plan=self.newest, measures=measures), **kwargs)

    def form_valid(self, form: forms.DecisionForm) -> HttpResponse:
        asked = form.cleaned_data
        try:
            plan = services.decide_plan(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                number=asked["number"],
                is_approved=asked["verdict"] == "approve",
                remark=asked["remark"],
                now=timezone.now(),
            )
        except services.PlanMoved as moved:
            form.add_error(None, str(moved))
            return self.render_to_response(self.get_context_data(form=form), status=409)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"第 {plan.number} 版{plan.get_state_display()}。")
        return self.back()


class MeasureDone(PlanDoor, FormView):  # type: ignore[type-arg]
    permission = Permission.PLAN_WRITE
    form_class = forms.ResultForm
    template_name = "casework/case_form.html"

    def get_initial(self) -> dict[str, Any]:
        return {"done_on": timezone.localdate()}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if services.measure_in_force(self.case, self.kwargs["measure_key"]) is None:
            messages.warning(request, "这项措施不在现行方案里，请按现行方案登记。")
            return self.back()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        measure = services.measure_in_force(self.case, self.kwargs["measure_key"])
        title = f"登记结果：{measure.what}" if measure else "登记结果"
        return super().get_context_data(**self.told(title=title, submit="保存结果"), **kwargs)

    def form_valid(self, form: forms.ResultForm) -> HttpResponse:
        try:
            services.record_result(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                measure_key=self.kwargs["measure_key"],
                today=timezone.localdate(),
                **form.cleaned_data,
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, "措施的结果已登记。")
        return self.back()


class PlanFile(PlanDoor, View):
    """One version as a paper to print or to edit further."""

    as_word = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        plan = self.version(str(self.kwargs["plan_no"]))
        sheets, on = [plan_paper(plan, self.case)], timezone.localdate(plan.written_at)
        try:
            content = papers.docx(sheets, on=on) if self.as_word else papers.pdf(sheets, on=on)
        except papers.NoChineseFont as trouble:
            messages.error(request, str(trouble))
            return self.back()
        media_type, ending = (papers.DOCX, "docx") if self.as_word else (papers.PDF, "pdf")
        audit.record(
            county=plan.county,
            actor=self.request.user,
            action="plan.print",
            target=plan,
            after={"case": plan.case_id, "number": plan.number, "file": ending},
        )
        name = quote(f"一人一案{plan.case_id}第{plan.number}版.{ending}")
        side = "attachment" if self.as_word else "inline"
        response = HttpResponse(content, content_type=media_type)
        response["Content-Disposition"] = f"{side}; filename*=utf-8''{name}"
        response["Cache-Control"] = "no-store"
        return response
