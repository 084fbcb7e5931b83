from typing import Any
from urllib.parse import urlencode

from axes.helpers import get_client_ip_address, get_cool_off
from axes.models import AccessAttempt
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from accounts.forms.own import TOKEN_PERMISSIONS, PasswordForm, SignInForm, TokenForm
from accounts.models import ApiToken, User
from accounts.queries import Desk
from accounts.scope import scope_for
from accounts.services import own as services
from core.access import Permission
from core.web import Open, Requires


@method_decorator(never_cache, name="dispatch")
class SignIn(Open, FormView):  # type: ignore[type-arg]
    template_name = "accounts/sign_in.html"
    form_class = SignInForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=self._next(), **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        user = form.user
        if user is None:
            raise AssertionError("a valid form has its user")
        login(self.request, user)
        if scope_for(user, on=timezone.localdate()).county:
            return redirect(self._next() or "home")
        return redirect(f"{reverse('accounts:county-choose')}?{urlencode({'next': self._next()})}")

    def _next(self) -> str:
        return local_address(self.request)


def local_address(request: HttpRequest) -> str:
    """Where to go on, if that is a page of ours: never a foreign host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    fits = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if fits and wanted.startswith("/") else ""


def locked_out(request: HttpRequest, credentials: dict[str, Any], *_: Any) -> HttpResponse:
    """Called by django-axes. Too many tries for this name from this address."""
    credentials = credentials if isinstance(credentials, dict) else {}
    tries = AccessAttempt.objects.filter(
        username=credentials.get("username", ""), ip_address=get_client_ip_address(request)
    )
    last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    wait = get_cool_off(request)
    until = timezone.localtime((last or timezone.now()) + wait) if wait else None
    return render(request, "accounts/locked_out.html", {"until": until}, status=429)


class SignOut(Open):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        messages.success(request, "您已退出登录。")
        return redirect("accounts:sign-in")


class CountyChoose(Open, TemplateView):
    """Before a county is chosen a person over several has no scope, so no permission either."""

    template_name = "accounts/county_choose.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(request.user, User):
            return redirect("accounts:sign-in")
        self.desk = Desk(request.user, on=timezone.localdate(), county="")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            counties=self.desk.counties().select_related("parent"),
            next=local_address(self.request),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = self.desk.counties().filter(code=request.POST.get("county", "")).first()
        if chosen is None:
            raise Http404
        request.session["county"] = chosen.code
        return redirect(local_address(request) or "home")


class PasswordChange(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.OWN_ACCOUNT
    template_name = "accounts/password_change.html"
    form_class = PasswordForm
    success_url = reverse_lazy("home")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def form_valid(self, form: PasswordForm) -> HttpResponse:
        user = self.request.user
        services.change_password(scope=self.request.scope, actor=user, new=form.cleaned_data["new"])
        update_session_auth_hash(self.request, user)
        messages.success(self.request, "密码已修改；您在其他电脑上的登录已失效。")
        return super().form_valid(form)


class KeysSwitch(Requires, View):
    """WCAG 2.1.4: single keys can be switched off, and stay off for this person everywhere."""

    permission = Permission.OWN_ACCOUNT
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        services.switch_single_keys(actor=self.request.user, on="on" in request.POST)
        return HttpResponse(status=204)


class TokenList(Requires, TemplateView):
    permission = Permission.TOKEN_MANAGE
    template_name = "accounts/token_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = ApiToken.objects.filter(owner=self.request.user, county=self.request.scope.county)
        rows = [
            (token, [TOKEN_PERMISSIONS.get(Permission(p), p) for p in token.permissions])
            for token in mine.order_by("-created_at", "-pk")
        ]
        return super().get_context_data(rows=rows, now=timezone.now(), **kwargs)


@method_decorator(never_cache, name="dispatch")
class TokenNew(Requires, FormView):  # type: ignore[type-arg]
    """The answer to the post shows the text, once: it is kept nowhere."""

    permission = Permission.TOKEN_MANAGE
    template_name = "accounts/token_new.html"
    form_class = TokenForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"scope": self.request.scope}

    def form_valid(self, form: TokenForm) -> HttpResponse:
        token, text = services.issue_token(
            scope=self.request.scope,
            actor=self.request.user,
            name=form.cleaned_data["name"],
            permissions={Permission(name) for name in form.cleaned_data["permissions"]},
            lifetime=form.lifetime,
            now=timezone.now(),
        )
        return render(self.request, "accounts/token_shown.html", {"token": token, "text": text})


class TokenRevoke(Requires, View):
    permission = Permission.TOKEN_MANAGE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, token_id: int) -> HttpResponse:
        get_object_or_404(ApiToken, pk=token_id, owner=self.request.user)
        token = services.revoke_token(
            scope=self.request.scope,
            actor=self.request.user,
            token_id=token_id,
            now=timezone.now(),
        )
        messages.success(request, f"令牌“{token.name}”已停用，用它的程序从现在起取不到数据。")
        return redirect("accounts:token-list")
