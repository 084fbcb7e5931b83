"""The page may be closed: the job goes on and a notice comes."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from core import notices
from core.models import Job, Notice
from students.models import ImportBatch
from tests.browsing import sign_in
from tests.factories import COUNTY, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
WORKBOOKS = Path(__file__).parent.parent / "fixtures" / "workbooks"
SLOW = 30_000  # ms, for what a worker does
LIST = reverse("accounts:notice-list")


@pytest.fixture
def officer(transactional_db):
    return county_officer()


def tell(user, number, path="/students/imports/"):
    words = f"“核对名册：名册{number}.xlsx”已完成。"
    told = {"event": f"e{number}", "words": words, "path": path}
    notices.tell(county=COUNTY, people=[user.pk], **told)


def test_the_page_is_closed_the_import_goes_on_and_a_notice_comes(
    context, live_server, worker, officer, capsys
):
    call_command("import_schools", str(WORKBOOKS / "schools.xlsx"))
    capsys.readouterr()
    page = context.new_page()
    sign_in(page, live_server, officer)
    page.goto(live_server.url + reverse("students:import-new"))
    page.locator("input[type=file]").set_input_files(WORKBOOKS / "17-补报学生.csv")
    page.get_by_role("button", name="上传", exact=True).click()
    agree = page.get_by_role("button", name="确认对应，开始核对")
    expect(agree).to_be_visible(timeout=SLOW)
    # Chromium may hang when a page is closed while its next one is on the way.
    with page.expect_navigation():
        agree.click()
    page.close()

    later = context.new_page()
    bell = later.get_by_role("link", name="站内信 1 条未读")

    def rung():
        later.goto(live_server.url)
        return bell.count()

    for _ in range(60):
        if rung():
            break
        later.wait_for_timeout(500)
    bell.click()
    batch = ImportBatch.objects.get()
    later.get_by_role("link", name="“核对名册：17-补报学生.csv”已完成。").click()

    later.wait_for_url(f"**{reverse('students:import-detail', args=[batch.pk])}")
    expect(later.get_by_role("link", name="站内信", exact=True)).to_be_visible()
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert not Notice.objects.unread().exists()


def test_notices_are_read_by_keyboard_alone(page, live_server, officer):
    for number in range(3):
        tell(officer, number)
    sign_in(page, live_server, officer)
    page.goto(live_server.url)
    bell = page.get_by_role("link", name="站内信 3 条未读")
    while not bell.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{LIST}")

    one = page.get_by_role("button", name="标为已读：“核对名册：名册2.xlsx”已完成。")
    one.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="站内信 2 条未读")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("tr.is-here")).to_have_count(1)
    page.get_by_role("button", name="全部标为已读").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("2 条站内信已标为已读")).to_be_visible()
    expect(page.get_by_role("link", name="站内信", exact=True)).to_be_visible()


def test_notices_work_without_javascript(browser, live_server, officer):
    tell(officer, 1, path="/jobs/")
    tell(officer, 2)
    with browser.new_context(java_script_enabled=False, locale="zh-CN") as context:
        page = context.new_page()
        sign_in(page, live_server, officer)
        page.goto(live_server.url)
        page.get_by_role("link", name="站内信 2 条未读").click()
        page.get_by_role("link", name="名册1.xlsx").click()
        expect(page.get_by_role("heading", name="任务")).to_be_visible()
        page.get_by_role("link", name="站内信 1 条未读").click()
        page.get_by_role("button", name="标为已读：").click()
        expect(page.get_by_text("已读", exact=True)).to_have_count(2)
