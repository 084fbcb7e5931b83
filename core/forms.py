"""Forms whose errors name the field and the remedy, in the words of the office."""

from typing import Any

from django import forms


class OfficeForm(forms.Form):
    """Base of every form. Errors are words on the page, so the browser's own are off."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.error_messages.update(_words(field, field.label or name))


def _words(field: forms.Field, label: Any) -> dict[str, str]:
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        none_such = f"{label}没有这个选项，请从列表中重新选择"
        return {
            "required": f"请选择{label}",
            "invalid_choice": none_such,
            "invalid_pk_value": none_such,
            "invalid_list": none_such,
        }
    if isinstance(field, forms.FileField):
        return {
            "required": f"请选择{label}",
            "empty": f"{label}是空的，请检查后重新选择",
            "max_length": f"{label}的名称太长，请缩短到 %(max)d 个字以内",
            "invalid": f"{label}没有传上来，请重新选择",
            "missing": f"{label}没有传上来，请重新选择",
        }
    return {"required": f"请填写{label}", "invalid": _shape(field, label)} | _limits(label)


def _limits(label: Any) -> dict[str, str]:
    return {
        "max_length": f"{label}最多 %(limit_value)d 个字，现在有 %(show_value)d 个，请缩短",
        "min_length": f"{label}至少 %(limit_value)d 个字，请补充",
        "max_value": f"{label}最大为 %(limit_value)s，请改小",
        "min_value": f"{label}最小为 %(limit_value)s，请改大",
        "null_characters_not_allowed": f"{label}含有无法保存的字符，请删去后重填",
    }


def _shape(field: forms.Field, label: Any) -> str:
    if isinstance(field, forms.DateField):
        return f"{label}请写成日期，如 2026-09-01"
    if isinstance(field, forms.IntegerField):
        return f"{label}请写成整数，如 30"
    return f"{label}的写法系统认不出，请按提示重填"
