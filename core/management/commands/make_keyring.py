from typing import Any

from django.core.management.base import BaseCommand

from core import crypto


class Command(BaseCommand):
    help = "Write a new field-encryption key file beside the data (demo), unless there is one."

    def handle(self, **options: Any) -> None:
        path = crypto.keyring_file()
        made = crypto.make_keyring(path)
        self.stdout.write(f"{'made' if made else 'kept'} {path}")
