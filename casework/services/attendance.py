"""点名: a class is called, and only who was not there is written down."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from casework.models import DropoutCase
from casework.models.attendance import Absence, AbsenceReason, ClassDay
from casework.queries.attendance import Run, classes_within, roll, runs
from casework.services.openings import Opened, open_cases
from casework.states import TransitionRefused, refuse_unlikely_day
from core import audit
from core.access import Permission, Reach, Scope
from schools.deadlines import Deadline, NoDeadline, deadline

TAKE = Permission.ATTENDANCE_TAKE
# Longer ago nobody remembers who was there.
_DAYS_BACK = 14


@transaction.atomic
def take_class_day(
    *,
    scope: Scope,
    actor: User,
    class_group_id: int,
    day: date,
    today: date,
    is_registration: bool,
    absent: Mapping[int, AbsenceReason],
) -> ClassDay:
    """Called again, the new list of the absent takes the place of the one before.

    Errors: ClassGroup.DoesNotExist, TransitionRefused.
    """
    classes = classes_within(scope, TAKE).select_for_update(of=("self",))
    class_group = classes.get(pk=class_group_id)
    _refuse_day(day, today=today)
    expected = set(roll(class_group, on=day).values_list("pk", flat=True))
    if absent.keys() - expected:
        raise TransitionRefused("名单中有学生已不在本班，请刷新页面后重新点名。")
    class_day, _ = ClassDay.objects.update_or_create(
        county=class_group.county,
        class_group=class_group,
        day=day,
        defaults={
            "is_registration": is_registration,
            "on_roll": len(expected),
            "taken_by": actor.pk,
            "taken_by_name": actor.full_name,
            "taken_at": timezone.now(),
        },
    )
    before = dict(class_day.absences.values_list("student", "reason"))
    class_day.absences.all().delete()
    Absence.objects.bulk_create(
        Absence(county=class_group.county, class_day=class_day, student_id=student, reason=reason)
        for student, reason in absent.items()
    )
    audit.record(
        county=class_group.county,
        actor=actor,
        action="attendance.take",
        target=class_day,
        before=_told(before),
        after=_told(absent) | {"day": day.isoformat(), "on_roll": len(expected)},
    )
    return class_day


def _refuse_day(day: date, *, today: date) -> None:
    refuse_unlikely_day(
        "点名日期",
        day,
        today=today,
        earliest=today - timedelta(days=_DAYS_BACK),
        earliest_name=f"{_DAYS_BACK} 天前",
    )


def _told(absent: Mapping[int, str]) -> dict[str, object]:
    return {"absent": {str(student): str(reason) for student, reason in sorted(absent.items())}}


def suspect_absent(*, today: date) -> int:
    """Every night, in every county that called a class: how many cases the rule opened."""
    since = today - timedelta(days=_DAYS_BACK)
    counties = ClassDay.objects.filter(day__gte=since).values_list("county", flat=True)
    return sum(_suspect(county, today=today) for county in set(counties))


@transaction.atomic
def _suspect(county: str, *, today: date) -> int:
    try:
        days = deadline(Deadline.SUSPECTED, county=county, on=today)
    except NoDeadline:
        return 0
    whole = Scope(county, (Reach(frozenset({Permission.CASE_OPEN}), region=county),))
    away = runs(county=county, today=today, days=days)
    opened = open_absent(scope=whole, actor=None, away=away, today=today)
    return sum(len(one.cases) for one in opened)


def open_absent(*, scope: Scope, actor: User | None, away: list[Run], today: date) -> list[Opened]:
    """Cases for children who are away, a no-show and an absence each under its own source."""
    return [
        _open(scope, actor, group, source=source, words=words, today=today)
        for source, words, group in (
            ("no_show", "开学未报到", [run for run in away if run.is_no_show]),
            ("absence", "连续缺课，未说明理由", [run for run in away if not run.is_no_show]),
        )
        if group
    ]


def _open(
    scope: Scope, actor: User | None, away: list[Run], *, source: str, words: str, today: date
) -> Opened:
    return open_cases(
        scope=scope,
        actor=actor,
        student_ids=_not_looked_at(scope.county, away),
        source=source,
        today=today,
        opened_on=today,
        suspicion=words,
        last_present={run.student: run.last_present_on for run in away},
    )


def _not_looked_at(county: str, away: list[Run]) -> list[int]:
    """A case that ended while the child was away has answered for this absence already."""
    ended = DropoutCase.objects.filter(county=county, student__in=[run.student for run in away])
    last_end: dict[int, date] = {}
    for student, closed_on in ended.values_list("student", "closed_on"):
        if closed_on and closed_on > last_end.get(student, date.min):
            last_end[student] = closed_on
    return [run.student for run in away if last_end.get(run.student, date.min) < run.first_day]
