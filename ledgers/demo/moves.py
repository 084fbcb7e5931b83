"""The roll-over of the running year as a preview, and transfers nobody has accepted yet."""

from datetime import date, datetime, timedelta
from random import Random

from accounts.models import User
from accounts.scope import scope_for
from core.access import Scope
from schools.models import Division, School
from students.models import Enrolment, Student
from students.rollover import services as rollover
from students.transfers import services as transfers
from students.transfers.queries import receiving_schools
from students.transfers.services import Destination

_REASONS = ("随父母到武南镇居住", "易地搬迁到安置点", "随父母回原籍居住", "就近入学")
_OUTSIDE = ("620622", "古浪县第三小学")  # 古浪县, next to 凉州区
# Days ago: the old ones are past their ten working days, whatever the holidays.
_SENT_AGO = (1, 2, 4, 6, 30, 40)
_REFUSAL = "本校该年级已满员，请就近安排"


def tell_moves(*, officer: User, county: str, rng: Random, today: date, now: datetime) -> None:
    scope = scope_for(officer, on=today)
    start_year = today.year if today.month >= 9 else today.year - 1
    roll_over = rollover.open_roll_over(county=county, from_year=start_year, actor=officer)
    rollover.preview(county=county, roll_over_id=roll_over.pk)
    students = _settled(county, rng, count=len(_SENT_AGO) + 2)
    for student, days in zip(students, _SENT_AGO, strict=False):
        to = school_for(student, rng, on=today)
        _send(student, to, scope=scope, officer=officer, at=now - timedelta(days=days), rng=rng)
    outside = Division.objects.filter(pk=_OUTSIDE[0]).first()
    for student in students[len(_SENT_AGO) :][: 1 if outside else 0]:
        to = Destination(division=outside, school_name=_OUTSIDE[1])
        _send(student, to, scope=scope, officer=officer, at=now - timedelta(days=3), rng=rng)
    for student in students[len(_SENT_AGO) + 1 :]:
        to = school_for(student, rng, on=today)
        pk = _send(student, to, scope=scope, officer=officer, at=now - timedelta(days=9), rng=rng)
        transfers.send_back(
            scope=scope, actor=officer, transfer_id=pk, answer=_REFUSAL, now=now - timedelta(days=5)
        )
    transfers.mark_overdue(today=today)


def _settled(county: str, rng: Random, *, count: int) -> list[Student]:
    """Children at a primary school who have no case: nobody moves whom the cases speak of."""
    rows = Student.objects.filter(
        county=county,
        grade__range=(11, 16),
        cases=None,
        enrolments__valid_to=None,
        enrolments__status=Enrolment.Status.IN_SCHOOL,
    )
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    chosen = rng.sample(pks, min(count, len(pks)))
    return list(Student.objects.filter(pk__in=chosen).order_by("pk"))


def school_for(student: Student, rng: Random, *, on: date) -> Destination:
    schools = receiving_schools(student.county, but=student.school_id, grade=student.grade, on=on)
    return Destination(school=School.objects.get(pk=rng.choice(schools)[0]))


def _send(
    student: Student, to: Destination, *, scope: Scope, officer: User, at: datetime, rng: Random
) -> int:
    transfer = transfers.send(
        scope=scope,
        actor=officer,
        student_id=student.pk,
        to=to,
        reason=rng.choice(_REASONS),
        now=at,
    )
    return transfer.pk
