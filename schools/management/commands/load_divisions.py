from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from schools import reference


class Command(BaseCommand):
    help = "Load administrative divisions: the project's own, or CSV files with code and name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")

    def handle(self, *, files: list[Path], **options: Any) -> None:
        try:
            stored = reference.load_divisions(files or reference.project_divisions())
        except reference.FileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"新增或更名的区划：{stored} 个")
