"""Where an uploaded list lies until it is read."""

import hashlib
import uuid
from pathlib import Path
from typing import IO

from django.conf import settings


def stored_path(stored_as: str) -> Path:
    return Path(settings.MEDIA_ROOT) / stored_as


def store(content: IO[bytes]) -> tuple[str, str]:
    """The name below MEDIA_ROOT and the digest."""
    stored_as = f"lists/{uuid.uuid4().hex}"
    path = stored_path(stored_as)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return stored_as, digest.hexdigest()


def forget(stored_as: str) -> None:
    """The rows are in the database now; a file of children's numbers need not lie about."""
    stored_path(stored_as).unlink(missing_ok=True)
