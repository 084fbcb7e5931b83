"""Two weeks of roll calls, who stays away, monthly reports, a list from above, one night."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from accounts.models import User
from casework.models.attendance import AbsenceReason
from casework.queries.attendance import COMPULSORY, roll
from casework.services import attendance, night, report
from core import idnumber, tenancy
from core.access import Permission, Reach, Scope
from schools.calendar import work_calendar
from schools.models import ClassGroup, School
from students.lists import services
from students.lists.services import Described
from students.models import OfficeList, Student

_BACK, _CLASSES = 12, 24  # days; classes that call every day
_SILENT = 5  # every fifth school has not reported
_LISTED, _STRANGERS = 4, (("诸葛文", date(2013, 4, 8)), ("上官雪", date(2012, 11, 20)))


def tell_attendance(*, county: str, today: date, own_classes: Sequence[str]) -> None:
    """`own_classes`: codes of the schools where somebody of the demo signs in."""
    officer = User.objects.get(username="county")
    may = frozenset({Permission.ATTENDANCE_TAKE, Permission.MONTH_REPORT})
    scope = Scope(county, (Reach(may, region=county),))
    with tenancy.inside(county):
        _call(scope, officer, today=today, own=own_classes)
        _report(scope, officer, today=today)
        attendance.suspect_absent(today=today)
        night.set_missing(today=today)
        night.mark_late(today=today)
        _list_from_above(county, officer, today=today)


def _call(scope: Scope, officer: User, *, today: date, own: Sequence[str]) -> None:
    """In the first class two children stay away; today the classes of the demo's teachers wait."""
    groups = ClassGroup.objects.filter(county=scope.county, stage__in=COMPULSORY)
    mine = list(groups.filter(school__code__in=own).order_by("pk"))
    others = groups.exclude(school__code__in=own).order_by("pk")[:_CLASSES]
    calendar = work_calendar()
    days = [today - timedelta(days=back) for back in range(_BACK, -1, -1)]
    for group in (*mine, *others):
        children = list(roll(group, on=today).values_list("pk", flat=True))
        for day in days:
            if calendar.works(day) and (day != today or group not in mine):
                absent = _away(children, left=(today - day).days, is_first=group in mine[:1])
                attendance.take_class_day(
                    scope=scope,
                    actor=officer,
                    class_group_id=group.pk,
                    day=day,
                    today=day,
                    is_registration=False,
                    absent=absent,
                )


def _away(children: list[int], *, left: int, is_first: bool) -> dict[int, AbsenceReason]:
    """A cold now and then; in one class a child away for days, and one since yesterday week."""
    away: dict[int, AbsenceReason] = {}
    if children and left % 5 == 2:
        away[children[left % len(children)]] = AbsenceReason.ILL
    if is_first and len(children) > 3:
        if left <= 9:
            away[children[-1]] = AbsenceReason.UNEXCUSED
        if left <= 4:
            away[children[-2]] = AbsenceReason.UNEXCUSED
    return away


def _report(scope: Scope, officer: User, *, today: date) -> None:
    """Of last month nearly all schools, of this month the early ones."""
    this = today.replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    report.ask_reports(today=before)
    schools = list(report.asked(School.objects.filter(county=scope.county), month=this))
    for place, school in enumerate(sorted(schools, key=lambda one: one.code)):
        for month, is_told in ((before, place % _SILENT), (this, place % _SILENT == 1)):
            if is_told:
                report.report_month(
                    scope=scope,
                    actor=officer,
                    school_id=school.pk,
                    month=month,
                    today=min(today, report.last_day(month)),
                )
    report.ask_reports(today=today)


def _list_from_above(county: str, officer: User, *, today: date) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("姓名", "身份证号", "学校"))
    known = Student.objects.filter(county=county, merged_into=None, cases=None)
    numbered = known.filter(identifiers__kind="id_number", identifiers__valid_to=None)
    for child in numbered.select_related("school").order_by("-pk")[:_LISTED]:
        number = child.identifiers.filter(kind="id_number", valid_to=None).get().reveal()
        writer.writerow([child.full_name, number, child.school or ""])
    for place, (name, born) in enumerate(_STRANGERS):
        body = f"629900{born:%Y%m%d}98{place}"
        writer.writerow([name, body + idnumber.check_character(body), "外县中学"])
    listed_on = today - timedelta(days=3)
    office_list = services.receive(
        county=county,
        described=Described(OfficeList.Kind.SENT_DOWN, "省教育厅", listed_on),
        file_name="疑似辍学学生名单（第2批）.csv",
        content=io.BytesIO(text.getvalue().encode()),
        actor=officer,
    )
    services.read(county=county, list_id=office_list.pk)
