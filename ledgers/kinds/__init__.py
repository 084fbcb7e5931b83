"""The ledgers there are, by code. A new ledger is a new file and a line here."""

from ledgers.kinds.base import Column, Group, Holds, Kind, Shape
from ledgers.kinds.dropout import DROPOUT
from ledgers.kinds.school_age import SCHOOL_AGE
from ledgers.kinds.suspected import SUSPECTED

KINDS: dict[str, Kind] = {kind.code: kind for kind in (SCHOOL_AGE, SUSPECTED, DROPOUT)}

__all__ = ["KINDS", "Column", "Group", "Holds", "Kind", "Shape"]
