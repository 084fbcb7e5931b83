import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.sheets.gate import REMEDIES, Refusal
from schools.imports import NO_HEADER_REMEDY, Outcome, import_schools
from schools.models import School


class Command(BaseCommand):
    help = "Import the school list of a county: rosters are matched against it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--county", help="default: the first six digits of the township codes")
        parser.add_argument("--json", action="store_true", help="the outcome as a JSON list")

    def handle(self, *, files: list[Path], **options: Any) -> None:
        for path in files:
            if not path.is_file():
                raise CommandError(f"找不到文件 {path}，请核对路径。", returncode=2)
        outcomes = [import_schools(path, county=options["county"]) for path in files]
        if options["json"]:
            count = School.objects.count()
            told = [{**asdict(outcome), "schools_after": count} for outcome in outcomes]
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for outcome in outcomes:
                self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.refused:
            remedies = REMEDIES | {Refusal.NO_HEADER: NO_HEADER_REMEDY}
            self.stdout.write(f"{outcome.file}：未受理。{remedies[Refusal(outcome.refused)]}")
            return
        self.stdout.write(
            f"{outcome.file}：新增学校 {outcome.created} 所，变更 {outcome.changed} 所，"
            f"不变 {outcome.unchanged} 所，退回 {len(outcome.rejected)} 行"
        )
        for number, reason in outcome.rejected:
            self.stdout.write(f"  第 {number} 行：{reason}")
