from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request


class AttachedUser(BaseAuthentication):
    """The caller the middleware attached: a token, or a signed-in browser (with CSRF check)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        caller = request._request
        if caller.token is not None:  # type: ignore[attr-defined]
            return caller.user, caller.token  # type: ignore[attr-defined]
        return SessionAuthentication().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
