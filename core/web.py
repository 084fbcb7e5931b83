"""The lock of every door, page or REST: no permission named, no entry."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views import View
from rest_framework.permissions import BasePermission

from core.access import Permission, Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import _User
    from django_htmx.middleware import HtmxDetails


class AppRequest(HttpRequest):
    """What the middleware makes of every request."""

    scope: Scope
    token: Any
    htmx: "HtmxDetails"
    user: "_User"


UNDO = "undo:"


def offer_undo(request: HttpRequest, words: str, *, address: str) -> None:
    """Say on the next page what was done, with a button that posts to the address of its undo."""
    messages.success(request, words, extra_tags=f"{UNDO}{address}")


class Requires(View):
    """First base of every page."""

    permission: Permission
    # An AppRequest. mypy lets no mixin narrow an attribute that Django's own mixins declare.
    request: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.request.user.is_authenticated:
            return redirect(f"{_sign_in()}?next={request.path}")
        if not self.request.scope.can(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def _sign_in() -> str:
    from django.urls import reverse

    return reverse(settings.LOGIN_URL)


class HoldsPermission(BasePermission):
    """The same door for REST, the default in settings: without `permission` it stays shut."""

    def has_permission(self, request: Any, view: Any) -> bool:
        permission = getattr(view, "permission", None)
        return permission is not None and bool(request._request.scope.can(permission))


class Open(View):
    """A page for anybody, signed in or not: sign-in, health. The matrix lists each of them."""

    permission = None
    request: Any
