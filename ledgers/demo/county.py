"""Fills the demo county with schools, classes, children and their families."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from random import Random

from ledgers.demo.children import Children, Seat, seat_before
from ledgers.demo.copying import Table, Writer
from ledgers.demo.families import Families
from ledgers.demo.people import Invention
from ledgers.demo.places import (
    JUNIOR_GRADES,
    PRIMARY_GRADES,
    DemoClass,
    DemoSchool,
    demo_schools,
    plan_classes,
)
from schools import reference
from schools.models import ClassGroup, Division, School, Stage

COUNTY = "620602"
_CHUNK = 4000
_LEFT_OUT = 0.008  # children of school age without a school
_HERE, _MOVED = 0.85, 0.015  # live in the school's township; came from another school

_VILLAGE_COMMITTEE = re.compile("村?村(委会|民委员会)$")
_RESIDENTS_COMMITTEE = re.compile("居(委会|民委员会)$")

Progress = Callable[[int], None]


def ensure_divisions() -> None:
    if not Division.objects.under(COUNTY).filter(level=Division.Level.VILLAGE).exists():
        reference.load_divisions(reference.project_divisions())


def fill_county(*, students: int, rng: Random, start_year: int, progress: Progress) -> None:
    """Two school years, of which the one that begins in `start_year` is the present one."""
    villages = _villages()
    towns = dict(Division.objects.filter(pk__in=villages).values_list("code", "name"))
    left_out = max(1, round(students * _LEFT_OUT))
    schools = demo_schools(students=students, townships=sorted(villages), town_names=towns)
    invention = Invention(rng)
    families = Families(invention, county=COUNTY, villages=villages, start_year=start_year)
    children = Children(invention, families, county=COUNTY, start_year=start_year)
    register = Register(schools, rng=rng, start_year=start_year)
    homes = sorted(villages)
    waiting = done = 0
    with Writer([register.classes, *families.tables, *children.tables]) as writer:
        for planned in plan_classes(schools, students=students - left_out):
            seat = register.seat(planned)
            for _ in range(planned.size):
                here = seat.township in villages and rng.random() < _HERE
                home = seat.township if here else rng.choice(homes)
                children.enrol(seat, before=register.seat_before(planned), home=home)
            waiting += planned.size
            if waiting >= _CHUNK:
                writer.flush()
                done, waiting = done + waiting, 0
                progress(done)
        for _ in range(left_out):
            children.leave_out(years_in=rng.randrange(9), home=rng.choice(homes))
        writer.flush()
    progress(students)


class Register:
    """Schools stored, class groups by key, and who could have come from where."""

    def __init__(self, schools: list[DemoSchool], *, rng: Random, start_year: int) -> None:
        self._rng, self._start_year = rng, start_year
        self._ids = _store(schools)
        self._groups: dict[tuple[str, str, int, int], int] = {}
        self.classes = Table(ClassGroup, "id county school_id stage entry_year number")
        self._primary = [
            s for s in schools if Stage.PRIMARY in s.stages and not s.is_teaching_point
        ]
        self._junior = [s for s in schools if Stage.JUNIOR in s.stages]

    def seat(self, planned: DemoClass) -> Seat:
        year = self._start_year
        return self._seat(planned.school, planned.stage, planned.grade, planned.number, year)

    def seat_before(self, planned: DemoClass) -> Seat | None:
        before = seat_before(planned)
        if before is None:
            return None
        stage, grade = before
        year = self._start_year - 1
        if stage == planned.stage and self._rng.random() >= _MOVED:
            return self._seat(planned.school, stage, grade, planned.number, year)
        others = {Stage.PRIMARY: self._primary, Stage.JUNIOR: self._junior}.get(Stage(stage))
        return self._seat(self._origin(planned, stage, others), stage, grade, 1, year)

    def _origin(
        self, planned: DemoClass, stage: str, others: list[DemoSchool] | None
    ) -> DemoSchool:
        if others is None or (stage in planned.school.stages and stage != planned.stage):
            return planned.school
        near = [school for school in others if school.township == planned.school.township]
        return self._rng.choice(near if near and self._rng.random() < _HERE else others)

    def _seat(self, school: DemoSchool, stage: str, grade: int, number: int, year: int) -> Seat:
        key = (school.code, str(stage), year - _years_in_stage(stage, grade), number)
        if key not in self._groups:
            pk = self._groups[key] = self.classes.next_id()
            self.classes.add(pk, COUNTY, self._ids[school.code], key[1], key[2], str(number))
        return Seat(
            self._ids[school.code],
            self._groups[key],
            grade,
            school.township,
            is_boarding=school.is_boarding,
            is_special=stage == Stage.SPECIAL,
        )


def _years_in_stage(stage: str, grade: int) -> int:
    if stage == Stage.SPECIAL and grade in JUNIOR_GRADES:
        return grade - JUNIOR_GRADES[0] + len(PRIMARY_GRADES)
    return grade % 10 - 1


def _store(schools: Iterable[DemoSchool]) -> dict[str, int]:
    """Ids by code; a school that was imported before stays as it is."""
    rows = [
        School(
            county=COUNTY,
            code=school.code,
            name=school.name,
            kind=school.kind,
            stages=list(school.stages),
            township_id=school.township,
            is_boarding=school.is_boarding,
            is_small=school.is_small,
            is_teaching_point=school.is_teaching_point,
            valid_from=date(2012, 9, 1),
        )
        for school in schools
    ]
    School.objects.bulk_create(rows, ignore_conflicts=True)
    codes = [school.code for school in rows]
    return dict(School.objects.filter(code__in=codes).values_list("code", "pk"))


def _villages() -> dict[str, list[tuple[str, str]]]:
    """Code and full address of every village, by township."""
    county = Division.objects.get(pk=COUNTY).name
    found: dict[str, list[tuple[str, str]]] = {}
    rows = Division.objects.under(COUNTY).filter(level=Division.Level.VILLAGE).order_by("code")
    for code, name, town in rows.values_list("code", "name", "parent__name"):
        place = _RESIDENTS_COMMITTEE.sub("", _VILLAGE_COMMITTEE.sub("村", name))
        found.setdefault(code[:9], []).append((code, f"{county}{town}{place}"))
    return found
