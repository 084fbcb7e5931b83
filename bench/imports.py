"""A county's whole roster: our job against django-import-export and against the bare road.

Each variant gets a fresh copy of the same database; "again" is the same file on the database that
"new" left behind.
"""

import json
from pathlib import Path

from bench import roster
from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report

PEERS = "bench.settings"


def bench(run):
    size = run.size or 100_000
    made = roster.make(run.servers.home, rows=size)
    _prepare(run, size)
    roads = [Road(run, made, "peer", settings=PEERS, role="notless_owner")]
    variants = [Variant(f"{road.name} {time}", road.measure(time), road.rounds(time)) for road in roads for time in ("new", "again")]
    done = in_turns(variants, run.rounds)
    return Report("import", "", size, [], list(done.values()), [])


def _prepare(run, size):
    run.servers.create("import_base")
    run.call("bench.prepare:migrate", database="import_base", role="notless_owner", settings=PEERS)
    run.call("bench.prepare:schools", database="import_base", rows=size)


class Road:
    """One way from the workbook to the rows."""

    def __init__(self, run, made, name, **process):
        self.name = name
        self._run = run
        self._made = made
        self._process = process

    def rounds(self, time):
        return None

    def measure(self, time):
        database = f"import_{self.name}"

        def measured(_round):
            if time == "new":
                self._run.servers.copy("import_base", database)
            else:
                self._run.servers.settle(database)
            facts = self._call(f"{self.name}_{time}", database, path=str(self._made.workbook))
            truth = self._call(f"{self.name}_rows", database, path=str(self._made.truth))
            same("rows", wanted=[self._made.accepted, True], found=[truth["rows"], truth["equal"]])
            return facts

        return measured

    def _call(self, function, database, **asked):
        return self._run.call(
            f"bench.imports:{function}", database=database, **self._process, **asked
        )


def peer_new(path):
    from bench.peers.roster import NewRoster

    return _peer(NewRoster(), path)


def peer_again(path):
    from bench.peers.roster import SameRoster

    return _peer(SameRoster(), path)


def _peer(resource, path):
    from import_export.formats.base_formats import XLSX

    said = {}
    with clock(said):
        with clock(said, "parse"):
            dataset = XLSX().create_dataset(Path(path).read_bytes())
        result = resource.import_data(dataset)
    assert not result.has_errors(), result.row_errors()[:1] or result.base_errors
    return {**said, "rejected": len(result.invalid_rows), **result.totals}


def peer_rows(path):
    from bench.peers.models import RosterPupil

    wanted = _truth(path)
    equal = True
    count = 0
    for pupil in RosterPupil.objects.select_related("school").iterator():
        marks = {
            "lifted_household": pupil.lifted,
            "monitored_household": pupil.monitored,
            "subsistence_allowance": pupil.allowance,
            "left_behind_edu": pupil.left_behind,
            "disabled": pupil.disabled,
        }
        found = [
            pupil.id_number,
            pupil.student_no,
            pupil.full_name,
            pupil.sex,
            pupil.birth_date.isoformat(),
            pupil.ethnicity_code,
            pupil.school.code,
            pupil.grade,
            pupil.class_no,
            "boarding" if pupil.boards else "day",
            sorted(code for code, is_so in marks.items() if is_so),
        ]
        count += 1
        equal = equal and wanted.get(pupil.id_number) == found
    return {"seconds": 0, "rows": count, "equal": equal}


def _truth(path):
    with open(path, encoding="utf-8") as file:
        return {row[0]: row for row in map(json.loads, file)}
