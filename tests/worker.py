"""A real Celery worker for tests: same role, pool and options as in script/server."""

import os
import signal
import sys
import time

import redis

from config.supervisor.child import spawn
from config.supervisor.layout import ROOT, WORKER

COMMAND = (
    "-m celery -A config.celery worker -P threads -c 2 -l INFO --without-gossip --without-mingle"
)


class Worker:
    def __init__(self, servers):
        self.log = servers.home / "worker.log"
        self.process = None
        self._servers = servers

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        """Wait until it takes tasks; nothing happens when it runs already."""
        if self.process is not None and self.process.poll() is None:
            return
        said_before = self.log.stat().st_size if self.log.exists() else 0
        output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.process = spawn(
            [sys.executable, *COMMAND.split()],
            env={**os.environ, **self._servers.environment(WORKER)},
            cwd=ROOT,
            output=output,
            on_orphan=signal.SIGKILL,
        )
        os.close(output)
        end = time.monotonic() + 60
        while " ready." not in self.log.read_text()[said_before:]:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < end, "the worker did not become ready within 60 s"
            time.sleep(0.05)

    def kill(self):
        """As the kernel does when memory runs out."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def forget_messages(self):
        with redis.Redis(unix_socket_path=str(self._servers.run / "valkey.sock")) as broker:
            broker.flushdb()
