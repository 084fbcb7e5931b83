import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import CaseEvent, HomeVisit
from casework.states import CaseState
from tests.factories import DropoutCaseFactory, class_teacher

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return DropoutCaseFactory(
        state=CaseState.CONFIRMED, opened_on=timezone.localdate() - timedelta(days=30)
    )


@pytest.fixture
def teacher(client, case):
    user = class_teacher(case.student.class_group)
    client.force_login(user)
    return user


def href(case):
    return reverse("casework:visit-new", args=[case.pk])


def answers(**fields):
    return {
        "client_uuid": str(uuid.uuid4()),
        "kind": "persuasion",
        "outcome": "talked",
        "visited_on": timezone.localdate().isoformat(),
        "visitors": "李老师",
        **fields,
    }


def test_the_page_fills_what_it_knows_and_asks_the_rest(client, case, teacher):
    form = client.get(href(case)).context["form"]

    assert form["visitors"].value() == teacher.full_name
    assert form["visited_on"].value() == timezone.localdate()
    assert form["kind"].value() == "persuasion"
    assert [value for value, _ in form.fields["kind"].widget.choices] == [
        "persuasion",
        "phone",
        "care",
        "teaching",
        "home_lesson",
    ]
    assert uuid.UUID(str(form["client_uuid"].value()))
    assert (
        client.get(href(case)).context["form"]["client_uuid"].value() != form["client_uuid"].value()
    )


def test_twenty_sendings_of_one_form_are_one_visit(client, case, teacher):
    sent = answers(outcome="back")

    responses = [client.post(href(case), sent) for _ in range(20)]

    assert {response.status_code for response in responses} == {302}
    assert HomeVisit.objects.count() == CaseEvent.objects.count() == 1
    case.refresh_from_db()
    assert case.state == CaseState.RETURNED


def test_other_words_under_the_same_key_are_kept_on_the_page_and_may_be_sent_again(
    client, case, teacher
):
    first = answers(findings="孩子在家")
    client.post(href(case), first)

    conflict = client.post(href(case), {**first, "findings": "孩子去了外婆家"})

    assert conflict.status_code == 409
    assert "尚未保存" in conflict.content.decode()
    assert "孩子去了外婆家" in conflict.content.decode()
    again = {**first, "findings": "孩子去了外婆家"}
    again["client_uuid"] = conflict.context["form"]["client_uuid"].value()
    assert client.post(href(case), again).status_code == 302
    assert set(HomeVisit.objects.values_list("findings", flat=True)) == {
        "孩子在家",
        "孩子去了外婆家",
    }


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"outcome": ""}, "请选择结果"),
        ({"visitors": " "}, "请填写走访人"),
        ({"visited_on": "昨天"}, "家访日期请写成日期"),
        ({"visited_on": "2999-01-01"}, "家访日期不能晚于今天"),
        ({"kind": "observation"}, "请改选：劝返、电话联系、关爱走访"),
        ({"findings": "很" * 1001}, "情况最多 1000 个字"),
    ],
)
def test_a_faulty_visit_is_told_in_words(client, case, teacher, fields, said):
    response = client.post(href(case), answers(**fields))

    assert said in response.content.decode()
    assert not HomeVisit.objects.exists()


def test_a_sending_after_the_case_moved_out_of_reach_is_no_case(client, case, teacher):
    elsewhere = DropoutCaseFactory()

    assert client.post(href(elsewhere), answers()).status_code == 404
    assert not HomeVisit.objects.exists()
