"""Children of a class, with numbers, kin, household, enrolments and what is known of them."""

from dataclasses import dataclass
from datetime import date, timedelta

from core import crypto, idnumber, names
from ledgers.demo.copying import Table
from ledgers.demo.families import FATHER, MOTHER, Families, Family
from ledgers.demo.people import Invention
from ledgers.demo.places import JUNIOR_GRADES, PRIMARY_GRADES, VOCATIONAL_GRADE, DemoClass
from schools.models import Stage
from students.models import (
    DisabilityRecord,
    Enrolment,
    HouseholdMember,
    LeftBehindFact,
    PersonCategory,
    Student,
    StudentGuardian,
    StudentIdentifier,
)

_ROSTER, _CIVIL, _CDPF = "学籍系统", "民政局", "残联"
_YEARS_IN = {
    **{grade: grade - 11 for grade in PRIMARY_GRADES},
    **{grade: grade - 15 for grade in JUNIOR_GRADES},
    VOCATIONAL_GRADE: 9,
}
# type, share of children, source; what a child itself is, apart from the household.
_CATEGORIES = (
    ("migrant_child", 0.04, _ROSTER),
    ("child_in_difficulty", 0.005, _CIVIL),
    ("de_facto_unsupported", 0.002, _CIVIL),
    ("orphan", 0.001, _CIVIL),
    ("extreme_hardship", 0.001, _CIVIL),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a child is enrolled: ids in the database, and the township that answers."""

    school: int | None
    class_group: int | None
    grade: int | None
    township: str
    is_boarding: bool = False
    is_special: bool = False


NOWHERE = Seat(None, None, None, "")


class Children:
    def __init__(
        self, invention: Invention, families: Families, *, county: str, start_year: int
    ) -> None:
        self._invent, self._rng = invention, invention.rng
        self._families = families
        self._county = county
        self._start_year = start_year
        self._began = date(start_year, 9, 1)
        self._began_before = date(start_year - 1, 9, 1)
        self._entered_at = f"{self._began.isoformat()} 08:00:00+08"
        self.students = Table(
            Student,
            "id county full_name name_key name_tokens former_name sex birth_date ethnicity_code"
            " id_type has_no_number hukou_division hukou_address residence_address township"
            " school_id class_group_id grade extra created_at updated_at",
        )
        self.identifiers = Table(
            StudentIdentifier,
            "id county student_id kind sealed blind mask source valid_from valid_to",
        )
        self.kin = Table(
            StudentGuardian,
            "county student_id guardian_id relation_code is_guardian valid_from valid_to",
        )
        self.members = Table(
            HouseholdMember,
            "county student_id household_id relation_to_head valid_from valid_to",
        )
        self.enrolments = Table(
            Enrolment,
            "county student_id school_id class_group_id grade attendance_mode status source"
            " valid_from valid_to",
        )
        self.categories = Table(
            PersonCategory, "county student_id type_id source valid_from valid_to"
        )
        self.disabilities = Table(
            DisabilityRecord,
            "county student_id disability_type disability_level has_card source valid_from"
            " valid_to",
        )
        self.left_behind = Table(
            LeftBehindFact,
            "county student_id one_parent_away both_parents_away other_parent_able source"
            " valid_from valid_to",
        )
        self.tables = [
            self.students,
            self.identifiers,
            self.kin,
            self.members,
            self.enrolments,
            self.categories,
            self.disabilities,
            self.left_behind,
        ]

    def enrol(self, seat: Seat, *, before: Seat | None, home: str) -> None:
        """A child of today's seat; `before` is the seat of the school year before, if there was
        one. `home` is the township of the household."""
        years_in = _YEARS_IN[seat.grade or 11]
        pk, family = self._child(seat, years_in=years_in, home=home)
        disabled = self._disability(pk, is_special=seat.is_special)
        self._left_behind(pk, family)
        self._categories(pk)
        if before is not None:
            self._enrolment(pk, before, ends=self._began - timedelta(days=1))
        self._enrolment(pk, seat, home_taught=disabled and self._rng.random() < 0.1)

    def leave_out(self, *, years_in: int, home: str) -> None:
        """A child of school age whom no school has ever seen."""
        pk, family = self._child(NOWHERE, years_in=years_in, home=home)
        self._disability(pk, is_special=False)
        self._left_behind(pk, family)

    def _child(self, seat: Seat, *, years_in: int, home: str) -> tuple[int, Family]:
        born = self._invent.birthday(self._start_year, years_in)
        family = self._families.family_for(township=home, born=born)
        sex = "男" if self._rng.random() < 0.52 else "女"
        name = self._invent.name(family.lineage, sex)
        has_no_number = self._rng.random() < (0.2 if seat.school is None else 0.001)
        keys = names.search_keys(name)
        pk = self.students.next_id()
        self.students.add(
            pk,
            self._county,
            name,
            keys.pinyin,
            keys.tokens,
            self._invent.name(family.lineage, sex) if self._rng.random() < 0.01 else "",
            sex,
            born,
            family.lineage.ethnicity,
            "" if has_no_number else "1",
            has_no_number,
            family.village,
            family.address,
            family.address,
            seat.township or home,
            seat.school,
            seat.class_group,
            seat.grade,
            "{}",
            self._entered_at,
            self._entered_at,
        )
        self._numbers(pk, born=born, sex=sex, seat=seat, has_no_number=has_no_number)
        self._kin(pk, family, sex=sex, born=born)
        return pk, family

    def _numbers(self, pk: int, *, born: date, sex: str, seat: Seat, has_no_number: bool) -> None:
        number = "" if has_no_number else self._invent.child_number(born, sex)
        if number:
            self._identifier(pk, StudentIdentifier.Kind.ID_NUMBER, number)
        if seat.school is None:
            return
        if has_no_number:
            student_no = self._invent.provisional_number("J", self._start_year)
        elif self._rng.random() < (0.3 if seat.grade == 11 else 0.01):
            student_no = self._invent.provisional_number("L", self._start_year)
        else:
            student_no = "G" + number
        self._identifier(pk, StudentIdentifier.Kind.STUDENT_NO, student_no)

    def _identifier(self, pk: int, kind: str, text: str) -> None:
        row = self._invent.uuid()
        self.identifiers.add(
            row,
            self._county,
            pk,
            str(kind),
            crypto.seal(text, field=StudentIdentifier.FIELD, row=row),
            crypto.blind_index(text),
            idnumber.mask(text),
            _ROSTER,
            self._began_before,
            None,
        )

    def _kin(self, pk: int, family: Family, *, sex: str, born: date) -> None:
        parents = {FATHER, MOTHER}
        for adult in family.adults:
            self.kin.add(self._county, pk, adult.id, adult.relation, True, born, None)
        of_parents = family.adults[0].relation in parents
        relation = ("子" if sex == "男" else "女") if of_parents else "孙子女"
        self.members.add(self._county, pk, family.id, relation, born, None)

    def _enrolment(
        self, pk: int, seat: Seat, *, ends: date | None = None, home_taught: bool = False
    ) -> None:
        begins = self._began_before if ends else self._began
        mode, status = Enrolment.Mode.DAY, Enrolment.Status.IN_SCHOOL
        if home_taught:
            mode, status = Enrolment.Mode.HOME_TAUGHT, Enrolment.Status.HOME_TAUGHT
        elif seat.is_boarding and self._rng.random() < (0.7 if (seat.grade or 0) > 20 else 0.25):
            mode = Enrolment.Mode.BOARDING
        if ends is None and not home_taught and self._rng.random() < 0.003:
            entrant = seat.grade == 11
            status = Enrolment.Status.DEFERRED if entrant else Enrolment.Status.SUSPENDED
        self.enrolments.add(
            self._county,
            pk,
            seat.school,
            seat.class_group,
            seat.grade,
            str(mode),
            str(status),
            _ROSTER,
            begins,
            ends,
        )

    def _disability(self, pk: int, *, is_special: bool) -> bool:
        if not is_special and self._rng.random() > 0.012:
            return False
        kind, level = self._rng.choice("1234567"), self._rng.randrange(1, 5)
        has_card = self._rng.random() < 0.85
        since = date(2024, 9, 1)
        self.disabilities.add(self._county, pk, kind, level, has_card, _CDPF, since, None)
        self.categories.add(self._county, pk, "disabled", _CDPF, since, None)
        return True

    def _left_behind(self, pk: int, family: Family) -> None:
        if not family.away:
            return
        both = family.away == "both"
        # Whether the one who stayed can care for the child.
        able = None if both else self._rng.random() < 0.93
        since = self._began_before
        self.left_behind.add(self._county, pk, not both, both, able, _ROSTER, since, None)
        self.categories.add(self._county, pk, "left_behind_edu", _ROSTER, since, None)
        if not able:
            self.categories.add(self._county, pk, "left_behind_civil", _CIVIL, since, None)

    def _categories(self, pk: int) -> None:
        for code, share, source in _CATEGORIES:
            if self._rng.random() < share:
                self.categories.add(self._county, pk, code, source, self._began_before, None)


def seat_before(now: DemoClass) -> tuple[str, int] | None:
    """Stage and grade of the year before; None for whoever enters compulsory schooling now."""
    if now.grade == PRIMARY_GRADES[0]:
        return None
    if now.grade == JUNIOR_GRADES[0]:
        return (now.stage if now.stage == Stage.SPECIAL else Stage.PRIMARY), PRIMARY_GRADES[-1]
    if now.grade == VOCATIONAL_GRADE:
        return Stage.JUNIOR, JUNIOR_GRADES[-1]
    return now.stage, now.grade - 1
