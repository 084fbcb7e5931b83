from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models import Job
from tests.factories import COUNTY, SchoolFactory, county_officer, school_head

pytestmark = pytest.mark.django_db
LIST = reverse("core:job-list")


def job(**fields):
    over = fields.get("state") in ("done", "failed", "cancelled")
    defaults = {
        "county": COUNTY,
        "task": "students.check_roster",
        "title": "核对名册：黄羊镇.xlsx",
        "finished_at": timezone.now() if over else None,
    }
    return Job.objects.create(**{**defaults, **fields})


def page(name, one):
    return reverse(f"core:job-{name}", args=[one.pk])


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def test_the_county_sees_every_job_and_a_school_its_own(client, officer):
    head = school_head(SchoolFactory())
    own, other = job(actor_id=head.pk), job()

    assert len(client.get(LIST).context["page"].rows) == 2
    client.force_login(head)
    assert client.get(LIST).context["page"].rows == [own]
    assert client.get(page("detail", other)).status_code == 404
    assert client.post(page("cancel", other)).status_code == 404


def test_the_list_narrows_by_state_and_to_the_last_days(client, officer):
    recent = job(state="failed")
    job(state="failed", created_at=timezone.now() - timedelta(days=9))
    job()

    assert client.get(f"{LIST}?state=failed").context["page"].count == 2
    assert client.get(f"{LIST}?state=failed&days=7").context["page"].rows == [recent]


def test_a_running_job_shows_real_numbers_and_polls(client, officer):
    running = job(state="running", total=50_000, done=12_300, stage="核对行", tries=2)

    whole = client.get(page("detail", running)).content.decode()
    part = client.get(page("detail", running), headers={"HX-Request": "true"}).content.decode()

    for text in ("12,300／50,000", "24%", "已自动恢复", 'hx-trigger="every 2s"'):
        assert text in whole
        assert text in part
    assert "<html" in whole
    assert "<html" not in part


def test_a_finished_job_is_polled_no_more(client, officer):
    answer = client.get(page("detail", job(state="done")), headers={"HX-Request": "true"})

    assert "hx-get" not in answer.content.decode()


def test_a_failed_job_says_why(client, officer):
    failed = job(state="failed", error="没有找到表头，请补上后重新导入。", tries=1)

    answer = client.get(page("detail", failed)).content.decode()

    assert "没有找到表头，请补上后重新导入。" in answer
    assert "取消任务" not in answer


def test_cancelling_takes_a_post_and_works_once(client, officer):
    waiting = job()
    assert client.get(page("cancel", waiting)).status_code == 405

    first = client.post(page("cancel", waiting), follow=True).content.decode()
    second = client.post(page("cancel", waiting), follow=True).content.decode()

    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert "任务已取消" in first
    assert "任务已经结束" in second
