"""Forms of a case. Their field names are the arguments of the deed behind them."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms

from casework.models import CaseCode, DropoutCase, HomeVisit
from casework.queries import code_choices, valid_codes
from casework.states import VISIT_KINDS, CaseState, VisitKind, VisitOutcome
from core.forms import DayField, OfficeForm

OVERDUE_DAYS = [("7", "7 天以上"), ("15", "15 天以上"), ("30", "30 天以上")]


class CaseFilters(OfficeForm):
    state = forms.ChoiceField(label="状态", required=False, widget=forms.HiddenInput)
    town = forms.ChoiceField(label="乡镇", required=False)
    school = forms.ChoiceField(label="学校", required=False)
    source = forms.ChoiceField(label="来源", required=False)
    overdue = forms.ChoiceField(label="未家访", required=False)

    def __init__(
        self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in {**choices, "overdue": OVERDUE_DAYS}.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class CaseForm(OfficeForm):
    """Base of every deed on one case: knows the case and the day, fills its code lists."""

    lists: dict[str, CaseCode.List] = {}
    leads_to = ""  # of the codes offered, only those that lead to this state

    def __init__(self, *args: Any, case: DropoutCase | None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case
        self.evidence_wanted: list[CaseCode] = []  # the codes that ask for something to be shown
        for name, code_list in self.lists.items():
            rows = valid_codes(code_list, on=today, leads_to=self.leads_to)
            field = self.fields[name]
            many = isinstance(field, forms.MultipleChoiceField)
            blank = [] if many else [("", "请选择")]
            field.choices = [*blank, *((row.code, row.name) for row in rows)]  # type: ignore[attr-defined]
            self.evidence_wanted += [row for row in rows if row.evidence]


class StepForm(CaseForm):
    """A deed on a standing case: remembers what the page was made from."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def see(self, event: int) -> None:
        """The person has been told of everything up to this event and may send again."""
        self.data = {**self.data.dict(), "seen": str(event)}  # type: ignore[attr-defined]


class ListOpenForm(OfficeForm):
    """One suspicion for many children of a list."""

    opened_on = DayField(label="建案日期")
    source = forms.ChoiceField(label="数据来源")
    suspicion = forms.CharField(
        label="疑似原因",
        required=False,
        max_length=200,
        help_text="会写入每个个案，例如：开学两周未到校。",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = code_choices(CaseCode.List.SOURCE, on=today)
        self.fields["source"].choices = [("", "请选择"), *sources]  # type: ignore[attr-defined]


class OpenForm(CaseForm):
    lists = {"source": CaseCode.List.SOURCE}

    opened_on = DayField(label="建案日期")
    source = forms.ChoiceField(label="数据来源")
    last_present_on = DayField(label="最后到校日期", required=False)
    suspicion = forms.CharField(
        label="疑似原因",
        required=False,
        max_length=200,
        help_text="写清缺课情况，例如：9月1日起未到校，电话联系不上家长。",
    )
    sent_down_batch = forms.CharField(
        label="下发批次",
        required=False,
        max_length=60,
        help_text="来源为上级下发时填写通知或批次名称。",
    )


class VerifyForm(StepForm):
    lists = {
        "result": CaseCode.List.VERIFICATION,
        "main_cause": CaseCode.List.CAUSE,
        "causes": CaseCode.List.CAUSE,
    }

    result = forms.ChoiceField(label="核查结果")
    verified_on = DayField(label="核查日期")
    verified_by = forms.CharField(label="核查人", max_length=60)
    evidence = forms.CharField(
        label="佐证材料",
        required=False,
        max_length=200,
        help_text="排除时须写明，例如：在读证明（某校2026-11-20出具）。",
    )
    main_cause = forms.ChoiceField(label="主要原因", required=False, help_text="确认辍学时须选定。")
    causes = forms.MultipleChoiceField(
        label="其他原因", required=False, widget=forms.CheckboxSelectMultiple
    )
    dropped_out_on = DayField(label="辍学日期", required=False, help_text="确认辍学时须填写。")
    whereabouts = forms.CharField(label="目前去向", required=False, max_length=200)
    note = forms.CharField(label="说明", required=False, max_length=500)


class AdvanceForm(StepForm):
    on = DayField(label="办理日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class PlacementForm(StepForm):
    """Keeps the placement that was named before."""

    lists = {"placement": CaseCode.List.PLACEMENT}
    leads_to = CaseState.RETURNED

    placement = forms.ChoiceField(label="复学安置方式")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case and self.case.placement:
            self.initial.setdefault("placement", self.case.placement)


class ObserveForm(PlacementForm):
    on = DayField(label="开始跟踪日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class ReturnForm(PlacementForm):
    returned_on = DayField(label="复学日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class SettleForm(PlacementForm):
    on = DayField(label="登记日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class PlaceForm(PlacementForm):
    leads_to = CaseState.PLACED

    placement = forms.ChoiceField(label="安置方式")
    ending_proof = forms.CharField(
        label="依据",
        max_length=200,
        help_text="写明文号、出具单位和日期，例如：残教安置〔2026〕12号，县教育局2026-10-09。",
    )
    on = DayField(label="安置日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class TransferForm(StepForm):
    on = DayField(label="登记日期", help_text="该生须有正在等待接收的转学申请。")
    note = forms.CharField(label="说明", required=False, max_length=500)


class ReceiptForm(StepForm):
    """Nothing to fill in: the transfer has the answer."""


class CloseForm(StepForm):
    closed_on = DayField(label="销号日期")
    note = forms.CharField(label="销号意见", required=False, max_length=500)


class RelapseForm(StepForm):
    on = DayField(label="发现再次辍学日期")
    last_present_on = DayField(label="最后到校日期", required=False)
    note = forms.CharField(label="说明", required=False, max_length=500)


class ProposeForm(StepForm):
    lists = {"lapse_reason": CaseCode.List.LAPSE}

    lapse_reason = forms.ChoiceField(label="核减原因")
    ending_proof = forms.CharField(
        label="依据",
        max_length=200,
        help_text="写明证明材料、出具单位和日期，例如：黄羊派出所户口迁移证明，2026-10-09。",
    )
    on = DayField(label="提请日期")
    note = forms.CharField(label="说明", required=False, max_length=500)


class WithdrawForm(StepForm):
    on = DayField(label="撤回日期")
    note = forms.CharField(label="撤回原因", max_length=500)


class LapseForm(StepForm):
    closed_on = DayField(label="核减日期")
    note = forms.CharField(label="核减意见", required=False, max_length=500)


class SignForm(OfficeForm):
    """The statement stands above it; its hash says which one was read."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    line = forms.ChoiceField(label="责任线", widget=forms.RadioSelect)
    remark = forms.CharField(label="意见", required=False, max_length=200)
    agreed = forms.BooleanField(label="本人已核对以上内容，情况属实", required=False)

    def __init__(self, *args: Any, lines: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = lines  # type: ignore[attr-defined]
        if len(lines) == 1:
            self.fields["line"].widget = forms.HiddenInput()
            self.initial.setdefault("line", lines[0][0])

    def clean_agreed(self) -> bool:
        if not self.cleaned_data["agreed"]:
            raise forms.ValidationError("签字前请先勾选“本人已核对以上内容，情况属实”。")
        return True

    def clean_digest(self) -> bytes:
        try:
            return bytes.fromhex(self.cleaned_data["digest"])
        except ValueError:
            return b""  # equals no statement: the deed says what to do


def _length(name: str) -> int:
    return int(getattr(HomeVisit._meta.get_field(name), "max_length", 0))


class VisitForm(CaseForm):
    """For one hand on a phone: four fields are asked for, two of them filled already."""

    client_uuid = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    kind = forms.ChoiceField(label="方式", choices=VisitKind.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label="结果", choices=VisitOutcome.choices, widget=forms.RadioSelect
    )
    visited_on = DayField(label="家访日期")
    visitors = forms.CharField(label="走访人", max_length=_length("visitors"))
    promised_on = DayField(label="承诺返校日期", required=False)
    findings = forms.CharField(
        label="情况",
        required=False,
        max_length=_length("findings"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    people_met = forms.CharField(label="见到的人", required=False, max_length=_length("people_met"))
    study = forms.CharField(label="学习情况", required=False, max_length=_length("study"))
    health = forms.CharField(label="身体和心理", required=False, max_length=_length("health"))
    lighting = forms.CharField(
        label="采光和学习条件", required=False, max_length=_length("lighting")
    )
    goods = forms.CharField(label="送去的物品", required=False, max_length=_length("goods"))
    advice = forms.CharField(
        label="处理与建议",
        required=False,
        max_length=_length("advice"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    next_visit_on = DayField(label="下次走访日期", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = VISIT_KINDS.get(CaseState(self.case.state), ()) if self.case else ()
        if kinds:
            # Shown are the kinds of this state; taken are all, because a second sending of a
            # visit that moved the case must meet the first one, not this list.
            self.fields["kind"].widget.choices = [(k.value, k.label) for k in kinds]
            self.initial.setdefault("kind", kinds[0])

    def renew_uuid(self) -> None:
        """The next sending of this same page is another visit."""
        self.data = {**self.data.dict(), "client_uuid": str(uuid4())}  # type: ignore[attr-defined]
