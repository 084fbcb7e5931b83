"""Answering another county in the browser, and the answer on its way home by a real worker."""

import time
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from core import tenancy
from core.models import Job
from schools.models import Stage
from students.models import Student, Transfer, TransferOffer
from students.transfers.states import TransferState
from tests.factories import (
    COUNTY,
    SchoolFactory,
    StudentFactory,
    county_officer,
    division,
    school_head,
)

LIST = reverse("students:offer-list")
NEIGHBOUR = "620621"


@pytest.fixture
def offer(db):
    return TransferOffer.objects.create(
        county=COUNTY,
        from_division=division(NEIGHBOUR),
        from_school=SchoolFactory(name="民勤一小", township=division("620621101")),
        full_name="高磊",
        grade=13,
        school_name="黄羊镇中心小学",
        reason="随父母搬迁",
        sent_on=date(2026, 9, 2),
        due_on=date(2026, 9, 16),
    )


def page(name, offer):
    return reverse(f"students:offer-{name}", args=[offer.pk])


def test_the_officer_finds_the_request_beside_the_countys_own(client, offer):
    client.force_login(county_officer())

    assert "外县转来 1" in client.get(reverse("students:transfer-list")).content.decode()
    for value, _, count in client.get(LIST).context["counts"]:
        assert len(client.get(LIST, {"state": value}).context["lines"]) == count


def test_a_school_does_not_answer_for_the_county(client, offer):
    client.force_login(school_head(SchoolFactory()))

    assert "外县转来" not in client.get(reverse("students:transfer-list")).content.decode()
    assert client.get(page("accept", offer)).status_code == 404


def test_accepting_names_school_and_day(client, offer):
    school = SchoolFactory()
    client.force_login(county_officer())
    today = timezone.localdate().isoformat()

    missing = client.post(page("accept", offer), {"entered_on": today}).content.decode()
    done = client.post(
        page("accept", offer), {"to_school": school.pk, "entered_on": today}, follow=True
    )

    assert "请选择就读学校" in missing
    assert "答复正送回" in done.content.decode()
    child = Student.objects.get()
    assert (child.full_name, child.school_id, child.grade) == ("高磊", school.pk, 13)


def test_sending_back_keeps_the_reason(client, offer):
    client.force_login(county_officer())

    client.post(page("refuse", offer), {"answer": "该校三年级已满员"})

    assert "该校三年级已满员" in client.get(page("detail", offer)).content.decode()
    assert not Student.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_carries_request_and_answer(client, worker):
    student = StudentFactory()
    with tenancy.inside(NEIGHBOUR):
        school = SchoolFactory(
            county=NEIGHBOUR, township=division("620621101"), stages=[Stage.PRIMARY]
        )
    client.force_login(county_officer())
    client.post(
        reverse("students:transfer-new", args=[student.pk]),
        {
            "kind": "outside",
            "to_division": NEIGHBOUR,
            "to_school_name": "民勤一小",
            "reason": "随父母搬迁",
        },
    )
    transfer = Transfer.objects.get()
    with tenancy.inside(NEIGHBOUR):
        wait_for(lambda: TransferOffer.objects.filter(pk=transfer.link).exists())

    client.force_login(county_officer(NEIGHBOUR))
    client.post(
        reverse("students:offer-accept", args=[transfer.link]),
        {"to_school": school.pk, "entered_on": timezone.localdate().isoformat()},
    )
    wait_for(lambda: Transfer.objects.get().state == TransferState.ACCEPTED)

    assert Student.objects.get().school_id is None
    with tenancy.inside(NEIGHBOUR):
        assert Student.objects.get().school_id == school.pk
        wait_for(lambda: not Job.objects.exclude(state=Job.State.DONE).exists())


def wait_for(happened):
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)
