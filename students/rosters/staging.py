"""Judged rows into a staging table: keys, seals and COPY, some thousand rows at a time.

Search keys and seals cost most of an import, so they are made only for names and numbers the
county does not hold yet: a roster that comes a second time is nearly free.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
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

_KNOWN_NUMBERS = """
SELECT i.kind, i.blind, s.full_name
  FROM students_studentidentifier i JOIN students_student s ON s.id = i.student_id
 WHERE i.county = %s AND i.kind = %s AND i.blind = ANY(%s)
"""
_KNOWN_SECRETS = "SELECT blind FROM students_sealedextra WHERE county = %s AND blind = ANY(%s)"

# COPY's text format: a tab ends a value, a line feed a row, a backslash begins an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
_MAX_NAME, _MAX_NAME_KEY, _MAX_MASK = 100, 200, 40


def stage(rows: Iterable[JudgedRow], *, county: str, progress: Callable[[int], None]) -> None:
    """Fill the temporary table `incoming` of the running transaction."""
    keys = _Keys()
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        remaining, done = iter(rows), 0
        while chunk := list(islice(remaining, CHUNK)):
            entries = [_Entry(row, keys) for row in chunk]
            known = _known(entries, county=county, cursor=cursor)
            lines = io.StringIO("".join([entry.line(known, keys) for entry in entries]))
            cursor.copy_expert(_COPY, lines)
            done += len(chunk)
            progress(done)
        cursor.execute(_ANALYZE)


class _Keys:
    """The means to seal and index, made once for a file."""

    def __init__(self) -> None:
        self.index = crypto.bulk_blind_index()
        self.seal_number = crypto.bulk_seal(field=StudentIdentifier.FIELD)
        self.seal_secret = crypto.bulk_seal(field=SealedExtra.FIELD)


@dataclass(slots=True)
class _Known:
    """Blind index -> the name of the child who has this number; and the sealed extra columns."""

    numbers: dict[bytes, str] = field(default_factory=dict)
    student_nos: dict[bytes, str] = field(default_factory=dict)
    secrets: set[bytes] = field(default_factory=set)


def _known(entries: list["_Entry"], *, county: str, cursor: CursorWrapper) -> _Known:
    kinds = StudentIdentifier.Kind
    cursor.execute(_KNOWN_SECRETS, [county, [e.secret_blind for e in entries if e.secret_blind]])
    secret_blinds = {bytes(blind) for (blind,) in cursor.fetchall()}
    return _Known(
        numbers=_names_by_blind(
            [e.number_blind for e in entries], kind=kinds.ID_NUMBER, county=county, cursor=cursor
        ),
        student_nos=_names_by_blind(
            [e.student_no_blind for e in entries],
            kind=kinds.STUDENT_NO,
            county=county,
            cursor=cursor,
        ),
        secrets=secret_blinds,
    )


def _names_by_blind(
    blinds: list[bytes | None], *, kind: str, county: str, cursor: CursorWrapper
) -> dict[bytes, str]:
    cursor.execute(_KNOWN_NUMBERS, [county, kind, [blind for blind in blinds if blind]])
    return {bytes(blind): name for _, blind, name in cursor.fetchall()}


class _Entry:
    """One row on its way into the table."""

    __slots__ = ("_row", "number_blind", "secret", "secret_blind", "shown", "student_no_blind")

    def __init__(self, row: JudgedRow, keys: _Keys) -> None:
        self._row = row
        self.number_blind: bytes | None = None
        self.student_no_blind: bytes | None = None
        self.secret_blind: bytes | None = None
        said = row.verdict
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

    def line(self, known: _Known, keys: _Keys) -> str:
        said, place = self._row.verdict, f"{self._row.sheet}\t{self._row.row}"
        if isinstance(said, Rejected):
            values = [place, said.reason, _text(said.cell), _text(said.name), *_REJECTED_REST]
        else:
            values = [place, "", "", _text(said.name[:_MAX_NAME]), *self._said(said, known, keys)]
        return "\t".join(values) + "\n"

    def _said(self, said: Said, known: _Known, keys: _Keys) -> tuple[str, ...]:
        return (
            *self._name_keys(said, known),
            _text(said.id_type),
            "t" if said.is_marked else "f",
            *_sealed(said.id_number, self.number_blind, known.numbers, keys),
            *_sealed(said.student_no, self.student_no_blind, known.student_nos, keys),
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
            *self._sealed_secret(known, keys),
        )

    def _name_keys(self, said: Said, known: _Known) -> tuple[str, str]:
        if self.number_blind:
            stored = known.numbers.get(self.number_blind)
        else:
            stored = known.student_nos.get(self.student_no_blind or b"")
        if stored == said.name:
            return "", _NULL
        found = names.search_keys(said.name[:_MAX_NAME])
        return found.pinyin[:_MAX_NAME_KEY], _array(found.tokens)

    def _sealed_secret(self, known: _Known, keys: _Keys) -> tuple[str, str, str, str]:
        if not self.secret_blind:
            return (_NULL, "", _NULL, _NULL)
        columns, text = self.secret
        if self.secret_blind in known.secrets:
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
    number: str, blind: bytes | None, known: dict[bytes, str], keys: _Keys
) -> tuple[str, str, str, str]:
    """Row id, sealed value, blind index and mask."""
    if blind is None:
        return (_NULL, _NULL, _NULL, "")
    if blind in known:
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
