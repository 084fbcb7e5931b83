"""Judged rows into a staging table: keys, seals and COPY, some thousand rows at a time.

Search keys and seals cost most of an import, so they are made only for names and numbers the
county does not hold yet: a roster that comes a second time is nearly free. A chunk goes through
three hands: this thread reads and judges, one asks the database what is new and the sealer to
seal it, one takes the seals and copies. None waits for another chunk's step.
"""

import io
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Lock

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from core import crypto, idnumber
from students.models import SealedExtra, StudentIdentifier
from students.rosters import secrets
from students.rosters.reading import JudgedRow
from students.rosters.sealer import Made, Sealer, Wanted, sealer
from students.rosters.verdict import Rejected, Said

CHUNK = 2_000
_IN_FLIGHT = 1
_STAGED = (
    "sheet_no row_no reason reason_cell full_name name_key name_tokens id_type is_marked"
    " number_id number_sealed number_blind number_mask"
    " student_no_id student_no_sealed student_no_blind student_no_mask"
    " sex birth_date ethnicity_code school_id grade class_number attendance_mode"
    " added dropped extra secret_id secret_columns secret_blind secret_sealed"
)
STAGED = _STAGED.split()

_TABLE = f"""
DROP TABLE IF EXISTS pg_temp.incoming;
CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
SELECT {", ".join(STAGED)} FROM students_rosterrow LIMIT 0
"""
_COPY = f"COPY incoming ({', '.join(STAGED)}) FROM STDIN"

# Only what the statement that reads it joins and sorts by.
_ANALYZE = "ANALYZE incoming (sheet_no, row_no, reason, number_blind, student_no_blind)"

# Which of the numbers asked for the county does not know, or knows under another name. LATERAL
# with LIMIT keeps to the unique index even while the planner's figures are old.
_STRANGERS = """
SELECT asked.at - 1, known.name IS NULL
  FROM unnest(%s::bytea[], %s::text[]) WITH ORDINALITY asked (blind, name, at)
  LEFT JOIN LATERAL (
      SELECT s.full_name AS name
        FROM students_studentidentifier i JOIN students_student s ON s.id = i.student_id
       WHERE i.county = %s AND i.kind = %s AND i.blind = asked.blind LIMIT 1
  ) known ON true
 WHERE known.name IS DISTINCT FROM asked.name
"""
_NEW_SECRETS = """
SELECT asked.at - 1 FROM unnest(%s::bytea[]) WITH ORDINALITY asked (blind, at)
 WHERE (SELECT x.blind FROM students_sealedextra x
         WHERE x.county = %s AND x.blind = asked.blind LIMIT 1) IS NULL
"""

# COPY's text format: a tab ends a value, a line feed a row, a backslash begins an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
_MAX_NAME, _MAX_MASK = 100, 40


def stage(rows: Iterable[JudgedRow], *, county: str, progress: Callable[[int], None]) -> None:
    """Fill the temporary table `incoming` of the running transaction."""
    fields = {"number_field": StudentIdentifier.FIELD, "secret_field": SealedExtra.FIELD}
    with connection.cursor() as cursor, sealer(**fields) as sealing:
        cursor.execute(_TABLE)
        with ThreadPoolExecutor(1) as asking, ThreadPoolExecutor(1) as copying:
            line = _Line(county, cursor, sealing)
            remaining, done = iter(rows), 0
            underway: deque[Future[None]] = deque()
            while chunk := list(islice(remaining, CHUNK)):
                asked = asking.submit(line.ask, chunk)
                underway.append(copying.submit(line.copy, asked))
                if len(underway) > _IN_FLIGHT:
                    underway.popleft().result()
                done += len(chunk)
                progress(done)
            for copied in underway:
                copied.result()
        cursor.execute(_ANALYZE)


class _Line:
    """The two hands that work beside the reading thread."""

    def __init__(self, county: str, cursor: CursorWrapper, sealing: Sealer) -> None:
        self._county = county
        self._cursor = cursor
        self._sealing = sealing
        self._index = crypto.bulk_blind_index()
        # A connection does one thing at a time.
        self._database = Lock()

    def ask(self, chunk: list[JudgedRow]) -> "_Asked":
        entries = [_Entry(row, self._index) for row in chunk]
        with self._database:
            strangers = _strangers(entries, county=self._county, cursor=self._cursor)
        wanted = Wanted([], [], [])
        for entry in entries:
            entry.want(wanted, strangers)
        self._sealing.ask(wanted)
        return _Asked(entries, strangers)

    def copy(self, asking: "Future[_Asked]") -> None:
        asked = asking.result()
        made = self._sealing.answer()
        lines = "".join([entry.line(asked.strangers, made) for entry in asked.entries])
        with self._database:
            self._cursor.copy_expert(_COPY, io.StringIO(lines))


@dataclass(slots=True)
class _Strangers:
    """What the county does not hold yet, by blind index."""

    numbers: set[bytes]
    student_nos: set[bytes]
    # Numbers that stand with another name there, or not at all.
    other_names: set[bytes]
    secrets: set[bytes]


@dataclass(slots=True)
class _Asked:
    entries: list["_Entry"]
    strangers: _Strangers


def _strangers(entries: list["_Entry"], *, county: str, cursor: CursorWrapper) -> _Strangers:
    kinds = StudentIdentifier.Kind
    numbers = [(e.number_blind, e.name) for e in entries if e.number_blind]
    student_nos = [(e.student_no_blind, e.name) for e in entries if e.student_no_blind]
    of_numbers = _numbers_of_strangers(numbers, kind=kinds.ID_NUMBER, county=county, cursor=cursor)
    of_student_nos = _numbers_of_strangers(
        student_nos, kind=kinds.STUDENT_NO, county=county, cursor=cursor
    )
    secrets_asked = [e.secret_blind for e in entries if e.secret_blind]
    cursor.execute(_NEW_SECRETS, [_bytea_array(secrets_asked), county])
    return _Strangers(
        numbers={blind for blind, is_new in of_numbers if is_new},
        student_nos={blind for blind, is_new in of_student_nos if is_new},
        other_names={blind for blind, _ in (*of_numbers, *of_student_nos)},
        secrets={secrets_asked[at] for (at,) in cursor.fetchall()},
    )


def _numbers_of_strangers(
    asked: list[tuple[bytes, str]], *, kind: str, county: str, cursor: CursorWrapper
) -> list[tuple[bytes, bool]]:
    blinds = _bytea_array([blind for blind, _ in asked])
    cursor.execute(_STRANGERS, [blinds, [name for _, name in asked], county, kind])
    return [(asked[at][0], is_new) for at, is_new in cursor.fetchall()]


def _bytea_array(values: list[bytes]) -> str:
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


class _Entry:
    """One row on its way into the table."""

    __slots__ = (
        *("_row", "name", "number_blind", "student_no_blind"),
        *("shown", "secret", "secret_blind"),
    )

    def __init__(self, row: JudgedRow, index: Callable[[str], bytes]) -> None:
        self._row = row
        self.number_blind: bytes | None = None
        self.student_no_blind: bytes | None = None
        self.secret_blind: bytes | None = None
        said = row.verdict
        self.name = said.name[:_MAX_NAME]
        if isinstance(said, Rejected):
            return
        if said.id_number:
            self.number_blind = index(said.id_number)
        if said.student_no:
            self.student_no_blind = index(said.student_no)
        self.shown, secret = secrets.open_part(said.extra)
        if secret:
            # Brothers share a phone: whose it is belongs to what is compared.
            self.secret = (secrets.columns_digest(tuple(secret)), secrets.packed(secret))
            self.secret_blind = index("|".join([*map(str, said.identity), self.secret[1]]))

    def want(self, wanted: Wanted, strangers: _Strangers) -> None:
        """What `line` will take, in the same order."""
        said = self._row.verdict
        if isinstance(said, Rejected):
            return
        if self._is_unknown_name(strangers):
            wanted.names.append(self.name)
        if self.number_blind in strangers.numbers:
            wanted.numbers.append(said.id_number)
        if self.student_no_blind in strangers.student_nos:
            wanted.numbers.append(said.student_no)
        if self.secret_blind in strangers.secrets:
            wanted.secrets.append(self.secret[1])

    def line(self, strangers: _Strangers, made: Made) -> str:
        said, place = self._row.verdict, f"{self._row.sheet}\t{self._row.row}"
        if isinstance(said, Rejected):
            values = [place, said.reason, _text(said.cell), _text(self.name), *_REJECTED_REST]
        else:
            values = [place, "", "", _text(self.name), *self._said(said, strangers, made)]
        return "\t".join(values) + "\n"

    def _said(self, said: Said, strangers: _Strangers, made: Made) -> tuple[str, ...]:
        return (
            *(_name_keys(made) if self._is_unknown_name(strangers) else _NO_NAME_KEYS),
            _text(said.id_type),
            "t" if said.is_marked else "f",
            *_sealed(said.id_number, self.number_blind, strangers.numbers, made),
            *_sealed(said.student_no, self.student_no_blind, strangers.student_nos, made),
            said.sex,
            said.birth_date.isoformat() if said.birth_date else _NULL,
            said.ethnicity,
            str(said.school.id) if said.school else _NULL,
            str(said.grade) if said.grade else _NULL,
            _text(said.class_number),
            said.boarding,
            _array(said.added),
            _array(said.dropped),
            _text(orjson.dumps(self.shown).decode()) if self.shown else "{}",
            *self._sealed_secret(strangers, made),
        )

    def _is_unknown_name(self, strangers: _Strangers) -> bool:
        blind = self.number_blind or self.student_no_blind
        return blind is None or blind in strangers.other_names

    def _sealed_secret(self, strangers: _Strangers, made: Made) -> tuple[str, str, str, str]:
        if not self.secret_blind:
            return (_NULL, "", _NULL, _NULL)
        columns = self.secret[0]
        if self.secret_blind not in strangers.secrets:
            return (_NULL, columns, _bytes(self.secret_blind), _NULL)
        row, sealed = next(made.secrets)
        return (row, columns, _bytes(self.secret_blind), f"\\\\x{sealed}")


_NO_NAME_KEYS = ("", _NULL)


def _name_keys(made: Made) -> tuple[str, str]:
    pinyin, tokens = next(made.names)
    return pinyin, _array(tokens)


_REJECTED_REST = (
    *("", _NULL, "", "f"),
    *(_NULL, _NULL, _NULL, ""),
    *(_NULL, _NULL, _NULL, ""),
    *("", _NULL, "", _NULL, _NULL, "", ""),
    *("{}", "{}", "{}"),
    *(_NULL, "", _NULL, _NULL),
)


def _sealed(
    number: str, blind: bytes | None, strangers: set[bytes], made: Made
) -> tuple[str, str, str, str]:
    """Row id, sealed value, blind index and mask."""
    if blind is None:
        return (_NULL, _NULL, _NULL, "")
    if blind not in strangers:
        return (_NULL, _NULL, _bytes(blind), "")
    row, sealed = next(made.numbers)
    mask = _text(idnumber.mask(number)[:_MAX_MASK])
    return (row, f"\\\\x{sealed}", _bytes(blind), mask)


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _array(values: Iterable[str]) -> str:
    """Codes and search pieces only: letters, digits, ~ and Chinese characters need no quotes."""
    return f"{{{','.join(values)}}}"
