"""A checked roster for the page on which it is corrected: faults, rows with their cells, counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from core import idnumber
from students.models import ImportBatch, RosterCorrection, RosterMark, RosterRow
from students.queries import batches
from students.rosters import marks
from students.rosters.cells import number
from students.rosters.corrections import SAME_EVERYWHERE, Place, Standing, Waiting, token_of
from students.rosters.labels import Field
from students.rosters.reasons import Reason
from students.rosters.rows import RowKind

Verdict = RosterRow.Verdict
OTHER = "other"
# So many contents of one fault are offered to be changed at once; the rest is found in the rows.
MOST_VALUES = 8
_MOST_READ = 400
# Of an act with several texts so many are told in the history.
_MOST_TOLD = 3
CODES = [str(code) for code in (*Reason, *marks.Note)]
_KINDS = {
    RowKind.BLANK: "空行、只有序号的行或说明",
    RowKind.TOTAL: "合计、小计",
    RowKind.FOOTER: "表尾（填表人、说明等）",
    RowKind.HEADER: "重复的表头",
}


# -- faults ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """One content that has the same fault in several rows."""

    seen: str
    token: str
    field: str
    count: int
    expected: str


@dataclass(slots=True)
class Fault:
    code: str
    title: str
    remedy: str
    count: int
    rejects: bool
    values: list[Value] = field(default_factory=list)


def faults(batch: ImportBatch) -> list[Fault]:
    """In the order of the contract, those that reject no row last."""
    rows = RosterMark.objects.filter(batch=batch)
    counted = dict(rows.values_list("code").annotate(count=Count("id")).order_by())
    found = {
        code: Fault(code, marks.title(code), marks.remedy(code), counted[code], code in set(Reason))
        for code in CODES
        if code in counted
    }
    for value in _values(rows):
        of_code = found[value["code"]].values
        if len(of_code) < MOST_VALUES:
            of_code.append(
                Value(
                    value["seen"],
                    token_of(bytes(value["seen_blind"])),
                    value["field"],
                    value["count"],
                    marks.EXPECTED.get(value["field"], ""),
                )
            )
    return list(found.values())


def _values(rows: QuerySet[RosterMark]) -> Iterable[Any]:
    same = rows.filter(code__in=SAME_EVERYWHERE, column__isnull=False)
    groups = same.values("code", "field", "seen_blind").order_by()
    several = groups.annotate(count=Count("id"), seen=Max("seen")).filter(count__gt=1)
    return several.order_by("-count", "seen")[:_MOST_READ]


# -- rows --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    column: int
    label: str
    field: str


@dataclass(frozen=True, slots=True)
class Cell:
    head: Head
    shown: str
    token: str
    is_wrong: bool
    is_waiting: bool
    # What may be shown only to those who say what for: its editor opens empty.
    is_masked: bool


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row of the file with the cell to look at; `cells` is empty where the file is gone."""

    sheet_no: int
    row_no: int
    sheet: str
    name: str
    code: str
    title: str
    remedy: str
    seen: str
    expected: str
    is_fixable: bool
    is_waiting: bool
    cells: list[Cell]

    @property
    def wrong(self) -> Cell | None:
        return next((cell for cell in self.cells if cell.is_wrong), None)


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbours of one sheet: they share their heads."""

    sheet: str
    heads: list[Head]
    rows: list[MarkedRow]


class Preview:
    """Turns rows of one batch into what the page shows; reads what they share once."""

    def __init__(self, batch: ImportBatch, *, all_columns: bool = False) -> None:
        self._batch = batch
        self._all_columns = all_columns

    @cached_property
    def waiting(self) -> Waiting:
        return Waiting(self._batch)

    def heads(self, sheet: int) -> list[Head]:
        return [Head(*head) for head in self._batch.sheets[sheet].get("heads", ())]

    def shown_heads(self, sheet: int) -> list[Head]:
        return [head for head in self.heads(sheet) if self._all_columns or head.field]

    def of_rows(self, rows: Iterable[RosterRow]) -> list[MarkedRow]:
        rows = list(rows)
        found = self._marks((row.sheet_no, row.row_no) for row in rows)
        return [
            self._marked(found[row.sheet_no, row.row_no])
            if (row.sheet_no, row.row_no) in found
            else self._bare(row)
            for row in rows
        ]

    def blocks(self, rows: list[MarkedRow]) -> list[Block]:
        return [
            Block(self._batch.sheets[number]["sheet"], self.shown_heads(number), list(own))
            for number, own in groupby(rows, key=lambda row: row.sheet_no)
        ]

    def of_marks(self, rows: Iterable[RosterMark]) -> list[MarkedRow]:
        return [self._marked(mark) for mark in rows]

    def _marks(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], RosterMark]:
        wanted = Q(pk__in=())
        for sheet, row in places:
            wanted |= Q(sheet_no=sheet, row_no=row)
        found = RosterMark.objects.filter(wanted, batch=self._batch)
        return {(mark.sheet_no, mark.row_no): mark for mark in found}

    def _bare(self, row: RosterRow) -> MarkedRow:
        """Rejected when it was written, after the check that made the marks."""
        return MarkedRow(
            row.sheet_no,
            row.row_no,
            self._batch.sheets[row.sheet_no]["sheet"],
            row.full_name,
            row.reason,
            marks.title(row.reason),
            marks.remedy(row.reason),
            row.reason_cell,
            "",
            False,
            False,
            [],
        )

    def _marked(self, mark: RosterMark) -> MarkedRow:
        texts = mark.cells()
        heads = self.heads(mark.sheet_no)
        shown = self.shown_heads(mark.sheet_no)
        cells = [self._cell(mark, head, texts) for head in shown]
        return MarkedRow(
            mark.sheet_no,
            mark.row_no,
            self._batch.sheets[mark.sheet_no]["sheet"],
            next((_at(texts, head.column) for head in heads if head.field == Field.NAME), ""),
            mark.code,
            marks.title(mark.code),
            marks.remedy(mark.code),
            mark.seen,
            _expected(mark, heads, texts),
            mark.column is not None,
            any(cell.is_waiting for cell in cells),
            cells,
        )

    def _cell(self, mark: RosterMark, head: Head, texts: list[str]) -> Cell:
        place = Place(mark.sheet_no, mark.row_no, head.column)
        now: Standing = self.waiting.standing(place, _at(texts, head.column))
        shown = marks.shown(head.field, now.text)
        return Cell(
            head, shown, now.token, mark.column == head.column, now.is_waiting, shown != now.text
        )

    def row(self, *, sheet: int, row: int) -> MarkedRow | None:
        mark = RosterMark.objects.filter(batch=self._batch, sheet_no=sheet, row_no=row).first()
        return self._marked(mark) if mark else None


def _at(texts: list[str], column: int) -> str:
    return texts[column] if column < len(texts) else ""


def _expected(mark: RosterMark, heads: list[Head], texts: list[str]) -> str:
    """The form that is wanted, or what the ID number of the row says."""
    of_number = next((head for head in heads if head.field == Field.ID_NUMBER), None)
    text = number(_at(texts, of_number.column)) if of_number else ""
    if mark.code == Reason.SEX_CONFLICT and idnumber.is_valid(text):
        return f"身份证号中是{idnumber.sex(text)}"
    if mark.code == Reason.BIRTH_DATE_CONFLICT and idnumber.is_valid(text):
        return f"身份证号中是{idnumber.birth_date(text)}"
    if mark.code == Reason.DUPLICATE_IN_FILE:
        return "同一名学生只留一行"
    return marks.EXPECTED.get(mark.field, "")


# -- lines that are no data ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OtherLines:
    sheet: str
    first: int
    last: int
    kind: str

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def other_lines(batch: ImportBatch) -> tuple[list[OtherLines], int]:
    """By sheet, in the order of the file; and how many more there are than are told."""
    found = [
        OtherLines(sheet["sheet"], first, last, _KINDS[RowKind(kind)])
        for sheet in batch.sheets
        for first, last, kind in sheet.get("other_lines", ())
    ]
    told = sum(lines.count for lines in found)
    return found, batches.totals(batch).other_rows - told


# -- what was corrected ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Corrected:
    correction: RosterCorrection
    place: str
    changes: list[tuple[str, str]]
    more: int


def corrected(batch: ImportBatch) -> list[Corrected]:
    """Newest first; those taken back stay to be seen."""
    made = RosterCorrection.objects.filter(batch=batch).order_by("-pk")
    return [_corrected(batch, one) for one in made[:200]]


def _corrected(batch: ImportBatch, one: RosterCorrection) -> Corrected:
    place = f"{one.cells:,} 处"
    if one.cells == 1:
        target = one.targets[0]
        place = f"{batch.sheets[target['sheet']]['sheet']} 第 {target['rows'][0]} 行"
    told = {}
    for target, seen, new in one.changes():
        secret = target.get("field", one.field)
        told[marks.shown(secret, seen), marks.shown(secret, new)] = True
    changes = list(told)
    return Corrected(one, place, changes[:_MOST_TOLD], len(changes[_MOST_TOLD:]))
