"""100,000 ledger rows by REST, from gunicorn on loopback to a client that has read every row."""

import contextlib
import gc
import os
import signal
import socket
import sys
import time
from http.client import HTTPConnection

from bench import wide
from bench.child import clock
from bench.harness import ROOT, Failed, Memory, Variant, in_turns, same
from bench.report import Goal, Report

DATABASE = "pull"
ROWS = "/api/v1/ledgers/school_age/periods/2026-09/rows"
LINES = {"Accept": "application/x-ndjson"}


def bench(run):
    size = run.size or 100_000
    wide.make(run, size, DATABASE)
    peers = {"role": "notless_worker", "settings": "bench.settings"}
    run.call("bench.pulls:flatten", database=DATABASE, **peers)
    run.servers.settle(DATABASE)
    token = run.call("bench.pulls:token", database=DATABASE, role="notless_worker")["token"]
    ours = {"Authorization": f"Bearer {token}"}
    with (
        serving(run, "notless_web", "config.settings") as ours_at,
        serving(run, "notless_worker", "bench.settings") as peer_at,
    ):
        roads = {
            "ours, lines": (ours_at, ROWS, ours | LINES),
            "ours, pages of 1,000": (ours_at, ROWS, ours),
            "ours, pages of 5,000": (ours_at, f"{ROWS}?limit=5000", ours),
            "COPY of JSON through gunicorn": (peer_at, "/copy", LINES),
            "DRF cursor, pages of 1,000": (peer_at, "/cursor", {}),
            "DRF ModelViewSet, pages of 100": (peer_at, "/page", {}),
        }
        for address, path, headers in roads.values():
            _warm(address, path, headers)
        variants = [
            Variant(name, lambda _, road=road: _pulled(run, *road)) for name, road in roads.items()
        ]
        done = in_turns(variants, run.rounds)
    same("rows", **{name: one.facts[0]["digest"] for name, one in done.items()})
    lines, pages, _, copied, cursor, plain = (one.median() for one in variants)
    goals = [
        Goal("pull: DRF ModelViewSet, pages of 100 ÷ ours", plain / lines, 20, True),
        Goal("pull: DRF cursor, pages of 1,000 ÷ ours", cursor / lines, 5, True),
        Goal("pull: ours ÷ streamed COPY", lines / copied, 1.6, False),
    ]
    notes = [
        "ours: with a token, in its scope, as the web role behind row security; the others without",
        f"our pages of 1,000: {plain / pages:.1f}× faster than DRF's pages of 100,"
        f" {cursor / pages:.1f}× than its cursor, {pages / copied:.2f} of the COPY's time",
    ]
    return Report("pull", f"Pull of {size:,} × 25 by REST", size, goals, variants, notes)


def _pulled(run, address, path, headers):
    return run.call(
        "bench.pulls:pull",
        database=DATABASE,
        role="notless_worker",
        address=address,
        path=path,
        headers=headers,
    )


# -- the server ------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(run, role, settings, *, database=DATABASE):
    from config.supervisor.child import spawn

    port = _free_port()
    env = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        **run.servers.environment(database=database, role=role, settings=settings),
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
    }
    command = [sys.executable, "-P", "-m", "gunicorn", "-c", "config/gunicorn.py"]
    server = spawn(command, env=env, cwd=ROOT, output=run.servers.log)
    memory = Memory(server.pid)
    try:
        _wait_for(port, server)
        yield ["127.0.0.1", port]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        memory.peak_mb()


def _free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def _warm(address, path, headers):
    """Every worker has loaded its pages before the clock starts; a few bytes are read of each."""
    for _ in range(12):
        connection = HTTPConnection(*address, timeout=60)
        connection.request("GET", path, headers=headers)
        connection.getresponse().read(1000)
        connection.close()


def _wait_for(port, server):
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise Failed("gunicorn does not answer; see servers.log")


# -- in processes of their own ---------------------------------------------------------------------


def flatten():
    """The ledger's rows once more, one column a cell, for the peers."""
    from django.db import connection

    from bench.peers.pull import NAMES
    from bench.roster import COUNTY
    from core import tenancy

    cells = ", ".join(f"cells[{number}]" for number in range(1, wide.CELLS + 1))
    with tenancy.inside(COUNTY), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO peers_flatrow (id, {', '.join(wide.PLACE)}, {NAMES})"
            f" SELECT subject_id, student_id, born, r.township, s.code, status, {cells}"
            "   FROM ledgers_ledgerrow r LEFT JOIN schools_school s ON s.id = r.school_id"
        )
    return {"seconds": 0}


def token():
    from django.utils import timezone

    from accounts import tokens
    from accounts.models import Grant
    from bench.roster import COUNTY
    from core.access import Permission

    client = Grant.objects.filter(role="rest_client").first().user
    _, text = tokens.issue(
        owner=client,
        county=COUNTY,
        name="bench",
        permissions={Permission.LEDGER_PULL},
        now=timezone.now(),
    )
    return {"seconds": 0, "token": text}


def pull(address, path, headers):
    """Ask until there is nothing more, parse everything, then compare outside the clock."""
    # What the client's collector does with its 100,000 rows says nothing of the servers.
    gc.disable()
    said = {}
    with clock(said):
        connection = HTTPConnection(*address, timeout=120)
        found, requests, answered = [], 0, 0.0
        while path:
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            requests += 1
            body = answer.read()
            answered += time.perf_counter() - began
            assert answer.status == 200, (answer.status, body[:300])
            if "ndjson" in answer.headers["Content-Type"]:
                found += _lines(body)
                break
            rows, path = _page(body, path)
            found += rows
    said |= {"answered": answered, "requests": requests, "rows": len(found)}
    return said | {"digest": _digest(found)}


def _lines(body):
    import orjson

    rows = map(orjson.loads, body.splitlines())
    return [row for row in rows if "cells" in row]


def _page(body, path):
    import orjson

    page = orjson.loads(body)
    if "results" in page:
        return page["results"], page["next"]
    cursor = page["next_cursor"]
    base, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part.startswith("limit")]
    return page["rows"], cursor and f"{base}?{'&'.join([*kept, f'cursor={cursor}'])}"


def _digest(found):
    import hashlib

    flat = []
    for row in found:
        said = [row.pop(name) for name in ("id", *wide.PLACE)]
        cells = row["cells"] if "cells" in row else [row[key] for key in sorted(row)]
        flat.append((said[0], said[1:], cells))
    flat.sort(key=lambda row: row[0])
    return hashlib.sha256(repr(flat).encode()).hexdigest()
