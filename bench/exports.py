"""A ledger of 100,000 × 25 as xlsx, from the database to the file: ours against openpyxl's
write-only mode on the same cells, read by the same stream."""

import hashlib

from bench import wide
from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report
from bench.roster import COUNTY

WHOLE, SMALL = "export_whole", "export_small"


def bench(run):
    size = run.size or 100_000
    wide.make(run, size, WHOLE)
    run.servers.copy(WHOLE, SMALL)
    run.call("bench.wide:resize", database=SMALL, role="notless_worker", rows=size // 10)
    run.servers.settle(SMALL)
    variants = [
        Variant("ours", lambda _: _measured(run, "ours", WHOLE)),
        Variant("openpyxl, write-only", lambda _: _measured(run, "openpyxl", WHOLE)),
        Variant("ours, a tenth of the rows", lambda _: _measured(run, "ours", SMALL)),
        Variant("COPY of the same cells as CSV", lambda _: _measured(run, "copy", WHOLE)),
    ]
    done = in_turns(variants, run.rounds)
    ours, peer, small, _ = done.values()
    same("cells", ours=_read(run, "ours"), openpyxl=_read(run, "openpyxl"))
    growth = ours.most("peak_mb") / small.most("peak_mb")
    goals = [
        Goal("export: openpyxl write-only ÷ ours", peer.median() / ours.median(), 7, True),
        Goal("export: peak memory, all rows ÷ a tenth of them", growth, 1.1, False),
    ]
    return Report("export", f"Export of {size:,} × 25 as xlsx", size, goals, variants, [])


def _measured(run, function, database):
    return run.call(
        f"bench.exports:{function}",
        database=database,
        role="notless_worker",
        path=_path(run, function, database),
    )


def _read(run, function):
    path = _path(run, function, WHOLE)
    said = run.call("bench.exports:read", database=WHOLE, role="notless_worker", path=path)
    return [said["rows"], said["digest"]]


def _path(run, function, database):
    return str(run.servers.home / f"{database}-{function}")


def _sheet():
    from core.access import Permission, Reach, Scope
    from ledgers.models import LedgerVersion
    from ledgers.queries import LedgerSheet

    may = frozenset({Permission.LEDGER_EXPORT})
    scope = Scope(COUNTY, (Reach(may, region=COUNTY),))
    version = LedgerVersion.objects.get()
    return LedgerSheet(version, wide.kind(), scope, Permission.LEDGER_EXPORT)


def ours(path):
    """What `manage.py export_ledger` does: title, headings, rows, signatures, notes, audit."""
    from datetime import date

    from core import tenancy
    from ledgers import sheets

    said = {}
    with clock(said), tenancy.inside(COUNTY), open(path, "wb") as file:
        sheet = _sheet()
        said["rows"] = sheets.export(
            file,
            version=sheet.version,
            kind=sheet.kind,
            scope=sheet.scope,
            actor=None,
            wish=sheets.Wish(),
            today=date(2026, 11, 20),
        )
    return said


def openpyxl(path):
    from openpyxl import Workbook

    from core import tenancy
    from ledgers.queries import stream_cells

    said = {"rows": 0}
    with clock(said), tenancy.inside(COUNTY):
        sheet = _sheet()
        book = Workbook(write_only=True)
        page = book.create_sheet(sheet.kind.title)
        page.append(["序号", *[column.title for column in sheet.kind.columns]])
        for chunk in stream_cells(sheet.rows, with_secrets=False):
            for _, cells, _ in chunk:
                said["rows"] += 1
                page.append([str(said["rows"]), *cells])
        book.save(path)
    return said


def copy(path):
    from django.db import connection

    from core import tenancy

    said = {}
    columns = ", ".join(f"cells[{number}]" for number in range(1, wide.CELLS + 1))
    query = f"SELECT {columns} FROM ledgers_ledgerrow ORDER BY sort_key, id"
    copied = f"COPY ({query}) TO STDOUT (FORMAT csv)"
    with (
        clock(said),
        tenancy.inside(COUNTY),
        connection.cursor() as cursor,
        open(path, "wb") as file,
    ):
        cursor.copy_expert(copied, file)
    return said


def read(path):
    """Every cell of the body, without titles, headings and notes."""
    from python_calamine import CalamineWorkbook

    digest, rows = hashlib.sha256(), 0
    for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python():
        if str(row[0]).removesuffix(".0").isdecimal():
            rows += 1
            number = str(row[0]).removesuffix(".0")
            digest.update("\x1f".join([number, *map(str, row[1:])]).encode())
    return {"seconds": 0, "rows": rows, "digest": digest.hexdigest()}
