"""Runs variants in turns, each in a fresh process, and keeps time and memory."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import Servers

ROOT = Path(__file__).resolve().parent.parent
MIGRATED = "migrated"


class Failed(Exception):
    """A variant broke down, or two variants did not do the same work."""


@dataclass
class Run:
    """What a whole call of script/bench was asked for."""

    servers: Servers
    size: int | None
    rounds: int
    long: bool
    _made: set = field(default_factory=set)

    def call(self, place, *, database, role="notless_worker", settings="config.settings", **asked):
        """One function in a process of its own; its facts, and the peak memory in MB."""
        env = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ},
            **self.servers.environment(database=database, role=role, settings=settings),
            "PYTHONPATH": str(ROOT),
        }
        with tempfile.NamedTemporaryFile(dir=self.servers.home) as result:
            command = [sys.executable, "-P", "-m", "bench.child", place, json.dumps(asked)]
            process = subprocess.Popen([*command, result.name], env=env, cwd=ROOT)
            memory = Memory(process.pid)
            if process.wait():
                raise Failed(f"{place} ended with {process.returncode}")
            return {**json.loads(result.read()), "peak_mb": memory.peak_mb()}

    def fresh(self, database, *, schools_for=0):
        """A migrated database, with the schools that so many children need."""
        if MIGRATED not in self._made:
            self.servers.create(MIGRATED)
            owner = {"role": "notless_owner", "settings": "bench.settings"}
            self.call("bench.prepare:migrate", database=MIGRATED, **owner)
            self._made.add(MIGRATED)
        self.servers.copy(MIGRATED, database)
        if schools_for:
            self.call("bench.prepare:schools", database=database, rows=schools_for)

    def demo(self, students):
        """The database of a demo county of so many children, made once."""
        database = f"demo_{students}"
        if database not in self._made:
            say(f"  making a county of {students:,} children")
            self.fresh(database)
            self.call("bench.prepare:demo", database=database, students=students)
            self.servers.settle(database)
            self._made.add(database)
        return database


class Memory:
    """Sum of the peaks (VmHWM) of a process and all its descendants, as the kernel kept them."""

    def __init__(self, pid):
        self._pid = pid
        self._peaks = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def peak_mb(self):
        self._over.set()
        self._thread.join()
        return round(sum(self._peaks.values()) / 1024)

    def _watch(self):
        while not self._over.wait(0.02):
            for pid in _family(self._pid):
                self._peaks[pid] = max(_high_water_kb(pid), self._peaks.get(pid, 0))


def _family(pid):
    family, waiting = [], [pid]
    while waiting:
        family.append(waiting.pop())
        waiting += _children(family[-1])
    return family


def _children(pid):
    # A child belongs to the thread that forked it.
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found = []
    for thread in threads:
        found += [int(one) for one in _read(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def _high_water_kb(pid):
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


@dataclass
class Variant:
    """One way to do the work. `measure(round)` returns facts with "seconds" among them.

    A slow peer may run in the first rounds only; the table says how often it ran.
    """

    name: str
    measure: object
    rounds: int | None = None
    facts: list = field(default_factory=list)

    @property
    def runs(self):
        return len(self.facts)

    def median(self, key="seconds"):
        return statistics.median(fact[key] for fact in self.facts)

    def most(self, key):
        return max(fact[key] for fact in self.facts)

    def spread(self, key="seconds"):
        values = [fact[key] for fact in self.facts]
        return max(values) / min(values)


def in_turns(variants, rounds):
    """A, B, C, A, B, C, …: a noisy minute meets them all."""
    for number in range(rounds):
        for variant in variants:
            if variant.rounds is None or number < variant.rounds:
                variant.facts.append(variant.measure(number))
                say(f"  round {number + 1}  {variant.name}: {_shown(variant.facts[-1])}")
    return {variant.name: variant for variant in variants}


def same(what, **answers):
    """Variants that did not end with the same rows are not compared."""
    first, *others = answers.values()
    if any(other != first for other in others):
        raise Failed(f"not the same {what}: {answers}")


def _shown(facts):
    parts = [f"{facts['seconds']:.3f} s"]
    parts += [f"{key} {value}" for key, value in facts.items() if isinstance(value, int | str)]
    parts += [
        f"{key} {value:.3f}"
        for key, value in facts.items()
        if isinstance(value, float) and key != "seconds" and not key.endswith("in all")
    ]
    return ", ".join(parts)


def say(text):
    print(text, file=sys.stderr, flush=True)
