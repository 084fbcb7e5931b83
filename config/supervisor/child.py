"""Child processes that cannot outlive their parent and come back when they die."""

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE = 30.0
_libc = ctypes.CDLL(None, use_errno=True)

Process = subprocess.Popen[bytes]


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: int | None = None,
    on_orphan: signal.Signals = signal.SIGTERM,
    account: pwd.struct_passwd | None = None,
    own_session: bool = True,
) -> Process:
    """Start a child that gets `on_orphan` when this process dies, even by SIGKILL.

    Call it from the main thread only: the kernel sends the signal at the end of the *thread*
    that forked. With an account given, the child runs under it and no other group.
    """
    parent = os.getpid()

    def bind_to_parent() -> None:
        # After setuid, which would clear it.
        _libc.prctl(_PR_SET_PDEATHSIG, int(on_orphan), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if own_session else None,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=own_session,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=bind_to_parent,
    )


class Child:
    """One long-running process under watch."""

    def __init__(
        self, *, name: str, spawn: Callable[[], Process], stop_signal: signal.Signals, grace: float
    ) -> None:
        self.name = name
        self.process: Process | None = None
        self.failures = 0
        self._spawn = spawn
        self._stop_signal = stop_signal
        self._grace = grace
        self._started_at = 0.0
        self._next_try_at = 0.0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self.process = self._spawn()

    def revive(self) -> str:
        """Look once; a sentence for the log when it ended, '' otherwise. Never blocks."""
        if self.process is None:
            if time.monotonic() >= self._next_try_at:
                self.start()
            return ""
        if not _has_ended(self.process):
            return ""
        code = _bury(self.process)
        self.process = None
        lived = time.monotonic() - self._started_at
        self.failures = 1 if lived > _LONGEST_PAUSE else self.failures + 1
        pause = min(0.25 * 4 ** (self.failures - 1), _LONGEST_PAUSE)
        self._next_try_at = time.monotonic() + pause
        return f"{self.name} ended with {code} after {lived:.0f} s; again in {pause:g} s"

    def ask_to_stop(self) -> None:
        if self.process is not None and not _has_ended(self.process):
            self.process.send_signal(self._stop_signal)

    def finish(self) -> None:
        """Wait for the end asked for; past the grace period end it by force."""
        if self.process is None:
            return
        end = time.monotonic() + self._grace
        while not _has_ended(self.process) and time.monotonic() < end:
            time.sleep(0.02)
        _bury(self.process)
        self.process = None


def _bury(process: Process) -> int:
    """End the process and whatever it left in its session, then reap it.

    In this order: while the leader is not reaped its number cannot be given to another.
    """
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _has_ended(process: Process) -> bool:
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, look) is not None
