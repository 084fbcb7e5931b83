"""A batch's way through the tables, inside a transaction that the caller holds."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO

from django.db.models import Count
from django.utils import timezone

from core import audit
from schools.models import Division, School, SchoolYear
from students.duplicates import finding
from students.models import ImportBatch, RosterMark, RosterRow
from students.rosters import deciding, errorbook, mapping, merging, staging, tracing
from students.rosters.amending import Amendments
from students.rosters.marks import Marks, spool
from students.rosters.reading import Roster, SheetRead, open_roster
from students.rosters.schools import KnownSchool, SchoolFinder
from students.rosters.verdict import Setting

Report = Callable[[str, int], None]


def check_file(batch: ImportBatch, path: Path, *, report: Report) -> None:
    """Leaves the rows with their verdicts, and the temporary table `decided`."""
    RosterRow.objects.filter(batch=batch).delete()
    RosterMark.objects.filter(batch=batch).delete()
    amendments = Amendments(batch)
    with spool() as file:
        roster = _judge(batch, path, amendments=amendments, spooled=file, report=report)
    batch.sheets = _sheets(batch, roster)
    batch.ignored_sheets = roster.ignored_sheets
    # Held to the end: who corrects a cell from now on finds the check over, and starts another.
    ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if amendments.settle():
        batch.state = ImportBatch.State.CHECKED
    batch.save(update_fields=["sheets", "ignored_sheets", "state", "corrects", "summary_sheet"])


def _judge(
    batch: ImportBatch, path: Path, *, amendments: Amendments, spooled: IO[str], report: Report
) -> Roster:
    setting = Setting(schools=school_finder(batch.county), school_year=batch.school_year)
    book = errorbook.Returning(mapping.header_of(batch))
    read = partial(open_roster, path, setting=setting, header_of=book.header_of)
    with read(amend=amendments.for_sheet) as roster:
        marks = Marks(batch, roster, file=spooled)
        staging.stage(
            marks.watch(),
            county=batch.county,
            progress=lambda done: report(f"已读 {done} 行，退回 {marks.rejected} 行", done),
        )
    batch.corrects_id, batch.summary_sheet = book.corrects(batch.county)
    deciding.plan_for(sum(sheet.data_rows for sheet in roster.sheets))
    report("正在与库中学生比对", 0)
    deciding.decide_incoming(county=batch.county, on=_today(batch))
    deciding.keep_rows(county=batch.county, batch_id=batch.pk, columns=staging.STAGED)
    marks.write()
    if late := marks.late():
        with read(amend=amendments.for_sheet) as again:
            Marks(batch, again, file=spooled).write_late(late)
    return roster


def school_finder(county: str) -> SchoolFinder:
    places = Division.objects.filter(pk__in=[county[:2], county[:4], county]).order_by("pk")
    schools = School.objects.filter(county=county).select_related("township")
    return SchoolFinder(
        [
            KnownSchool(
                id=school.pk,
                code=school.code,
                name=school.name,
                stages=tuple(school.stages),
                township=school.township.name if school.township else "",
            )
            for school in schools
        ],
        places=[place.name for place in places],
    )


def _sheets(batch: ImportBatch, roster: Roster) -> list[dict[str, object]]:
    counts = _counts(batch)
    return [_sheet(read, counts.get(read.number, {})) for read in roster.sheets]


def _sheet(read: SheetRead, counts: dict[str, int]) -> dict[str, object]:
    return {
        "sheet": read.name,
        "header_rows": list(read.header_rows),
        "data_rows": read.data_rows,
        **{verdict: counts.get(verdict, 0) for verdict in RosterRow.Verdict.values},
        "other_rows": read.other_rows,
        "other_lines": read.other_lines,
        "heads": [[c.index, c.label, c.field or ""] for c in read.header.columns],
    }


def _counts(batch: ImportBatch) -> dict[int, dict[str, int]]:
    counted: dict[int, dict[str, int]] = {}
    rows = RosterRow.objects.filter(batch=batch).values_list("sheet_no", "verdict")
    for sheet_no, verdict, count in rows.annotate(count=Count("id")):
        counted.setdefault(sheet_no, {})[verdict] = count
    return counted


def decide_anew(batch: ImportBatch, *, report: Report) -> None:
    """Since the check somebody may have changed a child: the verdicts shown may be corrected."""
    deciding.plan_for(sum(sheet["data_rows"] for sheet in batch.sheets))
    report("正在与库中学生比对", 0)
    deciding.decide_batch(county=batch.county, batch_id=batch.pk, on=_today(batch))
    if deciding.correct_rows(batch_id=batch.pk):
        counts = _counts(batch)
        for number, sheet in enumerate(batch.sheets):
            sheet |= {v: counts.get(number, {}).get(v, 0) for v in RosterRow.Verdict.values}


def write_decided(batch: ImportBatch, *, report: Report) -> None:
    """What stands in `decided`, for good."""
    report("正在写入学生、学籍与类别", 0)
    tracing.remember(batch)
    merging.merge(
        merging.Writing(
            county=batch.county,
            batch_id=batch.pk,
            source=batch.source_words,
            school_year=batch.school_year,
            start=_first_day(batch.school_year),
            on=_today(batch),
            actor_id=batch.created_by,
            actor_name=batch.created_by_name,
        )
    )
    tracing.keep(batch)
    finding.open_pairs_of_roster(county=batch.county, batch_id=batch.pk, now=timezone.now())
    batch.state, batch.committed_at = ImportBatch.State.COMMITTED, timezone.now()
    batch.save(update_fields=["sheets", "state", "committed_at", "made"])
    audit.record(
        county=batch.county,
        actor=None,
        action="roster.commit",
        target=batch,
        after={"sheets": batch.sheets, "submitted_by": batch.created_by_name},
    )


def _first_day(school_year: int) -> date:
    year = SchoolYear.objects.filter(pk=school_year).first()
    return year.first_day if year else date(school_year, 9, 1)


def _today(batch: ImportBatch) -> date:
    """The day the roster was handed in: a retry after midnight writes the same."""
    return timezone.localdate(batch.created_at)
