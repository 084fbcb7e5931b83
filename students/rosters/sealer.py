"""Seals and search keys of a roster, made in a process of their own while the next rows are read.

They are half of the processor time of a new roster and need nothing but the key file, so the
second processor makes them. Messages are JSON lines over two pipes; nothing touches a disk.
Run as `python -m students.rosters.sealer NUMBER_FIELD SECRET_FIELD`.
"""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast
from uuid import UUID

import orjson
from django.conf import settings

from core import crypto, names

PR_SET_PDEATHSIG = 1
MAX_NAME_KEY = 200


@dataclass(slots=True)
class Wanted:
    """What is to be made for some rows, in the order in which `Made` answers."""

    numbers: list[str]
    secrets: list[str]
    names: list[str]


@dataclass(slots=True)
class Made:
    """Row ids and sealed values in hexadecimal; sort keys and search pieces of names."""

    numbers: Iterator[tuple[str, str]]
    secrets: Iterator[tuple[str, str]]
    names: Iterator[tuple[str, list[str]]]


class Sealer:
    """One process; what is asked first is answered first."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._questions = cast(IO[bytes], process.stdin)
        self._answers = cast(IO[bytes], process.stdout)

    def ask(self, wanted: Wanted) -> None:
        self._questions.write(orjson.dumps(wanted) + b"\n")
        self._questions.flush()

    def answer(self) -> Made:
        """Errors: EOFError if the process ended; its complaint is in the log."""
        line = self._answers.readline()
        if not line:
            raise EOFError("the sealing process ended")
        made = orjson.loads(line)
        return Made(iter(made["numbers"]), iter(made["secrets"]), iter(made["names"]))


@contextmanager
def sealer(*, number_field: str, secret_field: str) -> Iterator[Sealer]:
    command = [sys.executable, "-m", __name__, number_field, secret_field]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR
    ) as process:
        try:
            yield Sealer(process)
        finally:
            process.kill()


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    seal_number, seal_secret = (crypto.bulk_seal(field=field) for field in sys.argv[1:3])
    write, flush = sys.stdout.buffer.write, sys.stdout.buffer.flush
    for line in sys.stdin.buffer:
        wanted = orjson.loads(line)
        made = {
            "numbers": [_hex(*seal_number(plain)) for plain in wanted["numbers"]],
            "secrets": [_hex(*seal_secret(plain)) for plain in wanted["secrets"]],
            "names": [_keys(name) for name in wanted["names"]],
        }
        write(orjson.dumps(made) + b"\n")
        flush()


def _hex(row: UUID, sealed: bytes) -> tuple[str, str]:
    return row.hex, sealed.hex()


def _keys(name: str) -> tuple[str, list[str]]:
    found = names.search_keys(name)
    return found.pinyin[:MAX_NAME_KEY], found.tokens


if __name__ == "__main__":
    main()
