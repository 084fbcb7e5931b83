"""One row of an office's list: what it says of a child, and how far it can be trusted.

Unlike a school's roster a list is not sent back for an unknown school or a damaged number: such a
row can still be found by its other keys, so it is kept and marked.
"""

from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter

from core import codes, idnumber, names
from core.sheets.text import squeeze
from schools.models import Stage
from students.lists.columns import ListColumns
from students.models.lists import ListEntry
from students.rosters import cells, grades
from students.rosters.facts import FactColumns, extra_columns
from students.rosters.header import Header
from students.rosters.labels import CHECKED_ID_TYPES, ID_TYPE_CODES, NO_NUMBER_VALUES, SEXES, Field
from students.rosters.reasons import Reason
from students.rosters.schools import KnownSchool, SchoolFinder

Row = list[str]
Verdict = ListEntry.Verdict
DUPLICATE_PERSON, DUPLICATE_MEMBER = "duplicate_person", "duplicate_member"
NO_PROMISE, NOT_JUNIOR = "no_promise", "not_junior"
# 残疾类别 and 残疾等级 in words or digits; a cell may name several categories: then it is 多重.
_DISABILITIES = {"视力": "1", "听力": "2", "言语": "3", "肢体": "4", "智力": "5", "精神": "6"}
_LEVELS = {"一": 1, "1": 1, "二": 2, "2": 2, "三": 3, "3": 3, "四": 4, "4": 4}
MAX_SCHOOL, MAX_HOUSEHOLD, MAX_RELATION = 120, 40, 20


@dataclass(slots=True)
class Entry:
    verdict: str = Verdict.GOOD
    reason: str = ""
    cell: str = ""
    name: str = ""
    id_number: str = ""
    id_type: str = ""
    student_no: str = ""
    sex: str = ""
    birth_date: date | None = None
    ethnicity: str = ""
    school: KnownSchool | None = None
    school_text: str = ""
    grade: int | None = None
    household_no: str = ""
    head_name: str = ""
    relation: str = ""
    guardian_name: str = ""
    categories: list[str] = field(default_factory=list)
    disability_type: str = ""
    disability_level: int | None = None
    has_card: bool = False
    parents: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def doubt(self, reason: str, cell: str) -> None:
        """The first doubt is the one that is shown."""
        if self.verdict == Verdict.GOOD:
            self.verdict, self.reason, self.cell = Verdict.DOUBTFUL, reason, cell[:200]


class Seen:
    """Who stood on an earlier row of this file, on whatever sheet."""

    def __init__(self) -> None:
        self._persons: set[tuple[object, ...]] = set()
        self._members: dict[tuple[str, str], str] = {}

    def repeats(self, entry: Entry) -> str:
        """The reason, if this row is a child the file named before."""
        if entry.household_no and (reason := self._repeats_member(entry)):
            return reason
        key = _person_key(entry)
        if key is None:
            return ""
        if key in self._persons:
            return DUPLICATE_PERSON
        self._persons.add(key)
        return ""

    def _repeats_member(self, entry: Entry) -> str:
        """One name twice in a household is one member, unless two good numbers tell them apart."""
        key = (entry.household_no, entry.name)
        before = self._members.get(key)
        if before is None:
            self._members[key] = entry.id_number
            return ""
        differs = before and entry.id_number and before != entry.id_number
        return "" if differs else DUPLICATE_MEMBER


def _person_key(entry: Entry) -> tuple[object, ...] | None:
    if entry.id_number:
        return (1, entry.id_number)
    if entry.student_no:
        return (2, entry.student_no)
    if entry.birth_date:
        return (3, entry.name, entry.birth_date, entry.guardian_name or entry.head_name)
    return None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a list is read against."""

    schools: SchoolFinder
    school_year: int
    default_type: str = ""
    # A list of promises: its school is the junior school that expects the child.
    promises: bool = False


class EntryReader:
    """Reads the data rows of one sheet. `seen` is shared by the sheets of a file."""

    def __init__(
        self,
        header: Header,
        *,
        setting: Setting,
        date1904: bool,
        seen: Seen,
    ) -> None:
        fields = (
            *(Field.NAME, Field.ID_NUMBER, Field.ID_TYPE, Field.STUDENT_NO, Field.SEX),
            *(Field.BIRTH_DATE, Field.ETHNICITY, Field.SCHOOL_CODE, Field.SCHOOL),
            *(Field.SCHOOL_TOWNSHIP, Field.STAGE, Field.GRADE, Field.CLASS, Field.GRADE_AND_CLASS),
        )
        columns = [header.first(one) for one in fields]
        # A row is padded with one empty cell at its end: the cell of a column there is not.
        self._texts = itemgetter(*[column.index if column else -1 for column in columns])
        self._width = max(column.index for column in header.columns) + 2
        self._own = ListColumns(header)
        self._facts = FactColumns(header)
        self._extras = [pair for pair in extra_columns(header) if pair[0] not in self._own.indices]
        self._class_tells_grade = header.first(Field.GRADE) is None
        self._setting = setting
        self._date1904 = date1904
        self._seen = seen

    def read(self, row: Row) -> Entry:
        padded = row + [""] * max(1, self._width - len(row))
        entry = Entry()
        name, number, id_type, student_no, sex, born, people, *place = self._texts(padded)
        entry.name = names.normalise(cells.blank(name))[:100]
        if not entry.name:
            entry.verdict, entry.reason = Verdict.REJECTED, Reason.NAME_MISSING
            return entry
        _read_number(entry, cells.number(number), cells.blank(id_type))
        entry.student_no = cells.number(student_no)
        self._read_birth_date(entry, cells.blank(born))
        _read_sex(entry, SEXES.get(sex, ""))
        entry.ethnicity = codes.ethnicity_code(squeeze(people)) or ""
        self._read_school(entry, *place[:3])
        self._read_grade(entry, *place[3:])
        self._read_office(entry, padded)
        repeated = self._seen.repeats(entry)
        if repeated:
            entry.verdict, entry.reason = Verdict.DUPLICATE, repeated
            entry.cell = idnumber.mask(entry.id_number) if entry.id_number else ""
        elif entry.birth_date is None and not (entry.id_number or entry.student_no):
            entry.doubt(Reason.NO_IDENTITY, "")
        return entry

    def _read_birth_date(self, entry: Entry, text: str) -> None:
        if not text:
            return
        day = cells.day(text, self._date1904)
        if day is None:
            entry.doubt(Reason.BIRTH_DATE_INVALID, text)
        elif entry.birth_date not in (None, day):
            entry.doubt(Reason.BIRTH_DATE_CONFLICT, text)
        else:
            entry.birth_date = day

    def _read_school(self, entry: Entry, code: str, name: str, township: str) -> None:
        found = self._setting.schools.find(code=code, name=name, township=township)
        entry.school_text = (cells.blank(name) or cells.blank(code))[:MAX_SCHOOL]
        # A school elsewhere is no fault of a list: the text stays beside it.
        entry.school = found if isinstance(found, KnownSchool) else None

    def _read_grade(self, entry: Entry, stage: str, grade: str, class_: str, both: str) -> None:
        entry.grade = grades.placed(
            grade,
            class_,
            both,
            stage=stage,
            school_stages=entry.school.stages if entry.school else (),
            school_year=self._setting.school_year,
            class_tells_grade=self._class_tells_grade,
        ).grade

    def _read_promise(self, entry: Entry, text: str) -> None:
        """Errors of the promised school are doubts: the row tells an officer what to mend."""
        found = self._setting.schools.find(code="", name=text, township="")
        entry.school = found if isinstance(found, KnownSchool) else None
        entry.school_text = text[:MAX_SCHOOL]
        if not text:
            entry.doubt(NO_PROMISE, "")
        elif entry.school is None:
            entry.doubt(Reason(str(found)), text)
        elif Stage.JUNIOR not in entry.school.stages:
            entry.doubt(NOT_JUNIOR, text)
            entry.school = None

    def _read_office(self, entry: Entry, row: Row) -> None:
        said = self._own.read(row)
        entry.household_no = said.get("household_no", "")[:MAX_HOUSEHOLD]
        entry.head_name = names.normalise(said.get("head_name", ""))[:100]
        entry.relation = said.get("relation", "")[:MAX_RELATION]
        entry.guardian_name = names.normalise(said.get("guardian_name", ""))[:100]
        entry.disability_type = disability_type(said.get("disability_type", ""))
        entry.disability_level = disability_level(said.get("disability_level", ""))
        entry.has_card = bool(said.get("card", ""))
        entry.parents = _parents(said)
        facts = self._facts.read(row)
        named, usual = sorted(facts.added), self._setting.default_type
        entry.categories = named or [usual] * bool(usual)
        if self._setting.promises:
            self._read_promise(entry, said.get("promised", ""))
        entry.extra = {label: text for index, label in self._extras if (text := row[index])}
        entry.extra |= facts.extra


def _read_number(entry: Entry, number: str, id_type: str) -> None:
    if not number or number in NO_NUMBER_VALUES:
        return
    entry.id_type = ID_TYPE_CODES.get(id_type, id_type[:2] or "1")
    fault = idnumber.fault_in(number) if id_type in CHECKED_ID_TYPES else None
    if fault is not None:
        reason = Reason.ID_DAMAGED if cells.is_damaged(number) else Reason(fault)
        entry.doubt(reason, idnumber.mask(number))
        return
    entry.id_number = number
    if id_type in CHECKED_ID_TYPES:
        entry.birth_date, entry.sex = idnumber.birth_date(number), idnumber.sex(number)


def _read_sex(entry: Entry, sex: str) -> None:
    if sex and entry.sex and sex != entry.sex:
        entry.doubt(Reason.SEX_CONFLICT, sex)
    entry.sex = entry.sex or sex


def disability_type(text: str) -> str:
    found = [code for word, code in _DISABILITIES.items() if word in text]
    if "多重" in text or len(found) > 1:
        return "7"
    return found[0] if found else ""


def disability_level(text: str) -> int | None:
    return next((level for word, level in _LEVELS.items() if word in text), None)


def _parents(said: dict[str, str]) -> str:
    if cells.says_yes(said.get("both_away", "")):
        return ListEntry.Parents.BOTH_AWAY
    if cells.says_yes(said.get("one_away", "")):
        return ListEntry.Parents.ONE_AWAY
    return ""
