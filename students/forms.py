from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from core import codes
from core.forms import OfficeForm
from students.models import Enrolment, Student

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

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kw: Any) -> None:
        super().__init__(*args, **kw)
        for name, pairs in choices.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class SearchForm(OfficeForm):
    words = forms.CharField(label="姓名、拼音、身份证号或学籍号", max_length=60)


class RevealForm(OfficeForm):
    purpose = forms.CharField(
        label="查看用途",
        max_length=100,
        help_text="会记入审计，如：与户口簿核对。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class StudentForm(OfficeForm):
    """What may be corrected by hand; numbers, school and class come by roster or transfer."""

    full_name = forms.CharField(label="姓名", max_length=100)
    former_name = forms.CharField(label="曾用名", max_length=100, required=False)
    sex = forms.ChoiceField(
        label="性别", required=False, choices=[("", "未登记"), *Student.Sex.choices]
    )
    birth_date = forms.DateField(
        label="出生日期",
        required=False,
        help_text="如 2014-03-07 或 20140307",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"inputmode": "numeric"}),
    )
    ethnicity_code = forms.ChoiceField(label="民族", required=False)
    hukou_address = forms.CharField(label="户籍地址", max_length=200, required=False)
    residence_address = forms.CharField(label="现居住地", max_length=200, required=False)
    seen_at = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, student: Student, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(student, name) for name in _EDITABLE} | {
            "seen_at": student.updated_at.isoformat()
        }
        super().__init__(*args, **kwargs)
        nations = codes.choices("ethnicity", on=today)
        self.fields["ethnicity_code"].choices = [("", "未登记"), *nations]  # type: ignore[attr-defined]
        self._today = today

    def clean_birth_date(self) -> date | None:
        born: date | None = self.cleaned_data["birth_date"]
        if born and born > self._today:
            raise ValidationError("出生日期晚于今天，请核对户口簿后改正")
        return born

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in _EDITABLE}


_EDITABLE = (
    "full_name",
    "former_name",
    "sex",
    "birth_date",
    "ethnicity_code",
    "hukou_address",
    "residence_address",
)


class RosterForm(OfficeForm):
    file = forms.FileField(
        label="名册文件",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="Excel 工作簿（.xlsx、.xls）或 CSV，表头有“姓名”“身份证号”等栏，顺序不限。",
    )
    school_year = forms.TypedChoiceField(
        label="学年", coerce=int, help_text="名册反映的是哪个学年的就读情况。"
    )

    def __init__(self, *args: Any, years: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_year"].choices = years  # type: ignore[attr-defined]

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        most = settings.ROSTER_MAX_BYTES
        if (file.size or 0) > most:
            raise ValidationError(
                f"名册文件有 {(file.size or 0) / 1_048_576:.0f} MB，"
                f"超过了 {most // 1_048_576} MB 的上限，请按学校分成几个文件后再导入"
            )
        return file
