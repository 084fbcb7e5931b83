from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from core.forms import OfficeForm
from core.sheets.text import clean, squeeze
from students.rosters import fields
from students.rosters.header import bare_label

OFFICES = {"list": "offices", "autocomplete": "off"}


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
    office = forms.CharField(
        label="来源单位",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=OFFICES),
        help_text="报来这份表的单位，如黄羊镇中心学区。填了以后，列的对应会记住，下次自动套用。",
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

    def clean_office(self) -> str:
        return squeeze(self.cleaned_data["office"])


class ProfileForm(OfficeForm):
    """What one column head means in the files of one office."""

    office = forms.CharField(label="来源单位", max_length=40, widget=forms.TextInput(attrs=OFFICES))
    label = forms.CharField(
        label="列名", max_length=200, help_text="照表头写，如“学生证件”。空格、星号和括号不计。"
    )
    field = forms.ChoiceField(
        label="对应为", required=False, choices=[("", fields.EXTRA_TITLE), *fields.CHOICES]
    )

    def clean_office(self) -> str:
        return squeeze(self.cleaned_data["office"])

    def clean_label(self) -> str:
        label = bare_label(clean(self.cleaned_data["label"]))
        if not label:
            raise ValidationError("列名里没有文字，请照表头写出列名")
        return label
