"""The bell and the pages of one's own notices."""

import pytest
from django.urls import reverse

from core import notices, tenancy
from core.models import Job, Notice
from tests.factories import COUNTY, ClassGroupFactory, class_teacher, county_officer

pytestmark = pytest.mark.django_db
LIST = reverse("accounts:notice-list")
HOME = reverse("home")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def tell(user, *, event="e", words="“核对名册”已完成。", path="/students/imports/"):
    notices.tell(county=COUNTY, people=[user.pk], event=event, words=words, path=path)
    return Notice.objects.get(person_id=user.pk, event=event)


def bell(client, address=HOME):
    return client.get(address).context["bell"].unread


def test_the_bell_counts_what_is_unread_and_leads_to_the_list(client, officer):
    assert (bell(client), "bell-count" in client.get(HOME).content.decode()) == (0, False)

    tell(officer)

    shown = client.get(HOME).content.decode()
    assert f'href="{LIST}"' in shown
    assert bell(client) == 1
    assert "“核对名册”已完成。" in client.get(LIST).content.decode()


def test_opening_the_page_it_leads_to_reads_it(client, officer):
    notice = tell(officer)
    tell(officer, event="f", path="/jobs/")

    client.get(notice.path)

    notice.refresh_from_db()
    assert notice.read_at is not None
    assert bell(client) == 1


def test_a_fragment_reads_nothing(client, officer):
    job = Job.objects.create(county=COUNTY, task="core.test", title="任务", actor_id=officer.pk)
    here = reverse("core:job-detail", args=[job.pk])
    notice = tell(officer, path=here)

    client.get(here, headers={"HX-Request": "true"})

    notice.refresh_from_db()
    assert notice.read_at is None


def test_one_and_all_are_marked_read(client, officer):
    first, _second = tell(officer), tell(officer, event="f")
    client.post(reverse("accounts:notice-read", args=[first.pk]))
    assert bell(client) == 1

    answer = client.post(f"{reverse('accounts:notices-read')}?state=unread", follow=True)

    assert bell(client) == 0
    assert answer.request["QUERY_STRING"] == "state=unread"
    assert "1 条站内信已标为已读" in answer.content.decode()
    assert "没有未读的站内信" in answer.content.decode()


def test_those_of_others_are_not_there(client, officer):
    notice = tell(class_teacher(ClassGroupFactory()))

    assert notice.words not in client.get(LIST).content.decode()
    assert client.post(reverse("accounts:notice-read", args=[notice.pk])).status_code == 404
    client.post(reverse("accounts:notices-read"))
    notice.refresh_from_db()
    assert notice.read_at is None


def test_those_of_another_county_are_not_there(client, officer):
    with tenancy.inside("620621"):
        told = {"event": "e", "words": "外县", "path": "/"}
        notices.tell(county="620621", people=[officer.pk], **told)

    assert bell(client) == 0
    assert "外县" not in client.get(LIST).content.decode()


def test_more_than_a_page_is_paged(client, officer):
    for number in range(60):
        tell(officer, event=f"e{number}")

    page = client.get(LIST).context["page"]

    assert (len(page.rows), page.count) == (50, 60)
    assert len(client.get(f"{LIST}?{page.next_query}").context["page"].rows) == 10


def test_a_job_leads_its_starter_to_its_result(client, officer):
    started = {"task": "students.check_roster", "params": {"batch": 7}, "title": "核对名册"}
    own = Job.objects.create(county=COUNTY, actor_id=officer.pk, **started)
    other = Job.objects.create(county=COUNTY, actor_id=officer.pk + 1, **started)

    assert "/students/imports/7/" in client.get(f"/jobs/{own.pk}/").content.decode()
    assert "/students/imports/7/" not in client.get(f"/jobs/{other.pk}/").content.decode()
