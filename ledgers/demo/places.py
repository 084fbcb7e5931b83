"""The invented schools, and how many children of each grade sit in which class of which school."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schools.models import Stage

# The schools of the roster test files are among them, so those files can be imported here.
_SCHOOLS = Path(__file__).with_name("schools.csv")
_CLASS_SIZE = 45
_CHILDREN_PER_SCHOOL = 600
_TREES = (
    "榆树",
    "槐林",
    "枣园",
    "梨园",
    "杏林",
    "桃源",
    "松涛",
    "柏林",
    "桦林",
    "胡麻",
    "葵园",
    "麦田",
)
_HOPES = (
    "向阳",
    "朝霞",
    "晨光",
    "春晖",
    "致远",
    "博学",
    "明德",
    "弘文",
    "启智",
    "思源",
    "勤学",
    "和谐",
)

PRIMARY_GRADES = range(11, 17)
JUNIOR_GRADES = range(21, 24)
VOCATIONAL_GRADE = 41


@dataclass(frozen=True, slots=True)
class DemoSchool:
    code: str
    name: str
    kind: str
    stages: tuple[str, ...]
    township: str
    is_boarding: bool
    is_small: bool
    is_teaching_point: bool


@dataclass(frozen=True, slots=True)
class DemoClass:
    """A class in the present school year: key of the class group, grade and number of children."""

    school: DemoSchool
    stage: str
    grade: int
    number: int
    size: int


def demo_schools(
    *, students: int, townships: list[str], town_names: dict[str, str]
) -> list[DemoSchool]:
    """The county's schools; more of them, invented by number, where there are more children."""
    schools = list(_listed())
    wanted = students // _CHILDREN_PER_SCHOOL
    for number in range(len(schools), wanted):
        township = townships[number % len(townships)]
        schools.append(_numbered(number, township, town_names[township]))
    return schools


def plan_classes(schools: list[DemoSchool], *, students: int) -> Iterator[DemoClass]:
    """Exactly `students` children over schools, grades and classes, school by school."""
    offers = [(school, stage, grade) for school in schools for stage, grade in _offers(school)]
    of_grade: dict[int, float] = {}
    for offer in offers:
        of_grade[offer[2]] = of_grade.get(offer[2], 0) + _weight(*offer)
    shares = [_weight(*offer) / of_grade[offer[2]] * _cohort(offer[2]) for offer in offers]
    for (school, stage, grade), children in zip(offers, _apportion(students, shares), strict=True):
        classes = -(-children // _CLASS_SIZE)
        for number in range(classes):
            size = (number + 1) * children // classes - number * children // classes
            yield DemoClass(school, stage, grade, number + 1, size)


def _listed() -> Iterator[DemoSchool]:
    with _SCHOOLS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield DemoSchool(
                row["code"],
                row["name"],
                row["kind"],
                tuple(row["stages"].split()),
                row["township"],
                row["is_boarding"] == "1",
                row["is_small"] == "1",
                row["is_teaching_point"] == "1",
            )


def _numbered(number: int, township: str, town: str) -> DemoSchool:
    word = _TREES[number % 12] + _HOPES[number // 12 % 12]
    ending, stages = "小学", [Stage.PRIMARY]
    if number % 6 == 4:
        ending, stages = "初级中学", [Stage.JUNIOR]
    elif number % 6 == 5:
        ending, stages = "九年制学校", [Stage.PRIMARY, Stage.JUNIOR]
    return DemoSchool(
        code=f"{'2162' if ending == '小学' else '3162'}98{number:04d}",
        name=f"{town}{word}第{number}{ending}",
        kind="九年一贯制学校" if len(stages) > 1 else ending,
        stages=tuple(map(str, stages)),
        township=township,
        is_boarding=number % 3 == 0,
        is_small=False,
        is_teaching_point=False,
    )


def _offers(school: DemoSchool) -> Iterator[tuple[str, int]]:
    for stage in school.stages:
        if stage == Stage.PRIMARY:
            grades: Iterable[int] = (
                PRIMARY_GRADES[:3] if school.is_teaching_point else PRIMARY_GRADES
            )
        elif stage == Stage.JUNIOR:
            grades = JUNIOR_GRADES
        elif stage == Stage.SPECIAL:
            grades = (*PRIMARY_GRADES, *JUNIOR_GRADES)
        else:
            grades = (VOCATIONAL_GRADE,)
        yield from ((stage, grade) for grade in grades)


def _weight(school: DemoSchool, stage: str, grade: int) -> float:
    if school.is_teaching_point or stage == Stage.SPECIAL:
        return 1
    if school.is_small:
        return 2
    return 5 if len(school.stages) > 1 and stage == Stage.JUNIOR else 10


def _cohort(grade: int) -> float:
    """Children of a grade against those of another; few of the present grade 41 have stayed."""
    return 0.08 if grade == VOCATIONAL_GRADE else 1


def _apportion(total: int, shares: list[float]) -> list[int]:
    """Whole numbers that add up to the total, each within one of its share."""
    scale, given, done, counts = total / sum(shares), 0.0, 0, []
    for share in shares:
        given += share * scale
        counts.append(round(given) - done)
        done += counts[-1]
    return counts
