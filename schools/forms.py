"""Where a place is asked for: township, then village; elsewhere by name or code."""

from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from schools import divisions
from schools.divisions import Place, PlaceUnknown
from schools.models import Division

_TOWN, _VILLAGE = 9, 12


class Typed(NamedTuple):
    """What stood in the three boxes."""

    town: str = ""
    village: str = ""
    elsewhere: str = ""


class FilterSelect(forms.Select):
    """A list that `static/js/choose.js` lets be narrowed by Chinese, pinyin or initials."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"data-filter": ""} | (attrs or {}))

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(*args, **kwargs)
        option["attrs"]["data-keys"] = divisions.spoken(str(option["label"]))
        return option


class DivisionInput(forms.Widget):
    """Two lists and a box. `static/js/choose.js` lets the lists be narrowed by typing."""

    is_group = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.county = ""
        self.places: list[Place] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        return Typed(*(str(data.get(f"{name}_{part}", "")).strip() for part in Typed._fields))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return all(f"{name}_{part}" not in data for part in Typed._fields)

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return f"{id_}_town"

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        typed = value if isinstance(value, Typed) else self._parts(value or "")
        base = (attrs or {}).get("id") or f"id_{name}"
        towns = [one for one in self.places if len(one.code) == _TOWN]
        villages = [one for one in self.places if len(one.code) == _VILLAGE]
        names = {one.code: one.name for one in towns}
        return format_html(
            '<div class="places"><div><label for="{base}_town">乡镇（街道）</label>'
            '<select class="form-select" name="{name}_town" id="{base}_town" data-filter{said}>'
            '<option value="">未登记</option>{towns}</select></div>'
            '<div><label for="{base}_village">村（社区）</label>'
            '<select class="form-select" name="{name}_village" id="{base}_village" data-filter'
            ' data-within="{base}_town"{said}><option value="">未登记</option>{villages}</select>'
            '</div><div><label for="{base}_elsewhere">不在本县的，填县（市、区）全称或区划代码'
            '</label><input class="form-control" name="{name}_elsewhere" id="{base}_elsewhere"'
            ' maxlength="60" autocomplete="off" value="{elsewhere}"></div></div>',
            base=base,
            name=name,
            said=self._described(attrs or {}),
            towns=_options(towns, typed.town),
            villages=_grouped(villages, names, typed.village),
            elsewhere=typed.elsewhere,
        )

    def _described(self, attrs: dict[str, Any]) -> SafeString:
        by = attrs.get("aria-describedby")
        return format_html(' aria-describedby="{}"', by) if by else mark_safe("")

    def _parts(self, code: str) -> Typed:
        if code.startswith(self.county) and len(code) >= _TOWN:
            return Typed(code[:_TOWN], code if len(code) == _VILLAGE else "")
        return Typed(elsewhere=code)


def _options(places: list[Place], chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}" data-keys="{}"{}>{}</option>',
        (
            (one.code, one.keys, mark_safe(" selected" if one.code == chosen else ""), one.name)
            for one in places
        ),
    )


def _grouped(villages: list[Place], towns: dict[str, str], chosen: str) -> SafeString:
    found: dict[str, list[Place]] = {}
    for one in villages:
        found.setdefault(one.code[:_TOWN], []).append(one)
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        ((towns.get(town, town), _options(own, chosen)) for town, own in found.items()),
    )


class DivisionField(forms.Field):
    """A division code, as fine as it is known; nothing chosen is an empty text."""

    widget = DivisionInput

    def offer(self, *, county: str, on: date, held: str = "") -> None:
        """Called by the form. `held` stays a choice, however long ago it was withdrawn."""
        self._county = county
        places = divisions.places_below(county, on=on)
        offered = {one.code for one in places}
        for code in (held[:_TOWN], held):
            if len(code) in (_TOWN, _VILLAGE) and code.startswith(county) and code not in offered:
                places.append(_withdrawn(code))
                offered.add(code)
        self._offered = offered
        widget = self.widget
        widget.county, widget.places = county, places

    def clean(self, value: Any) -> str:
        typed: Typed = value
        if typed.elsewhere:
            return self._elsewhere(typed)
        if typed.village and not typed.village.startswith(typed.town):
            raise ValidationError(
                f"{self.label}里的村（社区）不在所选乡镇（街道），请重新选择其中一项"
            )
        code = typed.village or typed.town
        if code and code not in self._offered:
            raise ValidationError(f"{self.label}没有这个选项，请从列表中重新选择")
        return code

    def _elsewhere(self, typed: Typed) -> str:
        if typed.town or typed.village:
            raise ValidationError(f"{self.label}既选了本县乡镇，又填了外县地名，请只留其中一项")
        try:
            unit = divisions.place_named(typed.elsewhere)
        except PlaceUnknown as none:
            raise ValidationError(f"{self.label}：{none}") from None
        if unit.pk == self._county:
            raise ValidationError(f"{self.label}就在本县，请从乡镇（街道）列表中选择")
        return unit.pk


def _withdrawn(code: str) -> Place:
    unit = Division.objects.filter(pk=code).first()
    if unit is None:
        return Place(code, f"区划代码 {code}", "")
    ended = f"（{unit.valid_to:%Y-%m-%d} 撤销）" if unit.valid_to else ""
    return Place(code, f"{unit.name}{ended}", divisions.spoken(unit.name))
