"""Forms of legal papers. Their field names are the arguments of the deed behind them."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django import forms

from casework.legal_rules import ServiceWay
from casework.models import LegalKind
from casework.services.scans import MOST_BYTES
from core.forms import DayField, OfficeForm

_NOT_YET = "还没有到，请改为今天或以前的日期"
_SCAN_HINT = f"PDF、JPG 或 PNG，不超过 {MOST_BYTES // 1_000_000} MB；手机拍照也可以。"


class PaperFilters(OfficeForm):
    stage = forms.ChoiceField(label="办理情况", required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="文书", required=False)
    body = forms.ChoiceField(label="制作机关", required=False)
    town = forms.ChoiceField(label="乡镇", required=False)
    year = forms.ChoiceField(label="年度", required=False)

    def __init__(
        self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in choices.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class IssueForm(OfficeForm):
    """Asks what this kind of paper says; the words of the law are the kind's own."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    body_code = forms.ChoiceField(label="制作机关")
    issued_on = DayField(label="制作日期")
    addressee = forms.CharField(label="受送达人", max_length=100)
    relation = forms.CharField(label="与学生关系", max_length=40, required=False)
    address = forms.CharField(label="住址", max_length=200, required=False)
    facts = forms.CharField(
        label="事实",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="会写进文书。写清时间、缺课情况和做过的工作，可在所填内容上修改。",
    )
    deadline_on = DayField(label="限期")
    amount = forms.DecimalField(
        label="罚款金额（元）",
        max_digits=8,
        decimal_places=2,
        min_value=0,
        help_text="须在地方罚款规定的幅度内。",
    )

    def __init__(
        self,
        *args: Any,
        kind: LegalKind,
        bodies: list[tuple[str, str]],
        today: date,
        days: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body_code"].choices = bodies  # type: ignore[attr-defined]
        if len(bodies) == 1:
            self.fields["body_code"].widget = forms.HiddenInput()
            self.initial["body_code"] = bodies[0][0]
        self._day("issued_on").limit(last=today, why_last=_NOT_YET)
        if not kind.is_fine:
            del self.fields["amount"]
        if not kind.deadline_rule or kind.counts_from_service:
            del self.fields["deadline_on"]
        elif days:
            self.initial["deadline_on"] = today + timedelta(days=days)
        self._name_for(kind)

    def _day(self, name: str) -> DayField:
        field = self.fields[name]
        assert isinstance(field, DayField)  # noqa: S101
        return field

    def _name_for(self, kind: LegalKind) -> None:
        if kind.to == LegalKind.To.LABOUR:
            self._rename(addressee="接收单位")
            del self.fields["relation"], self.fields["address"]
        elif kind.to == LegalKind.To.COURT:
            self._rename(addressee="被申请人（被告）")
        elif not kind.is_served:
            self._rename(addressee="受教育人", address="地点", facts="谈话内容和受教育人的意见")

    def _rename(self, **labels: str) -> None:
        for name, label in labels.items():
            field = self.fields[name]
            field.label = label
            field.error_messages["required"] = f"请填写{label}"


class ScanForm(OfficeForm):
    scan = forms.FileField(label="送达回证扫描件", max_length=200, help_text=_SCAN_HINT)


class ServeForm(OfficeForm):
    served_on = DayField(label="送达日期", help_text="公告送达的填公告期满的日期。")
    served_way = forms.ChoiceField(
        label="送达方式", choices=ServiceWay.choices, widget=forms.RadioSelect
    )
    receiver = forms.CharField(label="签收人", max_length=100)
    receiver_relation = forms.CharField(
        label="签收人与受送达人关系",
        max_length=40,
        required=False,
        help_text="本人签收的填“本人”。",
    )
    served_by = forms.CharField(label="送达人", max_length=100, help_text="两人以上，用顿号隔开。")
    service_note = forms.CharField(
        label="送达说明",
        max_length=200,
        required=False,
        help_text="留置送达写明拒收事由和见证人；委托、公告送达写明单位或地方。",
    )
    scan = forms.FileField(
        label="送达回证扫描件", max_length=200, required=False, help_text=_SCAN_HINT
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = self.fields["served_on"]
        assert isinstance(served, DayField)  # noqa: S101
        served.limit(last=today, why_last=_NOT_YET)


class ResultForm(OfficeForm):
    result = forms.ChoiceField(label="结果", widget=forms.RadioSelect)
    result_on = DayField(label="结果日期")
    result_note = forms.CharField(
        label="结果说明",
        max_length=300,
        required=False,
        help_text="例如：裁定书文号、调解书编号、返校日期、缴款凭证号。",
    )

    def __init__(
        self, *args: Any, results: list[tuple[str, str]], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["result"].choices = results  # type: ignore[attr-defined]
        day = self.fields["result_on"]
        assert isinstance(day, DayField)  # noqa: S101
        day.limit(last=today, why_last=_NOT_YET)


class VoidForm(OfficeForm):
    void_reason = forms.CharField(
        label="作废原因",
        max_length=200,
        help_text="文号保留，不再使用。例如：受送达人姓名有误，另行制作。",
    )


class FineRuleForm(OfficeForm):
    name = forms.CharField(
        label="规定名称", max_length=100, help_text="例如：某某省义务教育条例。不加书名号。"
    )
    article = forms.CharField(label="条款", max_length=40, help_text="例如：第四十六条第一款。")
    least = forms.DecimalField(label="罚款下限（元）", min_value=1, max_digits=8, decimal_places=2)
    most = forms.DecimalField(label="罚款上限（元）", min_value=1, max_digits=8, decimal_places=2)
    valid_from = DayField(label="施行日期")
    source = forms.CharField(
        label="文件来源", max_length=200, help_text="写明公布机关、文号和日期，便于核查。"
    )


class FineRuleEndForm(OfficeForm):
    last_day = DayField(label="失效日期", help_text="这一天仍有效，从次日起停用。")
