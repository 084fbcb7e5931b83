"""The database and the broker of this machine, shared by script/server and script/manage."""

import fcntl
import os
import secrets
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import IO

import psycopg2

from config.supervisor.bootstrap import is_empty, make_database
from config.supervisor.child import Child
from config.supervisor.layout import DATABASE, OWNER, Layout, Refused
from config.supervisor.postgres import Postgres
from config.supervisor.valkey import Valkey
from core.crypto import make_keyring


class Embedded:
    """Whatever DATABASE_URL and REDIS_URL do not name from outside."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.children: list[Child] = []
        self._lock: IO[str] | None = None

    def take(self) -> bool:
        """Become the one process that runs the servers on this APP_DATA."""
        lock = open(self.layout.app_data / "servers.lock", "w")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def start(self) -> None:
        if not self.layout.database_is_outside:
            self._start_postgres()
        if not self.layout.broker_is_outside:
            self._start_valkey()
        if not self.answers():
            raise Refused("DATABASE_OWNER_URL or DATABASE_URL leads to no database: check it")

    def stop(self) -> None:
        for child in reversed(self.children):
            child.ask_to_stop()
            child.finish()
        self.children.clear()
        if self._lock is not None:
            self._lock.close()

    def answers(self) -> bool:
        """Can a role work in the database already? Its rights come in one transaction."""
        try:
            psycopg2.connect(self.layout.database_url(OWNER), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        valkey = Valkey(home=self.layout.app_data, run=self.layout.run)
        return self.layout.broker_is_outside or valkey.answers()

    def _start_postgres(self) -> None:
        postgres = Postgres(home=self.layout.app_data, run=self.layout.run)
        postgres.prepare()
        spawn = partial(postgres.spawn, output=self.layout.open_log("postgres"))
        child = Child(name="postgres", spawn=spawn, stop_signal=signal.SIGINT, grace=60)
        self._start(child, until=postgres.answers)
        make_database(
            maintenance_url=postgres.url(), url=postgres.url(database=DATABASE), name=DATABASE
        )

    def _start_valkey(self) -> None:
        valkey = Valkey(home=self.layout.app_data, run=self.layout.run)
        valkey.prepare()
        spawn = partial(valkey.spawn, output=self.layout.open_log("valkey"))
        child = Child(name="valkey", spawn=spawn, stop_signal=signal.SIGTERM, grace=20)
        self._start(child, until=valkey.answers)

    def _start(self, child: Child, *, until: Callable[[], bool]) -> None:
        self.children.append(child)
        child.start()
        wait_for(child, until=until, seconds=120, layout=self.layout)


def wait_for(child: Child, *, until: Callable[[], bool], seconds: float, layout: Layout) -> None:
    """Errors: Refused, with the end of the child's log, when it dies or stays silent."""
    end = time.monotonic() + seconds
    while not until():
        fate = child.revive()
        if child.failures > 2 or time.monotonic() > end:
            why = fate or f"{child.name} does not answer after {seconds:.0f} s"
            raise Refused(f"{why}\n{layout.log_tail(child.name)}")
        time.sleep(0.05)


def make_secrets(layout: Layout) -> None:
    """Keys for a first start. Never new ones beside old data: they would not open it."""
    if "APP_SECRET_KEY" not in layout.given:
        _keep_secret_key(layout)
    if "APP_KEYRING_JSON" in layout.given or layout.keyring.exists():
        return
    if not is_empty(layout.database_url(OWNER)):
        raise Refused(
            f"the field keys {layout.keyring} are missing, but the database holds data sealed with"
            " them: put the key file back from its backup (docs/operation.md)"
        )
    make_keyring(layout.keyring)


def _keep_secret_key(layout: Layout) -> None:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        handle = os.open(layout.app_data / "secret.key", flags, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
