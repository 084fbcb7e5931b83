from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.forms import DayField, OfficeForm
from schools.models import ClassGroup, Division, School
from students.transfers.counties import Entry
from students.transfers.services import Destination

INSIDE, OUTSIDE = "inside", "outside"
_OUTSIDE_ONLY = ("to_division", "to_school_name")
_SEVERAL = 6  # so many places of one name are told apart on the page


class TransferForm(OfficeForm):
    """Where to, and why."""

    kind = forms.ChoiceField(
        label="转往",
        choices=[(INSIDE, "本县学校"), (OUTSIDE, "县外学校")],
        widget=forms.RadioSelect,
        initial=INSIDE,
    )
    to_school = forms.TypedChoiceField(
        label="本县转入学校",
        coerce=int,
        empty_value=None,
        help_text="转往本县学校时选择。",
    )
    to_division = forms.CharField(
        label="转往的县（市、区）",
        max_length=60,
        help_text="转往县外时填写，名称或六位区划代码均可，如：古浪县，或 620622。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    to_school_name = forms.CharField(
        label="县外学校名称", max_length=120, help_text="转往县外时填写全称。"
    )
    reason = forms.CharField(label="转学原因", max_length=200, help_text="如：随父母到武南镇居住。")

    def __init__(self, *args: Any, schools: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_school"].choices = [("", "请选择"), *schools]  # type: ignore[attr-defined]
        if self.is_bound:
            # What belongs to the other kind may stay empty.
            for name in _OUTSIDE_ONLY if self.data.get("kind") == INSIDE else ("to_school",):
                self.fields[name].required = False

    def clean_to_division(self) -> Division | None:
        typed = self.cleaned_data["to_division"].strip()
        if not typed or self.data.get("kind") != OUTSIDE:
            return None
        counties = Division.objects.filter(level=Division.Level.COUNTY)
        found = list(counties.filter(pk=typed) or counties.filter(name=typed)[:_SEVERAL])
        if not found:
            raise ValidationError(
                f"没有找到“{typed}”，请填写县（市、区）的全称，如“古浪县”，或六位区划代码"
            )
        if len(found) > 1:
            codes = "、".join(f"{place.parent}{place}（{place.pk}）" for place in found)
            raise ValidationError(f"名为“{typed}”的地方不止一处：{codes}，请改填区划代码")
        return found[0]

    @property
    def destination(self) -> Destination:
        data = self.cleaned_data
        if data["kind"] == INSIDE:
            return Destination(school=School.objects.get(pk=data["to_school"]))
        return Destination(division=data["to_division"], school_name=data["to_school_name"])


class AcceptForm(OfficeForm):
    """The receipt. A school names the day and the class; for a place outside, the proof."""

    entered_on = DayField(
        label="报到日期",
        help_text="学生到转入学校上课的第一天，如 2026-09-01。",
    )
    class_group = forms.TypedChoiceField(
        label="编入班级", coerce=int, empty_value=None, required=False, help_text="未分班可不选。"
    )
    proof = forms.CharField(
        label="在读证明",
        max_length=200,
        help_text="如：古浪县第三小学2026-11-20出具的在读证明。",
    )

    def __init__(
        self, *args: Any, classes: list[ClassGroup], is_outside: bool, today: date, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self._classes = {group.pk: group for group in classes}
        self.fields["entered_on"].initial = today
        if is_outside:
            del self.fields["class_group"]
        else:
            del self.fields["proof"]
            choices = [("", "暂不分班"), *((pk, str(g)) for pk, g in self._classes.items())]
            self.fields["class_group"].choices = choices  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        group = self.cleaned_data.get("class_group")
        return {
            "entered_on": self.cleaned_data["entered_on"],
            "class_group": self._classes[group] if group else None,
            "proof": self.cleaned_data.get("proof", ""),
        }


class OfferForm(OfficeForm):
    """The receipt for a child from another county: the school that takes it, and since when."""

    to_school = forms.TypedChoiceField(label="就读学校", coerce=int)
    entered_on = DayField(
        label="报到日期",
        help_text="学生到校上课的第一天，如 2026-09-01。",
    )

    def __init__(
        self, *args: Any, schools: list[tuple[int, str]], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_school"].choices = [("", "请选择"), *schools]  # type: ignore[attr-defined]
        self.fields["entered_on"].initial = today

    @property
    def entry(self) -> Entry:
        school = School.objects.get(pk=self.cleaned_data["to_school"])
        return Entry(school=school, entered_on=self.cleaned_data["entered_on"])


class RefuseForm(OfficeForm):
    answer = forms.CharField(
        label="退回原因", max_length=200, help_text="转出学校会看到，如：本校三年级已满员。"
    )
