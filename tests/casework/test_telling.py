"""站内信 of casework: one for each event and person, in the transaction in which it happened."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.scope import scope_for
from casework.services import legal
from casework.services.case import open_case
from casework.services.openings import open_cases
from casework.services.telling import tell_opened, tell_to_sign
from core.models import Notice
from tests.casework.legal import caller, make, persuaded_case, serve, served
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture
def child():
    return StudentFactory()


@pytest.fixture
def near(child):
    """Those who work with the child, by role."""
    group = child.class_group
    return {
        "township": township_officer(),
        "head": school_head(group.school),
        "teacher": class_teacher(group),
    }


def told(**fields):
    return {notice.person_id: notice for notice in Notice.objects.filter(**fields)}


def test_a_new_case_is_told_to_those_who_work_with_the_child(client, child, near):
    strangers = [class_teacher(ClassGroupFactory()), township_officer("620602101")]
    officer, today = county_officer(), timezone.localdate()

    case = open_case(
        scope=scope_for(officer, on=today),
        actor=officer,
        student_id=child.pk,
        today=today,
        opened_on=today,
        source="township",
    )

    notices = told()
    assert notices.keys() == {person.pk for person in near.values()}
    assert notices.keys().isdisjoint(person.pk for person in strangers)
    assert {notice.words for notice in notices.values()} == {"新建疑似辍学个案 1 个，请核查"}
    for person in near.values():
        client.force_login(person)
        assert client.get(notices[person.pk].path).context["case"] == case


def test_who_opens_a_case_is_not_told_of_it(child, near):
    head = near["head"]
    today = timezone.localdate()

    open_case(
        scope=scope_for(head, on=today),
        actor=head,
        student_id=child.pk,
        today=today,
        opened_on=today,
        source="school",
    )

    assert told().keys() == {near["township"].pk, near["teacher"].pk}


def test_many_cases_of_one_act_are_one_notice_a_person(client, child, near):
    school = child.school
    others = StudentFactory.create_batch(2, class_group=ClassGroupFactory(school=school))
    today = timezone.localdate()

    open_cases(
        scope=scope_for(county_officer(), on=today),
        actor=None,
        student_ids=[child.pk, *(one.pk for one in others)],
        source="transfer",
        today=today,
        opened_on=today,
    )

    notices = told()
    assert notices[near["head"].pk].words == "新建疑似辍学个案 3 个，请核查"
    assert notices[near["teacher"].pk].words == "新建疑似辍学个案 1 个，请核查"
    client.force_login(near["head"])
    assert client.get(notices[near["head"].pk].path).context["page"].count == 3


def test_any_number_of_cases_is_told_of_in_one_statement(child, near, django_assert_num_queries):
    cases = [DropoutCaseFactory(student=child), *DropoutCaseFactory.create_batch(2)]

    with django_assert_num_queries(1):
        assert tell_opened(cases, actor=None, on=TODAY) == 3
    assert tell_opened(cases, actor=None, on=TODAY) == 0
    assert tell_opened([], actor=None, on=TODAY) == 0


def test_a_signature_is_asked_of_whoever_signs_on_the_line(child, near):
    case = DropoutCaseFactory(student=child)
    county_officer()

    for line, who in (("education", "head"), ("government", "township")):
        task = case.tasks.create(
            county=case.county, kind="sign", line=line, about=line, set_on=TODAY, due_on=TODAY
        )
        tell_to_sign(case, task, on=TODAY)
        tell_to_sign(case, task, on=TODAY)
        assert told(event=f"sign-{task.pk}").keys() == {near[who].pk}


def test_where_nobody_holds_the_school_the_county_is_not_asked_in_its_place(child):
    county_officer()
    case = DropoutCaseFactory(student=child)
    task = case.tasks.create(
        county=case.county, kind="sign", line="education", set_on=TODAY, due_on=TODAY
    )

    assert tell_to_sign(case, task, on=TODAY) == 0


def test_where_a_child_has_no_school_the_county_is_asked_to_sign(near):
    officer = county_officer()
    case = DropoutCaseFactory(student__class_group=None)
    task = case.tasks.create(
        county=case.county, kind="sign", line="education", set_on=TODAY, due_on=TODAY
    )

    tell_to_sign(case, task, on=TODAY)

    assert told().keys() == {officer.pk}


def test_a_served_paper_is_told_to_those_who_work_with_the_child(client, near, child):
    case = persuaded_case(student=child)
    officer = near["township"]
    paper = make(case, "order", caller(officer))
    Notice.objects.all().delete()

    serve(paper, caller(officer))

    notices = told()
    assert notices.keys() == {near["head"].pk, near["teacher"].pk}
    assert {notice.event for notice in notices.values()} == {f"paper-{paper.pk}-served"}
    client.force_login(near["teacher"])
    assert client.get(notices[near["teacher"].pk].path).status_code == 200


def test_a_passed_deadline_is_told_to_the_body_of_the_paper_once_a_night(client, near, child):
    officer, today = near["township"], timezone.localdate()
    county_officer()
    for student in (child, StudentFactory(class_group=child.class_group)):
        case = persuaded_case(student=student, opened_on=today - timedelta(days=60))
        served(case, "urging_notice", caller(officer), on=today - timedelta(days=30))
    Notice.objects.all().delete()

    legal.pass_deadlines(today=today)
    legal.pass_deadlines(today=today)

    (notice,) = Notice.objects.all()
    assert notice.person_id == officer.pk
    assert notice.words == "有 2 份依法文书期限已满，还没有登记结果"
    client.force_login(officer)
    assert client.get(notice.path).context["page"].count == 2
