from typing import Any

from django import forms

from core.forms import OfficeForm
from ledgers.kinds import Kind


class LedgerFilters(OfficeForm):
    """What a ledger's rows are narrowed by; every choice stands in the address."""

    town = forms.ChoiceField(label="乡镇", required=False)
    school = forms.ChoiceField(label="学校", required=False)
    status = forms.ChoiceField(label="状态", required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        choices: dict[str, list[tuple[str, str]]],
        kind: Kind,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in (choices | {"status": list(kind.statuses.items())}).items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class BuildForm(OfficeForm):
    kind = forms.CharField(max_length=30)
    period = forms.CharField(max_length=7)


class FullExportForm(OfficeForm):
    purpose = forms.CharField(
        label="导出用途",
        max_length=100,
        help_text="文件含完整号码，用途会记入审计，如：报市教育局核查。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
