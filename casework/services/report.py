"""控辍保学月报告: every school reports every month, zero or not (教基厅函〔2024〕15号)."""

import calendar
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from casework.models import DropoutCase
from casework.models.report import MonthReport
from casework.models.task import CaseTask, TaskKind, TaskLine
from casework.services.task import ended
from casework.states import DROPOUT_STATES, CaseState, TransitionRefused
from core import audit
from core.access import Permission, Scope
from schools.deadlines import Deadline, NoDeadline, deadline
from schools.models import School, Stage

REPORT = Permission.MONTH_REPORT
_COMPULSORY = [Stage.PRIMARY, Stage.JUNIOR, Stage.SPECIAL]


@dataclass(frozen=True, slots=True)
class Figures:
    suspected: int
    dropped_out: int
    returned: int


def figures(school: School, *, month: date) -> Figures:
    """Open cases of the school's children at this moment, and who came back in the month."""
    cases = DropoutCase.objects.filter(county=school.county, student__school=school)
    counted = cases.aggregate(
        suspected=Count("pk", filter=Q(state=CaseState.SUSPECTED)),
        dropped_out=Count("pk", filter=Q(state__in=DROPOUT_STATES)),
        returned=Count("pk", filter=Q(returned_on__range=(month, last_day(month)))),
    )
    return Figures(**counted)


def last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def due_day(month: date, *, county: str) -> date:
    """Errors: NoDeadline."""
    last = last_day(month)
    day = deadline(Deadline.SCHOOL_MONTH_REPORT, county=county, on=last)
    return last.replace(day=min(day, last.day)) if day else last


def asked(schools: "QuerySet[School]", *, month: date) -> "QuerySet[School]":
    """Schools of compulsory education that were open in the month.

    `told` is how many suspected and dropped out children each reported; None: no report.
    """
    report = MonthReport.objects.filter(
        county=OuterRef("county"), school=OuterRef("pk"), month=month
    )
    day = last_day(month)
    return schools.filter(
        Q(valid_from=None) | Q(valid_from__lte=day),
        Q(valid_to=None) | Q(valid_to__gte=day),
        stages__overlap=_COMPULSORY,
    ).annotate(told=Subquery(report.values_list(F("suspected") + F("dropped_out"))[:1]))


def asked_within(scope: Scope, *, month: date) -> "QuerySet[School]":
    """Those of the caller's reach."""
    reach = School.objects.within(scope, Permission.CASE_VIEW).values("pk")
    return asked(School.objects.filter(pk__in=reach), month=month)


@transaction.atomic
def report_month(
    *, scope: Scope, actor: User, school_id: int, month: date, today: date, note: str = ""
) -> MonthReport:
    """Reported again, the figures of that moment take the place of those before.

    Errors: School.DoesNotExist, TransitionRefused.
    """
    schools = School.objects.within(scope, REPORT).select_for_update(of=("self",))
    school = schools.get(pk=school_id)
    if month > today:
        raise TransitionRefused(f"{month:%Y-%m} 还没有到，到了当月再报告。")
    counted = figures(school, month=month)
    report, _ = MonthReport.objects.update_or_create(
        county=school.county,
        school=school,
        month=month,
        defaults={
            "suspected": counted.suspected,
            "dropped_out": counted.dropped_out,
            "returned": counted.returned,
            "note": note,
            "reported_on": today,
            "reported_by": actor.pk,
            "reported_by_name": actor.full_name,
            "reported_at": timezone.now(),
        },
    )
    tasks = CaseTask.objects.still_open().filter(county=school.county, school=school)
    tasks.filter(kind=TaskKind.REPORT, about=f"{month:%Y-%m}").update(**ended(today))
    audit.record(
        county=school.county,
        actor=actor,
        action="report.month",
        target=report,
        after={
            "month": f"{month:%Y-%m}",
            "suspected": report.suspected,
            "dropped_out": report.dropped_out,
            "returned": report.returned,
        },
    )
    return report


def ask_reports(*, today: date) -> int:
    """Every night: a task for each school that has to report this month and has none yet."""
    month = today.replace(day=1)
    counties = School.objects.values_list("county", flat=True).distinct()
    return sum(_ask(county, month=month, today=today) for county in counties)


@transaction.atomic
def _ask(county: str, *, month: date, today: date) -> int:
    try:
        due_on = due_day(month, county=county)
    except NoDeadline:
        return 0
    about = f"{month:%Y-%m}"
    given = CaseTask.objects.filter(
        county=county, school=OuterRef("pk"), kind=TaskKind.REPORT, about=about
    )
    schools = asked(School.objects.filter(county=county), month=month)
    missing = schools.filter(~Exists(given), Q(told=None))
    tasks = CaseTask.objects.bulk_create(
        CaseTask(
            county=county,
            school_id=school,
            kind=TaskKind.REPORT,
            line=TaskLine.EDUCATION,
            about=about,
            words=f"{about} 控辍保学月报告",
            set_on=min(today, due_on),
            due_on=due_on,
        )
        for school in missing.values_list("pk", flat=True)
    )
    return len(tasks)
