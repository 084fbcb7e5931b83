"""Changed rows and tombstones between two versions of a ledger, for programs that keep a copy.

A row given by version N stands in it and is in the caller's scope. To come from N to M a caller
takes the rows that stand in M and were born after N, and drops the subjects that stood in N and
have no row in M, in its scope both times: whoever left the scope is dropped like one who left the
ledger.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Exists, F, Func, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast

from core.access import Permission, Scope
from ledgers.kinds import Kind
from ledgers.models import LedgerRow, LedgerRowQuerySet, LedgerVersion
from ledgers.secrets import reveal

ROWS, TOMBSTONES = 0, 1
_CHUNK = 5000
_SAID = {
    "id": "subject_id",
    "student_id": "student_id",
    "version": "born",
    "township": "township",
    "school": "school__code",
    "status": "status",
}
# The database writes the whole row as JSON; no value of it is ever made in Python.
_ROW_AS_JSON = Cast(
    Func(
        *(part for name, field in _SAID.items() for part in (Value(name), F(field))),
        Value("cells"),
        F("cells"),
        function="json_build_object",
    ),
    TextField(),
)


Shown = dict[str, Any] | orjson.Fragment


class CursorUnknown(ValueError):
    """Not one of ours, or of another question."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins: behind this key of rows or tombstones."""

    version: int
    since: int
    phase: int = ROWS
    key: int = 0  # born or died
    row: int = 0

    def text(self) -> str:
        packed = orjson.dumps([self.version, self.since, self.phase, self.key, self.row])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Place":
        """Errors: CursorUnknown."""
        try:
            numbers = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, binascii.Error) as fault:
            raise CursorUnknown(text) from fault
        if not _are_numbers(numbers):
            raise CursorUnknown(text)
        return cls(*numbers)


def _are_numbers(numbers: Any) -> bool:
    return (
        isinstance(numbers, list)
        and len(numbers) == 5
        and all(isinstance(n, int) and 0 <= n < 2**63 for n in numbers)
    )


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Shown]
    tombstones: list[int]
    next: Place | None
    opened: int  # rows whose numbers were revealed


@dataclass(frozen=True)
class Pull:
    version: LedgerVersion
    kind: Kind
    since: int
    scope: Scope
    revealing: bool

    @cached_property
    def _chain(self) -> LedgerRowQuerySet:
        return LedgerRow.objects.within(self.scope, Permission.LEDGER_PULL).filter(
            kind=self.version.kind, unit=self.version.unit
        )

    @property
    def rows(self) -> QuerySet[LedgerRow]:
        standing = self._chain.standing_in(self.version)
        return standing.filter(born__gt=self.since).order_by("born", "id")

    @property
    def _tombstones(self) -> QuerySet[LedgerRow]:
        still_there = self._chain.standing_in(self.version).filter(
            subject_id=OuterRef("subject_id")
        )
        ended = self._chain.filter(
            born__lte=self.since, died__gt=self.since, died__lte=self.version.number
        )
        return ended.filter(~Exists(still_there)).order_by("died", "id")

    def page(self, place: Place, *, limit: int) -> Page:
        """Rows first, then tombstones; a cursor comes with every page but the last."""
        rows: list[Shown] = []
        opened = 0
        if place.phase == ROWS:
            found = _behind(self._values(), ("born", "id"), place, limit)
            rows, opened = self._shown(found)
            if len(found) == limit:
                last = found[-1]
                return Page(rows, [], replace(place, key=last[1], row=last[0]), opened)
            place = replace(place, phase=TOMBSTONES, key=0, row=0)
        room = limit - len(rows)
        gone = _behind(self._gone_values(), ("died", "id"), place, room)
        more = replace(place, key=gone[-1][2], row=gone[-1][0]) if len(gone) == room else None
        return Page(rows, [subject for _, subject, _ in gone], more, opened)

    def stream(self) -> Iterator[bytes]:
        """Everything as lines of JSON, many to a chunk, in no order: nothing is to be resumed."""
        upserts = tombstones = 0
        head = {"kind": self.kind.code, "period": self.version.period}
        versions = {"version": self.version.number, "since_version": self.since}
        yield orjson.dumps(head | versions | {"unit": self.version.unit}) + b"\n"
        for chunk in _chunks(self._values().order_by()):
            upserts += len(chunk)
            yield self._lines(chunk)
        for chunk in _chunks(self._gone_values()):
            tombstones += len(chunk)
            lines = (orjson.dumps({"id": subject, "gone": True}) for _, subject, _ in chunk)
            yield b"".join(line + b"\n" for line in lines)
        counts = {"end": True, "rows": upserts, "tombstones": tombstones}
        yield orjson.dumps(counts) + b"\n"

    def _lines(self, found: list[tuple[Any, ...]]) -> bytes:
        if not self.revealing:
            return "".join([f"{json}\n" for _, _, json in found]).encode()
        rows, _ = self._shown(found)
        return b"".join([orjson.dumps(row) + b"\n" for row in rows])

    def _values(self) -> QuerySet[LedgerRow, tuple[Any, ...]]:
        # Python sees a row's values only where a mask has to be replaced.
        if self.revealing:
            return self.rows.values_list("id", "born", "cells", "secrets", *_SAID.values())
        return self.rows.annotate(json=_ROW_AS_JSON).values_list("id", "born", "json")

    def _gone_values(self) -> QuerySet[LedgerRow, tuple[Any, ...]]:
        return self._tombstones.values_list("id", "subject_id", "died")

    def _shown(self, found: list[tuple[Any, ...]]) -> tuple[list[Shown], int]:
        if not self.revealing:
            return [orjson.Fragment(json) for _, _, json in found], 0
        secrets: list[tuple[int, list[str], list[UUID | None]]] = [
            (pk, cells, held) for pk, _, cells, held, *_ in found
        ]
        opened = reveal(self.kind, secrets, scope=self.scope)
        return [_as_json(cells, said) for _, _, cells, _, *said in found], opened


def _as_json(cells: list[str], said: list[Any]) -> Shown:
    return dict(zip(_SAID, said, strict=True)) | {"cells": cells}


def _behind(
    rows: QuerySet[LedgerRow, tuple[Any, ...]], order: tuple[str, str], place: Place, limit: int
) -> list[tuple[Any, ...]]:
    """At most `limit` rows behind the place. First the rest of the same version, then the later
    ones: two questions an index can begin at, where one with OR would read from the start."""
    key, row = order
    if limit == 0:
        return []
    found: list[tuple[Any, ...]] = []
    if place.key:
        rest = rows.filter(**{key: place.key, f"{row}__gt": place.row})
        found = list(rest.order_by(row)[:limit])
    if len(found) < limit:
        later = rows.filter(**{f"{key}__gt": place.key})
        found += later[: limit - len(found)]
    return found


def _chunks(rows: QuerySet[LedgerRow, tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    chunk: list[tuple[Any, ...]] = []
    for row in rows.iterator(chunk_size=_CHUNK):
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
