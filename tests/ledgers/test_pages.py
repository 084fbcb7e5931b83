from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from core.models import AuditEntry, Job
from tests.factories import (
    StudentFactory,
    auditor,
    county_officer,
    division,
    id_number,
    school_head,
    township_officer,
)
from tests.ledgers.books import NOVEMBER, build_ledger, dropout

pytestmark = pytest.mark.django_db
HERE = {"kind": "dropout", "period": NOVEMBER}


def address(name, **query):
    return reverse(f"ledgers:{name}", kwargs=HERE) + (f"?{_query(query)}" if query else "")


def _query(query):
    return "&".join(f"{key}={value}" for key, value in query.items())


@pytest.fixture
def officer(client):
    client.force_login(county_officer(full_name="周敏"))
    return client


def test_the_list_shows_what_stands_and_what_is_still_to_be_built(officer):
    dropout(StudentFactory())
    build_ledger("dropout")
    build_ledger("suspected", "2026-03")

    page = officer.get(reverse("ledgers:ledger-list")).content.decode()

    assert "2026年11月" in page
    assert "零报告" in page
    assert "尚未生成" in page
    assert reverse("ledgers:ledger-detail", kwargs=HERE) in page


def test_building_starts_a_job_and_shows_its_progress(officer):
    month = f"{timezone.localdate():%Y-%m}"

    answer = officer.post(
        reverse("ledgers:ledger-build"), {"kind": "dropout", "period": month}, follow=True
    )

    job = Job.objects.get()
    assert (job.params["kind"], job.actor_name) == ("dropout", "周敏")
    assert answer.redirect_chain[0][0].endswith(f"/ledgers/dropout/{month}/")
    assert "正在生成" in answer.content.decode()
    assert "hx-get" in answer.content.decode()


@pytest.mark.parametrize(
    "asked, told",
    [
        ({"kind": "dropout", "period": "2099-01"}, "2099-01 尚未开始"),
        ({"kind": "nothing", "period": NOVEMBER}, "可选：school_age"),
        ({"kind": "dropout", "period": "11月"}, "请写成年-月"),
    ],
)
def test_what_cannot_be_built_is_told_in_words(officer, asked, told):
    answer = officer.post(reverse("ledgers:ledger-build"), asked, follow=True)

    assert told in answer.content.decode()
    assert not Job.objects.exists()


def test_a_ledger_with_its_two_headings_counts_and_rows(officer):
    dropout(StudentFactory(full_name="张明"))
    dropout(StudentFactory(full_name="李芳"), state="returned", returned_on=date(2026, 10, 8))
    build_ledger("dropout")

    page = officer.get(address("ledger-detail")).content.decode()

    assert "张明" in page
    assert "李芳" in page
    assert 'colspan="7">基本<' in page
    assert "在册 <span" in page
    narrowed = officer.get(address("ledger-detail", status="returned")).content.decode()
    assert "李芳" in narrowed
    assert "张明" not in narrowed


def test_an_older_version_can_be_looked_at(officer):
    case = dropout(StudentFactory(), whereabouts="在亲戚家")
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=case.pk).update(whereabouts="外出务工")
    build_ledger("dropout")

    assert "外出务工" in officer.get(address("ledger-detail")).content.decode()
    old = officer.get(address("ledger-detail", version=1)).content.decode()
    assert "在亲戚家" in old
    assert "外出务工" not in old
    assert officer.get(address("ledger-detail", version=3)).status_code == 404


def test_the_changes_of_a_version_before_and_after(officer):
    alters = dropout(StudentFactory(full_name="张明"), whereabouts="在亲戚家")
    goes = dropout(StudentFactory(full_name="李芳"))
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=alters.pk).update(whereabouts="外出务工")
    goes.delete()
    build_ledger("dropout")

    changed = officer.get(address("ledger-changes", sort="changed")).content.decode()
    gone = officer.get(address("ledger-changes", sort="gone")).content.decode()

    assert "在亲戚家" in changed
    assert "外出务工" in changed
    assert "李芳" not in changed
    assert "李芳" in gone


def test_a_zero_ledger_says_so(officer):
    build_ledger("dropout")

    assert "零报告也是报告" in officer.get(address("ledger-detail")).content.decode()


def test_lower_places_see_their_own_rows(client):
    here = StudentFactory(full_name="张明")
    dropout(here)
    other = division("620602101")
    dropout(StudentFactory(full_name="李芳", class_group__school__township=other))
    build_ledger("dropout")

    for user in (township_officer(), school_head(here.school)):
        client.force_login(user)
        page = client.get(address("ledger-detail")).content.decode()
        assert "张明" in page
        assert "李芳" not in page


def test_export_gives_a_workbook_named_after_the_ledger(officer):
    build_ledger("dropout")

    answer = officer.get(address("ledger-export"))

    assert answer.getvalue().startswith(b"PK")
    assert "%E8%BE%8D%E5%AD%A6%E5%AD%A6%E7%94%9F%E5%8F%B0%E8%B4%A6" in answer["Content-Disposition"]
    assert AuditEntry.objects.get(action="ledger.export").after["full"] is False


def test_full_numbers_need_a_purpose(officer):
    number = id_number(born=date(2017, 3, 4))
    dropout(StudentFactory(birth_date=date(2017, 3, 4), number=number))
    build_ledger("dropout")

    refused = officer.post(address("ledger-export-full"), {"purpose": ""}, follow=True)
    given = officer.post(address("ledger-export-full"), {"purpose": "报市局核查"})

    assert "须写明用途" in refused.content.decode()
    assert given.getvalue().startswith(b"PK")
    assert AuditEntry.objects.get(action="ledger.export").purpose == "报市局核查"


def test_an_auditor_is_offered_no_full_numbers_and_no_building(client):
    build_ledger("dropout")
    client.force_login(auditor())

    page = client.get(address("ledger-detail")).content.decode()

    assert "导出表格" in page
    assert "导出完整号码" not in page
    assert "重新生成" not in page


def test_a_failed_build_says_what_to_do(officer):
    Job.objects.create(
        county="620602",
        task="ledgers.build",
        title="生成",
        key="k",
        state="failed",
        finished_at=timezone.now(),
        error="请联系系统管理员并告知任务编号。",
        params={"kind": "dropout", "period": NOVEMBER, "unit": "620602"},
    )

    page = officer.get(address("ledger-detail")).content.decode()

    assert "没有写入任何内容：请联系系统管理员" in page
    assert "再次生成" in page
