"""script/manage: one management command, with the database running meanwhile."""

import fcntl
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.supervisor.child import spawn
from config.supervisor.embedded import Embedded, make_secrets
from config.supervisor.layout import OWNER, ROOT, WORKER, Layout, Refused
from config.supervisor.postgres import SUPERUSER, client_binaries

# These change tables; everything else is content with the worker's rights.
_SCHEMA = {"migrate", "makemigrations", "squashmigrations", "optimizemigration", "dbshell"}
_PATIENCE = 120.0


def manage(layout: Layout, arguments: Sequence[str]) -> int:
    layout.make_folders()
    name = next(iter(arguments), "")
    role = OWNER if name in _SCHEMA else WORKER
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return _run(layout, command, env=layout.environment(role))


def run_client(layout: Layout, arguments: Sequence[str]) -> int:
    """psql, pg_dump, pg_restore: as the embedded cluster's superuser, or on DATABASE_OWNER_URL."""
    layout.make_folders()
    binaries = client_binaries()
    url = layout.database_url(OWNER if layout.database_is_outside else SUPERUSER)
    program, *rest = arguments
    env = {**layout.environment(OWNER), "PATH": f"{binaries}:{layout.given['PATH']}"}
    return _run(layout, [program, f"--dbname={url}", *rest], env=env)


def _run(layout: Layout, command: Sequence[str], *, env: Mapping[str, str]) -> int:
    # Ctrl-C reaches the command itself, which shares our terminal: we wait for it, then tidy up.
    # A handler, not SIG_IGN, which the command would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _servers(layout):
        make_secrets(layout)
        running = spawn(command, env=env, cwd=Path.cwd(), own_session=False)
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())
        code = running.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _servers(layout: Layout) -> Iterator[None]:
    """Join the running servers, else start them and stop them after the last who joined."""
    embedded = Embedded(layout)
    with open(layout.app_data / "commands.lock", "w") as commands:
        fcntl.flock(commands, fcntl.LOCK_SH)
        if not _join_or_take(embedded):
            yield
            return
        try:
            embedded.start()
            yield
        finally:
            fcntl.flock(commands, fcntl.LOCK_EX)
            embedded.stop()


def _join_or_take(embedded: Embedded) -> bool:
    """True when the servers are ours to start, False when they run already."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if embedded.take():
            return True
        if embedded.answers():
            return False
        time.sleep(0.1)
    raise Refused("the servers that another command started do not answer: see log/ in APP_DATA")
