"""A roster read with its corrections: the file stays, the cells that are judged are amended."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from students.models import ImportBatch, RosterCorrection
from students.rosters.header import Header
from students.rosters.labels import Field

Row = list[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A correction opened: `sheet`, `row` and `column` are None for all cells of a field."""

    id: int
    field: str
    sheet: int | None
    row: int | None
    column: int | None
    seen: str
    new: str


def rule_of(correction: RosterCorrection) -> Rule:
    seen, new = correction.texts()
    place = (correction.sheet_no, correction.row_no, correction.column)
    return Rule(correction.pk, correction.field, *place, seen, new)


class Amendments:
    """The standing corrections of a batch as the hook of a reading (students.rosters.reading).

    They act in the order they were made: what one cell was set to may be changed for all later.
    """

    def __init__(self, batch: ImportBatch) -> None:
        standing = RosterCorrection.objects.filter(batch=batch).order_by("pk")
        self._newest = _newest(batch)
        self._rules = [rule_of(one) for one in standing if one.undone_at is None]
        self._batch = batch
        self._changed: Counter[int] = Counter()

    def for_sheet(self, sheet: int, header: Header) -> Callable[[int, Row], Row] | None:
        of_fields = _Chains(rule for rule in self._rules if rule.row is None)
        of_rows: dict[int, dict[int, Rule]] = {}
        for rule in self._rules:
            if rule.sheet == sheet and rule.row is not None and rule.column is not None:
                of_rows.setdefault(rule.row, {})[rule.column] = rule
        columns = [
            (column.index, column.field)
            for field in of_fields.fields
            if (column := header.first(Field(field))) and column.field
        ]
        if not of_rows and not columns:
            return None

        def amend(number: int, row: Row) -> Row:
            new = {} if number not in of_rows else dict(self._set(of_rows[number], of_fields))
            for index, field in columns:
                if (
                    index < len(row)
                    and index not in new
                    and (row[index] in of_fields.starts[field])
                ):
                    new[index] = of_fields.follow(field, row[index], 0, self._changed)
            return _with(row, new) if new else row

        return amend

    def _set(self, of_row: dict[int, Rule], chains: "_Chains") -> Iterable[tuple[int, str]]:
        for column, rule in of_row.items():
            self._changed[rule.id] += 1
            yield column, chains.follow(rule.field, rule.new, rule.id, self._changed)

    def settle(self) -> bool:
        """Tell the corrections that they were judged. No, if there are others by now.

        The caller holds the batch: nobody corrects it meanwhile.
        """
        if _newest(self._batch) != self._newest:
            return False
        RosterCorrection.objects.filter(batch=self._batch).update(is_judged=True, cells_changed=0)
        for rule in self._rules:
            changed = self._changed[rule.id]
            RosterCorrection.objects.filter(pk=rule.id).update(cells_changed=changed)
        return True


class _Chains:
    """Corrections of all cells of a field, followed from a value to what it became."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._of_field: dict[str, list[Rule]] = {}
        for rule in rules:
            self._of_field.setdefault(rule.field, []).append(rule)
        self.fields = list(self._of_field)
        self.starts = {f: {rule.seen for rule in own} for f, own in self._of_field.items()}

    def follow(self, field: str, text: str, after: int, changed: Counter[int]) -> str:
        for rule in self._of_field.get(field, ()):
            if rule.id > after and rule.seen == text:
                text = rule.new
                changed[rule.id] += 1
        return text


def _with(row: Row, new: dict[int, str]) -> Row:
    amended = row + [""] * (max(new) + 1 - len(row))
    for index, text in new.items():
        amended[index] = text
    return amended


def _newest(batch: ImportBatch) -> tuple[int, int]:
    """Changes with every correction and every one taken back."""
    all_of_it = RosterCorrection.objects.filter(batch=batch)
    return all_of_it.count(), all_of_it.filter(undone_at__isnull=False).count()
