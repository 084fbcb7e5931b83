"""What a signed-in person's grants mean for the frame of a page."""

from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet

from accounts.models import Grant, User
from schools.models import Division


class Desk:
    """Lazy: a page that shows no account menu, such as a fragment, asks nothing."""

    def __init__(self, user: User, *, on: date, county: str) -> None:
        self._user, self._on, self._county = user, on, county

    @cached_property
    def _grants(self) -> list[Grant]:
        places = ("division", "school", "class_group__school")
        mine = Grant.objects.valid_on(self._on).filter(user=self._user)
        return list(mine.select_related(*places).order_by("pk"))

    @property
    def duties(self) -> list[str]:
        """Like 班主任 黄羊镇中心小学2024级1班: what the person is here, in this county."""
        here = [grant for grant in self._grants if self._county.startswith(grant.county)]
        return [f"{grant.get_role_display()} {_place(grant)}" for grant in here]

    @property
    def has_choice(self) -> bool:
        reach = {grant.county for grant in self._grants}
        return len(reach) > 1 or any(len(prefix) < 6 for prefix in reach)

    def counties(self) -> QuerySet[Division]:
        """Every county the person may look into, by code."""
        reached = Q(pk__in=())
        for grant in self._grants:
            reached |= Q(code__startswith=grant.county)
        return Division.objects.filter(reached, level=Division.Level.COUNTY).order_by("code")


def _place(grant: Grant) -> str:
    group = grant.class_group
    return f"{group.school}{group}" if group else str(grant.place)
