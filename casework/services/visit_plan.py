"""复核 of visits, and visits planned by day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from casework.models import HomeVisit, PlannedVisit, VisitBatch, VisitReview
from casework.queries.attendance import classes_within, roll
from casework.queries.visit_plans import PLAN, REVIEW, VISITED, planned, with_open_case
from casework.states import TransitionRefused
from core import audit, notices
from core.access import Scope
from schools.calendar import work_calendar
from schools.models import School
from students.models import Student

LONGEST_BATCH = 120  # days


@transaction.atomic
def review_visit(
    *, scope: Scope, actor: User, visit_id: UUID, version: int, remark: str, now: datetime
) -> VisitReview:
    """已阅 of the version that was shown; tapped twice it is one.

    Errors: HomeVisit.DoesNotExist, TransitionRefused when the visit has another version by now.
    """
    rows = HomeVisit.objects.within(scope, REVIEW)
    visit = rows.select_for_update(of=("self",)).get(pk=visit_id)
    if visit.logged_by == actor.pk:
        raise TransitionRefused("这次家访是您登记的，须由另一人复核。")
    if visit.version != version:
        raise TransitionRefused("这次家访刚刚修改过，请看过新的内容再复核。")
    known = VisitReview.objects.filter(visit=visit, version=version).first()
    if known is not None:
        return _same_or_refused(known, actor, remark)
    review = VisitReview.objects.create(
        county=visit.county,
        visit=visit,
        version=version,
        remark=remark,
        reviewed_by=actor.pk,
        reviewed_by_name=actor.full_name,
        reviewed_at=now,
    )
    audit.record(
        county=visit.county,
        actor=actor,
        action="visit.review",
        target=visit.student,
        after={"visit": str(visit.pk), "number": version, "note": remark},
    )
    _tell_remark(review)
    return review


def _same_or_refused(known: VisitReview, actor: User, remark: str) -> VisitReview:
    if known.reviewed_by == actor.pk and known.remark == remark:
        return known
    raise TransitionRefused(f"{known.reviewed_by_name}已复核过这次家访，您的批注没有保存。")


def _tell_remark(review: VisitReview) -> None:
    if review.remark and review.visit.logged_by:
        notices.tell(
            county=review.county,
            people=[review.visit.logged_by],
            event=f"visit-review-{review.pk}",
            words=f"{review.reviewed_by_name}复核了您登记的家访：{review.remark}",
            path=reverse("casework:visit-detail", args=[review.visit_id]),
        )


@transaction.atomic
def plan_visits(
    *,
    scope: Scope,
    actor: User,
    target: str,
    title: str,
    visitors: str,
    first_day: date,
    last_day: date,
    with_weekends: bool,
    today: date,
) -> VisitBatch:
    """The children of a class or with an open case, spread evenly over the days."""
    school, students = _children(scope, target, on=today)
    if not students:
        raise TransitionRefused("所选的班级或名单里没有学生，请另选。")
    days = _days(first_day, last_day, with_weekends=with_weekends)
    batch = VisitBatch.objects.create(
        county=scope.county,
        school=school,
        title=title,
        visitors=visitors,
        first_day=first_day,
        last_day=last_day,
        made_by=actor.pk,
        made_by_name=actor.full_name,
    )
    PlannedVisit.objects.bulk_create(
        PlannedVisit(
            county=scope.county,
            batch=batch,
            student=student,
            planned_on=days[place * len(days) // len(students)],
        )
        for place, student in enumerate(students)
    )
    after = {"name": title, "count": len(students)}
    audit.record(county=scope.county, actor=actor, action="visit.plan", target=batch, after=after)
    return batch


def _children(scope: Scope, target: str, *, on: date) -> tuple[School, Sequence[Student]]:
    kind, _, key = target.partition(":")
    if kind == "class":
        group = classes_within(scope, PLAN).select_related("school").filter(pk=int(key)).first()
        if group is not None:
            return group.school, list(roll(group, on=on).order_by("name_key", "pk"))
    school = School.objects.within(scope, PLAN).filter(pk=int(key)).distinct().first()
    if kind != "cases" or school is None:
        raise TransitionRefused("所选的班级已不在您的负责范围，请从列表中重新选择。")
    rows = Student.objects.within(scope, PLAN).filter(with_open_case(), school=school)
    return school, list(rows.distinct().order_by("class_group", "name_key", "pk"))


def _days(first: date, last: date, *, with_weekends: bool) -> list[date]:
    if last < first:
        raise TransitionRefused("截止日期不能早于起始日期，请改晚一些。")
    if (last - first).days >= LONGEST_BATCH:
        raise TransitionRefused(f"一批走访最长 {LONGEST_BATCH} 天，请分成几批。")
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    calendar = work_calendar()
    return [day for day in every if with_weekends or calendar.works(day)] or every


@transaction.atomic
def note_planned(
    *,
    scope: Scope,
    actor: User,
    planned_id: int,
    is_cancelled: bool,
    reason: str,
    now: datetime,
) -> PlannedVisit:
    """Why a visit is cancelled, or was missed; written anew, the newest holds."""
    today = timezone.localdate(now)
    rows = planned(scope, on=today, permission=PLAN).select_for_update(of=("self",))
    visit: Any = rows.get(pk=planned_id)
    if visit.state == VISITED:
        raise TransitionRefused("这名学生在本批次中已走访，不必取消或说明。")
    if visit.is_cancelled:
        raise TransitionRefused(f"{visit.noted_by_name}已取消这次走访：{visit.reason}。")
    if not is_cancelled and visit.planned_on >= today:
        raise TransitionRefused("计划日期还没有过，不能写未走访的原因；不去了请选“取消”。")
    before = {"cancelled": visit.is_cancelled, "reason": visit.reason}
    visit.is_cancelled, visit.reason = is_cancelled, reason
    visit.noted_by_name, visit.noted_at = actor.full_name, now
    visit.save(update_fields=["is_cancelled", "reason", "noted_by_name", "noted_at"])
    audit.record(
        county=visit.county,
        actor=actor,
        action="visit.plan_note",
        target=visit.student,
        before=before,
        after={"cancelled": is_cancelled, "reason": reason},
    )
    return cast(PlannedVisit, visit)
