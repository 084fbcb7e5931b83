"""Forms of 双线包保: a person for a cover, posts, lists from a workbook, signed pledges."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator

from casework.duties import Level, Line
from casework.services.posts import Post
from casework.services.responsibility import Named
from core.forms import DayField, OfficeForm
from core.sheets.text import squeeze
from schools.forms import FilterSelect

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}\d{7,8}").fullmatch
_SPLIT = re.compile(r"[、,，;；\s]+")
Choice = tuple[str, str]


class _PersonFields(OfficeForm):
    user = forms.ChoiceField(
        label="系统账号",
        required=False,
        widget=FilterSelect,
        help_text="责任人有本系统账号的，从这里选；没有账号的填写姓名。",
    )
    full_name = forms.CharField(
        label="姓名", max_length=60, required=False, help_text="选了账号的可以不填。"
    )
    duty = forms.CharField(
        label="单位及职务", max_length=60, required=False, help_text="如：黄羊镇副镇长"
    )
    phone = forms.CharField(
        label="电话",
        max_length=20,
        required=False,
        help_text="加密保存，页面上只显示前三位和后四位。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, users: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = dict(users)
        self.fields["user"].choices = [("", "没有账号"), *users]  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        phone = squeeze(self.cleaned_data["phone"]).replace("-", "")
        if phone and not _PHONE(phone):
            raise ValidationError("电话请填手机号或带区号的固定电话，不便登记的可以留空")
        return phone

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("user") and not said.get("full_name"):
            self.add_error("full_name", "请填写姓名，或在上面选择责任人的账号")
        return said

    @property
    def person(self) -> Named:
        said = self.cleaned_data
        user = said["user"]
        name = said["full_name"] or self._names[user].split("（")[0]
        return Named(name, duty=said["duty"], phone=said["phone"], user=int(user) if user else None)


class DutyForm(_PersonFields):
    cover = forms.ChoiceField(label="包保对象", widget=FilterSelect)
    on = DayField(label="起始日期")

    field_order = ("cover", "user", "full_name", "duty", "phone", "on")

    def __init__(self, *args: Any, covers: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = [] if len(covers) == 1 else [("", "请选择")]
        self.fields["cover"].choices = [*first, *covers]  # type: ignore[attr-defined]


class ReplaceForm(_PersonFields):
    on = DayField(label="接任日期", help_text="原责任人的责任到前一天为止。")


class EndForm(OfficeForm):
    last_day = DayField(label="最后一天")


class TeachersForm(OfficeForm):
    on = DayField(label="起始日期")


class SheetForm(OfficeForm):
    file = forms.FileField(
        label="责任人名单", help_text="Excel 或 CSV；全部行核对无误才会写入，有错的一行也不写。"
    )
    on = DayField(label="起始日期")


class PostForm(OfficeForm):
    name = forms.CharField(label="岗位名称", max_length=24)
    line = forms.ChoiceField(label="责任线", choices=Line.choices)
    level = forms.ChoiceField(label="包保对象", choices=Level.choices)
    is_leader = forms.BooleanField(
        label="是包保领导",
        required=False,
        help_text="包保领导另列一栏，不作为学生在这条线上的责任人。",
    )
    lists = forms.CharField(
        label="列入名单", max_length=60, required=False, help_text="如：七长、五长"
    )
    sort = forms.IntegerField(
        label="顺序", min_value=0, max_value=9999, help_text="同一对象有几个岗位时，小的在前。"
    )
    source = forms.CharField(label="依据", max_length=200, required=False)
    is_used = forms.BooleanField(label="现在使用", required=False)

    def clean_lists(self) -> list[str]:
        names = [name for name in _SPLIT.split(self.cleaned_data["lists"]) if name]
        long = next((name for name in names if len(name) > 12), None)
        if long:
            raise ValidationError(f"名单名称“{long}”太长，请缩短到 12 个字以内")
        return list(dict.fromkeys(names))

    @property
    def said(self) -> Post:
        return Post(**self.cleaned_data)


class SignedForm(OfficeForm):
    upper_name = forms.CharField(label="甲方签字人", max_length=60)
    lower_name = forms.CharField(label="乙方签字人", max_length=60)
    signed_on = DayField(label="签订日期")
    file = forms.FileField(
        label="签字扫描件",
        help_text="PDF、JPG 或 PNG，10 MB 以内；手机拍照也可以。",
        validators=[
            FileExtensionValidator(
                ["pdf", "jpg", "jpeg", "png"],
                message="扫描件须是 PDF、JPG 或 PNG 文件，请另选；Word 文件请先打印签字再扫描",
            )
        ],
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day: Any = self.fields["signed_on"]
        day.limit(last=today, why_last="还没有到那一天，请改为实际签字的日期")


class DutyFilters(OfficeForm):
    """What the list of persons is narrowed by; no name stands in the address."""

    line = forms.ChoiceField(label="责任线", required=False, choices=[("", "全部"), *Line.choices])
    post = forms.ChoiceField(label="岗位", required=False)
    named = forms.ChoiceField(label="名单", required=False)
    town = forms.ChoiceField(label="乡镇", required=False)
    school = forms.ChoiceField(label="学校", required=False)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "现任"), ("over", "已结束"), ("all", "全部")]
    )

    def __init__(self, *args: Any, choices: dict[str, list[Choice]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in choices.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
