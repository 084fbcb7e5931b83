"""撤销本批 and the restoring of a removed view."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models import AuditEntry, Job
from students.listing import bulk, undoing
from students.models import BulkAct, PersonCategory, SavedView, SavedViewUse
from tests.factories import COUNTY, StudentFactory, county_officer

pytestmark = pytest.mark.django_db
LAST_WEEK = timezone.localdate() - timedelta(days=7)
LONG_AGO = date(2024, 9, 1)


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def category(student, **fields):
    begins = {"valid_from": LONG_AGO, "source": "名册"} | fields
    return PersonCategory.objects.create(
        county=COUNTY, student=student, type_id="migrant_child", **begins
    )


def treat(client, kind, students):
    chosen = {"student": [student.pk for student in students], "kind": kind}
    address = client.post(reverse("students:bulk-new"), chosen)["Location"]
    client.post(address, {"category": "migrant_child", "on": LAST_WEEK, "source": "教育局核查"})
    client.post(f"{address}commit/")
    act = BulkAct.objects.select_related("job").latest("pk")
    job = Job.claim(act.job_id)
    job.finish(**bulk.categories_job(job))
    return address


def undo(client, address):
    client.post(f"{address}undo/")
    job = Job.claim(BulkAct.objects.latest("pk").undo_job_id)
    result = undoing.undo_job(job)
    job.finish(**result)
    return result


def test_an_addition_is_taken_back_but_for_rows_touched_since(client, officer):
    first, second = StudentFactory.create_batch(2)
    address = treat(client, "add_category", [first, second])
    PersonCategory.objects.filter(student=second).update(valid_to=timezone.localdate())

    assert undo(client, address) == {"undone": 1, "left": 1}

    assert [row.student for row in PersonCategory.objects.all()] == [second]
    shown = client.get(address).content.decode()
    assert "已撤销 1 名；之后又有改动，未撤销：1 名" in shown
    assert second.full_name in shown
    entry = AuditEntry.objects.get(action="category.undo")
    assert (entry.target_id, entry.before["categories"]) == (first.pk, ["migrant_child"])


def test_an_ending_gives_each_its_former_last_day_back(client, officer):
    open_ended, dated, renewed = StudentFactory.create_batch(3)
    later = timezone.localdate() + timedelta(days=90)
    category(open_ended)
    category(dated, valid_to=later)
    category(renewed)
    address = treat(client, "end_category", [open_ended, dated, renewed])
    category(renewed, valid_from=timezone.localdate())

    assert undo(client, address) == {"undone": 2, "left": 1}

    ends = dict(PersonCategory.objects.order_by("pk").values_list("student", "valid_to"))
    assert ends == {open_ended.pk: None, dated.pk: later, renewed.pk: None}
    assert PersonCategory.objects.get(student=renewed, valid_from=LONG_AGO).valid_to == LAST_WEEK


def test_an_undo_happens_once(client, officer):
    address = treat(client, "add_category", [StudentFactory()])
    undo(client, address)
    category(StudentFactory())

    client.post(f"{address}undo/")

    assert Job.objects.filter(task=undoing.UNDO_TASK).count() == 1
    assert "撤销本批" not in client.get(address).content.decode()
    assert PersonCategory.objects.count() == 1


def test_what_is_not_done_cannot_be_undone(client, officer):
    chosen = {"student": [StudentFactory().pk], "kind": "add_category"}
    address = client.post(reverse("students:bulk-new"), chosen)["Location"]

    answer = client.post(f"{address}undo/", follow=True).content.decode()

    assert "没有可以撤销的" in answer
    assert not Job.objects.exists()


def test_a_killed_undo_goes_on_behind_its_last_whole_chunk(client, officer, monkeypatch):
    monkeypatch.setattr(undoing, "_CHUNK", 2)
    address = treat(client, "add_category", StudentFactory.create_batch(5))
    client.post(f"{address}undo/")
    act = BulkAct.objects.get()
    job = Job.claim(act.undo_job_id)
    assert undoing._undo_chunk(job, act)
    job.put_back("killed")

    again = Job.claim(act.undo_job_id)
    assert undoing.undo_job(again) == {"undone": 5, "left": 0}
    assert not PersonCategory.objects.exists()


def test_a_removed_view_comes_back_with_its_users(client, officer):
    fields = {"owner": officer, "name": "四年级", "columns": ["sex"], "sharing": "shared"}
    view = SavedView.objects.create(county=COUNTY, sort="", **fields)
    SavedViewUse.objects.create(county=COUNTY, view=view, user=county_officer(), is_told=True)
    client.post(reverse("students:view-remove", args=[view.pk]))

    restore = reverse("students:view-restore", args=[view.pk])
    answer = client.post(restore, follow=True).content.decode()

    view.refresh_from_db()
    assert "视图“四年级”已恢复" in answer
    assert (view.removed_at, view.uses.get().is_told) == (None, False)
    assert client.post(restore).status_code == 302
    assert AuditEntry.objects.filter(action="view.restore").count() == 1
    client.force_login(county_officer())
    assert client.post(restore).status_code == 404


def test_a_view_whose_name_is_taken_since_stays_removed_and_says_so(client, officer):
    fields = {"county": COUNTY, "owner": officer, "name": "四年级", "columns": [], "sort": ""}
    view = SavedView.objects.create(**fields)
    client.post(reverse("students:view-remove", args=[view.pk]))
    SavedView.objects.create(**fields)

    answer = client.post(reverse("students:view-restore", args=[view.pk]), follow=True)

    assert "您已有名为“四年级”的视图" in answer.content.decode()
