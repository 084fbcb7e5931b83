"""From a user's grants of today to the scope every query asks."""

from datetime import date

from accounts.models import ApiToken, Grant, User
from accounts.roles import PERMISSIONS
from core.access import Permission, Reach, Scope


def counties_of(user: User, *, on: date) -> list[str]:
    """Division prefixes this user may look into, six digits each unless granted higher up."""
    return sorted({grant.county for grant in _grants(user, on)})


def scope_for(user: User, *, on: date, county: str = "") -> Scope:
    """`county` picks one of several; one that no grant reaches gives an empty scope."""
    grants = _grants(user, on)
    chosen = county or next((g.county for g in grants if len(g.county) == 6), "")
    reaching = [grant for grant in grants if chosen.startswith(grant.county)]
    return Scope(chosen, tuple(_reach(grant) for grant in reaching))


def scope_of_token(token: ApiToken, *, on: date) -> Scope:
    """What the owner may do today and the token was given, whichever is less."""
    given = frozenset(Permission(name) for name in token.permissions)
    whole = scope_for(token.owner, on=on, county=token.county)
    return Scope(
        whole.county,
        tuple(
            Reach(grant.permissions & given, grant.region, grant.school, grant.class_group)
            for grant in whole.grants
        ),
    )


def _grants(user: User, on: date) -> list[Grant]:
    if not user.is_active:
        return []
    return list(
        Grant.objects.valid_on(on)
        .filter(user=user)
        .select_related("division", "school", "class_group")
        .order_by("pk")
    )


def _reach(grant: Grant) -> Reach:
    return Reach(
        PERMISSIONS[grant.role],
        region=grant.division_id or "",
        school=grant.school_id,
        class_group=grant.class_group_id,
    )
