"""Where a suspicion comes from: a school's report, a township's find, or a word from above."""

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from tests.factories import (
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def child():
    return StudentFactory()


def people(child):
    return {
        "school": [school_head(child.school), class_teacher(child.class_group)],
        "township": [township_officer()],
        "": [county_officer()],
    }


def test_the_form_begins_with_the_source_of_who_opens_it(client, child):
    for source, users in people(child).items():
        for user in users:
            client.force_login(user)
            page = client.get(reverse("casework:case-open", args=[child.pk]))
            assert page.context["form"]["source"].value() == source


@pytest.mark.parametrize("source", ["school", "township"])
def test_a_case_keeps_the_source_it_came_from_and_gets_its_task(client, child, source):
    client.force_login(people(child)[source][0])
    asked = {"source": source, "opened_on": timezone.localdate(), "suspicion": "摸排发现"}

    client.post(reverse("casework:case-open", args=[child.pk]), asked)

    case = DropoutCase.objects.get()
    assert (case.source, case.tasks.get().kind) == (source, "verify")
