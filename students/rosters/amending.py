"""A roster read with its corrections: the file stays, the cells that are judged are amended."""

from collections.abc import Callable

from students.models import ImportBatch, RosterCorrection
from students.rosters.header import Header

Row = list[str]


class Amendments:
    """The standing corrections of a batch as the hook of a reading (students.rosters.reading)."""

    def __init__(self, batch: ImportBatch) -> None:
        self._batch = batch
        self._known = _known(batch)
        # Sheet, row, column: what the cell holds now; a later correction stands over an earlier.
        self._cells: dict[int, dict[int, dict[int, str]]] = {}
        standing = RosterCorrection.objects.filter(batch=batch, undone_at=None)
        for correction in standing.order_by("pk"):
            self._add(correction)

    def _add(self, correction: RosterCorrection) -> None:
        for target, _, new in correction.changes():
            rows = self._cells.setdefault(target["sheet"], {})
            for row in target["rows"]:
                rows.setdefault(row, {})[target["column"]] = new

    def for_sheet(self, sheet: int, _header: Header) -> Callable[[int, Row], Row] | None:
        rows = self._cells.get(sheet)
        if not rows:
            return None

        def amend(number: int, row: Row) -> Row:
            new = rows.get(number)
            return _with(row, new) if new else row

        return amend

    def settle(self) -> bool:
        """Tell the corrections that they were judged. No, if there are others by now.

        The caller holds the batch: nobody corrects it meanwhile.
        """
        if _known(self._batch) != self._known:
            return False
        RosterCorrection.objects.filter(batch=self._batch).update(is_judged=True)
        return True


def _with(row: Row, new: dict[int, str]) -> Row:
    amended = row + [""] * (max(new) + 1 - len(row))
    for index, text in new.items():
        amended[index] = text
    return amended


def _known(batch: ImportBatch) -> tuple[int, int]:
    """Changes with every correction and every one taken back."""
    made = RosterCorrection.objects.filter(batch=batch)
    return made.count(), made.filter(undone_at=None).count()
