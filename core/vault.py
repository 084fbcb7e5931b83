"""Files of children's data at rest: sealed in pieces, so a large one never stands in memory.

A sealed file is MAGIC, then for each piece its length (4 bytes) and the envelope of core.crypto.
A piece is bound to the file's name, its place and whether it is the last: pieces cannot be
exchanged, left out or cut off unnoticed.
"""

import hashlib
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO

from core import crypto

MAGIC = b"NLF1"
PIECE = 1 << 20
_LENGTH = struct.Struct(">I")


def seal_into(target: Path, content: IO[bytes]) -> str:
    """The SHA-256 of what came in. The file is its owner's only."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(MAGIC)
        piece = content.read(PIECE)
        for place in count():
            after = content.read(PIECE) if piece else b""
            digest.update(piece)
            sealed = crypto.seal_bytes(piece, bound=_bound(target, place, is_last=not after))
            file.write(_LENGTH.pack(len(sealed)) + sealed)
            if not after:
                break
            piece = after
    return digest.hexdigest()


def pieces(path: Path) -> Iterator[bytes]:
    """Errors: OSError, crypto.CannotOpen."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise crypto.CannotOpen(path.name)
        sealed = _next(file)
        for place in count():
            after = _next(file)
            yield crypto.unseal_bytes(sealed, bound=_bound(path, place, is_last=not after))
            if not after:
                return
            sealed = after


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The content as a plain file for a reader that wants one, gone afterwards.

    Errors: OSError, crypto.CannotOpen.
    """
    folder = path.parent / "open"
    folder.mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as plain:
        for piece in pieces(path):
            plain.write(piece)
        plain.flush()
        yield Path(plain.name)


def purge(folder: Path, *, before: float) -> int:
    """Files not written since then, and plain copies a killed process left."""
    gone = 0
    for path in [*folder.glob("*"), *folder.glob("open/*")]:
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _next(file: IO[bytes]) -> bytes:
    head = file.read(_LENGTH.size)
    return file.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""


def _bound(path: Path, place: int, *, is_last: bool) -> bytes:
    return b"|".join([b"file", path.name.encode(), str(place).encode(), str(is_last).encode()])
