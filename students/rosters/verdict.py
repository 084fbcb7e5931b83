"""One data row: what it says of a child, or the first reason to reject it (contract 3.5-3.7)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from core import codes, idnumber, names
from core.sheets.text import squeeze
from students.rosters import cells, grades
from students.rosters.header import Column, Header
from students.rosters.labels import (
    CHECKED_ID_TYPES,
    DISABLED,
    ID_TYPE_CODES,
    LEFT_BEHIND_NO,
    LEFT_BEHIND_YES,
    NO_NUMBER_VALUES,
    NO_PAPER_ID_TYPES,
    RUNNING_NUMBER,
    SEXES,
    Field,
)
from students.rosters.schools import KnownSchool, SchoolFault, SchoolFinder

Row = list[str]


class Reason(StrEnum):
    """Contract 3.7, in its order: a row with several faults gets the first."""

    ID_DAMAGED = "id_damaged"
    ID_FORMAT = "id_format"
    ID_CHECKSUM = "id_checksum"
    ID_DATE = "id_date"
    NAME_MISSING = "name_missing"
    SCHOOL_UNKNOWN = "school_unknown"
    SCHOOL_AMBIGUOUS = "school_ambiguous"
    BIRTH_DATE_INVALID = "birth_date_invalid"
    BIRTH_DATE_CONFLICT = "birth_date_conflict"
    SEX_CONFLICT = "sex_conflict"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    GRADE_UNKNOWN = "grade_unknown"
    NO_IDENTITY = "no_identity"


TITLES: dict[Reason, str] = {
    Reason.ID_DAMAGED: "身份证号已损坏",
    Reason.ID_FORMAT: "身份证号不是18位",
    Reason.ID_CHECKSUM: "身份证号校验位不符",
    Reason.ID_DATE: "身份证号中无此日期",
    Reason.NAME_MISSING: "缺少姓名",
    Reason.SCHOOL_UNKNOWN: "学校不在学校表中",
    Reason.SCHOOL_AMBIGUOUS: "学校名称对应多所",
    Reason.BIRTH_DATE_INVALID: "出生日期无法识别",
    Reason.BIRTH_DATE_CONFLICT: "出生日期与证件号不符",
    Reason.SEX_CONFLICT: "性别与证件号不符",
    Reason.DUPLICATE_IN_FILE: "本文件内重复",
    Reason.GRADE_UNKNOWN: "年级无法识别",
    Reason.NO_IDENTITY: "没有身份证号和学籍号",
}
REMEDIES: dict[Reason, str] = {
    Reason.ID_DAMAGED: "身份证号已被表格软件改成数字，末几位丢失，无法恢复。"
    "请把该栏设为“文本”格式，按户口簿重新录入完整的18位号码。",
    Reason.ID_FORMAT: "身份证号应为18位（末位可以是X）。"
    "请按户口簿核对后改正；学籍号请填在学籍号栏。",
    Reason.ID_CHECKSUM: "身份证号最后一位与前17位对不上，有数字录错。请按户口簿核对后改正。",
    Reason.ID_DATE: "身份证号里的出生日期不存在。请按户口簿核对后改正。",
    Reason.NAME_MISSING: "没有姓名。请补上姓名。",
    Reason.SCHOOL_UNKNOWN: "本县学校表里没有这所学校。请写学校全称或学校标识码；"
    "新设学校请先在学校表中登记。",
    Reason.SCHOOL_AMBIGUOUS: "有几所学校都叫这个名称。请写学校标识码，或加一栏“所在乡镇”。",
    Reason.BIRTH_DATE_INVALID: "出生日期不是一个真实的日期。请写成2013-08-31的样子。",
    Reason.BIRTH_DATE_CONFLICT: "出生日期与身份证号里的不一致。请按户口簿核对后改正其中一项。",
    Reason.SEX_CONFLICT: "性别与身份证号不一致（第17位单数为男、双数为女）。请核对后改正其中一项。",
    Reason.DUPLICATE_IN_FILE: "本文件前面已有同一名学生。请删去重复的一行，只留正确的。",
    Reason.GRADE_UNKNOWN: "看不出是几年级。请写成“三年级”“初二”或“2025级”；"
    "九年一贯制学校写入学年份时请加“学段”一栏。",
    Reason.NO_IDENTITY: "没有身份证号也没有学籍号。请补上其中一个；"
    "确无户口的，请在“无户口学生”一栏填“是”。",
}


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
    added: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[object, ...]:
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
        self,
        header: Header,
        *,
        setting: Setting,
        date1904: bool,
        seen: set[tuple[object, ...]],
    ) -> None:
        self._at = {f: c.index for f in Field if (c := header.first(f)) is not None}
        self._label = {f: c.label for f in Field if (c := header.first(f)) is not None}
        self._width = max(column.index for column in header.columns) + 1
        self._facts = _fact_readers(header)
        self._extras = _extra_columns(header)
        self._class_tells_grade = Field.GRADE not in self._at
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
        if len(row) < self._width:
            row = row + [""] * (self._width - len(row))
        said = Said()
        for step in self._steps:
            reason = step(row, said)
            if reason is not None:
                return self._rejected(reason, row)
        self._seen.add(said.identity)
        self._read_rest(row, said)
        return said

    def _text(self, row: Row, field_: Field) -> str:
        index = self._at.get(field_)
        return "" if index is None else row[index]

    # -- steps, in the order of the reasons ----------------------------------------------------

    def _read_number(self, row: Row, said: Said) -> Reason | None:
        number = cells.number(self._text(row, Field.ID_NUMBER))
        said.student_no = cells.number(self._text(row, Field.STUDENT_NO))
        id_type = cells.blank(self._text(row, Field.ID_TYPE))
        if number in NO_NUMBER_VALUES:
            number, said.is_marked = "", True
        if not number:
            said.is_marked = said.is_marked or id_type in NO_PAPER_ID_TYPES or self._marked(row)
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

    def _marked(self, row: Row) -> bool:
        return (
            cells.says_yes(self._text(row, Field.NO_NUMBER)) is True
            or cells.says_yes(self._text(row, Field.REGISTERED)) is False
        )

    def _read_name(self, row: Row, said: Said) -> Reason | None:
        said.name = names.normalise(cells.blank(self._text(row, Field.NAME)))
        return None if said.name else Reason.NAME_MISSING

    def _read_school(self, row: Row, said: Said) -> Reason | None:
        found = self._setting.schools.find(
            code=cells.blank(self._text(row, Field.SCHOOL_CODE)),
            name=cells.blank(self._text(row, Field.SCHOOL)),
            township=cells.blank(self._text(row, Field.SCHOOL_TOWNSHIP)),
        )
        if isinstance(found, SchoolFault):
            return Reason(found)
        said.school = found
        return None

    def _read_birth_date(self, row: Row, said: Said) -> Reason | None:
        text = cells.blank(self._text(row, Field.BIRTH_DATE))
        if not text:
            return None
        day = cells.day(text, self._date1904)
        if day is None:
            return Reason.BIRTH_DATE_INVALID
        if said.birth_date not in (None, day):
            return Reason.BIRTH_DATE_CONFLICT
        said.birth_date = day
        return None

    def _read_sex(self, row: Row, said: Said) -> Reason | None:
        sex = SEXES.get(self._text(row, Field.SEX), "")
        if sex and said.sex and sex != said.sex:
            return Reason.SEX_CONFLICT
        said.sex = said.sex or sex
        return None

    def _check_seen(self, row: Row, said: Said) -> Reason | None:
        return Reason.DUPLICATE_IN_FILE if said.identity in self._seen else None

    def _read_grade(self, row: Row, said: Said) -> Reason | None:
        text = cells.blank(self._text(row, Field.CLASS))
        if text and not self._class_tells_grade:
            said.class_number = grades.class_number(text)
        elif text:
            said.grade, said.class_number = self._grade_and_class(text, row, said)
        text = cells.blank(self._text(row, Field.GRADE_AND_CLASS))
        if text:
            said.grade, number = self._grade_and_class(text, row, said)
            said.class_number = number or said.class_number
        alone = cells.blank(self._text(row, Field.GRADE))
        if alone:
            stage, stages, year = self._grade_context(row, said)
            said.grade = grades.grade(alone, stage=stage, school_stages=stages, school_year=year)
        return Reason.GRADE_UNKNOWN if (text or alone) and said.grade is None else None

    def _grade_and_class(self, text: str, row: Row, said: Said) -> tuple[int | None, str]:
        stage, stages, year = self._grade_context(row, said)
        return grades.grade_and_class(text, stage=stage, school_stages=stages, school_year=year)

    def _grade_context(self, row: Row, said: Said) -> tuple[str, tuple[str, ...], int]:
        stages = said.school.stages if said.school else ()
        return grades.stage_of(self._text(row, Field.STAGE)), stages, self._setting.school_year

    def _check_identity(self, row: Row, said: Said) -> Reason | None:
        if said.id_number or said.student_no or said.is_marked:
            return None
        return Reason.NO_IDENTITY

    # -- what cannot reject a row --------------------------------------------------------------

    def _read_rest(self, row: Row, said: Said) -> None:
        said.ethnicity = codes.ethnicity_code(squeeze(self._text(row, Field.ETHNICITY))) or ""
        said.boarding = cells.boarding(
            self._text(row, Field.BOARDING), is_mode=False
        ) or cells.boarding(self._text(row, Field.BOARDING_MODE), is_mode=True)
        for index, read in self._facts:
            if row[index]:
                read(row[index], said)
        # One office's yes beside its own no in another column: the yes stands.
        said.dropped -= said.added
        for index, label in self._extras:
            if row[index]:
                said.extra[label] = row[index]
        self._keep_unread(row, said)

    def _keep_unread(self, row: Row, said: Said) -> None:
        """Values of known columns that the lists do not know are no error, but not lost."""
        ethnicity = cells.blank(self._text(row, Field.ETHNICITY))
        if ethnicity and not said.ethnicity:
            said.extra[self._label[Field.ETHNICITY]] = ethnicity
        sex = cells.blank(self._text(row, Field.SEX))
        if sex and not said.sex:
            said.extra[self._label[Field.SEX]] = sex

    def _rejected(self, reason: Reason, row: Row) -> Rejected:
        text = next((t for f in _FIELDS_AT_FAULT[reason] if (t := self._text(row, f))), "")
        if Field.ID_NUMBER in _FIELDS_AT_FAULT[reason]:
            text = idnumber.mask(cells.number(text))
        return Rejected(reason, text[:200], names.normalise(self._text(row, Field.NAME))[:100])


_ID = (Field.ID_NUMBER,)
_FIELDS_AT_FAULT: dict[Reason, tuple[Field, ...]] = {
    Reason.ID_DAMAGED: _ID,
    Reason.ID_FORMAT: _ID,
    Reason.ID_CHECKSUM: _ID,
    Reason.ID_DATE: _ID,
    Reason.NAME_MISSING: (),
    Reason.SCHOOL_UNKNOWN: (Field.SCHOOL_CODE, Field.SCHOOL),
    Reason.SCHOOL_AMBIGUOUS: (Field.SCHOOL_CODE, Field.SCHOOL),
    Reason.BIRTH_DATE_INVALID: (Field.BIRTH_DATE,),
    Reason.BIRTH_DATE_CONFLICT: (Field.BIRTH_DATE,),
    Reason.SEX_CONFLICT: (Field.SEX,),
    Reason.DUPLICATE_IN_FILE: (Field.ID_NUMBER, Field.STUDENT_NO),
    Reason.GRADE_UNKNOWN: (Field.GRADE, Field.GRADE_AND_CLASS),
    Reason.NO_IDENTITY: (),
}

FactReader = Callable[[str, Said], None]


def _fact_readers(header: Header) -> list[tuple[int, FactReader]]:
    """Readers of the category, list and disability columns."""
    found: list[tuple[int, FactReader]] = []
    told: set[str] = set()
    for column in header.columns:
        if column.field is Field.CATEGORY and column.category not in told:
            told.add(column.category)
            found.append((column.index, _yes_no_reader(column.category)))
        elif column.field is Field.CATEGORY_LIST:
            found.append((column.index, _list_reader(column)))
        elif column.field is Field.DISABILITY:
            found.append((column.index, _disability_reader(column)))
    return found


def _yes_no_reader(category: str) -> FactReader:
    def read(text: str, said: Said) -> None:
        yes = _left_behind(text) if category == "left_behind_edu" else cells.says_yes(text)
        if yes is not None:
            (said.added if yes else said.dropped).add(category)

    return read


def _left_behind(text: str) -> bool | None:
    return True if text in LEFT_BEHIND_YES else False if text in LEFT_BEHIND_NO else None


def _list_reader(column: Column) -> FactReader:
    def read(text: str, said: Said) -> None:
        known, other = cells.listed(text)
        said.added.update(known)
        if other:
            said.extra[column.label] = "、".join(other)

    return read


def _disability_reader(column: Column) -> FactReader:
    def read(text: str, said: Said) -> None:
        if cells.says_disabled(text):
            said.added.add(DISABLED)
            said.extra[column.label] = text

    return read


def _extra_columns(header: Header) -> list[tuple[int, str]]:
    several = (Field.CATEGORY_LIST, Field.DISABILITY)
    found: list[tuple[int, str]] = []
    told: set[tuple[Field, str]] = set()
    for column in header.columns:
        if column.field is None:
            if column.label != RUNNING_NUMBER:
                found.append((column.index, column.label))
        elif column.field not in several:
            key = (column.field, column.category)
            if key in told:
                found.append((column.index, column.label))
            told.add(key)
    return found
