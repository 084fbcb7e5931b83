"""What came of a roster, in words for the page of its batch."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from core.access import Permission, Scope
from core.sheets.gate import REMEDIES as FILE_REMEDIES
from core.sheets.gate import Refusal
from schools.models import SchoolYear
from students.models import ImportBatch, RosterRow
from students.queries import wording
from students.rosters.reasons import REMEDIES, TITLES, Reason

IMPORT = Permission.ROSTER_IMPORT
Verdict = RosterRow.Verdict


def batches(scope: Scope, *, state: str = "") -> QuerySet[ImportBatch]:
    """Rosters of the county, for those who import. The list and every count of it begin here."""
    rows = ImportBatch.objects.within(scope, IMPORT)
    return rows.filter(state=state) if state in ImportBatch.State.values else rows


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows of a file or a sheet; `data_rows` equals the sum of the four verdicts."""

    name: str
    above: int  # titles and header
    data_rows: int
    other_rows: int
    verdicts: dict[str, int]

    @property
    def all_rows(self) -> int:
        return self.above + self.data_rows + self.other_rows

    @property
    def tabs(self) -> list[tuple[str, str, int]]:
        return [(verdict.value, str(verdict.label), self.verdicts[verdict]) for verdict in Verdict]


def sheets(batch: ImportBatch) -> list[Totals]:
    return [
        Totals(
            sheet["sheet"],
            int(sheet["header_rows"][1]),
            sheet["data_rows"],
            sum(sheet["other_rows"].values()),
            {verdict: sheet[verdict] for verdict in Verdict},
        )
        for sheet in batch.sheets
    ]


def totals(batch: ImportBatch) -> Totals:
    """Of the whole file; all nought before it is checked."""
    parts = sheets(batch)
    return Totals(
        batch.file_name,
        sum(part.above for part in parts),
        sum(part.data_rows for part in parts),
        sum(part.other_rows for part in parts),
        {verdict: sum(part.verdicts[verdict] for part in parts) for verdict in Verdict},
    )


def refusal_words(batch: ImportBatch) -> str:
    """Why the file was not read, and what to do."""
    try:
        return FILE_REMEDIES[Refusal(batch.refusal)]
    except ValueError:
        return batch.refusal


def rows_of(batch: ImportBatch, *, verdict: str) -> QuerySet[RosterRow]:
    rows = RosterRow.objects.filter(county=batch.county, batch=batch, verdict=verdict)
    return rows.select_related("school")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the roster as the page shows it."""

    sheet: str
    row: RosterRow
    title: str
    remedy: str
    changes: list[tuple[str, str, str]]


def lines(batch: ImportBatch, rows: list[RosterRow]) -> list[Line]:
    categories = wording.category_names()
    return [_line(batch, row, categories) for row in rows]


def _line(batch: ImportBatch, row: RosterRow, categories: dict[str, str]) -> Line:
    reason = Reason(row.reason) if row.reason else None
    changes = [
        wording.change(name, before, after, categories=categories)
        for name, (before, after) in (row.changes or {}).items()
    ]
    return Line(
        batch.sheets[row.sheet_no]["sheet"],
        row,
        TITLES[reason] if reason else "",
        REMEDIES[reason] if reason else "",
        changes,
    )


def school_years(*, on: date) -> list[tuple[int, str]]:
    """The year of the day first, then the one to come and those before."""
    this = on.year if on.month >= 8 else on.year - 1
    near = SchoolYear.objects.filter(start_year__range=(this - 3, this + 1))
    found = {year.pk: str(year) for year in near} or {this: f"{this}—{this + 1}学年"}
    return sorted(found.items(), key=lambda year: (year[0] != this, -year[0]))
