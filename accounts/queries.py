"""What a signed-in person's grants mean for the frame of a page, and the county's accounts."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Grant, GrantQuerySet, User
from core.access import Permission, Scope
from schools.models import Division, School

COUNTY_CODE_LENGTH, SCHOOL_CODE_LENGTH = 6, 10
_PLACES = ("division", "school", "class_group__school")


class Desk:
    """Lazy: a page that shows no account menu, such as a fragment, asks nothing."""

    def __init__(self, user: User, *, on: date, county: str) -> None:
        self._user, self._on, self._county = user, on, county

    @cached_property
    def _grants(self) -> list[Grant]:
        mine = Grant.objects.valid_on(self._on).filter(user=self._user)
        return list(mine.select_related(*_PLACES).order_by("pk"))

    @property
    def duties(self) -> list[str]:
        """Like 班主任 黄羊镇中心小学2024级1班: what the person is here, in this county."""
        here = [grant for grant in self._grants if self._county.startswith(grant.county)]
        return [f"{grant.get_role_display()} {grant.place_words}" for grant in here]

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


def staff(scope: Scope, *, on: date, chosen: Mapping[str, str], words: str = "") -> QuerySet[User]:
    """Whoever holds or held a grant in the county, with these grants as `here`.

    The list and every page about one account begin here. `chosen` may name role, place (division
    or school code) and state; a role or place narrows to those who hold it on that day or later.
    """
    if not scope.whole_county(Permission.USER_MANAGE):
        return User.objects.none()
    grants = Grant.objects.in_county(scope.county)
    shown = grants.select_related(*_PLACES).order_by("-valid_from", "-pk")
    rows = User.objects.filter(pk__in=_narrowed(grants, chosen, on).values("user"))
    if chosen.get("state") in _STATES:
        rows = rows.filter(is_active=_STATES[chosen["state"]])
    if words:
        rows = rows.filter(Q(username__icontains=words) | Q(full_name__icontains=words))
    return rows.prefetch_related(Prefetch("grants", shown, to_attr="here"))


_STATES = {"active": True, "disabled": False}


def _narrowed(grants: GrantQuerySet, chosen: Mapping[str, str], on: date) -> GrantQuerySet:
    role, place = chosen.get("role"), chosen.get("place")
    if role:
        grants = grants.not_over_on(on).filter(role=role)
    if place:
        grants = grants.not_over_on(on).filter(_at_or_below(place))
    return grants


def _at_or_below(place: str) -> Q:
    if len(place) == SCHOOL_CODE_LENGTH:
        return Q(school__code=place) | Q(class_group__school__code=place)
    if len(place) == COUNTY_CODE_LENGTH:
        # The county's own offices; all below is the list without this filter.
        return Q(division=place)
    return Q(division=place) | Q(school__township=place) | Q(class_group__school__township=place)


def places(county: str, *, on: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (code, name): the county, its townships, its schools of that day."""
    towns = Division.objects.filter(level=Division.Level.TOWNSHIP).under(county).valid_on(on)
    schools = School.objects.filter(county=county).open_on(on)
    return [
        ("县（区）", list(Division.objects.filter(pk=county).values_list("code", "name"))),
        ("乡镇", list(towns.order_by("code").values_list("code", "name"))),
        ("学校", list(schools.order_by("township", "code").values_list("code", "name"))),
    ]


def place_of(code: str) -> Division | School:
    """Errors: DoesNotExist."""
    if len(code) == SCHOOL_CODE_LENGTH:
        return School.objects.get(code=code)
    return Division.objects.get(pk=code)
