"""Judged rows into a staging table: keys, seals and COPY, some thousand rows at a time.

Search keys and seals cost most of an import, so they are made only for names and numbers the
county does not hold yet: a roster that comes a second time is nearly free.
"""

import io
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from core import crypto, idnumber, names
from students.models import SealedExtra, StudentIdentifier
from students.rosters import secrets
from students.rosters.reading import JudgedRow
from students.rosters.verdict import Rejected, Said

CHUNK = 4_000
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
_MAX_NAME, _MAX_NAME_KEY, _MAX_MASK = 100, 200, 40


def stage(rows: Iterable[JudgedRow], *, county: str, progress: Callable[[int], None]) -> None:
    """Fill the temporary table `incoming` of the running transaction."""
    keys = _Keys()
    with connection.cursor() as cursor, ThreadPoolExecutor(1) as helper:
        cursor.execute(_TABLE)
        remaining, done = iter(rows), 0
        copied: Future[None] | None = None
        # While the database answers for one chunk, the next one is read and judged.
        while chunk := list(islice(remaining, CHUNK)):
            if copied:
                copied.result()
            copied = helper.submit(_copy, chunk, keys, county=county, cursor=cursor)
            done += len(chunk)
            progress(done)
        if copied:
            copied.result()
        cursor.execute(_ANALYZE)


def _copy(chunk: list[JudgedRow], keys: "_Keys", *, county: str, cursor: CursorWrapper) -> None:
    entries = [_Entry(row, keys) for row in chunk]
    strangers = _strangers(entries, county=county, cursor=cursor)
    lines = io.StringIO("".join([entry.line(strangers, keys) for entry in entries]))
    cursor.copy_expert(_COPY, lines)


class _Keys:
    """The means to seal and index, made once for a file."""

    def __init__(self) -> None:
        self.index = crypto.bulk_blind_index()
        self.seal_number = crypto.bulk_seal(field=StudentIdentifier.FIELD)
        self.seal_secret = crypto.bulk_seal(field=SealedExtra.FIELD)


@dataclass(slots=True)
class _Strangers:
    """What the county does not hold yet, by blind index."""

    numbers: set[bytes]
    student_nos: set[bytes]
    # Numbers that stand with another name there, or not at all.
    other_names: set[bytes]
    secrets: set[bytes]


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

    def __init__(self, row: JudgedRow, keys: _Keys) -> None:
        self._row = row
        self.number_blind: bytes | None = None
        self.student_no_blind: bytes | None = None
        self.secret_blind: bytes | None = None
        said = row.verdict
        self.name = said.name[:_MAX_NAME]
        if isinstance(said, Rejected):
            return
        if said.id_number:
            self.number_blind = keys.index(said.id_number)
        if said.student_no:
            self.student_no_blind = keys.index(said.student_no)
        self.shown, secret = secrets.open_part(said.extra)
        if secret:
            # Brothers share a phone: whose it is belongs to what is compared.
            self.secret = (secrets.columns_digest(tuple(secret)), secrets.packed(secret))
            self.secret_blind = keys.index("|".join([*map(str, said.identity), self.secret[1]]))

    def line(self, strangers: _Strangers, keys: _Keys) -> str:
        said, place = self._row.verdict, f"{self._row.sheet}\t{self._row.row}"
        if isinstance(said, Rejected):
            values = [place, said.reason, _text(said.cell), _text(self.name), *_REJECTED_REST]
        else:
            values = [place, "", "", _text(self.name), *self._said(said, strangers, keys)]
        return "\t".join(values) + "\n"

    def _said(self, said: Said, strangers: _Strangers, keys: _Keys) -> tuple[str, ...]:
        return (
            *self._name_keys(strangers),
            _text(said.id_type),
            "t" if said.is_marked else "f",
            *_sealed(said.id_number, self.number_blind, strangers.numbers, keys),
            *_sealed(said.student_no, self.student_no_blind, strangers.student_nos, keys),
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
            *self._sealed_secret(strangers, keys),
        )

    def _name_keys(self, strangers: _Strangers) -> tuple[str, str]:
        blind = self.number_blind or self.student_no_blind
        if blind and blind not in strangers.other_names:
            return "", _NULL
        found = names.search_keys(self.name)
        return found.pinyin[:_MAX_NAME_KEY], _array(found.tokens)

    def _sealed_secret(self, strangers: _Strangers, keys: _Keys) -> tuple[str, str, str, str]:
        if not self.secret_blind:
            return (_NULL, "", _NULL, _NULL)
        columns, text = self.secret
        if self.secret_blind not in strangers.secrets:
            return (_NULL, columns, _bytes(self.secret_blind), _NULL)
        row, sealed = keys.seal_secret(text)
        return (row.hex, columns, _bytes(self.secret_blind), _bytes(sealed))


_REJECTED_REST = (
    *("", _NULL, "", "f"),
    *(_NULL, _NULL, _NULL, ""),
    *(_NULL, _NULL, _NULL, ""),
    *("", _NULL, "", _NULL, _NULL, "", ""),
    *("{}", "{}", "{}"),
    *(_NULL, "", _NULL, _NULL),
)


def _sealed(
    number: str, blind: bytes | None, strangers: set[bytes], keys: _Keys
) -> tuple[str, str, str, str]:
    """Row id, sealed value, blind index and mask."""
    if blind is None:
        return (_NULL, _NULL, _NULL, "")
    if blind not in strangers:
        return (_NULL, _NULL, _bytes(blind), "")
    row, sealed = keys.seal_number(number)
    return (row.hex, _bytes(sealed), _bytes(blind), _text(idnumber.mask(number)[:_MAX_MASK]))


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _array(values: Iterable[str]) -> str:
    """Codes and search pieces only: letters, digits, ~ and Chinese characters need no quotes."""
    return f"{{{','.join(values)}}}"
