"""What a phone takes along: the children to visit, without any number or telephone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from accounts.models import User
from casework.models import CaseTask, DropoutCase, HomeVisit
from casework.services import content as contents
from casework.services.photos import MOST
from casework.services.pictures import EDGE, KEPT_BYTES
from casework.states import KINDS_WITHOUT_CASE, VISIT_KINDS, CaseState, VisitKind, VisitOutcome
from core.access import Permission, Scope
from schools.models import Division
from students.models import Student

MOST_CHILDREN = 500
EDITABLE = timedelta(days=30)  # as long as a phone keeps what it sent
# What "as last time" offers again.
_LAST = ("visitors", "people_met", "kind", "outcome", "study", "health", "lighting", "advice")


def take(*, scope: Scope, person: User, today: date) -> dict[str, Any]:
    """Children with an open case first, those due soonest before the others, then the class."""
    students = _students(scope)
    ids = [student.pk for student in students]
    cases = {
        case.student_id: case
        for case in DropoutCase.objects.still_open().filter(county=scope.county, student__in=ids)
    }
    due = _due(cases.values(), county=scope.county)
    visits = _visits(ids, county=scope.county, person=person, today=today)
    villages = _villages(students)
    children = [
        _child(student, cases.get(student.pk), due=due, visits=visits, villages=villages)
        for student in students
    ]
    children.sort(key=lambda one: (one["case"] is None, one["due_on"] or "9999", one["name"]))
    return {
        "children": children,
        "choices": {"outcomes": _pairs(VisitOutcome), "kinds": _pairs(VisitKind)},
        "limits": {"photos": MOST, "photo_bytes": KEPT_BYTES, "photo_edge": EDGE},
    }


def _students(scope: Scope) -> list[Student]:
    """With a case all in reach; without one only those of the caller's own classes."""
    rows = Student.objects.within(scope, Permission.VISIT_LOG).filter(merged_into=None)
    with_case = DropoutCase.objects.still_open().filter(county=scope.county)
    classes = [grant.class_group for grant in scope.grants if grant.class_group is not None]
    wanted = rows.filter(Q(pk__in=with_case.values("student")) | Q(class_group__in=classes))
    joined = wanted.select_related("school", "class_group")
    return list(joined.order_by("pk")[:MOST_CHILDREN])


def _due(cases: Iterable[DropoutCase], *, county: str) -> dict[int, CaseTask]:
    tasks = CaseTask.objects.still_open().filter(county=county, case__in=[one.pk for one in cases])
    soonest: dict[int, CaseTask] = {}
    for task in tasks.order_by("-due_on", "-pk"):
        soonest[task.case_id or 0] = task
    return soonest


def _visits(
    ids: list[int], *, county: str, person: User, today: date
) -> dict[int, list[HomeVisit]]:
    """The last one of each child, and the caller's own that may still be put right."""
    found: dict[int, list[HomeVisit]] = defaultdict(list)
    rows = HomeVisit.objects.filter(county=county, student__in=ids)
    last = rows.order_by("student", "-visited_on", "-logged_at").distinct("student")
    own = rows.filter(logged_by=person.pk, logged_at__date__gte=today - EDITABLE)
    for visit in last:
        found[visit.student_id].append(visit)
    for visit in own.order_by("-visited_on", "-logged_at"):
        found[visit.student_id].append(visit)
    return found


def _villages(students: list[Student]) -> dict[str, str]:
    codes = {student.hukou_division for student in students if student.hukou_division}
    return dict(Division.objects.filter(pk__in=codes).values_list("pk", "name"))


def _child(
    student: Student,
    case: DropoutCase | None,
    *,
    due: dict[int, CaseTask],
    visits: dict[int, list[HomeVisit]],
    villages: dict[str, str],
) -> dict[str, Any]:
    task = due.get(case.pk) if case else None
    kinds = VISIT_KINDS[CaseState(case.state)] if case else KINDS_WITHOUT_CASE
    known = visits.get(student.pk, [])
    return {
        "student": student.pk,
        "case": case.pk if case else None,
        "name": student.full_name,
        "school": str(student.school or ""),
        "class_name": str(student.class_group or ""),
        "village": villages.get(student.hukou_division, ""),
        "state": case.state if case else "",
        "state_label": case.get_state_display() if case else "",
        "kinds": [(kind.value, kind.label) for kind in kinds],
        "due_on": task.due_on.isoformat() if task else None,
        "why": task.name if task else "",
        "last": _last(known[0]) if known else None,
        "visits": [
            {"visit": str(one.pk), "version": one.version, **contents.outside(contents.of(one))}
            for one in known[1:]
        ],
    }


def _last(visit: HomeVisit) -> dict[str, Any]:
    return contents.outside({name: getattr(visit, name) for name in ("visited_on", *_LAST)})


def _pairs(choices: type[VisitKind] | type[VisitOutcome]) -> list[tuple[str, str]]:
    return [(one.value, str(one.label)) for one in choices]
