"""The one reader: sheets and rows of any passed file, as clean text, row by row.

The file is opened by a child process (core.sheets.child). Its rows come over a pipe in bundles,
so this process never holds more than one bundle, however long the sheet is.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from core.sheets.gate import FileRefused, Passed, Refusal

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged area, rows and columns counted from 1 and 0, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Sheet:
    """One sheet on its way in; its rows can be taken once, before the next sheet is asked for."""

    def __init__(self, *, name: str, merged: list[Merged], lines: "_Lines") -> None:
        self.name = name
        self.merged = merged
        self._lines = lines

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Row number as Excel shows it, and its cells from column A."""
        while (message := self._lines.next_rows()) is not None:
            yield from enumerate(message["rows"], start=message["first"])


class _Lines:
    """The child's messages, with one looked at ahead."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._ahead: dict[str, Any] | None = None
        self.ended = False

    def next_sheet(self) -> dict[str, Any] | None:
        """Skips what is left of the sheet before."""
        while self.next_rows() is not None:
            pass
        message, self._ahead = self._ahead, None
        return message

    def next_rows(self) -> dict[str, Any] | None:
        if self._ahead is None and not self.ended:
            self._read()
        if self._ahead is None or "rows" not in self._ahead:
            return None
        message, self._ahead = self._ahead, None
        return message

    def _read(self) -> None:
        line = self._pipe.readline()
        if not line:
            raise EOFError
        message = orjson.loads(line)
        if "end" in message:
            self.ended = True
        else:
            self._ahead = message


@contextmanager
def sheets(passed: Passed, *, most: int = 0) -> Iterator[Iterator[Sheet]]:
    """The sheets of a file that passed the gate, in workbook order; `most` rows of each, or all.

    Errors: FileRefused if the file cannot be read within the limits or is broken inside.
    """
    command = [sys.executable, str(_CHILD), str(passed.path), passed.kind, passed.encoding]
    command.append(str(most))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            yield _sheets(_Lines(cast(IO[bytes], child.stdout)))
        except EOFError:
            raise FileRefused(_why_it_ended(child)) from None
        finally:
            child.kill()


def _sheets(lines: _Lines) -> Iterator[Sheet]:
    while (message := lines.next_sheet()) is not None:
        merged = [Merged(a + 1, b, c + 1, d) for a, b, c, d in message["merged"]]
        yield Sheet(name=message["sheet"], merged=merged, lines=lines)


def _why_it_ended(child: "subprocess.Popen[bytes]") -> Refusal:
    """Killed by a limit, or out of memory: too large. Any other end: broken inside."""
    complaint = cast(IO[bytes], child.stderr).read()
    if child.wait() < 0 or b"MemoryError" in complaint:
        return Refusal.TOO_LARGE_UNPACKED
    return Refusal.NOT_A_SPREADSHEET
