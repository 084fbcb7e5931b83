from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from casework import forms, services
from casework.models import HomeVisit
from casework.services import VisitConflict
from casework.states import Action, TransitionRefused
from casework.views.case import ActOnCase
from core.access import Permission


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
