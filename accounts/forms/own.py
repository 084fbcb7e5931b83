from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User
from core.access import Permission, Scope
from core.forms import OfficeForm

# What a program may be given, in words; a person gives away no more than is held.
TOKEN_PERMISSIONS = {
    Permission.LEDGER_PULL: "拉取台账",
    Permission.LEDGER_VIEW: "查看台账目录",
    Permission.STUDENT_VIEW: "读取学生（证件号遮盖）",
    Permission.CASE_VIEW: "读取个案与家访",
    Permission.VISIT_LOG: "登记家访",
    Permission.IDENTITY_REVEAL: "取得完整证件号",
}


class SignInForm(OfficeForm):
    username = forms.CharField(
        label="用户名",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label="密码",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "username" in given and "password" in given:
            self.user = authenticate(self._request, **given)
            if self.user is None:
                # One answer for a wrong name, a wrong password and a closed account.
                raise ValidationError("用户名或密码不对，请核对后重新输入")
        return given


class PasswordForm(OfficeForm):
    # Tells the browser's own password store whose password this is.
    account = forms.CharField(
        disabled=True,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "username", "hidden": True}),
    )
    old = forms.CharField(
        label="现在的密码",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="新密码",
        strip=False,
        max_length=200,
        help_text="至少 10 个字符，不要用姓名、用户名或常见密码。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一遍新密码",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["account"].initial = user.username

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self._user.check_password(old):
            raise ValidationError("现在的密码不对，请重新输入")
        return old

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        if new == self.cleaned_data.get("old"):
            raise ValidationError("新密码与现在的相同，请换一个")
        password_validation.validate_password(new, self._user)
        return new

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new", again):
            raise ValidationError("两次输入的新密码不一样，请重新输入")
        return again


class TokenForm(OfficeForm):
    name = forms.CharField(
        label="用途", max_length=60, help_text="写明给哪个系统用，如：省控辍平台每月取数。"
    )
    permissions = forms.MultipleChoiceField(
        label="权限", widget=forms.CheckboxSelectMultiple, help_text="只能从您自己的权限中选取。"
    )
    days = forms.IntegerField(
        label="有效天数", min_value=1, max_value=365, initial=365, help_text="最长 365 天。"
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(held, words) for held, words in TOKEN_PERMISSIONS.items() if scope.can(held)]
        self.fields["permissions"].choices = choices  # type: ignore[attr-defined]

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])
