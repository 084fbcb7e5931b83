"""Opaque tokens: prefix, 40 random characters, 6 check characters; stored as SHA-256."""

import hashlib
import secrets
import zlib
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import ApiToken, User
from core.access import Permission

_PREFIX = "nol_"
LONGEST = timedelta(days=365)
_SEEN_EVERY = timedelta(minutes=1)


def issue(
    *,
    owner: User,
    county: str,
    name: str,
    permissions: set[Permission],
    now: datetime,
    lifetime: timedelta = LONGEST,
) -> tuple[ApiToken, str]:
    """The token row and its text; the text is never to be had again."""
    body = _PREFIX + secrets.token_urlsafe(30)
    text = body + _check(body)
    token = ApiToken.objects.create(
        owner=owner,
        county=county,
        name=name,
        prefix=text[:10],
        digest=_digest(text),
        permissions=sorted(permissions),
        created_at=now,
        expires_at=now + min(lifetime, LONGEST),
    )
    return token, text


def bearer(request: HttpRequest, *, now: datetime) -> ApiToken | None:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not text.startswith(_PREFIX) or _check(text[:-6]) != text[-6:]:
        return None
    token = (
        ApiToken.objects.select_related("owner")
        .filter(digest=_digest(text), revoked_at=None, expires_at__gt=now, owner__is_active=True)
        .first()
    )
    if token is not None:
        _note_use(token, now)
    return token


def _note_use(token: ApiToken, now: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _SEEN_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _check(body: str) -> str:
    """Lets secret scanners and typing errors be told apart without a look into the database."""
    return f"{zlib.crc32(body.encode()) & 0xFFFFFF:06x}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
