from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import DropoutCase
from ledgers.models import LedgerVersion
from tests.browsing import sign_in
from tests.factories import (
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    township_officer,
)
from tests.ledgers.books import NOVEMBER, build_ledger, dropout

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


def open_ledger(page, live_server, user, kind="dropout"):
    sign_in(page, live_server, user)
    where = {"kind": kind, "period": NOVEMBER}
    page.goto(live_server.url + reverse("ledgers:ledger-detail", kwargs=where))


def test_an_officer_builds_this_months_ledger_and_takes_it_home(page, live_server, worker):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    today = timezone.localdate()
    opened = today - timedelta(days=20)
    student = StudentFactory(full_name="张明", birth_date=date(2017, 3, 4))
    dropout(student, opened_on=opened, verified_on=opened, dropped_out_on=opened)
    sign_in(page, live_server, county_officer(full_name="周敏"))
    page.goto(live_server.url + reverse("ledgers:ledger-list"))

    name = f"{today.year}年{today.month}月辍学学生台账"
    page.get_by_role("button", name=name).click()

    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_text("第 1 版，数据截至")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("rowheader", name="张明")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出表格").click()
    assert taken.value.suggested_filename.startswith(f"凉州区{name}第1版")
    sheet = openpyxl.load_workbook(BytesIO(taken.value.path().read_bytes())).active
    assert sheet["B5"].value == "张明"
    assert LedgerVersion.objects.get().built_by_name == "周敏"
    assert complaints == []


def test_a_count_opens_the_rows_behind_it(page, live_server):
    dropout(StudentFactory(full_name="张明"))
    dropout(StudentFactory(full_name="李芳"), state="returned", returned_on=date(2026, 10, 8))
    build_ledger("dropout")
    open_ledger(page, live_server, county_officer())

    page.get_by_role("link", name="已复学 1").click()

    expect(page.get_by_role("rowheader", name="李芳")).to_be_visible()
    expect(page.get_by_role("rowheader", name="张明")).to_have_count(0)


def test_the_name_stays_in_sight_while_the_form_scrolls(page, live_server):
    StudentFactory(full_name="张明")
    build_ledger("school_age")
    open_ledger(page, live_server, county_officer(), kind="school_age")
    name = page.get_by_role("rowheader", name="张明")
    before = name.bounding_box()["x"]

    page.get_by_role("region", name="台账内容").evaluate("box => { box.scrollLeft = 2000 }")

    assert name.bounding_box()["x"] == before
    expect(page.get_by_role("columnheader", name="监护人电话")).to_be_in_viewport()


def test_the_changes_of_a_version_are_one_click_away(page, live_server):
    case = dropout(StudentFactory(full_name="张明"), whereabouts="在亲戚家")
    build_ledger("dropout")
    DropoutCase.objects.filter(pk=case.pk).update(whereabouts="外出务工")
    build_ledger("dropout")
    open_ledger(page, live_server, county_officer())

    page.get_by_role("link", name="本版变化").click()

    line = page.get_by_role("row", name="张明")
    expect(line).to_contain_text("目前去向：在亲戚家 → 外出务工")


def test_full_numbers_are_exported_for_a_purpose(page, live_server):
    number = id_number(born=date(2017, 3, 4))
    student = StudentFactory(birth_date=date(2017, 3, 4), number=number)
    StudentGuardianFactory(student=student, guardian=GuardianFactory(phone="13912345678"))
    dropout(student)
    build_ledger("dropout")
    open_ledger(page, live_server, county_officer())

    expect(page.get_by_text(number)).to_have_count(0)
    page.get_by_text("导出完整号码").click()
    page.get_by_label("导出用途").fill("报市教育局核查")
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出", exact=True).click()

    sheet = openpyxl.load_workbook(BytesIO(taken.value.path().read_bytes())).active
    assert (sheet["E5"].value, sheet["K5"].value) == (number, "13912345678")


@pytest.mark.parametrize("kind", ["school_age", "suspected", "dropout"])
def test_a_phone_shows_a_ledger_without_scrolling_the_page_sideways(page, live_server, kind):
    dropout(StudentFactory(full_name="张明"))
    build_ledger(kind)
    page.set_viewport_size(PHONE)
    open_ledger(page, live_server, township_officer(), kind=kind)

    expect(page.get_by_role("rowheader", name="张明")).to_be_visible()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(wide) is False
