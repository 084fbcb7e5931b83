"""站内信: tell people that something happened, in the transaction in which it did."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from core.models import Notice

MOST_COUNTED = 100
_TELL = """
INSERT INTO core_notice (county, person_id, event, words, path, tone, created_at)
SELECT %s, told.person_id, %s, %s, %s, %s, now() FROM unnest(%s::bigint[]) told (person_id)
    ON CONFLICT (county, person_id, event) DO NOTHING
"""


def tell(
    *,
    county: str,
    people: Iterable[int],
    event: str,
    words: str,
    path: str,
    tone: str = Notice.Tone.PLAIN,
) -> int:
    """One statement, however many people; how many were not told of this event before.

    `event` names what happened ("job-17", "transfer-5-overdue"): told twice, it is one notice.
    `path` is a page of ours that every one of them may open; no name or number stands in it.
    """
    told: list[Any] = [county, event, words[:300], path, tone, sorted(set(people))]
    with connection.cursor() as cursor:
        cursor.execute(_TELL, told)
        return int(cursor.rowcount)


def unread_beside(*addresses: str, county: str, person_id: int, now: datetime) -> int:
    """How many a person has not read, up to MOST_COUNTED, with the page of `addresses` open.

    Whoever has a page open has read the notices that lead to it, by whatever way it was reached.
    """
    unread = Notice.objects.for_person(person_id, county=county).unread()
    paths = dict(unread.order_by("-pk").values_list("pk", "path")[:MOST_COUNTED])
    seen = [pk for pk, path in paths.items() if path in addresses]
    if seen:
        read(county=county, person_id=person_id, now=now, only=seen)
    return len(paths) - len(seen)


def read(*, county: str, person_id: int, now: datetime, only: Iterable[int] | None = None) -> int:
    """How many became read: all of the person's, or those of these ids."""
    rows = Notice.objects.for_person(person_id, county=county).unread()
    if only is not None:
        rows = rows.filter(pk__in=only)
    return rows.update(read_at=now)


def purge(*, before: datetime) -> int:
    return Notice.objects.filter(created_at__lt=before).delete()[0]
