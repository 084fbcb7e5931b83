from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from schools import reference


class Command(BaseCommand):
    help = "Load holidays and moved working days from CSV files: day, is_working, name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *, files: list[Path], **options: Any) -> None:
        try:
            days = reference.load_calendar(files)
        except reference.FileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"已载入日历 {days} 天")
