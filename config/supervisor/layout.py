"""Where this installation keeps its files and sockets, and which environment each role gets."""

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "notless"
OWNER, WEB, WORKER = "notless_owner", "notless_web", "notless_worker"

_OUTSIDE_NAMES = {OWNER: "DATABASE_OWNER_URL", WEB: "DATABASE_URL", WORKER: "DATABASE_WORKER_URL"}


class Refused(Exception):
    """The installation cannot start; the message names the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Layout:
    app_data: Path
    run: Path
    given: Mapping[str, str]
    port: int

    @property
    def log(self) -> Path:
        return self.app_data / "log"

    @property
    def database_is_outside(self) -> bool:
        return "DATABASE_URL" in self.given

    @property
    def broker_is_outside(self) -> bool:
        return "REDIS_URL" in self.given

    @property
    def keyring(self) -> Path:
        return Path(self.given.get("APP_KEYRING", self.app_data / "keyring.json"))

    @property
    def credentials(self) -> Path:
        return self.app_data / "demo-credentials.txt"

    def database_url(self, role: str) -> str:
        if self.database_is_outside:
            return self.given.get(_OUTSIDE_NAMES[role], self.given["DATABASE_URL"])
        return embedded_url(self.run, role)

    @property
    def redis_url(self) -> str:
        return self.given.get("REDIS_URL", f"redis+socket://{self.run / 'valkey.sock'}")

    def environment(self, role: str) -> dict[str, str]:
        """What a child of this role may know: its own database address and no other role's."""
        hidden = set(_OUTSIDE_NAMES.values())
        kept = {key: value for key, value in self.given.items() if key not in hidden}
        return {
            "APP_URL": f"http://127.0.0.1:{self.port}",
            **kept,
            "APP_DATA": str(self.app_data),
            "DATABASE_URL": self.database_url(role),
            "REDIS_URL": self.redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def make_folders(self) -> None:
        # root's database runs under another account, which must be able to walk through.
        walkable = 0o711 if os.geteuid() == 0 else 0o700
        self.app_data.mkdir(mode=walkable, parents=True, exist_ok=True)
        self.log.mkdir(mode=0o700, exist_ok=True)
        self.run.mkdir(mode=walkable, exist_ok=True)
        found = self.run.lstat()
        # /tmp is everyone's: a folder somebody else put there must not receive our sockets.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise Refused(f"{self.run} belongs to somebody else: remove it and start again")
        self.run.chmod(walkable)

    def open_log(self, name: str) -> int:
        """A file descriptor for appending; a log past 20 MB is put aside first."""
        path = self.log / f"{name}.log"
        if path.exists() and path.stat().st_size > 20_000_000:
            path.replace(path.with_suffix(".log.1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def log_tail(self, name: str, *, characters: int = 3000) -> str:
        path = self.log / f"{name}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""


def embedded_url(run: Path, role: str, *, database: str = DATABASE) -> str:
    return f"postgresql://{role}@/{database}?host={run / 'pg'}"


def from_environment(environ: Mapping[str, str]) -> Layout:
    given = {key: value for key, value in environ.items() if value}
    app_data = Path(given.get("APP_DATA", ROOT / "var")).resolve()
    # A socket's path may have 107 bytes, APP_DATA may be longer: hence a short name under /tmp,
    # fixed (not TMPDIR), so that script/manage finds what script/server started.
    name = hashlib.sha256(str(app_data).encode()).hexdigest()[:10]
    port = given.get("PORT", "8000")
    if not port.isdigit():
        raise Refused(f"PORT must be a number, not {port!r}")
    run = Path("/tmp") / f"notless-{os.geteuid()}-{name}"  # noqa: S108
    return Layout(app_data=app_data, run=run, given=given, port=int(port))


def say(text: str) -> None:
    """Progress goes to stderr: the stdout of script/manage belongs to the command."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
