"""Keyset pages: page 20,000 costs what page 1 costs, and a row that moves never shows twice.

The address names the row a page begins behind by its id alone, never by what the list is sorted
by: a child's name has no place in an address.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50
CAP = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    count: int
    previous_query: str | None = None
    next_query: str | None = None

    @property
    def count_text(self) -> str:
        return count_text(self.count)


def count_text(count: int) -> str:
    return f"{CAP}+" if count > CAP else f"{count:,}"


def capped_count(rows: QuerySet[Any]) -> int:
    """Exact up to CAP, and CAP + 1 for anything beyond: nobody waits for a count of a million."""
    return rows.order_by().values("pk")[: CAP + 1].count()


def page(
    rows: QuerySet[Any],
    *,
    by: str | tuple[str, ...],
    asked: QueryDict,
    count: int | None = None,
    size: int = SIZE,
) -> Page:
    """One page of `rows` by one or more fields, "-" before the first for newest first.

    Rows that tie go by id. No field may be null.
    """
    fields = (by,) if isinstance(by, str) else by
    backwards = _pivot(rows, asked.get("before"))
    forwards = None if backwards else _pivot(rows, asked.get("after"))
    falling = fields[0].startswith("-")
    keys = (*(field.lstrip("-") for field in fields), "pk")
    turned = falling != bool(backwards)
    found = list(_behind(rows, keys, backwards or forwards, turned)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (bool(forwards), more)
    return Page(
        found,
        capped_count(rows) if count is None else count,
        _query(asked, before=found[0].pk) if has_previous and found else None,
        _query(asked, after=found[-1].pk) if has_next and found else None,
    )


def _pivot(rows: QuerySet[Any], text: str | None) -> Model | None:
    # Read without the filters: the row may have left them since the page before was shown.
    if not text or not text.isdecimal() or len(text) > 18:
        return None
    found: Model | None = rows.model._default_manager.filter(pk=int(text)).first()
    return found


def _behind(
    rows: QuerySet[Any], keys: tuple[str, ...], pivot: Model | None, turned: bool
) -> QuerySet[Any]:
    sign, than, least = ("-", "lt", "lte") if turned else ("", "gt", "gte")
    rows = rows.order_by(*(f"{sign}{key}" for key in keys))
    if pivot is None:
        return rows
    behind = Q()
    for key in reversed(keys):
        value = getattr(pivot, key)
        tied = Q(**{key: value}) & behind if behind else Q(pk__in=())
        behind = Q(**{f"{key}__{than}": value}) | tied
    # The first condition alone is what an index can start at.
    return rows.filter(Q(**{f"{keys[0]}__{least}": getattr(pivot, keys[0])}) & behind)


def _query(asked: QueryDict, **end: int) -> str:
    kept = asked.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    kept.update({name: str(pk) for name, pk in end.items()})
    return kept.urlencode()
