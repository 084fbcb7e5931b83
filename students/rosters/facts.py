"""Categories a row names or denies, and the columns that are kept as they stand (contract 3.5)."""

from collections.abc import Callable
from operator import itemgetter

from students.rosters import cells
from students.rosters.header import Column, Header
from students.rosters.labels import (
    DISABLED,
    LEFT_BEHIND_NO,
    LEFT_BEHIND_YES,
    RUNNING_NUMBER,
    Field,
)
from students.rosters.reasons import RETURNED

Row = list[str]
_MAX_KNOWN = 20_000


class Facts:
    """What the category, list and disability columns of a row say together."""

    __slots__ = ("added", "dropped", "extra")

    def __init__(self) -> None:
        self.added: set[str] = set()
        self.dropped: set[str] = set()
        self.extra: dict[str, str] = {}


FactReader = Callable[[str, Facts], None]


class FactColumns:
    """Reads those columns. A county's rows repeat a few combinations, so each is read once."""

    def __init__(self, header: Header) -> None:
        readers = _readers(header)
        self._readers = [read for _, read in readers]
        # The last cell of a padded row is always empty: with it there are two indices at least.
        indices = [index for index, _ in readers]
        self._texts = itemgetter(*indices, -1, -1)
        self._known: dict[tuple[str, ...], Facts] = {}

    def read(self, row: Row) -> Facts:
        texts = self._texts(row)
        facts = self._known.get(texts)
        if facts is None:
            facts = self._read(texts)
            if len(self._known) < _MAX_KNOWN:
                self._known[texts] = facts
        return facts

    def _read(self, texts: tuple[str, ...]) -> Facts:
        facts = Facts()
        for text, read in zip(texts, self._readers, strict=False):
            if text:
                read(text, facts)
        # One office's yes beside its own no in another column: the yes stands.
        facts.dropped -= facts.added
        return facts


def _readers(header: Header) -> list[tuple[int, FactReader]]:
    found: list[tuple[int, FactReader]] = []
    told: set[str] = set()
    for column in header.columns:
        if column.field is Field.CATEGORY and column.category not in told:
            told.add(column.category)
            found.append((column.index, _yes_no_reader(column.category)))
        elif column.field is Field.CATEGORY_LIST:
            found.append((column.index, _list_reader(column)))
        elif column.field is Field.DISABILITY:
            found.append((column.index, _disability_reader(column)))
    return found


def _yes_no_reader(category: str) -> FactReader:
    def read(text: str, facts: Facts) -> None:
        yes = _left_behind(text) if category == "left_behind_edu" else cells.says_yes(text)
        if yes is not None:
            (facts.added if yes else facts.dropped).add(category)

    return read


def _left_behind(text: str) -> bool | None:
    return True if text in LEFT_BEHIND_YES else False if text in LEFT_BEHIND_NO else None


def _list_reader(column: Column) -> FactReader:
    def read(text: str, facts: Facts) -> None:
        known, other = cells.listed(text)
        facts.added.update(known)
        if other:
            facts.extra[column.label] = "、".join(other)

    return read


def _disability_reader(column: Column) -> FactReader:
    def read(text: str, facts: Facts) -> None:
        if cells.says_disabled(text):
            facts.added.add(DISABLED)
            facts.extra[column.label] = text

    return read


def extra_columns(header: Header) -> list[tuple[int, str]]:
    """Unknown columns, and those beside the leftmost of a field, by index and label."""
    several = (Field.CATEGORY_LIST, Field.DISABILITY)
    found: list[tuple[int, str]] = []
    told: set[tuple[Field, str]] = set()
    for column in header.columns:
        if column.field is None:
            if column.label not in (RUNNING_NUMBER, RETURNED):
                found.append((column.index, column.label))
        elif column.field not in several:
            key = (column.field, column.category)
            if key in told:
                found.append((column.index, column.label))
            told.add(key)
    return found
