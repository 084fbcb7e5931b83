from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from accounts import queries
from accounts.forms.staff import GrantEndForm, GrantForm, StaffFilter, UserForm
from accounts.models import Grant, User
from accounts.services import staff
from accounts.services.staff import AccountRefused
from core import paging
from core.access import Permission
from core.web import Requires


class UserList(Requires, TemplateView):
    """A name looked for is posted: it has no place in an address."""

    permission = Permission.USER_MANAGE
    template_name = "accounts/user_list.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        words = request.POST.get("words", "").strip()[:60]
        return self.render_to_response(self.get_context_data(words=words))

    def get_context_data(self, words: str = "", **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        asked = QueryDict() if words else self.request.GET
        filters = StaffFilter(asked, county=scope.county, on=today)
        rows = queries.staff(scope, on=today, chosen=filters.chosen, words=words)
        return super().get_context_data(
            page=paging.page(rows, by="username", asked=asked),
            filters=filters,
            words=words,
            today=today,
            **kwargs,
        )


class UserPage(Requires):
    permission = Permission.USER_MANAGE

    @cached_property
    def person(self) -> User:
        rows = queries.staff(self.request.scope, on=timezone.localdate(), chosen={})
        return get_object_or_404(rows, pk=self.kwargs["user_id"])

    @property
    def deed(self) -> dict[str, Any]:
        """What every service is told of who acts on whom."""
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "user_id": self.person.pk,
            "on": timezone.localdate(),
        }

    def back(self) -> HttpResponse:
        return redirect("accounts:user-detail", user_id=self.person.pk)


class UserDetail(UserPage, TemplateView):
    template_name = "accounts/user_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        who = {"actor": self.request.user, "on": today}
        return super().get_context_data(
            person=self.person,
            grants=self.person.here,  # type: ignore[attr-defined]
            refusal=_refusal(staff.may_rule, self.person, **who, scope=self.request.scope),
            grant_refusal=_refusal(staff.may_grant, self.person, **who),
            today=today,
            **kwargs,
        )


def _refusal(rule: Callable[..., None], person: User, **who: Any) -> str:
    """The words of the very rule the deed will ask, before anybody presses a button."""
    try:
        rule(person, **who)
    except AccountRefused as refused:
        return str(refused)
    return ""


def password_shown(
    request: HttpRequest, person: User, password: str, *, title: str
) -> HttpResponse:
    context = {"person": person, "password": password, "title": title}
    return render(request, "accounts/user_password.html", context)


@method_decorator(never_cache, name="dispatch")
class UserNew(Requires, FormView):  # type: ignore[type-arg]
    """The answer to the post shows the password, once: it is kept nowhere."""

    permission = Permission.USER_MANAGE
    template_name = "accounts/user_form.html"
    form_class = UserForm

    def get_form_kwargs(self) -> dict[str, Any]:
        where = {"county": self.request.scope.county, "on": timezone.localdate()}
        return super().get_form_kwargs() | where

    def form_valid(self, form: UserForm) -> HttpResponse:
        given = form.cleaned_data
        try:
            person, password = staff.create_user(
                scope=self.request.scope,
                actor=self.request.user,
                username=given["username"],
                full_name=given["full_name"],
                **form.grant,
            )
        except AccountRefused as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        return password_shown(self.request, person, password, title="账号已建立")


@method_decorator(never_cache, name="dispatch")
class UserReset(UserPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        try:
            person, password = staff.reset_password(**self.deed)
        except AccountRefused as refused:
            messages.error(request, str(refused))
            return self.back()
        return password_shown(request, person, password, title="密码已重置")


class UserDisable(UserPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        try:
            person = staff.disable_user(**self.deed, now=timezone.now())
        except AccountRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request,
                f"{person.full_name}的账号已停用：已登录的页面下一步就会退出，令牌全部作废。",
            )
        return self.back()


class UserEnable(UserPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        try:
            person = staff.enable_user(**self.deed)
        except AccountRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request, f"{person.full_name}的账号已启用；停用时作废的令牌要由本人另建。"
            )
        return self.back()


class GrantNew(UserPage, FormView):  # type: ignore[type-arg]
    template_name = "accounts/grant_form.html"
    form_class = GrantForm

    def get_form_kwargs(self) -> dict[str, Any]:
        where = {"county": self.request.scope.county, "on": timezone.localdate()}
        return super().get_form_kwargs() | where

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(person=self.person, **kwargs)

    def form_valid(self, form: GrantForm) -> HttpResponse:
        try:
            grant = staff.give_grant(**self.deed, **form.grant)
        except AccountRefused as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        messages.success(self.request, f"已授权：{grant.get_role_display()} {grant.place_words}。")
        return self.back()


class GrantEnd(UserPage, FormView):  # type: ignore[type-arg]
    template_name = "accounts/grant_end.html"
    form_class = GrantEndForm

    @cached_property
    def grant(self) -> Grant:
        mine = self.person.grants.in_county(self.request.scope.county)
        return get_object_or_404(mine, pk=self.kwargs["grant_id"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(person=self.person, grant=self.grant, **kwargs)

    def form_valid(self, form: GrantEndForm) -> HttpResponse:
        last_day = form.cleaned_data["last_day"]
        try:
            staff.end_grant(**self.deed, grant_id=self.grant.pk, last_day=last_day)
        except AccountRefused as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        messages.success(self.request, f"已定：这项授权到 {last_day} 为止。")
        return self.back()
