from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from core.forms import DayField, OfficeForm
from students.comparison.services import Asked, Chosen
from students.lists.kinds import KINDS
from students.lists.services import Described
from students.models import (
    Enrolment,
    FactConflict,
    ListColumns,
    MatchDifference,
    MatchRun,
    OfficeList,
    SavedView,
)

# Beside the states of an enrolment: a child with none today.
NOT_ENROLLED = "none"
ENROLMENT_STATES = [*Enrolment.Status.choices, (NOT_ENROLLED, "未就读")]


class StudentFilters(OfficeForm):
    """What the list is narrowed by; every choice stands in the address, no name ever does."""

    town = forms.ChoiceField(label="乡镇", required=False)
    grade = forms.ChoiceField(label="年级", required=False)
    category = forms.ChoiceField(label="类别", required=False)
    state = forms.ChoiceField(label="就读状态", required=False)
    school = forms.ChoiceField(label="学校", required=False)
    sort = forms.ChoiceField(label="排序", required=False)

    def __init__(
        self,
        *args: Any,
        choices: dict[str, list[tuple[str, str]]],
        sorts: list[tuple[str, str]],
        **kw: Any,
    ) -> None:
        super().__init__(*args, **kw)
        for name, pairs in choices.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]
        self.fields["sort"].choices = sorts  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        said = self.cleaned_data.items()
        return {name: value for name, value in said if value and name != "sort"}

    @property
    def conditions(self) -> dict[str, tuple[str, str]]:
        """Every chosen filter in words: its label and its value."""
        found = {}
        for name, value in self.chosen.items():
            field: Any = self.fields[name]
            found[name] = (str(field.label), str(dict(field.choices).get(value, value)))
        return found


class SearchForm(OfficeForm):
    words = forms.CharField(label="姓名、拼音、身份证号或学籍号", max_length=60)


class ViewForm(OfficeForm):
    name = forms.CharField(label="视图名称", max_length=30)
    sharing = forms.ChoiceField(label="谁能用", choices=SavedView.Sharing.choices)


class WidthForm(OfficeForm):
    """How wide a column was pulled; without a width it goes back to its natural one."""

    device = forms.ChoiceField(label="设备", choices=ListColumns.Device.choices)
    column = forms.CharField(label="列", max_length=20)
    width = forms.IntegerField(label="列宽", required=False, min_value=32, max_value=1200)


class CategoryForm(OfficeForm):
    """What many children are added to, or taken out of, in one act."""

    category = forms.ChoiceField(label="类别")
    on = DayField(label="起始日期")
    source = forms.CharField(
        label="来源",
        max_length=60,
        help_text="如：民政局 2026 年 11 月名单。会写入每个人的记录。",
    )

    def __init__(
        self, *args: Any, categories: list[tuple[str, str]], ends: bool, today: date, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.fields["category"].choices = [("", "请选择"), *categories]  # type: ignore[attr-defined]
        if ends:
            self.fields["on"].label = "结束日期"
        self._today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self._today:
            raise ValidationError(f"{self.fields['on'].label}晚于今天，请填今天或更早的日期")
        return on


class RevealForm(OfficeForm):
    purpose = forms.CharField(
        label="查看用途",
        max_length=100,
        help_text="会记入审计，如：与户口簿核对。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _file_within_limit(file: "UploadedFile[Any]", *, name: str) -> "UploadedFile[Any]":
    most = settings.ROSTER_MAX_BYTES
    if (file.size or 0) > most:
        raise ValidationError(
            f"{name}有 {(file.size or 0) / 1_048_576:.0f} MB，"
            f"超过了 {most // 1_048_576} MB 的上限，请分成几个文件后再上传"
        )
    return file


class OfficeListForm(OfficeForm):
    """A list of another office: whose, of what kind, true on which day."""

    file = forms.FileField(
        label="名单文件",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="Excel 工作簿（.xlsx、.xls）或 CSV，表头有“姓名”和证件号或出生日期。",
    )
    kind = forms.ChoiceField(
        label="名单种类",
        choices=OfficeList.Kind.choices,
        help_text="小升初派位名单要有“录取初中”或“应升初中”一栏，登记后用于升级时核对谁没有入学。",
    )
    owning_body = forms.CharField(
        label="提供单位",
        max_length=40,
        help_text="如：农业农村局、民政局、残联。同一单位请写同一名称。",
    )
    list_date = DayField(
        label="名单日期",
        help_text="名单反映哪一天的情况，如 2026-09-15。新登记的类别从这一天起算。",
    )
    default_type = forms.ChoiceField(
        label="没有类别栏时记为",
        required=False,
        help_text="整份名单只有一种类别、表里又没有类别栏时选择，如孤儿名单。",
    )
    covers = forms.MultipleChoiceField(
        label="名单完整列出的类别",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="名单里没有的学生，这些类别到名单日期止。不勾选时，只按名单里出现的类别办理。",
    )
    townships = forms.MultipleChoiceField(
        label="名单只列了这些乡镇",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="名单只是部分乡镇或学校的，请勾选。别处的学生不在名单上不说明什么：不结束他们的类别，"
        "比对也不列出。乡镇和学校都不选，就是全县的名单。",
    )
    schools = forms.TypedMultipleChoiceField(
        label="名单只列了这些学校",
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="按住 Ctrl 可选多所；所在乡镇已勾选的不必再选。",
    )

    def __init__(
        self,
        *args: Any,
        today: date,
        categories: list[tuple[str, str]],
        places: dict[str, list[tuple[Any, str]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        for name, choices in places.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.fields["default_type"].choices = [("", "按表里的类别栏"), *categories]  # type: ignore[attr-defined]
        self.fields["covers"].choices = categories  # type: ignore[attr-defined]

    def clean_file(self) -> "UploadedFile[Any]":
        return _file_within_limit(self.cleaned_data["file"], name="名单文件")

    def clean_list_date(self) -> date:
        day: date = self.cleaned_data["list_date"]
        if day > self._today:
            raise ValidationError("名单日期晚于今天，请改为名单实际反映的日期")
        return day

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        own = KINDS[said["kind"]].types if said.get("kind") else ()
        for name, codes_said in (
            ("default_type", [said.get("default_type")]),
            ("covers", said.get("covers") or []),
        ):
            if any(code and code not in own for code in codes_said):
                label = self.fields[name].label
                self.add_error(name, f"{label}里有不属于这类名单的类别，请改选或换名单种类")
        return said

    @property
    def described(self) -> Described:
        said = self.cleaned_data
        return Described(
            said["kind"],
            said["owning_body"],
            said["list_date"],
            said["default_type"],
            tuple(said["covers"]),
            tuple(said["townships"]),
            tuple(said["schools"]),
        )


class ComparisonForm(OfficeForm):
    kind = forms.ChoiceField(label="比对种类", choices=MatchRun.Kind.choices)
    office_list = forms.ModelChoiceField(
        label="名单",
        queryset=OfficeList.objects.none(),
        empty_label="请选择",
        help_text="户籍比对选公安户籍名单，在校比对选在校点名名单，以此类推。",
    )
    as_of = DayField(
        label="比对日期",
        help_text="按这一天的学籍和类别比对。",
    )
    born_from = DayField(
        label="出生日期自",
        required=False,
        help_text="只比对这一段出生的学生；默认是本学年义务教育适龄（6—15 周岁）。都留空则不限。",
    )
    born_to = DayField(
        label="出生日期至",
        required=False,
    )

    def __init__(
        self, *args: Any, lists: "QuerySet[OfficeList]", today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["office_list"].queryset = lists  # type: ignore[attr-defined]

    def clean_as_of(self) -> date:
        day: date = self.cleaned_data["as_of"]
        if day > self._today:
            raise ValidationError("比对日期晚于今天，请改为今天或更早的日期")
        return day

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        first, last = said.get("born_from"), said.get("born_to")
        if (first is None) != (last is None):
            self.add_error("born_to", "出生日期的起止请都填写，或都留空")
        elif first and last and first > last:
            self.add_error("born_to", "出生日期的截止早于起始，请核对后修改")
        return said

    @property
    def asked(self) -> Asked:
        said = self.cleaned_data
        return Asked(
            said["kind"],
            said["office_list"].pk,
            said["as_of"],
            said["born_from"],
            said["born_to"],
        )


class _ButtonForm(OfficeForm):
    """Sent by buttons of a page: what is wrong is told in one line above it."""

    note = forms.CharField(label="说明", max_length=200, required=False)

    @property
    def words(self) -> str:
        return "；".join(str(error) for errors in self.errors.values() for error in errors)


class _Numbers(forms.TypedMultipleChoiceField):
    """What was ticked on a page, by number; whether it is there the service sees."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, required=False, **kwargs)

    def valid_value(self, value: Any) -> bool:
        return str(value).isdecimal() and len(str(value)) <= 18


class DecisionForm(_ButtonForm):
    decision = forms.ChoiceField(label="处理", choices=MatchDifference.Decision.choices)
    found = forms.ChoiceField(
        label="结果类别", choices=MatchDifference.Found.choices, required=False
    )
    difference = _Numbers(label="结果")
    expected = forms.IntegerField(label="条数", required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        whole_class = said.get("found") and said.get("expected") is not None
        if not said.get("difference") and not whole_class:
            raise ValidationError("没有选中要处理的结果，请先勾选要处理的行，或点那一行的按钮")
        if said.get("decision") == MatchDifference.Decision.OPEN and not said.get("difference"):
            raise ValidationError("没有选中要撤销的结果，请先勾选要撤销的行")
        return said

    @property
    def chosen(self) -> Chosen:
        said = self.cleaned_data
        return Chosen(said["found"], tuple(said["difference"]), said["expected"])


class ConflictForm(_ButtonForm):
    decision = forms.ChoiceField(
        label="核定", choices=[one for one in FactConflict.State.choices if one[0] != "open"]
    )
