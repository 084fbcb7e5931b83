import csv
import io
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from core.forms import OfficeForm
from core.sheets.text import clean, squeeze
from students.rosters import fields
from students.rosters.header import bare_label

OFFICES = {"list": "offices", "autocomplete": "off"}
# What a person copies in one go; more is a file.
MOST_PASTED = 600_000


class RosterForm(OfficeForm):
    file = forms.FileField(
        label="名册文件",
        max_length=200,
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text="Excel 工作簿（.xlsx、.xls）或 CSV，表头有“姓名”“身份证号”等栏，顺序不限。",
    )
    pasted = forms.CharField(
        label="或粘贴表格",
        required=False,
        strip=False,
        max_length=MOST_PASTED,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text="在 WPS 或 Excel 里连表头一起选中、复制，粘贴到这里，不必另存文件。",
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

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        most = settings.ROSTER_MAX_BYTES
        if file and (file.size or 0) > most:
            raise ValidationError(
                f"名册文件有 {(file.size or 0) / 1_048_576:.0f} MB，"
                f"超过了 {most // 1_048_576} MB 的上限，请按学校分成几个文件后再导入"
            )
        return file

    def clean_office(self) -> str:
        return squeeze(self.cleaned_data["office"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if {"file", "pasted"} & set(self.errors):
            return given
        pasted = given["pasted"].strip()
        if given["file"] and pasted:
            self.add_error("pasted", "既选了文件又粘贴了表格，请只留一样")
        elif pasted:
            given["file"] = self._as_file(given["pasted"])
        elif not given["file"]:
            self.add_error("file", "请选择名册文件，或把表格粘贴到下面的框里")
        return given

    def _as_file(self, pasted: str) -> "ContentFile[bytes] | None":
        """Cells as office programs put them on the clipboard: tabs, quotes round line breaks."""
        text = io.StringIO(newline="")
        try:
            rows = list(csv.reader(io.StringIO(pasted, newline=""), delimiter="\t"))
        except csv.Error:
            self.add_error("pasted", "有一格的引号没有配对，请改正这一格，或另存为文件后选择")
            return None
        csv.writer(text).writerows(rows)
        return ContentFile(text.getvalue().encode("utf-8-sig"), name="粘贴的表格.csv")


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
