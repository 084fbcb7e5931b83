"""From masked cells back to numbers, for those who may: in bulk, and never without an audit entry
by the caller."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from casework.models import ResponsibilityAssignment
from core import crypto
from core.access import Permission, Scope
from ledgers.kinds import Holds, Kind
from ledgers.models import LedgerRow
from students.models import Guardian, StudentIdentifier

Blob = Any  # bytes or memoryview: the latter takes no parameter before Python 3.14
Sealed = dict[tuple[Holds, UUID], tuple[str, str]]  # mask and number


def reveal(
    kind: Kind, rows: Sequence[tuple[int, list[str], list[UUID | None]]], *, scope: Scope
) -> int:
    """Put the numbers in place of their masks in (id, cells, secrets), where the caller's
    IDENTITY_REVEAL reaches; returns the number of rows opened."""
    allowed = _allowed([pk for pk, _, _ in rows], scope=scope)
    opened = [(cells, secrets) for pk, cells, secrets in rows if pk in allowed]
    numbers = _numbers(kind, [secrets for _, secrets in opened])
    for cells, secrets in opened:
        # A version from before a column hid something has fewer; new ones stand last.
        for (place, holds), secret in zip(kind.secret_columns, secrets, strict=False):
            found = numbers.get((holds, secret)) if secret else None
            if found:
                # The mask may stand beside a name, as in 监护人及电话.
                cells[place] = cells[place].replace(*found)
    return len(opened)


def _allowed(ids: list[int], *, scope: Scope) -> set[int]:
    if scope.whole_county(Permission.IDENTITY_REVEAL):
        return set(ids)
    rows = LedgerRow.objects.within(scope, Permission.IDENTITY_REVEAL).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _numbers(kind: Kind, secrets: list[list[UUID | None]]) -> Sealed:
    asked: dict[Holds, set[UUID]] = {holds: set() for holds in Holds}
    for row in secrets:
        for (_, holds), secret in zip(kind.secret_columns, row, strict=False):
            if secret:
                asked[holds].add(secret)
    found: Sealed = {}
    for holds, ids in asked.items():
        for pk, mask, sealed in _sealed(holds, ids):
            if sealed is not None:
                number = crypto.unseal(sealed, field=_FIELDS[holds], row=pk)
                found[holds, pk] = (mask, number)
    return found


_FIELDS = {
    Holds.IDENTIFIER: StudentIdentifier.FIELD,
    Holds.GUARDIAN_NUMBER: Guardian.NUMBER_FIELD,
    Holds.GUARDIAN_PHONE: Guardian.PHONE_FIELD,
    Holds.RESPONSIBLE_PHONE: ResponsibilityAssignment.FIELD,
}


def _sealed(holds: Holds, ids: set[UUID]) -> Iterable[tuple[UUID, str, Blob | None]]:
    if not ids:
        return ()
    if holds == Holds.IDENTIFIER:
        identifiers = StudentIdentifier.objects.filter(pk__in=ids)
        return identifiers.values_list("pk", "mask", "sealed")
    if holds == Holds.RESPONSIBLE_PHONE:
        people = ResponsibilityAssignment.objects.filter(seal_id__in=ids)
        return people.values_list("seal_id", "phone_mask", "phone_sealed")
    guardians = Guardian.objects.filter(pk__in=ids)
    if holds == Holds.GUARDIAN_PHONE:
        return guardians.values_list("pk", "phone_mask", "phone_sealed")
    return guardians.values_list("pk", "number_mask", "number_sealed")
