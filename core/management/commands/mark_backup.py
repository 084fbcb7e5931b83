from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import backups


def instant(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not an instant like 2026-11-22T01:00+08:00") from None
    return read if read.tzinfo else timezone.make_aware(read)


class Command(BaseCommand):
    help = (
        "Note that a backup is complete: phones may then forget what they sent before it began."
        " Run it after the backup, never before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--began",
            type=instant,
            required=True,
            help="when the backup began: it holds what was committed before",
        )

    def handle(self, *, began: datetime, **options: Any) -> None:
        try:
            mark = backups.mark(covers_until=began, now=timezone.now())
        except backups.BackupNotYetBegun as refusal:
            raise CommandError(str(refusal)) from refusal
        until = timezone.localtime(mark.covers_until)
        self.stdout.write(f"phones may forget what they sent before {until:%Y-%m-%d %H:%M:%S}")
