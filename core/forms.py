"""Forms whose errors name the field and the remedy, in the words of the office."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.sheets.text import BLANKS, half_width


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


# -- days --------------------------------------------------------------------------------------

_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TENS = re.compile("([1-9]?)十([1-9]?)")
_PARTS = re.compile(
    r"(\d{4})(?:年|[-/.、,，~\u2010-\u2015\s]+)(\d{1,2})(?:月|[-/.、,，~\u2010-\u2015\s]+)"
    r"(\d{1,2})[日号]?(?:[T\s]+\d{1,2}:\d{2}(?::\d{2})?)?"
).fullmatch
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})").fullmatch
# What a sheet shows of 1927 to 2064 where the cell lost its date format.
_SERIAL = re.compile(r"[1-5]\d{4}").fullmatch
_DAY_ZERO = date(1899, 12, 30)


class NoSuchDay(ValueError):
    """Written as a day, but no calendar has it: 30 February."""


def written_day(text: str) -> date | None:
    """A day in any usual way of writing it, None if the text is no day. Errors: NoSuchDay."""
    bare = half_width(text).strip(BLANKS).translate(_NUMERALS)
    bare = _TENS.sub(lambda found: f"{found[1] or 1}{found[2] or 0}", bare)
    if _SERIAL(bare):
        return _DAY_ZERO + timedelta(days=int(bare))
    found = _EIGHT(bare) or _PARTS(re.sub(r"(?<=[年月日号])\s+|\s+(?=[年月日号])", "", bare))
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise NoSuchDay(f"{year} 年 {month} 月 {day} 日") from None


class DayInput(forms.DateInput):
    """A box for typing; its script, loaded by base.html, sets the browser's calendar beside it."""

    class Media:
        js = [forms.Script("js/days.js", defer=True)]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        said = {"inputmode": "decimal", "autocomplete": "off", "data-day": ""} | (attrs or {})
        super().__init__(format="%Y-%m-%d", attrs=said)


class DayField(forms.DateField):
    """A day in any usual way of writing; out of its limits, it says why."""

    widget = DayInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._limits: list[tuple[date, bool, str]] = []

    def limit(
        self,
        *,
        first: date | None = None,
        why_first: str = "",
        last: date | None = None,
        why_last: str = "",
    ) -> None:
        """Called by the form, which knows today; the reasons end the sentence of the error."""
        self._limits = []
        if first:
            self._limits.append((first, True, why_first))
            self.widget.attrs["data-min"] = first.isoformat()
        if last:
            self._limits.append((last, False, why_last))
            self.widget.attrs["data-max"] = last.isoformat()

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        try:
            day = written_day(str(value))
        except NoSuchDay as none:
            raise ValidationError(f"{self.label}写的是 {none}，没有这一天，请核对后改正") from None
        if day is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day

    def validate(self, value: Any) -> None:
        super().validate(value)
        for limit, is_first, why in self._limits:
            if value and (value < limit if is_first else value > limit):
                side = "早于" if is_first else "晚于"
                raise ValidationError(f"{self.label}{side} {limit:%Y-%m-%d}，{why}")
