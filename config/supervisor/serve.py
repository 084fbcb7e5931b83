"""script/server: everything one machine needs, started, watched and ended together."""

import hashlib
import http.client
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from config.supervisor.bootstrap import has_divisions
from config.supervisor.child import Child, Process, spawn
from config.supervisor.embedded import Embedded, make_secrets, wait_for
from config.supervisor.layout import OWNER, ROOT, WEB, WORKER, Layout, Refused, say

_MANAGE = [sys.executable, str(ROOT / "manage.py")]
_CELERY = [sys.executable, "-m", "celery", "-A", "config.celery"]


def serve(layout: Layout) -> int:
    layout.make_folders()
    embedded = Embedded(layout)
    if not embedded.take():
        raise Refused(f"script/server or script/manage already runs on {layout.app_data}")
    applications: list[Child] = []
    _on_signals(_leave)
    try:
        _refuse_taken_port(layout)
        embedded.start()
        _fill(layout)
        applications += _applications(layout)
        _start(applications, layout)
        _announce(layout)
        _watch([*embedded.children, *applications])
    finally:
        _on_signals(signal.SIG_IGN)
        say("stopping")
        _stop(applications)
        embedded.stop()
    return 0


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        started_by_nohup = number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
        if not started_by_nohup:
            signal.signal(number, handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refuse_taken_port(layout: Layout) -> None:
    # A web server whose supervisor was killed needs a moment to leave.
    end = time.monotonic() + 5
    while not _is_free(layout.port):
        if time.monotonic() > end:
            raise Refused(f"port {layout.port} is taken: choose another, like PORT=8001")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _fill(layout: Layout) -> None:
    """Schema, files for the browser and, in an empty database, divisions and a demo county."""
    make_secrets(layout)
    say("migrating")
    collecting = _begin_collecting(layout)
    _end(layout, _begin(layout, ["migrate", "--noinput", "-v1"], role=OWNER), name="migrate")
    if collecting is not None:
        _end(layout, collecting, name="collectstatic")
        _stamp_of_static(layout).write_text(_state_of_static())
    if not has_divisions(layout.database_url(OWNER)):
        say("loading the administrative divisions")
        _end(layout, _begin(layout, ["load_divisions"], role=WORKER), name="load_divisions")
    if layout.given.get("APP_DEMO") != "0":
        say("loading the demo county, where the database is empty")
        _end(layout, _begin(layout, ["demo", "--if-empty"], role=WORKER), name="demo")


def _begin_collecting(layout: Layout) -> Process | None:
    """Compressing takes ten seconds: only when files or packages have changed."""
    stamp = _stamp_of_static(layout)
    if stamp.exists() and stamp.read_text() == _state_of_static():
        return None
    return _begin(layout, ["collectstatic", "--noinput", "--clear", "-v0"], role=WEB)


def _stamp_of_static(layout: Layout) -> Path:
    return layout.app_data / "static" / ".collected"


def _state_of_static() -> str:
    files = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    seen = [f"{path}|{path.stat().st_size}|{path.stat().st_mtime_ns}" for path in files]
    packages = (ROOT / "requirements.txt").read_text()
    return hashlib.sha256("\n".join([packages, *seen]).encode()).hexdigest()


def _begin(layout: Layout, arguments: Sequence[str], *, role: str) -> Process:
    return spawn(
        [*_MANAGE, *arguments],
        env=layout.environment(role),
        cwd=ROOT,
        output=layout.open_log("setup"),
    )


def _end(layout: Layout, process: Process, *, name: str) -> None:
    if process.wait():
        raise Refused(f"manage.py {name} failed\n{layout.log_tail('setup')}")


def _applications(layout: Layout) -> list[Child]:
    quiet = ["--without-gossip", "--without-mingle"]
    # Threads: a worker of processes outlives a killed parent and ignores SIGTERM without a broker.
    pool = ["-P", "threads", "-c", "3", "-n", "worker@localhost"]
    schedule = str(layout.app_data / "beat-schedule")
    return [
        _child(
            layout, "web", [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"], role=WEB
        ),
        _child(layout, "worker", [*_CELERY, "worker", "-l", "INFO", *pool, *quiet], role=WORKER),
        _child(
            layout,
            "beat",
            [*_CELERY, "beat", "-l", "INFO", "-s", schedule, "--pidfile="],
            role=WORKER,
        ),
    ]


def _child(layout: Layout, name: str, command: Sequence[str], *, role: str) -> Child:
    # Tasks are acknowledged late and may be repeated, so a worker without a parent may just die.
    on_orphan = signal.SIGTERM if name == "web" else signal.SIGKILL
    start = partial(
        spawn,
        command,
        env=layout.environment(role),
        cwd=ROOT,
        output=layout.open_log(name),
        on_orphan=on_orphan,
    )
    return Child(name=name, spawn=start, stop_signal=signal.SIGTERM, grace=15)


def _start(applications: Sequence[Child], layout: Layout) -> None:
    for child in applications:
        child.start()
    web = applications[0]
    wait_for(web, until=partial(_web_answers, layout.port), seconds=60, layout=layout)


def _web_answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        # 400 where APP_HOSTS leaves out this address: the server is up all the same.
        return line.getresponse().status in (200, 400)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _announce(layout: Layout) -> None:
    sys.stdout.write(f"ready: http://127.0.0.1:{layout.port}\n")
    if layout.credentials.exists():
        sys.stdout.write(layout.credentials.read_text())
    sys.stdout.flush()


def _watch(children: Sequence[Child]) -> None:
    while True:
        for child in children:
            if fate := child.revive():
                say(fate)
        time.sleep(0.2)


def _stop(applications: Sequence[Child]) -> None:
    for child in applications:
        child.ask_to_stop()
    for child in applications:
        child.finish()
