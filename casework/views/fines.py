"""罚款规定: what the county's own rule permits, with its dates and source."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import FormView

from casework import paper_forms as forms
from casework.models import FineRule
from casework.services import legal
from casework.states import TransitionRefused
from core.access import Permission
from core.web import Requires


class FineRules(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.LEGAL_RULES
    template_name = "casework/fine_rules.html"
    form_class = forms.FineRuleForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rules = FineRule.objects.filter(county=self.request.scope.county)
        today = timezone.localdate()
        return super().get_context_data(
            rules=rules.order_by("-valid_from"),
            in_force=rules.valid_on(today).first(),
            is_free=not rules.filter(valid_to=None).exists(),
            submit="登记规定",
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            rule = legal.add_fine_rule(
                scope=self.request.scope, actor=self.request.user, **form.cleaned_data
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        since = f"{rule.valid_from:%Y-%m-%d}"
        messages.success(self.request, f"已登记{rule}，自 {since} 起可制作处罚文书。")
        return redirect("casework:fine-rules")


class EndFineRule(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.LEGAL_RULES
    template_name = "casework/fine_rule_end.html"
    form_class = forms.FineRuleEndForm

    def get_initial(self) -> dict[str, Any]:
        return {"last_day": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rule=self._rule(),
            submit="登记失效",
            cancel_href=reverse("casework:fine-rules"),
            **kwargs,
        )

    def _rule(self) -> FineRule:
        rules = FineRule.objects.filter(county=self.request.scope.county)
        rule = rules.filter(pk=self.kwargs["fine_rule_id"]).first()
        if rule is None:
            raise Http404
        return rule

    def form_valid(self, form: Any) -> HttpResponse:
        rule = self._rule()
        try:
            rule = legal.end_fine_rule(
                scope=self.request.scope,
                actor=self.request.user,
                rule_id=rule.pk,
                last_day=form.cleaned_data["last_day"],
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"{rule}的失效日期已登记为 {rule.valid_to:%Y-%m-%d}。")
        return redirect("casework:fine-rules")
