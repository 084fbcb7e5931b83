"""A child registered by hand: once, at a school of the caller's, or without a school."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core import audit, names
from core.access import Permission, Scope
from schools.models import ClassGroup, School, SchoolYear
from students.models import Enrolment, Student
from students.people import facts, numbers
from students.people.facts import Paper, Refused
from students.people.numbers import BY_HAND, NumberTaken

EDIT = Permission.STUDENT_EDIT
_STAGES = {1: "primary", 2: "junior", 3: "senior", 4: "vocational"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the child goes to school, from which day on."""

    school: School
    grade: int
    class_number: str
    mode: str
    entered_on: date


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`said` holds facts.EDITABLE; `paper` is None for a child without one, with the reason."""

    said: dict[str, Any]
    paper: Paper | None
    why_no_paper: str
    place: Place | None


class Namesake(Exception):
    """Children of this name and birthday are known already; the caller must say it is another."""

    def __init__(self, children: list[Student]) -> None:
        self.children = children
        super().__init__("本县已有同名同生日的学生")


@transaction.atomic
def register(
    *, scope: Scope, actor: User, newcomer: Newcomer, is_another: bool, now: datetime
) -> Student:
    """Errors: Refused, NumberTaken, Namesake unless `is_another`."""
    today = timezone.localdate(now)
    said = _completed(newcomer, today=today)
    _refuse_place(newcomer.place, scope=scope, today=today)
    # One at a time in a county: the second of two equal requests finds the first one's child.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('students.register'), %s)", [int(scope.county)]
        )
    if newcomer.paper:
        holder = numbers.holder_of(newcomer.paper.number, scope=scope)
        if holder:
            raise NumberTaken(holder)
    if not is_another and (known := namesakes(said, newcomer.paper, scope=scope)):
        raise Namesake(known)
    student = _created(newcomer, said, scope=scope, now=now)
    _note(student, newcomer, said, actor=actor)
    return student


def namesakes(said: dict[str, Any], paper: Paper | None, *, scope: Scope) -> list[Student]:
    """Who may be this very child: of the name and birthday, one of the two without a number."""
    rows = Student.objects.within(scope, EDIT).filter(
        name_key=said["name_key"], full_name=said["full_name"]
    )
    rows = rows.filter(Q(birth_date=said["birth_date"]) | Q(birth_date=None))
    if paper:
        rows = rows.filter(has_no_number=True)
    return list(rows.select_related("school", "class_group")[:5])


def _completed(newcomer: Newcomer, *, today: date) -> dict[str, Any]:
    """What the number tells fills what was left empty, and must not contradict the rest."""
    paper, said = newcomer.paper, dict(newcomer.said)
    if paper:
        if words := facts.fault_words(paper):
            raise Refused("number", words)
        facts.refuse_contradiction(paper, birth_date=said["birth_date"], sex=said["sex"])
        facts.refuse_day(paper.birth_date, today=today)
        said["birth_date"] = said["birth_date"] or paper.birth_date
        said["sex"] = said["sex"] or paper.sex
    said["former_name"] = names.normalise(said["former_name"])
    return said | facts.name_columns(said["full_name"])


def _refuse_place(place: Place | None, *, scope: Scope, today: date) -> None:
    if place is None:
        if not scope.whole_county(EDIT):
            raise Refused("school", "请选择就读学校；未就读的孩子由县教育局登记")
        return
    if not School.objects.within(scope, EDIT).filter(pk=place.school.pk).exists():
        raise Refused("school", "这所学校不在您负责的范围内，请从列表中重新选择")
    stages = place.school.stages
    if stages and not {_STAGES.get(place.grade // 10, ""), "special"} & set(stages):
        raise Refused("grade", f"{place.school.name}没有这个年级，请核对学校和年级")
    if place.entered_on > today:
        raise Refused("entered_on", "入学日期晚于今天，请在孩子到校以后登记")


def _created(newcomer: Newcomer, said: dict[str, Any], *, scope: Scope, now: datetime) -> Student:
    place, paper = newcomer.place, newcomer.paper
    group = _class_group(place, county=scope.county) if place else None
    student = Student.objects.create(
        county=scope.county,
        **said,
        id_type=paper.stored_type if paper else facts.NO_PAPER,
        has_no_number=paper is None,
        extra={} if paper else {facts.WHY_NO_PAPER: newcomer.why_no_paper},
        township=_township(place, said["hukou_division"], county=scope.county),
        school=place.school if place else None,
        class_group=group,
        grade=place.grade if place else None,
        created_at=now,
        updated_at=now,
    )
    if place:
        _enrol(student, place, group)
    if paper:
        _store(student, paper, on=place.entered_on if place else timezone.localdate(now))
    return student


def _township(place: Place | None, hukou: str, *, county: str) -> str:
    if place:
        return place.school.township_id or ""
    return hukou[:9] if hukou.startswith(county) and len(hukou) >= 9 else ""


def _class_group(place: Place, *, county: str) -> ClassGroup | None:
    if not place.class_number:
        return None
    year = SchoolYear.objects.on(place.entered_on).start_year
    group, _ = ClassGroup.objects.get_or_create(
        county=county,
        school=place.school,
        stage=_STAGES.get(place.grade // 10, ""),
        entry_year=year - place.grade % 10 + 1,
        number=place.class_number,
    )
    return group


def _enrol(student: Student, place: Place, group: ClassGroup | None) -> None:
    at_home = place.mode == Enrolment.Mode.HOME_TAUGHT
    Enrolment.objects.create(
        county=student.county,
        student=student,
        school=place.school,
        class_group=group,
        grade=place.grade,
        attendance_mode=place.mode,
        status=Enrolment.Status.HOME_TAUGHT if at_home else Enrolment.Status.IN_SCHOOL,
        valid_from=place.entered_on,
        source=BY_HAND,
    )


def _store(student: Student, paper: Paper, *, on: date) -> None:
    try:
        numbers.store_number(student, paper=paper, on=on)
    except IntegrityError:
        # A roster wrote the number between the look and this insert; nothing of ours stays.
        raise Refused("number", "本县刚刚登记了这个证件号，请先查找该生再决定") from None


def _note(student: Student, newcomer: Newcomer, said: dict[str, Any], *, actor: User) -> None:
    after = {name: facts.plain(said[name]) for name in facts.EDITABLE if said[name]}
    if newcomer.place:
        after["school"] = newcomer.place.school.name
        after["grade"] = newcomer.place.grade
    number = student.identifiers.first()
    if number:
        after["id_number"] = number.mask
    audit.record(
        county=student.county,
        actor=actor,
        action="student.register",
        target=student,
        after=after,
        purpose=newcomer.why_no_paper,
    )
