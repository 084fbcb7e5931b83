"""What came of a roster, for a person or a program."""

from collections.abc import Iterator
from typing import Any

from students.models import ImportBatch, RosterRow, Student

Verdict = RosterRow.Verdict


def outcome(batch: ImportBatch) -> dict[str, Any]:
    """One file as a program gets it: counts by sheet, row numbers, rejected rows with codes."""
    found: dict[str, Any] = {"file": batch.file_name, "refused": batch.refusal or None}
    if not batch.refusal:
        found |= {
            "sheets": [_sheet(batch, number) for number in range(len(batch.sheets))],
            "ignored_sheets": batch.ignored_sheets,
            "rejected_rows": [
                [batch.sheets[row.sheet_no]["sheet"], row.row_no, row.reason]
                for row in rejected_rows(batch)
            ],
        }
    students = Student.objects.filter(county=batch.county, merged_into=None)
    found["students_after"] = students.count()
    return found


def rejected_rows(batch: ImportBatch) -> Iterator[RosterRow]:
    rows = RosterRow.objects.filter(batch=batch, verdict=Verdict.REJECTED)
    wanted = ("sheet_no", "row_no", "reason", "reason_cell", "full_name")
    return rows.only(*wanted).order_by("sheet_no", "row_no").iterator(chunk_size=2000)


def _sheet(batch: ImportBatch, number: int) -> dict[str, Any]:
    kept = batch.sheets[number]
    counted = ("sheet", "data_rows", *Verdict.values)
    return {
        **{key: kept[key] for key in counted},
        "changed_rows": _row_numbers(batch, number, Verdict.CHANGED),
        "unchanged_rows": _row_numbers(batch, number, Verdict.UNCHANGED),
    }


def _row_numbers(batch: ImportBatch, number: int, verdict: str) -> list[int]:
    rows = RosterRow.objects.filter(batch=batch, sheet_no=number, verdict=verdict)
    return list(rows.order_by("row_no").values_list("row_no", flat=True))
