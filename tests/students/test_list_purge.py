"""Old lists lose their rows; what they did, what was found and decided stays."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.celery import app
from students import tasks
from students.comparison import services
from students.comparison.services import Asked, Chosen, ComparisonRefused
from students.lists.purging import purge
from students.lists.services import ListRefused, submit
from students.models import ListEntry, MatchDifference, MatchRun, OfficeList, PersonCategory
from tests.factories import COUNTY, StudentFactory, county_officer
from tests.students.test_comparison import read, stranger
from tests.students.test_list_places import applied, given, row

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=200)
BEFORE = NOW - timedelta(days=90)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def aged(office_list):
    OfficeList.objects.filter(pk=office_list.pk).update(created_at=LONG_AGO)
    OfficeList.objects.filter(pk=office_list.pk, applied_at__isnull=False).update(
        applied_at=LONG_AGO
    )
    MatchRun.objects.update(created_at=LONG_AGO)
    office_list.refresh_from_db()
    return office_list


def test_rows_of_an_old_list_go_and_its_facts_and_counts_stay():
    old = aged(applied(row(StudentFactory())))

    assert purge(before=BEFORE) == 1
    assert purge(before=BEFORE) == 0

    old.refresh_from_db()
    assert old.purged_at
    assert (old.counts["good"], old.result["added"]) == (1, 1)
    assert not ListEntry.objects.exists()
    assert PersonCategory.objects.get().source == "名单：民政局"


def test_what_was_used_lately_is_kept():
    fresh = given(row(StudentFactory()))
    applied_late = applied(row(StudentFactory(), "孤儿"), kind="civil")
    OfficeList.objects.filter(pk=applied_late.pk).update(created_at=LONG_AGO)

    assert purge(before=BEFORE) == 0
    assert ListEntry.objects.filter(office_list=fresh).exists()


def test_findings_and_decisions_outlive_the_rows(client):
    run = services.start(
        county=COUNTY, asked=Asked("any", read(stranger()).pk, NOW.date()), actor=None
    )
    services.compare(county=COUNTY, run_id=run.pk)
    officer = county_officer()
    services.decide(
        county=COUNTY,
        run_id=run.pk,
        chosen=Chosen(found="only_theirs"),
        decision="accepted",
        note="已核",
        actor=officer,
    )
    aged(run.office_list)

    tasks.purge_office_lists()

    finding = MatchDifference.objects.get()
    assert (finding.decision, finding.note) == ("accepted", "已核")
    client.force_login(officer)
    page = client.get(reverse("students:comparison-detail", args=[run.pk])).content.decode()
    assert "按期清理" in page
    assert "欧阳远方" not in page
    page = client.get(reverse("students:list-detail", args=[run.office_list_id])).content.decode()
    assert "按期清理" in page
    with pytest.raises(ComparisonRefused, match="重新上传"):
        services.create_children(county=COUNTY, run_id=run.pk, actor=officer)


def test_a_purged_list_is_neither_applied_nor_compared():
    old = aged(given(row(StudentFactory())))
    purge(before=BEFORE)

    with pytest.raises(ListRefused, match="重新上传"):
        submit(county=COUNTY, list_id=old.pk, actor=None)
    with pytest.raises(ComparisonRefused, match="重新上传"):
        services.start(county=COUNTY, asked=Asked("any", old.pk, NOW.date()), actor=None)


def test_the_beat_purges_every_night():
    named = {one["task"] for one in app.conf.beat_schedule.values()}

    assert tasks.purge_office_lists.name in named
