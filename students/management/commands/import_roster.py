import hashlib
import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import tenancy
from core.sheets.gate import REMEDIES as FILE_REMEDIES
from core.sheets.gate import Refusal
from students.models import ImportBatch
from students.rosters import reporting, services
from students.rosters.errors import write_errors


class Command(BaseCommand):
    help = "Import rosters: check every row, then write. A refused file changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--school-year", type=int, help="first year of it; default: today's")
        parser.add_argument("--office", default="", help="whose files: its column profile is used")
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument("--errors", type=Path, metavar="OUT.xlsx", help="the rejected rows")
        parser.add_argument("--json", action="store_true", help="the outcome as a JSON list")

    def handle(self, *, files: list[Path], county: str, **options: Any) -> None:
        for path in files:
            if not path.is_file():
                raise CommandError(f"找不到文件 {path}，请核对路径。", returncode=2)
        school_year = options["school_year"] or _school_year(timezone.localdate())
        batches = [
            self._import(
                path,
                county=county,
                school_year=school_year,
                office=options["office"],
                write=not options["dry_run"],
            )
            for path in files
        ]
        if options["errors"]:
            with tenancy.inside(county):
                write_errors(options["errors"], batches=[batch for batch, _ in batches])
        if options["dry_run"]:
            for batch, _ in batches:
                _forget(batch)
        outcomes = [outcome for _, outcome in batches]
        if options["json"]:
            self.stdout.write(json.dumps(outcomes, ensure_ascii=False))
        else:
            for outcome in outcomes:
                self._tell(outcome)

    def _import(
        self, path: Path, *, county: str, school_year: int, office: str, write: bool
    ) -> tuple[ImportBatch, dict[str, Any]]:
        batch = _open(path, county=county, school_year=school_year, office=office)
        do = services.import_at_once if write else services.check
        batch = do(county=county, batch_id=batch.pk, path=path)
        with tenancy.inside(county):
            return batch, reporting.outcome(batch)

    def _tell(self, outcome: dict[str, Any]) -> None:
        if outcome["refused"]:
            remedy = FILE_REMEDIES[Refusal(outcome["refused"])]
            self.stdout.write(f"{outcome['file']}：未受理。{remedy}")
            return
        for sheet in outcome["sheets"]:
            self.stdout.write(
                f"{outcome['file']}（{sheet['sheet']}）：共 {sheet['data_rows']} 行，"
                f"新增 {sheet['created']}，变更 {sheet['changed']}，不变 {sheet['unchanged']}，"
                f"退回 {sheet['rejected']}"
            )
        self.stdout.write(f"库中现有学生 {outcome['students_after']} 人")


def _open(path: Path, *, county: str, school_year: int, office: str) -> ImportBatch:
    """A fresh batch; one of the same file that a stopped command left is taken up again."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with tenancy.inside(county):
        batch, is_new = services.open_batch(
            county=county,
            school_year=school_year,
            office=office,
            file_name=path.name,
            stored_as="",
            sha256=sha256,
            actor=None,
        )
        if not is_new:
            ImportBatch.objects.filter(pk=batch.pk).update(
                state=ImportBatch.State.CHECKING, office=office
            )
            # Columns that nobody has agreed on yet are no columns.
            batch.sheet_columns.all().delete()
    return batch


def _forget(batch: ImportBatch) -> None:
    if batch.state == ImportBatch.State.CHECKED:
        with tenancy.inside(batch.county):
            services.discard(county=batch.county, batch_id=batch.pk, actor=None)


def _school_year(today: date) -> int:
    return today.year if today.month >= 9 else today.year - 1
