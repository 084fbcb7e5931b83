"""Visits are looked over version by version; planned ones are covered child by child."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import HomeVisit, PlannedVisit, VisitReview
from casework.queries.visit_plans import ReviewList, coverage, planned
from casework.services import visit_plan as services
from casework.states import TransitionRefused
from core.models import AuditEntry, Notice
from tests.casework.walks import who
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    HomeVisitFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
)

pytestmark = pytest.mark.django_db
MONDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 20)


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def visit():
    case = DropoutCaseFactory()
    teacher = class_teacher(case.student.class_group, full_name="王丽")
    return HomeVisitFactory(case=case, logged_by=teacher.pk, logged_by_name="王丽")


@pytest.fixture
def head(visit):
    return school_head(visit.student.school, full_name="单文海")


def review(visit, user, *, version=1, remark=""):
    asked = who(user, on=timezone.localdate()) | {"now": timezone.now()}
    return services.review_visit(**asked, visit_id=visit.pk, version=version, remark=remark)


def listed(user, which):
    today = timezone.localdate()
    return list(ReviewList(who(user, on=today)["scope"], user.pk, today).rows(which))


def test_read_once_it_leaves_the_list_until_it_is_edited(visit, head):
    assert listed(head, "unread") == [visit]

    review(visit, head)
    review(visit, head)  # tapped twice

    assert VisitReview.objects.count() == 1
    assert (listed(head, "unread"), listed(head, "read")) == ([], [visit])
    HomeVisit.objects.filter(pk=visit.pk).update(version=2)
    assert listed(head, "unread") == listed(head, "edited") == [visit]
    with pytest.raises(TransitionRefused, match="刚刚修改过"):
        review(visit, head, version=1)
    review(visit, head, version=2)
    assert listed(head, "unread") == []


def test_a_remark_reaches_who_wrote_the_visit_down(visit, head):
    review(visit, head, remark="请补写父亲的电话联系情况")

    told = Notice.objects.get(person_id=visit.logged_by)
    assert told.words == "单文海复核了您登记的家访：请补写父亲的电话联系情况"
    assert AuditEntry.objects.filter(action="visit.review").count() == 1
    with pytest.raises(TransitionRefused, match="单文海已复核过"):
        review(visit, county_officer(), remark="另一个意见")


def test_nobody_looks_over_an_own_visit(visit, head):
    own = HomeVisitFactory(case=visit.case, logged_by=head.pk, visited_on=MONDAY)

    assert own not in listed(head, "unread")
    with pytest.raises(TransitionRefused, match="须由另一人复核"):
        review(own, head)
    assert own in listed(county_officer(), "unread")


def test_a_head_sees_the_visits_of_the_own_school_alone(visit, head):
    HomeVisitFactory()

    assert listed(head, "unread") == [visit]


# -- planned visits ------------------------------------------------------------------------------


@pytest.fixture
def group():
    group = ClassGroupFactory()
    StudentFactory.create_batch(5, class_group=group)
    return group


@pytest.fixture
def teacher(group):
    return class_teacher(group, full_name="王丽")


def plan(teacher, target, *, first=MONDAY, last=FRIDAY, **fields):
    today = timezone.localdate()
    facts = {"title": "全员家访", "visitors": "王丽", "with_weekends": False, **fields}
    return services.plan_visits(
        **who(teacher, on=today),
        target=target,
        first_day=first,
        last_day=last,
        today=today,
        **facts,
    )


def states(teacher, batch, on=FRIDAY + timedelta(days=1)):
    rows = planned(who(teacher)["scope"], on=on).filter(batch=batch)
    return coverage(rows)[batch.pk]


def met(student, on, **fields):
    facts = {"case": None, "student": student, "visited_on": on, "kind": "care"}
    return HomeVisitFactory(client_uuid=uuid4(), **{**facts, **fields})


def test_the_children_of_a_class_are_spread_over_its_working_days(teacher, group):
    batch = plan(teacher, f"class:{group.pk}")

    days = sorted(batch.visits.values_list("planned_on", flat=True))
    assert days == [MONDAY + timedelta(days=n) for n in range(5)]
    weekend = plan(teacher, f"class:{group.pk}", first=date(2026, 11, 21), last=date(2026, 11, 29))
    assert all(day.weekday() < 5 for day in weekend.visits.values_list("planned_on", flat=True))
    both = plan(
        teacher,
        f"class:{group.pk}",
        first=date(2026, 11, 21),
        last=date(2026, 11, 22),
        with_weekends=True,
    )
    assert both.visits.filter(planned_on=date(2026, 11, 21)).exists()


def test_a_list_of_open_cases_is_a_batch_of_its_children(group):
    case = DropoutCaseFactory(student=group.student_set.first())
    head = school_head(group.school)

    batch = plan(head, f"cases:{group.school_id}")

    assert [row.student for row in batch.visits.all()] == [case.student]
    with pytest.raises(TransitionRefused, match="已不在您的负责范围"):
        plan(head, f"class:{ClassGroupFactory().pk}")


def test_coverage_counts_each_child_once_and_who_was_met_at_home(teacher, group):
    batch = plan(teacher, f"class:{group.pk}")
    first, second, third, fourth, _ = (row.student for row in batch.visits.order_by("planned_on"))
    met(first, MONDAY)
    met(first, FRIDAY)  # twice is one child
    met(second, FRIDAY, kind="phone")
    met(third, FRIDAY, outcome="not_met")
    met(fourth, FRIDAY + timedelta(days=3))  # after the batch

    covered = states(teacher, batch)

    assert (covered.should, covered.visited) == (5, 1)
    assert covered.counts == {"visited": 1, "missed": 4}
    assert states(teacher, batch, on=MONDAY).counts == {"visited": 1, "ahead": 4}


def test_cancelled_and_missed_say_why(teacher, group, today):
    batch = plan(teacher, f"class:{group.pk}")
    one, other, seen = batch.visits.order_by("planned_on")[:3]
    met(seen.student, MONDAY)

    def note(row, *, is_cancelled, reason):
        asked = {**who(teacher, on=today), "now": timezone.now()}
        facts = {"is_cancelled": is_cancelled, "reason": reason}
        return services.note_planned(**asked, planned_id=row.pk, **facts)

    note(one, is_cancelled=True, reason="已转学")
    assert (states(teacher, batch).should, states(teacher, batch).counts["cancelled"]) == (4, 1)
    with pytest.raises(TransitionRefused, match="王丽已取消这次走访：已转学"):
        note(one, is_cancelled=True, reason="又一个")
    PlannedVisit.objects.filter(pk=other.pk).update(planned_on=today)
    with pytest.raises(TransitionRefused, match="计划日期还没有过"):
        note(other, is_cancelled=False, reason="大雪封路")
    PlannedVisit.objects.filter(pk=other.pk).update(planned_on=today - timedelta(days=1))
    assert note(other, is_cancelled=False, reason="大雪封路").reason == "大雪封路"
    with pytest.raises(TransitionRefused, match="已走访，不必取消"):
        note(seen, is_cancelled=True, reason="不去了")


# -- pages ---------------------------------------------------------------------------------------

REVIEWS = reverse("casework:visit-reviews")


def test_one_tap_reads_a_visit_and_the_counts_are_those_of_the_lists(client, visit, head, today):
    met(visit.student, today, logged_by=visit.logged_by)
    client.force_login(head)
    page = client.get(REVIEWS)
    for which, _, count in page.context["chips"]:
        assert len(client.get(REVIEWS, {"which": which}).context["page"].object_list) == count
    assert dict((which, count) for which, _, count in page.context["chips"])["today"] == 1

    door = reverse("casework:visit-review", args=[visit.pk])
    assert door in page.content.decode()
    client.post(door, {"version": 1, "remark": "走访及时", "which": "unread"})

    assert door not in client.get(REVIEWS).content.decode()
    read = client.get(REVIEWS, {"which": "read"}).content.decode()
    assert "走访及时" in read
    shown = client.get(reverse("casework:visit-detail", args=[visit.pk])).content.decode()
    assert "单文海" in shown
    assert "走访及时" in shown
    assert client.post(door, {"version": 1, "remark": "字" * 201}, follow=True).status_code == 200


def test_a_batch_is_made_on_the_page_and_each_figure_opens_its_list(client, group, teacher):
    client.force_login(teacher)
    form = {"target": f"class:{group.pk}", "title": "十一月全员家访", "visitors": "王丽"}
    days = {"first_day": "2026-11-16", "last_day": "2026-11-20"}
    made = client.post(reverse("casework:visit-batch-new"), form | days, follow=True)
    assert "走访日期已排好" in made.content.decode()
    row = PlannedVisit.objects.order_by("planned_on").first()
    met(row.student, MONDAY)

    listing = client.get(reverse("casework:visit-batch-list")).content.decode()
    href = reverse("casework:visit-batch", args=[row.batch_id])
    assert f"{href}?state=visited" in listing
    page = client.get(href)
    for state, _, count in page.context["covered"].states:
        assert len(client.get(href, {"state": state}).context["lines"]) == count
    assert len(client.get(href, {"state": "should"}).context["lines"]) == 5

    other = PlannedVisit.objects.order_by("-planned_on").first()
    door = reverse("casework:visit-planned", args=[other.pk])
    client.post(door, {"what": "cancel", "reason": "已转学"})
    assert "已转学" in client.get(href, {"state": "cancelled"}).content.decode()
    back = client.post(
        reverse("casework:visit-batch-new"), form | days | {"last_day": "2026-11-01"}
    )
    assert "截止日期不能早于起始日期" in back.content.decode()


def test_no_list_ranks_teachers(client, group, teacher):
    batch = plan(teacher, f"class:{group.pk}")
    client.force_login(school_head(group.school))

    page = client.get(reverse("casework:visit-batch-list")).content.decode()

    assert batch.title in page
    assert "王丽" not in page  # coverage is of children and places, never of persons
