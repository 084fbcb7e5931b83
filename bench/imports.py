"""A county's whole roster: our job against django-import-export and against the bare road.

Ours is the command's road: gate, reader, validation, keys, encryption, staging, verdicts, merge,
audit. The bare road parses the same file with calamine, copies the rows that our check had staged,
sealed and keyed beforehand, and runs our merge without audit.
Each variant has a copy of one database; "again" is the same file on what "new" left behind.
"""

import json
from pathlib import Path

from bench import roster
from bench.child import clock
from bench.harness import Variant, in_turns, same
from bench.report import Goal, Report

BASE = "import_base"
MEMORY_MB = 400


def bench(run):
    size = run.size or 100_000
    made = roster.make(run.servers.home, rows=size)
    run.fresh(BASE, schools_for=size)
    ours = Road(run, made, "ours", role="notless_worker")
    peer = Road(run, made, "peer", role="notless_owner", settings="bench.settings")
    bare = Road(run, made, "bare", role="notless_worker")
    records = Road(run, made, "records", role="notless_owner", settings="bench.settings")
    # The bare road copies what ours has staged, so ours goes first.
    order = [(ours, "new"), (bare, "new"), (peer, "new")]
    order += [(ours, "again"), (bare, "again"), (peer, "again"), (records, "new")]
    variants = [Variant(NAMES[road.name] + when, road.measure(when)) for road, when in order]
    done = in_turns(variants, run.rounds)
    title = f"Import of a roster of {size:,} × 20 (xlsx), whole job"
    return Report("import", title, size, _goals(done), variants, _notes(done, made))


NAMES = {
    "ours": "ours, ",
    "peer": "django-import-export, ",
    "bare": "bare road, ",
    "records": "django-import-export into our tables, ",
}


def _goals(done):
    def ratio(above, below, when):
        return done[NAMES[above] + when].median() / done[NAMES[below] + when].median()

    peak = max(done["ours, new"].most("peak_mb"), done["ours, again"].most("peak_mb"))
    return [
        Goal(
            "import, new file: django-import-export ÷ ours", ratio("peer", "ours", "new"), 6, True
        ),
        Goal(
            "import, same file again: django-import-export ÷ ours",
            ratio("peer", "ours", "again"),
            25,
            True,
        ),
        Goal("import, new file: ours ÷ bare road", ratio("ours", "bare", "new"), 2, False),
        Goal("import, same file again: ours ÷ bare road", ratio("ours", "bare", "again"), 2, False),
        Goal("import: peak memory of our whole job", peak, MEMORY_MB, False, "MB"),
    ]


def _notes(done, made):
    stages = []
    for when in ("new", "again"):
        ours, bare = done["ours, " + when], done["bare road, " + when]
        stages.append(
            f"{when}: ours {ours.median():.1f} s; bare parse {bare.median('parse'):.1f} s,"
            f" copy {bare.median('copy'):.1f} s, merge {bare.median('merge'):.1f} s"
        )
    same_records = done[NAMES["records"] + "new"].median() / done["ours, new"].median()
    return [
        *stages,
        f"every variant ends with the same {made.accepted:,} children, compared field by field"
        f" with what the generator meant; {made.rows - made.accepted:,} rows are rejected",
        "into our tables, that is with the same numbers sealed, enrolments, categories and audit,"
        f" django-import-export takes {same_records:.1f} times as long as ours",
        "the peer neither encrypts nor audits, keeps one flat row a child and no search keys;"
        " new: skip_diff; again: skip_unchanged without HTML diffs",
    ]


class Road:
    """One way from the workbook to the rows."""

    def __init__(self, run, made, name, **process):
        self.name = name
        self._run = run
        self._made = made
        self._database = f"import_{name}"
        self._process = process

    def measure(self, when):
        def measured(_round):
            if when == "new":
                self._run.servers.copy(BASE, self._database)
            else:
                self._run.servers.settle(self._database)
            facts = self._call(f"{self.name}_{when}", path=str(self._made.workbook))
            self._compare()
            if self.name == "ours":
                self._call("dump", path=_staged(self._made.workbook, when))
            return facts

        return measured

    def _compare(self):
        rows = "peer_rows" if self.name == "peer" else "rows"
        truth = self._call(rows, path=str(self._made.truth))
        same(
            f"children ({self.name})",
            wanted=[self._made.accepted, []],
            found=[truth["rows"], truth["different"]],
        )

    def _call(self, function, **asked):
        place = f"bench.imports:{function}"
        return self._run.call(place, database=self._database, **self._process, **asked)


def _staged(workbook, when):
    return f"{workbook}.{when}.copy"


# -- ours ------------------------------------------------------------------------------------------


def ours_new(path):
    """What `manage.py import_roster` does with one file."""
    from students.management.commands import import_roster as command
    from students.rosters import running, services

    said = {}
    running.check_file = _timed(running.check_file, said, "check")
    running.write_decided = _timed(running.write_decided, said, "write")
    county = roster.COUNTY
    with clock(said):
        batch = command._open(Path(path), county=county, school_year=roster.SCHOOL_YEAR, office="")
        batch = services.import_at_once(county=county, batch_id=batch.pk, path=Path(path))
    said["commit"] = said["seconds"] - said["check"] - said["write"]
    counts = batch.sheets[0]
    return {**said, **{key: counts[key] for key in ("created", "unchanged", "rejected")}}


def _timed(function, said, key):
    def timed(*args, **kwargs):
        with clock(said, key):
            return function(*args, **kwargs)

    return timed


ours_again = ours_new

_KEPT = """
    sheet_no row_no verdict reason reason_cell full_name name_key name_tokens id_type is_marked
    number_id number_sealed number_blind number_mask student_no_id student_no_sealed
    student_no_blind student_no_mask sex birth_date ethnicity_code school_id grade class_number
    attendance_mode added dropped extra secret_id secret_columns secret_blind secret_sealed
"""
KEPT = ", ".join(_KEPT.split())


def dump(path):
    """The staged rows of the newest batch, for the bare road."""
    from django.db import connection

    newest = "(SELECT max(id) FROM students_importbatch)"
    with connection.cursor() as cursor, open(path, "wb") as file:
        cursor.execute(f"SELECT {newest}")
        number = cursor.fetchone()[0]
        rows = f"students_rosterrow WHERE batch_id = {number}"
        query = f"SELECT {number}::bigint, county, {KEPT} FROM {rows}"
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", file)
    return {"seconds": 0}


# -- the bare road ---------------------------------------------------------------------------------


def bare_new(path):
    return _bare(path, "new")


def bare_again(path):
    return _bare(path, "again")


def _bare(path, when):
    from datetime import date

    from python_calamine import CalamineWorkbook

    from core import tenancy
    from students.models import ImportBatch
    from students.rosters import deciding, merging

    said = {}
    day = date(roster.SCHOOL_YEAR, 9, 1)
    with tenancy.inside(roster.COUNTY):
        batch = ImportBatch.objects.create(
            county=roster.COUNTY,
            school_year=roster.SCHOOL_YEAR,
            file_name=Path(path).name,
            state=ImportBatch.State.COMMITTED,
        )
    merging._AUDIT = "SELECT"
    with clock(said):
        with clock(said, "parse"):
            sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
            said["read"] = sum(1 for _ in sheet.iter_rows())
        with tenancy.inside(roster.COUNTY):
            with clock(said, "copy"):
                _copy(_staged(path, when))
            with clock(said, "merge"):
                deciding.plan_for(said["read"])
                deciding.decide_batch(county=roster.COUNTY, batch_id=batch.pk, on=day)
                merging.merge(
                    merging.Writing(
                        county=roster.COUNTY,
                        batch_id=batch.pk,
                        source="",
                        school_year=roster.SCHOOL_YEAR,
                        start=day,
                        on=day,
                        actor_id=None,
                        actor_name="",
                    )
                )
    return said


def _copy(path):
    from django.db import connection

    columns = f"batch_id, county, {KEPT}"
    with connection.cursor() as cursor, open(path, "rb") as file:
        cursor.copy_expert(f"COPY students_rosterrow ({columns}) FROM STDIN (FORMAT binary)", file)


# -- django-import-export --------------------------------------------------------------------------


def peer_new(path):
    from bench.peers.roster import NewRoster

    return _peer(NewRoster(), path)


def peer_again(path):
    from bench.peers.roster import SameRoster

    return _peer(SameRoster(), path)


def records_new(path):
    from bench.peers.records import SameRecords

    return _peer(SameRecords(), path)


def _peer(resource, path):
    from import_export.formats.base_formats import XLSX

    said = {}
    with clock(said):
        with clock(said, "parse"):
            dataset = XLSX().create_dataset(Path(path).read_bytes())
        result = resource.import_data(dataset)
    assert not result.has_errors(), result.row_errors()[:1] or result.base_errors
    return {**said, "rejected": len(result.invalid_rows), **result.totals}


# -- the same rows? --------------------------------------------------------------------------------


def peer_rows(path):
    from bench.peers.models import RosterPupil

    pupils = RosterPupil.objects.select_related("school").iterator()
    return _compared(path, {pupil.id_number: _flat(pupil) for pupil in pupils})


def _flat(pupil):
    marks = {
        "lifted_household": pupil.lifted,
        "monitored_household": pupil.monitored,
        "subsistence_allowance": pupil.allowance,
        "left_behind_edu": pupil.left_behind,
        "disabled": pupil.disabled,
    }
    return [
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
        sorted(code for code, holds in marks.items() if holds),
    ]


_ROWS = """
SELECT n.blind, n.id, n.sealed, no.blind, s.full_name, s.sex, s.birth_date::text, s.ethnicity_code,
       school.code, e.grade, class.number, e.attendance_mode,
       ARRAY(SELECT type_id FROM students_personcategory c
              WHERE c.student_id = s.id AND c.valid_to IS NULL ORDER BY type_id)
  FROM students_student s
  JOIN students_studentidentifier n
    ON n.student_id = s.id AND n.kind = 'id_number' AND n.valid_to IS NULL
  JOIN students_studentidentifier no
    ON no.student_id = s.id AND no.kind = 'student_no' AND no.valid_to IS NULL
  JOIN students_enrolment e ON e.student_id = s.id AND e.valid_to IS NULL
  JOIN schools_school school ON school.id = e.school_id AND school.id = s.school_id
  JOIN schools_classgroup class
    ON class.id = e.class_group_id AND class.id = s.class_group_id AND s.grade = e.grade
"""
_UNSEALED = 50


def rows(path):
    """Numbers are compared by their blind index, every fiftieth is opened as well."""
    from django.db import connection

    from core import crypto, tenancy
    from students.models import StudentIdentifier

    numbers = {}
    for number, student_no, *_ in _truth(path).values():
        numbers[crypto.blind_index(number)] = number
        numbers[crypto.blind_index(student_no)] = student_no
    found = {}
    with tenancy.inside(roster.COUNTY), connection.cursor() as cursor:
        cursor.execute(_ROWS)
        for order, (blind, key, sealed, no_blind, *rest) in enumerate(cursor.fetchall()):
            number = numbers.get(bytes(blind))
            if order % _UNSEALED == 0:
                number = crypto.unseal(sealed, field=StudentIdentifier.FIELD, row=key)
            found[number] = [number, numbers.get(bytes(no_blind)), *rest]
    return _compared(path, found)


def _compared(path, found):
    wanted = _truth(path)
    different = [[wanted.get(key), row] for key, row in found.items() if wanted.get(key) != row]
    return {"seconds": 0, "rows": len(found), "different": different[:3]}


def _truth(path):
    with open(path, encoding="utf-8") as file:
        return {row[0]: row for row in map(json.loads, file)}
