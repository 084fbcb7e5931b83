"""Reads of ledgers: which versions there are, the rows of one, and what it changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from core.access import Permission, Scope
from ledgers.kinds import Kind
from ledgers.models import LedgerRow, LedgerVersion
from schools.models import Division, School

Cells = tuple[int, list[str], list[UUID | None]]  # row id, cells, secrets
_CHUNK = 2000


def versions_of(
    kind: Kind, *, scope: Scope, permission: Permission, unit: str
) -> QuerySet[LedgerVersion]:
    return LedgerVersion.objects.within(scope, permission).filter(kind=kind.code, unit=unit)


def newest_versions(scope: Scope, *, permission: Permission, unit: str) -> list[LedgerVersion]:
    """The newest version of every kind and period, newest period first."""
    newest = (
        LedgerVersion.objects.within(scope, permission)
        .filter(unit=unit)
        .order_by("kind", "period", "-number")
        .distinct("kind", "period")
    )
    return sorted(newest, key=lambda version: version.period, reverse=True)


def stream_cells(rows: QuerySet[LedgerRow], *, with_secrets: bool) -> Iterator[list[Cells]]:
    """Chunks in the ledger's order from a server-side cursor: memory does not grow with rows.

    Secrets are read on demand only: making UUIDs of them costs as much as all cells together.
    """
    secrets = ("secrets",) if with_secrets else ()
    in_order = rows.order_by("sort_key", "id").values_list("id", "cells", *secrets)
    chunk: list[Cells] = []
    for pk, cells, *held in in_order.iterator(chunk_size=_CHUNK):
        chunk.append((pk, cells, held[0] if held else []))
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@dataclass(frozen=True)
class LedgerSheet:
    """One version as far as the caller may see it, narrowed by what was chosen."""

    version: LedgerVersion
    kind: Kind
    scope: Scope
    permission: Permission = Permission.LEDGER_VIEW
    chosen: dict[str, str] = field(default_factory=dict)

    @cached_property
    def in_reach(self) -> QuerySet[LedgerRow]:
        return LedgerRow.objects.within(self.scope, self.permission).standing_in(self.version)

    @cached_property
    def placed(self) -> QuerySet[LedgerRow]:
        """By everything chosen but the status."""
        return _at_place(self.in_reach, self.chosen)

    @property
    def rows(self) -> QuerySet[LedgerRow]:
        status = self.chosen.get("status")
        return self.placed.filter(status=status) if status else self.placed

    @cached_property
    def by_status(self) -> dict[str, int]:
        counted = self.placed.order_by().values_list("status").annotate(Count("pk"))
        return dict(counted)

    @property
    def count(self) -> int:
        status = self.chosen.get("status")
        return self.by_status.get(status, 0) if status else sum(self.by_status.values())

    def chips(self) -> list[tuple[str, str, int]]:
        """Value, label and count; each count is that of the list behind it."""
        every = ("", "全部", sum(self.by_status.values()))
        states = self.kind.statuses.items()
        return [every, *((code, name, self.by_status.get(code, 0)) for code, name in states)]


@dataclass(frozen=True)
class LedgerChanges:
    """What a version changed against the one before it in its chain: plain queries on life spans.

    A subject with a row born and a row ended in the version has changed; only born, it is new;
    only ended, it is gone.
    """

    version: LedgerVersion
    scope: Scope
    permission: Permission = Permission.LEDGER_VIEW

    @cached_property
    def _chain(self) -> QuerySet[LedgerRow]:
        version = self.version
        return LedgerRow.objects.within(self.scope, self.permission).filter(
            kind=version.kind, unit=version.unit
        )

    @property
    def _born(self) -> QuerySet[LedgerRow]:
        return self._chain.filter(born=self.version.number)

    @property
    def _ended(self) -> QuerySet[LedgerRow]:
        return self._chain.filter(died=self.version.number)

    @property
    def new(self) -> QuerySet[LedgerRow]:
        return self._born.filter(~_same_subject(self._ended))

    @property
    def changed(self) -> QuerySet[LedgerRow]:
        return self._born.filter(_same_subject(self._ended))

    @property
    def gone(self) -> QuerySet[LedgerRow]:
        return self._ended.filter(~_same_subject(self._born))

    def before(self, rows: list[LedgerRow]) -> dict[int, LedgerRow]:
        """The ended rows of these subjects."""
        ended = self._ended.filter(subject_id__in=[row.subject_id for row in rows])
        return {row.subject_id: row for row in ended}


def _same_subject(rows: QuerySet[LedgerRow]) -> Exists:
    return Exists(rows.filter(subject_id=OuterRef("subject_id")))


def history(kind: Kind, *, scope: Scope, unit: str, subject_id: int) -> QuerySet[LedgerRow]:
    """A child's or case's own life in a ledger: its rows, each with the versions it stood in."""
    rows = LedgerRow.objects.within(scope, Permission.LEDGER_VIEW)
    return rows.filter(kind=kind.code, unit=unit, subject_id=subject_id).order_by("born")


def _at_place(rows: QuerySet[LedgerRow], chosen: dict[str, str]) -> QuerySet[LedgerRow]:
    if town := chosen.get("town"):
        rows = rows.filter(township=town)
    if school := chosen.get("school"):
        rows = rows.filter(school_id=int(school))
    return rows


def place_choices(scope: Scope) -> dict[str, list[tuple[str, str]]]:
    schools = School.objects.within(scope, Permission.LEDGER_VIEW).order_by("name").distinct()
    towns = Division.objects.filter(
        pk__in=schools.order_by().values("township"), level=Division.Level.TOWNSHIP
    )
    return {
        "town": list(towns.order_by("code").values_list("code", "name")),
        "school": [(str(pk), name) for pk, name in schools.values_list("pk", "name")],
    }


def unit_name(unit: str) -> str:
    """The county or township by its code, or the school by its own."""
    if len(unit) == 10:
        return School.objects.filter(code=unit).values_list("name", flat=True).first() or unit
    return Division.objects.filter(pk=unit).values_list("name", flat=True).first() or unit
