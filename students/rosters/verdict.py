"""One data row: what it says of a child, or the first reason to reject it (contract 3.5-3.7)."""

from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from core import codes, idnumber, names
from core.sheets.text import squeeze
from students.rosters import cells, grades
from students.rosters.facts import FactColumns, extra_columns
from students.rosters.header import Header
from students.rosters.labels import (
    CHECKED_ID_TYPES,
    ID_TYPE_CODES,
    NO_NUMBER_VALUES,
    NO_PAPER_ID_TYPES,
    SEXES,
    Field,
)
from students.rosters.reasons import FIELDS_AT_FAULT, Reason
from students.rosters.schools import KnownSchool, SchoolFault, SchoolFinder

Row = list[str]
Identity = tuple[object, ...]
_NOTHING: frozenset[str] = frozenset()


class Texts(NamedTuple):
    """The cells of the single-valued fields; named as the members of `Field`, in any order."""

    name: str
    id_number: str
    id_type: str
    student_no: str
    sex: str
    birth_date: str
    ethnicity: str
    school_code: str
    school: str
    school_township: str
    stage: str
    grade: str
    class_: str
    grade_and_class: str
    boarding: str
    boarding_mode: str
    no_number: str
    registered: str


_SINGLE_FIELDS = [Field(name.rstrip("_")) for name in Texts._fields]


@dataclass(slots=True)
class Said:
    """What one row says. Empty means: it does not say."""

    name: str = ""
    id_number: str = ""
    id_type: str = ""
    student_no: str = ""
    is_marked: bool = False
    sex: str = ""
    birth_date: date | None = None
    ethnicity: str = ""
    school: KnownSchool | None = None
    grade: int | None = None
    class_number: str = ""
    boarding: str = ""
    added: set[str] | frozenset[str] = _NOTHING
    dropped: set[str] | frozenset[str] = _NOTHING
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        if self.id_number:
            return (1, self.id_number)
        if self.student_no:
            return (2, self.student_no)
        return (3, self.name, self.birth_date)


@dataclass(frozen=True, slots=True)
class Rejected:
    """`cell` is the value at fault as it stood, an ID number masked."""

    reason: Reason
    cell: str
    name: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a roster is read against."""

    schools: SchoolFinder
    school_year: int


class Judge:
    """Reads the data rows of one sheet. `seen` is shared by the sheets of a file."""

    def __init__(
        self, header: Header, *, setting: Setting, date1904: bool, seen: set[Identity]
    ) -> None:
        columns = [header.first(one) for one in _SINGLE_FIELDS]
        # A row is padded with one empty cell at its end: the cell of a column there is not.
        self._texts = itemgetter(*[column.index if column else -1 for column in columns])
        self._labels = {column.field: column.label for column in columns if column}
        self._padding = [""] * (max(column.index for column in header.columns) + 2)
        self._facts = FactColumns(header)
        self._extras = extra_columns(header)
        self._class_tells_grade = header.first(Field.GRADE) is None
        self._setting = setting
        self._date1904 = date1904
        self._seen = seen
        self._steps = (
            self._read_number,
            self._read_name,
            self._read_school,
            self._read_birth_date,
            self._read_sex,
            self._check_seen,
            self._read_grade,
            self._check_identity,
        )

    def judge(self, row: Row) -> Said | Rejected:
        padded = row + (self._padding[len(row) :] or [""])
        texts, said = Texts._make(self._texts(padded)), Said()
        for step in self._steps:
            reason = step(texts, said)
            if reason is not None:
                return _rejected(reason, texts)
        self._seen.add(said.identity)
        self._read_rest(padded, texts, said)
        return said

    # -- steps, in the order of the reasons ----------------------------------------------------

    def _read_number(self, texts: Texts, said: Said) -> Reason | None:
        number = cells.number(texts.id_number)
        said.student_no = cells.number(texts.student_no)
        id_type = cells.blank(texts.id_type)
        if number in NO_NUMBER_VALUES:
            number, said.is_marked = "", True
        if not number:
            said.is_marked = said.is_marked or id_type in NO_PAPER_ID_TYPES or _is_marked(texts)
            return None
        said.id_number = number
        said.id_type = ID_TYPE_CODES.get(id_type, id_type[:2] or "1")
        return self._check_number(number, said) if id_type in CHECKED_ID_TYPES else None

    def _check_number(self, number: str, said: Said) -> Reason | None:
        fault = idnumber.fault_in(number)
        if fault is None:
            said.birth_date = idnumber.birth_date(number)
            said.sex = idnumber.sex(number)
            return None
        return Reason.ID_DAMAGED if cells.is_damaged(number) else Reason(fault)

    def _read_name(self, texts: Texts, said: Said) -> Reason | None:
        said.name = names.normalise(cells.blank(texts.name))
        return None if said.name else Reason.NAME_MISSING

    def _read_school(self, texts: Texts, said: Said) -> Reason | None:
        found = self._setting.schools.find(
            code=texts.school_code, name=texts.school, township=texts.school_township
        )
        if isinstance(found, SchoolFault):
            return Reason(found)
        said.school = found
        return None

    def _read_birth_date(self, texts: Texts, said: Said) -> Reason | None:
        text = cells.blank(texts.birth_date)
        if not text:
            return None
        day = cells.day(text, self._date1904)
        if day is None:
            return Reason.BIRTH_DATE_INVALID
        if said.birth_date not in (None, day):
            return Reason.BIRTH_DATE_CONFLICT
        said.birth_date = day
        return None

    def _read_sex(self, texts: Texts, said: Said) -> Reason | None:
        sex = SEXES.get(texts.sex, "")
        if sex and said.sex and sex != said.sex:
            return Reason.SEX_CONFLICT
        said.sex = said.sex or sex
        return None

    def _check_seen(self, texts: Texts, said: Said) -> Reason | None:
        return Reason.DUPLICATE_IN_FILE if said.identity in self._seen else None

    def _read_grade(self, texts: Texts, said: Said) -> Reason | None:
        placed = grades.placed(
            texts.grade,
            texts.class_,
            texts.grade_and_class,
            stage=texts.stage,
            school_stages=said.school.stages if said.school else (),
            school_year=self._setting.school_year,
            class_tells_grade=self._class_tells_grade,
        )
        said.grade, said.class_number = placed.grade, placed.class_number
        return Reason.GRADE_UNKNOWN if placed.is_unknown else None

    def _check_identity(self, texts: Texts, said: Said) -> Reason | None:
        if said.id_number or said.student_no or said.is_marked:
            return None
        return Reason.NO_IDENTITY

    # -- what cannot reject a row --------------------------------------------------------------

    def _read_rest(self, row: Row, texts: Texts, said: Said) -> None:
        said.ethnicity = codes.ethnicity_code(squeeze(texts.ethnicity)) or ""
        said.boarding = cells.boarding(texts.boarding, is_mode=False) or cells.boarding(
            texts.boarding_mode, is_mode=True
        )
        facts = self._facts.read(row)
        said.added, said.dropped = facts.added, facts.dropped
        said.extra = {label: text for index, label in self._extras if (text := row[index])}
        said.extra |= facts.extra
        # Values the lists do not know are no error, but not lost.
        if texts.ethnicity and not said.ethnicity:
            self._keep(Field.ETHNICITY, texts.ethnicity, said)
        if texts.sex and not said.sex:
            self._keep(Field.SEX, texts.sex, said)

    def _keep(self, of: Field, text: str, said: Said) -> None:
        if cells.blank(text):
            said.extra[self._labels[of]] = text


def _is_marked(texts: Texts) -> bool:
    return cells.says_yes(texts.no_number) is True or cells.says_yes(texts.registered) is False


def _rejected(reason: Reason, texts: Texts) -> Rejected:
    by_field = dict(zip(_SINGLE_FIELDS, texts, strict=True))
    fields = FIELDS_AT_FAULT[reason]
    text = next((by_field[one] for one in fields if by_field[one]), "")
    if Field.ID_NUMBER in fields:
        text = idnumber.mask(cells.number(text))
    return Rejected(reason, text[:200], names.normalise(texts.name)[:100])
