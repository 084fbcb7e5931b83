"""Rows into tables by COPY: buffered in memory, written while the next ones are being made.

The connection must bypass row security (the worker's role): PostgreSQL takes no COPY through it.
"""

import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.db import connection, models

# Half of it must last for one chunk: the connection is busy while the next one is being made.
_IDS_AT_ONCE = 40_000

# Text format of COPY. Nothing invented here holds a tab, a line break or a backslash.
_AS_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    date: date.isoformat,
    UUID: str,
    type(None): lambda _: "\\N",
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: "\\\\x" + value.hex(),
    list: lambda value: "{" + ",".join(value) + "}",
}


class Table:
    """Rows of one model that wait to be written; every row gives a value for every column."""

    def __init__(self, model: type[models.Model], columns: str) -> None:
        self.name = model._meta.db_table
        self.columns = columns.split()
        self._ids: list[int] = []
        self._lines: list[str] = []

    def next_id(self) -> int:
        return self._ids.pop()

    def reserve_ids(self) -> None:
        """Values of the table's own sequence, so that later rows go on behind them."""
        missing = _IDS_AT_ONCE - len(self._ids)
        if "id" not in self.columns or missing < _IDS_AT_ONCE // 2:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [self.name, missing],
            )
            fresh = [number for (number,) in reversed(cursor.fetchall())]
        self._ids = fresh + self._ids

    def add(self, *values: object) -> None:
        self._lines.append("\t".join([_AS_TEXT[type(value)](value) for value in values]))

    def take(self) -> tuple[str, io.StringIO] | None:
        """The statement and its data, once; None if nothing waits."""
        if not self._lines:
            return None
        data = io.StringIO("\n".join(self._lines) + "\n")
        self._lines = []
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN", data


class Writer:
    """Writes the tables in their order. While PostgreSQL works, Python makes the next chunk."""

    def __init__(self, tables: list[Table]) -> None:
        self._tables = tables
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="demo-copy")
        self._running: Future[None] | None = None

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            # Deferred checks would queue an event for every row until the end of the transaction.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self._reserve_ids()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.wait()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                    # What follows joins these tables; without statistics it would loop over them.
                    cursor.execute(f"ANALYZE {', '.join(table.name for table in self._tables)}")
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def flush(self) -> None:
        self.wait()
        self._reserve_ids()
        work = [taken for table in self._tables if (taken := table.take())]
        # Django's wrapper belongs to this thread; the driver's connection may go to another.
        self._running = self._pool.submit(_copy, connection.connection, work)

    def _reserve_ids(self) -> None:
        for table in self._tables:
            table.reserve_ids()

    def wait(self) -> None:
        running, self._running = self._running, None
        if running:
            running.result()


def _copy(driver: Any, work: list[tuple[str, io.StringIO]]) -> None:
    with driver.cursor() as cursor:
        for statement, data in work:
            cursor.copy_expert(statement, data)
