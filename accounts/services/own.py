"""What people do with their own password and tokens, each with its audit entry."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import tokens
from accounts.models import ApiToken, User
from core import audit
from core.access import Permission, Scope


class PermissionNotHeld(Exception):
    """Nobody hands a program more than they hold."""


@transaction.atomic
def issue_token(
    *,
    scope: Scope,
    actor: User,
    name: str,
    permissions: set[Permission],
    lifetime: timedelta,
    now: datetime,
) -> tuple[ApiToken, str]:
    """The token and its text, which is never to be had again. Errors: PermissionNotHeld."""
    if not all(scope.can(permission) for permission in permissions):
        raise PermissionNotHeld
    token, text = tokens.issue(
        owner=actor,
        county=scope.county,
        name=name,
        permissions=permissions,
        now=now,
        lifetime=lifetime,
    )
    audit.record(
        county=scope.county,
        actor=actor,
        action="token.issue",
        target=token,
        after={"name": name, "permissions": token.permissions, "prefix": token.prefix},
    )
    return token, text


@transaction.atomic
def revoke_token(*, scope: Scope, actor: User, token_id: int, now: datetime) -> ApiToken:
    """Errors: ApiToken.DoesNotExist for another's token as for none. Twice is as good as once."""
    token = ApiToken.objects.select_for_update().get(pk=token_id, owner=actor, county=scope.county)
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        audit.record(
            county=scope.county,
            actor=actor,
            action="token.revoke",
            target=token,
            after={"prefix": token.prefix},
        )
    return token


@transaction.atomic
def change_password(*, scope: Scope, actor: User, new: str) -> None:
    actor.set_password(new)
    actor.must_change_password = False
    actor.save(update_fields=["password", "must_change_password"])
    audit.record(county=scope.county, actor=actor, action="password.change", target=actor)


def switch_single_keys(*, actor: User, on: bool) -> None:
    """No audit entry: it changes nothing but how this person's own keyboard is read."""
    actor.has_single_keys = on
    actor.save(update_fields=["has_single_keys"])
