"""Starts a private PostgreSQL and Valkey before pytest-django reads the settings.

Tests run as the web role, so that row security holds in them; the schema is the owner's. With
`-n 2` (script/test) each process has servers of its own, and the one that hands out tests none.
"""

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest

from config.supervisor.bootstrap import make_database
from config.supervisor.layout import WEB, embedded_url
from config.supervisor.postgres import Postgres
from config.supervisor.valkey import Valkey
from core.crypto import make_keyring

DATABASE = "test_notless"


class Servers:
    """One throw-away cluster and broker for this run."""

    def __init__(self):
        # A socket's path may have 107 bytes, whatever TMPDIR says.
        self.home = Path(tempfile.mkdtemp(prefix="notless-test-", dir="/tmp"))
        self.home.chmod(0o711)
        self.run = self.home / "run"
        self.run.mkdir(mode=0o711)
        (self.home / "static").mkdir()
        self.log = os.open(self.home / "servers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.postgres = Postgres(home=self.home, run=self.run, durable=False)
        self.valkey = Valkey(home=self.home, run=self.run)
        self.processes = []

    def start(self):
        self.postgres.prepare()
        self.valkey.prepare()
        self._start(self.postgres)
        self._start(self.valkey)
        make_database(maintenance_url=self.postgres.url(), url=self.superuser_url, name=DATABASE)
        make_keyring(self.home / "keyring.json")

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        for process in self.processes:
            process.wait(30)
        os.close(self.log)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def superuser_url(self):
        return self.postgres.url(database=DATABASE)

    def url(self, role):
        return embedded_url(self.run, role, database=DATABASE)

    def environment(self, role):
        return {
            "APP_DATA": str(self.home),
            "APP_SECRET_KEY": "tests-only-" + "k" * 50,
            "DATABASE_URL": self.url(role),
            "REDIS_URL": f"redis+socket://{self.run / 'valkey.sock'}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def _start(self, server):
        process = server.spawn(output=self.log)
        self.processes.append(process)
        end = time.monotonic() + 60
        while not server.answers():
            if process.poll() is not None or time.monotonic() > end:
                raise pytest.UsageError((self.home / "servers.log").read_text()[-3000:])
            time.sleep(0.02)


servers = Servers()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    # A wrapper, because it runs before every plain hook, pytest-django's among them.
    hands_out = getattr(early_config.known_args_namespace, "numprocesses", None)
    if not hands_out or "PYTEST_XDIST_WORKER" in os.environ:
        servers.start()
    os.environ.update(servers.environment(WEB))
    for name in ("APP_KEYRING", "APP_KEYRING_JSON", "APP_URL", "APP_HOSTS", "APP_DEBUG"):
        os.environ.pop(name, None)
    return (yield)


def pytest_unconfigure():
    servers.stop()
