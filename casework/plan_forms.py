"""Forms of 一人一案: the plan, its rows of measures, the decision, a result."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from casework.services.plan import MOST_MEASURES, Measure
from core.forms import DayField, OfficeForm

_BLANK_ROWS = 4


class PlanForm(OfficeForm):
    base = forms.IntegerField(widget=forms.HiddenInput, initial=0, min_value=0)
    cause = forms.CharField(
        label="原因分析",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写这个孩子为什么不来上学，家里和学校各有什么情况。",
    )
    goal = forms.CharField(
        label="目标",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="例如：11 月 30 日前返校，本学期不再旷课。",
    )


class MeasureForm(OfficeForm):
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    what = forms.CharField(label="做什么", max_length=200)
    who = forms.CharField(label="由谁做（姓名或职务）", max_length=60)
    due_on = DayField(label="哪天前完成")


class _Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    default_error_messages = {
        "missing_management_form": "措施没有完整传上来，请返回方案页面重新填写",
        "too_many_forms": f"措施最多 {MOST_MEASURES} 项，请合并相近的措施",
    }

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "删去这一项"

    def clean(self) -> None:
        if not any(self.errors) and not self.measures():
            raise ValidationError("方案至少要有一项措施，请写明做什么、由谁做、哪天前完成")

    def measures(self) -> list[Measure]:
        """Those that are filled in and not struck out, in their order."""
        found = [form.cleaned_data for form in self.forms if form.cleaned_data]
        names = ("what", "who", "due_on", "key")
        return [
            Measure(**{name: one[name] for name in names})
            for one in found
            if one.get("what") and not one.get("DELETE")
        ]


MeasureRows = forms.formset_factory(
    MeasureForm,
    formset=_Rows,
    extra=_BLANK_ROWS,
    can_delete=True,
    max_num=MOST_MEASURES,
    validate_max=True,
)


class DecisionForm(OfficeForm):
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    verdict = forms.ChoiceField(
        label="审批结果",
        choices=[("approve", "批准"), ("return", "退回修改")],
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(
        label="意见",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="退回的须写明改什么。",
    )

    def clean(self) -> dict[str, Any] | None:
        asked = super().clean() or {}
        if asked.get("verdict") == "return" and not asked.get("remark"):
            self.add_error("remark", "退回须写明意见，让制定人知道改什么")
        return asked


class ResultForm(OfficeForm):
    done_on = DayField(label="完成日期")
    result = forms.CharField(
        label="结果",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写做了什么、有什么变化。保存后不能再改。",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["done_on"]
        assert isinstance(day, DayField)  # noqa: S101
        day.limit(last=today, why_last="还没有到，请改为今天或以前的日期")
