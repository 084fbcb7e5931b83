from typing import Any

from django import forms

from core.forms import OfficeForm


class YearForm(OfficeForm):
    from_year = forms.TypedChoiceField(
        label="结束的学年",
        coerce=int,
        help_text="例如选 2026—2027学年，就是升入 2027—2028学年。",
    )

    def __init__(self, *args: Any, years: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_year"].choices = years  # type: ignore[attr-defined]


class PromiseForm(OfficeForm):
    """All leavers of a primary school go to one junior school."""

    from_school = forms.TypedChoiceField(label="毕业小学", coerce=int)
    to_school = forms.TypedChoiceField(label="应升初中", coerce=int)
    replace = forms.BooleanField(label="已设置过的也改为这所初中", required=False)

    def __init__(
        self,
        *args: Any,
        leaving: list[tuple[int, str]],
        receiving: list[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_school"].choices = [("", "请选择"), *leaving]  # type: ignore[attr-defined]
        self.fields["to_school"].choices = [("", "请选择"), *receiving]  # type: ignore[attr-defined]
