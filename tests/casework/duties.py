"""What the tests of 双线包保 share."""

from datetime import date

from accounts.scope import scope_for
from casework.services import responsibility as services
from casework.services.responsibility import Named
from tests.factories import county_officer

DAY = date(2026, 11, 22)


def scope_of(user, on=DAY):
    return {"scope": scope_for(user, on=on), "actor": user}


def assign(post, key, name, *, by=None, on=DAY, **said):
    return services.assign(
        **scope_of(by or county_officer()),
        post=post,
        key=key,
        person=Named(name, **said),
        on=on,
        today=DAY,
    )
