"""Read entries into the table of the list: keys, seals and COPY, some thousand rows at a time."""

import io
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from core import crypto, idnumber, names
from students.lists.reading import ReadRow
from students.models import OfficeList, StudentIdentifier
from students.rosters import secrets

CHUNK = 4_000
_NAMES = (
    "sheet_no row_no verdict reason reason_cell full_name name_key id_type"
    " number_id number_sealed number_blind number_mask student_no_blind sex birth_date"
    " ethnicity_code school_id school_text grade household_no head_name relation guardian_name"
    " categories disability_type disability_level has_card parents extra"
)
_COLUMNS = _NAMES.split()
# COPY does not go through row security, so the rows take the way over a temporary table.
_TABLE = f"""
DROP TABLE IF EXISTS pg_temp.incoming_entries;
CREATE TEMPORARY TABLE incoming_entries ON COMMIT DROP AS
SELECT {", ".join(_COLUMNS)} FROM students_listentry LIMIT 0
"""
_COPY = f"COPY incoming_entries ({', '.join(_COLUMNS)}) FROM STDIN"
_KEEP = f"""
INSERT INTO students_listentry (county, office_list_id, matched_by, {", ".join(_COLUMNS)})
SELECT %(county)s, %(list)s, '', {", ".join(_COLUMNS)} FROM incoming_entries
 ORDER BY sheet_no, row_no
"""
_KNOWN = """
SELECT blind FROM students_studentidentifier
 WHERE county = %s AND kind = 'id_number' AND blind = ANY(%s)
"""
# COPY's text format: a tab ends a value, a line feed a row, a backslash begins an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


def stage(
    rows: Iterable[ReadRow], *, office_list: OfficeList, progress: Callable[[int], None]
) -> None:
    """Fill the entries of a list within the running transaction."""
    index = crypto.bulk_blind_index()
    seal = crypto.bulk_seal(field=StudentIdentifier.FIELD)
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        remaining, done = iter(rows), 0
        while chunk := list(islice(remaining, CHUNK)):
            blinds = [index(r.entry.id_number) if r.entry.id_number else None for r in chunk]
            known = _known(blinds, county=office_list.county, cursor=cursor)
            lines = _lines(chunk, blinds, known, index=index, seal=seal)
            cursor.copy_expert(_COPY, io.StringIO("".join(lines)))
            done += len(chunk)
            progress(done)
        cursor.execute(_KEEP, {"county": office_list.county, "list": office_list.pk})


def _known(blinds: list[bytes | None], *, county: str, cursor: CursorWrapper) -> set[bytes]:
    cursor.execute(_KNOWN, [county, [blind for blind in blinds if blind]])
    return {bytes(blind) for (blind,) in cursor.fetchall()}


def _lines(
    chunk: list[ReadRow],
    blinds: list[bytes | None],
    known: set[bytes],
    *,
    index: Callable[[str], bytes],
    seal: Callable[[str], tuple[object, bytes]],
) -> Iterator[str]:
    for row, blind in zip(chunk, blinds, strict=True):
        entry = row.entry
        # What the county holds already is not sealed twice.
        row_id, sealed = seal(entry.id_number) if blind and blind not in known else (None, None)
        shown, _ = secrets.open_part(entry.extra)
        number = entry.student_no
        values = (
            str(row.sheet),
            str(row.row),
            str(entry.verdict),
            str(entry.reason),
            _text(entry.cell),
            _text(entry.name),
            _text(_key(entry.name)),
            _text(entry.id_type),
            str(row_id) if row_id else _NULL,
            _bytes(sealed),
            _bytes(blind),
            idnumber.mask(entry.id_number)[:40] if blind else "",
            _bytes(index(number) if number else None),
            entry.sex,
            entry.birth_date.isoformat() if entry.birth_date else _NULL,
            entry.ethnicity,
            str(entry.school.id) if entry.school else _NULL,
            _text(entry.school_text),
            str(entry.grade) if entry.grade else _NULL,
            _text(entry.household_no),
            _text(entry.head_name),
            _text(entry.relation),
            _text(entry.guardian_name),
            f"{{{','.join(entry.categories)}}}",
            entry.disability_type,
            str(entry.disability_level) if entry.disability_level else _NULL,
            "t" if entry.has_card else "f",
            str(entry.parents),
            _text(orjson.dumps(shown).decode()),
        )
        yield "\t".join(values) + "\n"


@lru_cache(maxsize=1 << 15)
def _key(name: str) -> str:
    return names.search_keys(name).pinyin[:200] if name else ""


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _bytes(value: bytes | None) -> str:
    return _NULL if value is None else f"\\\\x{value.hex()}"
