from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts.queries import Desk
from core import notices
from schools.models import Division


class Bell:
    """Unread notices; lazy, so that a fragment without the frame asks nothing."""

    def __init__(self, request: HttpRequest, *, county: str) -> None:
        self._request, self._county = request, county

    @cached_property
    def unread(self) -> int:
        here = self._request.path, self._request.get_full_path()
        person_id = self._request.user.pk or 0
        return notices.unread_beside(
            *here, county=self._county, person_id=person_id, now=timezone.now()
        )

    @property
    def words(self) -> str:
        return f"{self.unread}+" if self.unread >= notices.MOST_COUNTED else str(self.unread)


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
        "bell": Bell(request, county=scope.county),
        "desk": Desk(request.user, on=timezone.localdate(), county=scope.county),  # type: ignore[arg-type]
    }
