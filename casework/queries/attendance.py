"""What the pages of attendance show."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from casework.models import DropoutCase
from casework.models.attendance import Absence, ClassDay
from core.access import Permission, Scope
from schools.models import ClassGroup, Stage, Term
from students.models import Enrolment, Student

COMPULSORY = (Stage.PRIMARY, Stage.JUNIOR, Stage.SPECIAL)
_NOT_EXPECTED = (
    Enrolment.Status.SUSPENDED,
    Enrolment.Status.DEFERRED,
    Enrolment.Status.HOME_TAUGHT,
)


def classes_within(scope: Scope, permission: Permission) -> "QuerySet[ClassGroup]":
    return ClassGroup.objects.filter(
        scope.q(permission, township="school__township", school="school", class_group="pk")
    )


def roll(class_group: ClassGroup, *, on: date) -> "QuerySet[Student]":
    """Who is expected in class: not those on leave of a term or taught at home."""
    elsewhere = Enrolment.objects.open_on(on).filter(
        county=class_group.county, student=OuterRef("pk"), status__in=_NOT_EXPECTED
    )
    children = Student.objects.filter(
        county=class_group.county,
        school=class_group.school_id,
        class_group=class_group,
        merged_into=None,
    )
    return children.filter(~Exists(elsewhere)).order_by("name_key", "pk")


@dataclass(frozen=True, slots=True)
class Run:
    """Days on end on which a child's class was called and nobody knew why it was not there."""

    student: int
    first_day: date
    last_day: date
    last_present_on: date | None
    is_no_show: bool

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1


# Illness and leave break a run: the child is away with proper reason (控辍保学宣传口径).
_RUNS = """
WITH called AS (
    SELECT id, class_group_id, day, is_registration FROM casework_classday
     WHERE county = %(county)s AND day BETWEEN %(since)s AND %(today)s
       AND (%(class_group)s::bigint IS NULL OR class_group_id = %(class_group)s::bigint)
), away AS (
    SELECT DISTINCT a.student_id, c.day, c.is_registration AND a.reason = 'no_show' AS is_no_show
      FROM casework_absence a JOIN called c ON c.id = a.class_day_id
     WHERE a.county = %(county)s AND a.reason IN ('unexcused', 'no_show')
), calls AS (
    SELECT s.id AS student_id, c.day, a.day IS NOT NULL AS is_away, a.is_no_show
      FROM students_student s
      JOIN called c ON c.class_group_id = s.class_group_id
      LEFT JOIN away a ON a.student_id = s.id AND a.day = c.day
     WHERE s.id IN (SELECT student_id FROM away)
       AND s.county = %(county)s AND s.merged_into_id IS NULL
), there AS (
    SELECT student_id, max(day) FILTER (WHERE NOT is_away) AS last_day FROM calls GROUP BY 1
)
SELECT c.student_id, min(c.day), max(c.day), t.last_day, bool_or(c.is_no_show)
  FROM calls c JOIN there t USING (student_id)
 WHERE c.is_away AND (t.last_day IS NULL OR c.day > t.last_day)
 GROUP BY c.student_id, t.last_day
HAVING max(c.day) - min(c.day) + 1 >= %(days)s
 ORDER BY min(c.day), c.student_id
"""


def runs(*, county: str, today: date, days: int = 1, class_group: int | None = None) -> list[Run]:
    """Children who are away now, of this term, for so many days or more; of one class or all."""
    term = Term.objects.filter(first_day__lte=today, last_day__gte=today).first()
    since = term.first_day if term else today - timedelta(days=180)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"county": county, "since": since, "today": today, "days": days}
        cursor.execute(_RUNS, {**asked, "class_group": class_group})
        return [Run(*row) for row in cursor.fetchall()]


def called_classes(scope: Scope, *, day: date) -> "QuerySet[ClassGroup]":
    """Classes of compulsory education that have children, each with what was called that day."""
    day_rows = ClassDay.objects.filter(class_group=OuterRef("pk"), day=day)
    absent = Absence.objects.filter(class_day__class_group=OuterRef("pk"), class_day__day=day)
    taught = Student.objects.filter(county=scope.county, merged_into=None)
    return (
        classes_within(scope, Permission.CASE_VIEW)
        .filter(stage__in=COMPULSORY, pk__in=taught.values("class_group"))
        .select_related("school")
        .annotate(
            called_at=Subquery(day_rows.values("taken_at")[:1]),
            called_by=Subquery(day_rows.values("taken_by_name")[:1]),
            absent=Coalesce(
                Subquery(
                    absent.order_by()
                    .values("class_day__class_group")
                    .annotate(n=Count("pk"))
                    .values("n")
                ),
                0,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class Seat:
    student: Student
    reason: str  # why it is away; empty for a child that is there
    away_since: date | None


@dataclass(frozen=True)
class Sheet:
    """The children of a class on a day. Who was away the last time is ticked already."""

    class_group: ClassGroup
    day: date

    @cached_property
    def called(self) -> ClassDay | None:
        return ClassDay.objects.filter(class_group=self.class_group, day=self.day).first()

    @cached_property
    def _last(self) -> ClassDay | None:
        days = ClassDay.objects.filter(class_group=self.class_group, day__lt=self.day)
        return days.order_by("-day").first()

    @property
    def is_registration(self) -> bool:
        return self.called.is_registration if self.called else False

    @cached_property
    def seats(self) -> list[Seat]:
        away = _reasons(self.called or self._last)
        since = {
            run.student: run.first_day
            for run in runs(
                county=self.class_group.county, today=self.day, class_group=self.class_group.pk
            )
        }
        return [
            Seat(student, away.get(student.pk, ""), since.get(student.pk))
            for student in roll(self.class_group, on=self.day)
        ]

    @property
    def absent(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.reason]


def _reasons(class_day: ClassDay | None) -> dict[int, str]:
    if class_day is None:
        return {}
    return dict(class_day.absences.values_list("student", "reason"))


@dataclass(frozen=True, slots=True)
class AwayLine:
    student: Student
    run: Run
    case: DropoutCase | None
    may_open: bool


def away_within(scope: Scope, *, today: date) -> list[AwayLine]:
    away = runs(county=scope.county, today=today)
    ids = [run.student for run in away]
    students = Student.objects.within(scope, Permission.CASE_VIEW).filter(pk__in=ids)
    children = {one.pk: one for one in students.select_related("school", "class_group")}
    cases = DropoutCase.objects.still_open().filter(county=scope.county, student__in=children)
    case_of = {case.student_id: case for case in cases}
    mine = Student.objects.within(scope, Permission.CASE_OPEN).filter(pk__in=children)
    may_open = set(mine.values_list("pk", flat=True)) - case_of.keys()
    return [
        AwayLine(children[run.student], run, case_of.get(run.student), run.student in may_open)
        for run in away
        if run.student in children
    ]
