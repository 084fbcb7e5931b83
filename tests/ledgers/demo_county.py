"""The demo county without the rest of the country, made as the worker in a passing transaction."""

import csv
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone

from django.db import connection, transaction

from config.supervisor.layout import WORKER
from ledgers.demo import make
from schools import reference

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=8)))


@contextmanager
def empty_county(folder, blocker):
    """COPY does not pass row security, so the connection has the worker's rights meanwhile."""
    with blocker.unblock():
        role = connection.settings_dict["USER"]
        _connect_as(WORKER)
        try:
            with transaction.atomic():
                reference.load_divisions([_own_divisions(folder)])
                yield folder
                transaction.set_rollback(True)
        finally:
            _connect_as(role)


def make_in(folder, *, students=300, seed=1):
    return make.make_demo(
        students=students,
        seed=seed,
        now=NOW,
        today=TODAY,
        credentials=folder / "demo-credentials.txt",
        progress=lambda done: None,
    )


def _connect_as(role):
    connection.close()
    connection.settings_dict["USER"] = role


def _own_divisions(folder):
    path = folder / "divisions.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("code", "name"))
        for source in reference.project_divisions():
            with source.open(encoding="utf-8", newline="") as file:
                found = ((row["code"], row["name"]) for row in csv.DictReader(file))
                rows.writerows(r for r in found if r[0] in ("62", "6206") or r[0][:6] == "620602")
    return path
