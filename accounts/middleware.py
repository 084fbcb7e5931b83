"""Who is calling, and where they may look: attached once, read by every door."""

import time
from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from accounts.scope import scope_for, scope_of_token
from core import tenancy
from core.access import Scope
from core.errors import answers_in_json
from core.web import AppRequest

Answer = Callable[[HttpRequest], HttpResponse]


class SessionLimits:
    """Signs out after idling, and after the longest stay even when busy."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            began = request.session.setdefault("began_at", now)
            seen = request.session.get("seen_at", now)
            if (
                now - seen > settings.SESSION_IDLE_SECONDS
                or now - began > settings.SESSION_ABSOLUTE_SECONDS
            ):
                logout(request)
            elif now - seen > 60 or "seen_at" not in request.session:
                request.session["seen_at"] = now
        return self.get_response(request)


class AttachScope:
    """Attaches user and scope, and runs the request in one transaction behind the tenant wall."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: AppRequest) -> HttpResponse:
        today = timezone.localdate()
        request.token = tokens.bearer(request, now=timezone.now())
        request.scope = self._scope(request, today)
        if not request.scope.county:
            return self.get_response(request)
        if _must_change_password_first(request):
            return _to_the_password_page(request)
        with tenancy.inside(request.scope.county):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def _scope(self, request: AppRequest, today: date) -> Scope:
        if request.token is not None:
            request.user = request.token.owner
            return scope_of_token(request.token, on=today)
        if isinstance(request.user, User):
            chosen = request.session.get("county", "")
            return scope_for(request.user, on=today, county=chosen)
        return Scope()


def _to_the_password_page(request: AppRequest) -> HttpResponse:
    if not answers_in_json(request):
        return redirect("accounts:password-change")
    told = {"reason": "password", "words": "请先在网页上修改密码，手机上的家访仍保存着。"}
    return JsonResponse(told, status=403)


def _must_change_password_first(request: AppRequest) -> bool:
    if request.token is not None or not request.user.must_change_password:
        return False
    names = ("accounts:password-change", "accounts:sign-out", "accounts:county-choose")
    return request.path_info not in map(reverse, names)
