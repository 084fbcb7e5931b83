from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from casework import forms
from casework.models import DropoutCase
from casework.queries import TONES, CaseFile, CasePath
from casework.queries.handovers import Handing
from casework.services import CaseMoved
from casework.states import Action, CaseState, TransitionRefused, refuse_wrong_start
from core.access import Permission
from core.web import Requires


class CaseDoor(Requires):
    """A page about one case within reach; any other is 404, the same as none."""

    @cached_property
    def case(self) -> DropoutCase:
        cases = DropoutCase.objects.within(self.request.scope, self.permission)
        rows = cases.select_related(
            "student__school",
            "student__class_group",
            "school_at_opening",
            "previous_case",
            "transfer__to_school",
            "transfer__to_division",
        )
        return get_object_or_404(rows, pk=self.kwargs["case_id"])

    @property
    def case_href(self) -> str:
        return reverse("casework:case-detail", args=[self.case.pk])


class CaseDetail(CaseDoor, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/case_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file = CaseFile(self.case)
        path = CasePath(
            self.case,
            file.events,
            scope=self.request.scope,
            reader=self.request.user.pk,
            on=timezone.localdate(),
        )
        return super().get_context_data(
            case=self.case,
            file=file,
            path=path,
            handing=Handing(self.case),
            tone=TONES[CaseState(self.case.state)],
            steps=[(step, _address(step.action, self.case.pk)) for step in path.steps],
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

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"seen": self.last_event}

    @cached_property
    def last_event(self) -> int:
        return self.case.events.aggregate(last=Max("pk"))["last"] or 0

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
        except CaseMoved as refusal:
            form.add_error(None, str(refusal))
            cast(forms.StepForm, form).see(self.last_event)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request, f"“{self.action.label}”已办理，个案现为“{case.get_state_display()}”。"
        )
        return redirect("casework:case-detail", case_id=case.pk)
