"""Where an uploaded roster and what is made of it lie: sealed, below MEDIA_ROOT, for some days."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings

from core import vault

UPLOADS, CORRECTIONS = "rosters", "corrections"


def stored_path(stored_as: str) -> Path:
    return Path(settings.MEDIA_ROOT) / stored_as


def store(content: IO[bytes], *, folder: str = UPLOADS) -> tuple[str, str]:
    """The name below MEDIA_ROOT and the SHA-256 of the content."""
    stored_as = f"{folder}/{uuid.uuid4().hex}"
    return stored_as, vault.seal_into(stored_path(stored_as), content)


@contextmanager
def opened(stored_as: str) -> Iterator[Path]:
    """A plain copy for as long as somebody reads it. Errors: OSError, crypto.CannotOpen."""
    with vault.opened(stored_path(stored_as)) as path:
        yield path


def pieces(stored_as: str) -> Iterator[bytes]:
    """Errors: OSError, crypto.CannotOpen."""
    return vault.pieces(stored_path(stored_as))


def is_kept(stored_as: str) -> bool:
    return bool(stored_as) and stored_path(stored_as).is_file()


def forget(stored_as: str) -> None:
    if stored_as:
        stored_path(stored_as).unlink(missing_ok=True)


def purge(*, before: datetime) -> int:
    return sum(
        vault.purge(stored_path(folder), before=before.timestamp())
        for folder in (UPLOADS, CORRECTIONS)
    )
