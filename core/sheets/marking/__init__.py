"""Marks in a person's own workbook: bad cells red with a note, a column of reasons, a summary.

The workbook is written anew by a process of its own (marking.process): only the parts that carry
marks are changed, so order, styles, pictures, validations and print settings stay. What has no
styles to keep (.xls, .csv, HTML), and a workbook of an unusual build, is written as a plain
workbook of the same cells first (marking.plain).
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, cast

import orjson

_ROOT = Path(__file__).resolve().parents[3]
# Each note is drawn by the spreadsheet program: thousands of them make it slow to open.
MOST_NOTES = 2_000
MOST_LINKS = 20_000


class CannotMark(Exception):
    """The workbook is built in a way this does not know; write a plain one of its cells."""


@dataclass(slots=True)
class SheetMarks:
    """Rows count from 1, columns from 0."""

    head_row: int
    column: int  # where the reasons stand at the earliest: right of the header
    stands: bool  # the column of reasons is there already, from an earlier round
    # Row, reason and the column of the bad cell, if the sheet has that column.
    rows: list[tuple[int, str, int | None]] = field(default_factory=list)
    edits: dict[int, dict[int, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """What is to be written; every text is shown to a person."""

    heading: str
    summary: str  # the name of the added sheet
    lines: list[str]  # its first lines
    titles: dict[str, str]  # by reason
    remedies: dict[str, str]
    sheets: dict[str, SheetMarks]
    replaces: str = ""  # the summary of an earlier round
    most_notes: int = MOST_NOTES
    most_links: int = MOST_LINKS


@contextmanager
def marked(path: Path, order: Order) -> Iterator[IO[bytes]]:
    """The marked workbook as a stream to be read to its end. Errors: CannotMark, at the end."""
    command = [sys.executable, "-m", "core.sheets.marking.process", str(path)]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            with cast(IO[bytes], child.stdin) as orders:
                orders.write(orjson.dumps(asdict(order), option=orjson.OPT_NON_STR_KEYS))
            yield cast(IO[bytes], child.stdout)
            if child.wait() != 0:
                raise CannotMark(path.name)
        except BrokenPipeError:
            raise CannotMark(path.name) from None
        finally:
            child.kill()
