from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts.queries import Desk
from schools.models import Division


def office(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows: the caller's county, permissions and duties."""
    scope = getattr(request, "scope", None)
    if scope is None or not scope.county:
        return {"may": frozenset(), "county_name": ""}
    county = Division.objects.filter(pk=scope.county).first()
    held = {str(permission).replace(".", "_") for g in scope.grants for permission in g.permissions}
    return {
        "may": dict.fromkeys(held, True),
        "county_name": county.name if county else "",
        "desk": Desk(request.user, on=timezone.localdate(), county=scope.county),  # type: ignore[arg-type]
    }
