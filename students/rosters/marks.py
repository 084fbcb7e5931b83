"""Which cell of a row is not right, and the row's cells kept for the page that shows it.

Every rejected row gets a mark, and every row that holds a value nobody can read in a column that
rejects nothing (男性 in the column of the sex). The cells of a row name a child: they are sealed.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO

import orjson
from django.db import connection

from core import crypto, idnumber
from students.models import ImportBatch, RosterMark
from students.rosters import cells, secrets
from students.rosters.labels import SEXES, Field
from students.rosters.reading import JudgedRow, Roster
from students.rosters.reasons import FIELDS_AT_FAULT, REMEDIES, TITLES, Reason
from students.rosters.verdict import Rejected


class Note(StrEnum):
    """What rejects no row, and is kept as an extra column."""

    SEX_UNREAD = "sex_unread"
    ETHNICITY_UNREAD = "ethnicity_unread"


_UNREAD = {Field.SEX: Note.SEX_UNREAD, Field.ETHNICITY: Note.ETHNICITY_UNREAD}
_TITLES = {Note.SEX_UNREAD: "性别看不出是男是女", Note.ETHNICITY_UNREAD: "民族名称无法识别"}
_REMEDIES = {
    Note.SEX_UNREAD: "不影响导入：有身份证号的按证件号定性别，没有的照原样另存。请写“男”或“女”。",
    Note.ETHNICITY_UNREAD: "不影响导入：这一格照原样另存。请写民族名称，如“汉族”“藏族”。",
}
# Fields that may be at fault where `FIELDS_AT_FAULT` names none: nothing stands in their cell.
_MISSING = {
    Reason.NAME_MISSING: (Field.NAME,),
    Reason.NO_IDENTITY: (Field.ID_NUMBER, Field.STUDENT_NO),
}
_NUMBER = "18位，末位是数字或X"
EXPECTED: dict[str, str] = {
    Field.ID_NUMBER: _NUMBER,
    Field.STUDENT_NO: "G、J或L加18位，如户口簿、学籍系统所载",
    Field.NAME: "与户口簿一致的姓名",
    Field.SCHOOL: "学校表中的学校全称",
    Field.SCHOOL_CODE: "10位学校标识码",
    Field.BIRTH_DATE: "2013-08-31的样子",
    Field.SEX: "男 或 女",
    Field.ETHNICITY: "民族名称，如汉族",
    Field.GRADE: "三年级、初二或2025级",
    Field.GRADE_AND_CLASS: "三年级2班的样子",
}
_SECRET_FIELDS = (Field.ID_NUMBER, Field.STUDENT_NO)
# 6.29900E+17: what Excel left of a number says nothing about a child.
_ROUNDED = re.compile(r"\d(?:\.\d{0,7})?E\+?\d+").fullmatch
_MAX_SEEN = 200
_NOWHERE = 1 << 30  # beyond the last cell of any row
_IN_MEMORY = 4 << 20

_COLUMNS = 'id, county, batch_id, sheet_no, row_no, code, field, "column", seen, seen_blind, sealed'
# Behind the wall nothing can be copied into the table itself.
_ASIDE = f"""
DROP TABLE IF EXISTS pg_temp.marked;
CREATE TEMPORARY TABLE marked ON COMMIT DROP AS
SELECT {_COLUMNS} FROM students_rostermark LIMIT 0
"""
_COPY = f"COPY marked ({_COLUMNS}) FROM STDIN"
_KEEP = f"INSERT INTO students_rostermark ({_COLUMNS}) SELECT {_COLUMNS} FROM marked"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# A second row of one child under two numbers is found by the database, after the reading.
_UNMARKED = """
SELECT r.sheet_no, r.row_no FROM students_rosterrow r
 WHERE r.batch_id = %(batch)s AND r.verdict = 'rejected' AND NOT EXISTS (
     SELECT FROM students_rostermark m WHERE m.batch_id = r.batch_id
        AND m.sheet_no = r.sheet_no AND m.row_no = r.row_no)
"""


def title(code: str) -> str:
    return _TITLES[Note(code)] if code in _TITLES else TITLES[Reason(code)]


def remedy(code: str) -> str:
    return _REMEDIES[Note(code)] if code in _REMEDIES else REMEDIES[Reason(code)]


def shown(field: str, text: str) -> str:
    """A cell as it may be shown: numbers, phones and accounts masked."""
    if field in _SECRET_FIELDS:
        number = cells.number(text)
        return number if _ROUNDED(number) else idnumber.mask(number) if number else text
    open_text, _ = secrets.open_part({"": text})
    return open_text[""]


def spool() -> IO[str]:
    """Where marks wait for the end of the reading: small ones in memory, many on disk, sealed."""
    return SpooledTemporaryFile(_IN_MEMORY, mode="w+", encoding="utf-8")


class Marks:
    """Gathers the marks of a batch while its rows go by, and writes them after."""

    def __init__(self, batch: ImportBatch, roster: Roster, *, file: IO[str]) -> None:
        self._batch = batch
        self._roster = roster
        self._seal = crypto.bulk_seal(field=RosterMark.FIELD)
        self._index = crypto.bulk_blind_index()
        self._file = file
        self._sheets: list[_SheetMarks] = []
        self.rejected = 0

    def watch(self) -> Iterator[JudgedRow]:
        """The rows of the roster, unchanged."""
        sheet = -1
        for row in self._roster.rows():
            if row.sheet != sheet:
                sheet, code_of = row.sheet, self._of(row.sheet).code
            if code := code_of(row):
                self._keep(row, code)
            yield row

    def late(self) -> set[tuple[int, int]]:
        """Sheets and rows that were rejected after the reading."""
        with connection.cursor() as cursor:
            cursor.execute(_UNMARKED, {"batch": self._batch.pk})
            return set(cursor.fetchall())

    def write_late(self, wanted: set[tuple[int, int]]) -> None:
        """From the file read once more."""
        for row in self._roster.rows():
            if (row.sheet, row.row) in wanted:
                self._keep(row, Reason.DUPLICATE_IN_FILE)
        self.write()

    def write(self) -> None:
        self._file.seek(0)
        with connection.cursor() as cursor:
            cursor.execute(_ASIDE)
            cursor.copy_expert(_COPY, self._file)
            cursor.execute(_KEEP)
        self._file.seek(0)
        self._file.truncate()

    def _of(self, sheet: int) -> "_SheetMarks":
        while len(self._sheets) <= sheet:
            self._sheets.append(_SheetMarks(self._roster, len(self._sheets)))
        return self._sheets[sheet]

    def _keep(self, row: JudgedRow, code: str) -> None:
        self.rejected += isinstance(row.verdict, Rejected)
        column = self._of(row.sheet).at_fault(code, row.values)
        index, field = column if column else (None, "")
        text = _cell(row.values, index)
        row_id, sealed = self._seal(orjson.dumps(row.values).decode())
        values = (
            *(row_id.hex, self._batch.county, str(self._batch.pk)),
            *(str(row.sheet), str(row.row), str(code), str(field)),
            "\\N" if index is None else str(index),
            shown(field, text)[:_MAX_SEEN].translate(_ESCAPES),
            f"\\\\x{self._index(text).hex()}",
            f"\\\\x{sealed.hex()}",
        )
        self._file.write("\t".join(values) + "\n")


class _SheetMarks:
    """What the header of one sheet says about where a fault stands."""

    def __init__(self, roster: Roster, number: int) -> None:
        header = roster.sheets[number].header
        self._header = header
        sex, ethnicity = header.first(Field.SEX), header.first(Field.ETHNICITY)
        self._sex = sex.index if sex else _NOWHERE
        self._ethnicity = ethnicity.index if ethnicity else _NOWHERE

    def code(self, row: JudgedRow) -> str:
        """Asked for every row of a file: without a call where nothing is wrong."""
        said, values = row.verdict, row.values
        if isinstance(said, Rejected):
            return said.reason
        if self._sex < len(values):
            text = values[self._sex]
            if text and text not in SEXES and cells.blank(text):
                return Note.SEX_UNREAD
        if not said.ethnicity and self._ethnicity < len(values):
            return Note.ETHNICITY_UNREAD if cells.blank(values[self._ethnicity]) else ""
        return ""

    def at_fault(self, code: str, values: list[str]) -> tuple[int, Field] | None:
        """The first of the fields that is filled, else the first the sheet has a column for."""
        columns = [c for field in _fields(code) if (c := self._header.first(field))]
        filled = [c for c in columns if _cell(values, c.index)]
        found = next(iter(filled or columns), None)
        return (found.index, found.field) if found and found.field else None


def _fields(code: str) -> tuple[Field, ...]:
    for field, note in _UNREAD.items():
        if code == note:
            return (field,)
    return FIELDS_AT_FAULT[Reason(code)] or _MISSING[Reason(code)]


def _cell(values: list[str], index: int | None) -> str:
    return values[index] if index is not None and index < len(values) else ""
