"""One line signs that a case may end: on the phone as well as at the desk."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView

from casework import forms, services
from casework.models.signature import SignatureLine
from casework.queries import CaseFile, CasePath
from casework.services import CaseMoved
from casework.states import TransitionRefused
from casework.views.case import CaseDoor
from core.access import Permission


class SignEnding(CaseDoor, FormView):  # type: ignore[type-arg]
    permission = Permission.CASE_SIGN
    form_class = forms.SignForm
    template_name = "casework/case_sign.html"

    @cached_property
    def path(self) -> CasePath:
        return CasePath(
            self.case,
            CaseFile(self.case).events,
            scope=self.request.scope,
            reader=self.request.user.pk,
            on=timezone.localdate(),
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.path.standing.is_ready_to_sign and self.path.own_lines:
            return super().get(request, *args, **kwargs)
        return self._to_the_case()

    def _to_the_case(self) -> HttpResponse:
        messages.warning(self.request, "这个个案现在不需要您签字，下面写明了还差什么、由谁签字。")
        return redirect(self.case_href)

    def get_initial(self) -> dict[str, Any]:
        statement = self.path.standing.statement()
        return {"digest": statement.digest.hex() if statement else ""}

    def get_form_kwargs(self) -> dict[str, Any]:
        lines = [(line.value, line.label) for line in SignatureLine]
        own = [pair for pair in lines if pair[0] in self.path.own_lines]
        return super().get_form_kwargs() | {"lines": own or lines}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            case=self.case,
            student=self.case.student,
            file=CaseFile(self.case),
            standing=self.path.standing,
            statement=self.path.standing.statement(),
            lines=[line.label for line in self.path.own_lines],
            cancel_href=self.case_href,
            **kwargs,
        )

    def form_valid(self, form: forms.SignForm) -> HttpResponse:
        asked = {name: form.cleaned_data[name] for name in ("digest", "remark")}
        try:
            signature = services.sign_ending(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                line=SignatureLine(form.cleaned_data["line"]),
                now=timezone.now(),
                **asked,
            )
        except CaseMoved as refusal:
            form.add_error(None, str(refusal))
            form.data = {**form.data.dict(), **self.get_initial()}  # type: ignore[attr-defined]
            return self.render_to_response(self.get_context_data(form=form), status=409)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"已为{signature.get_line_display()}签字。")
        return redirect(self.case_href)
