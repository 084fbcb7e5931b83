"""A throw-away PostgreSQL with the product's own settings, durable as in production."""

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

from config.supervisor.bootstrap import make_database
from config.supervisor.layout import embedded_url
from config.supervisor.postgres import Postgres
from config.supervisor.valkey import Valkey
from core.crypto import make_keyring


class Servers:
    def __init__(self):
        # A socket's path may have 107 bytes, whatever TMPDIR says.
        self.home = Path(tempfile.mkdtemp(prefix="notless-bench-", dir="/tmp"))
        self.home.chmod(0o711)
        self.run = self.home / "run"
        self.run.mkdir(mode=0o711)
        self.log = os.open(self.home / "servers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.postgres = Postgres(home=self.home, run=self.run)
        self.valkey = Valkey(home=self.home, run=self.run)
        self.processes = []

    def __enter__(self):
        try:
            self.postgres.prepare()
            self.valkey.prepare()
            self._start(self.postgres)
            self._start(self.valkey)
            make_keyring(self.home / "keyring.json")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT)
        for process in self.processes:
            process.wait(60)
        os.close(self.log)
        shutil.rmtree(self.home, ignore_errors=True)

    def create(self, name):
        """An empty database with the product's roles."""
        make_database(maintenance_url=self.postgres.url(), url=self.superuser_url(name), name=name)

    def copy(self, template, name):
        """A fresh copy, and nothing left to write when the clock starts."""
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        self._maintain(
            sql.SQL("DROP DATABASE IF EXISTS {name}").format(**names),
            sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy").format(
                **names
            ),
        )
        self.settle(name)

    def drop(self, name):
        self._maintain(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    def settle(self, name):
        """What autovacuum and the checkpointer would do in the minutes before."""
        self._maintain("VACUUM ANALYZE", "CHECKPOINT", database=name)

    def superuser_url(self, name):
        return self.postgres.url(database=name)

    def environment(self, *, database, role, settings="config.settings"):
        return {
            "APP_DATA": str(self.home),
            "APP_SECRET_KEY": "bench-only-" + "k" * 50,
            "DATABASE_URL": embedded_url(self.run, role, database=database),
            "REDIS_URL": f"redis+socket://{self.run / 'valkey.sock'}",
            "DJANGO_SETTINGS_MODULE": settings,
            "APP_LOG_LEVEL": "WARNING",
        }

    def _maintain(self, *statements, database="postgres"):
        connection = psycopg2.connect(self.superuser_url(database))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def _start(self, server):
        process = server.spawn(output=self.log)
        self.processes.append(process)
        end = time.monotonic() + 60
        while not server.answers():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.home / "servers.log").read_text()[-3000:])
            time.sleep(0.02)
