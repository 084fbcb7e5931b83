"""A county's deadlines: what holds, and a figure of its own from a day on."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from casework.services import rules
from casework.states import TransitionRefused
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.web import Requires


class RuleIndex(Requires, TemplateView):
    permission = Permission.CASE_VIEW
    template_name = "casework/rule_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        return super().get_context_data(
            rules=list(rules.rules(self.request.scope.county, on=today)), **kwargs
        )


class RuleForm(OfficeForm):
    value = forms.IntegerField(label="天数或日期", min_value=0, max_value=365)
    valid_from = DayField(label="从哪一天起")
    source = forms.CharField(
        label="依据", max_length=200, help_text="文件名称和文号，例如：区教育局控辍保学工作方案。"
    )


class RuleChange(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.DEADLINE_SET
    template_name = "casework/rule_form.html"
    form_class = RuleForm

    @cached_property
    def rule(self) -> rules.Rule:
        today = timezone.localdate()
        found = rules.rules(self.request.scope.county, on=today)
        rule = next((one for one in found if one.code == self.kwargs["code"]), None)
        if rule is None:
            raise Http404
        return rule

    def get_initial(self) -> dict[str, Any]:
        now = self.rule.now
        return {"value": now.value if now else None, "valid_from": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rule=self.rule, cancel_href=reverse("casework:rule-list"), **kwargs
        )

    def form_valid(self, form: RuleForm) -> HttpResponse:
        try:
            rules.set_deadline(
                scope=self.request.scope,
                actor=self.request.user,
                code=self.rule.code,
                today=timezone.localdate(),
                **form.cleaned_data,
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"已设定：{self.rule.name}。")
        return redirect("casework:rule-list")
