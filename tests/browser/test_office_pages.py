"""The frame of the pages in a real browser: no complaint, nothing sticks out, nothing leaks."""

import re
from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from core.models import AuditEntry, Job
from tests.browsing import sign_in
from tests.factories import (
    COUNTY,
    HomeVisitFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
LONG_NAME = "阿卜杜热合曼·阿卜杜克热木·麦麦提依明·图尔荪托合提"
WHOLE_NUMBER = re.compile(r"\d{17}[\dX]|(?<!\d)1\d{10}(?!\d)")
DESK, PHONE = (1366, 768), (360, 740)


@pytest.fixture
def child():
    born = date(2016, 3, 7)
    number = id_number(born=born)
    child = StudentFactory(full_name=LONG_NAME, birth_date=born, sex="男", number=number)
    StudentGuardianFactory(student=child)
    StudentFactory.create_batch(30, class_group=child.class_group)
    HomeVisitFactory(case__student=child)
    return child


@pytest.fixture
def addresses(child):
    job = Job.objects.create(county=COUNTY, task="t", title="核对名册：黄羊镇学生花名册.xlsx")
    lists = [
        "home",
        "students:student-list",
        "students:import-list",
        "students:import-new",
        "casework:case-list",
        "ledgers:ledger-list",
        "core:job-list",
        "accounts:token-list",
        "accounts:token-new",
        "accounts:password-change",
    ]
    return [
        *map(reverse, lists),
        f"{reverse('students:student-list')}?state=suspended",
        reverse("students:student-detail", args=[child.pk]),
        reverse("students:student-edit", args=[child.pk]),
        reverse("core:job-detail", args=[job.pk]),
    ]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_clean_fit_and_masked(page, live_server, addresses, size, scheme):
    complaints = []
    page.on("console", lambda message: complaints.append((page.url, message.text)))
    page.on("pageerror", lambda error: complaints.append((page.url, str(error))))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server, county_officer())

    for address in addresses:
        page.goto(live_server.url + address)
        width = page.locator("html").evaluate("html => html.scrollWidth")
        assert (address, width <= size[0]) == (address, True)
        assert (address, WHOLE_NUMBER.findall(page.content())) == (address, [])
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    assert complaints == []


def test_u008_eighteen_rows_stand_on_an_office_screen(page, live_server, child):
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + reverse("students:student-list"))

    heights = [row.bounding_box() for row in page.locator("tbody tr").all()]

    assert sum(box["y"] + box["height"] <= DESK[1] for box in heights) >= 18


def test_a_number_is_shown_for_a_purpose_and_covers_itself_again(page, live_server, child):
    number = id_number(born=date(2016, 3, 7))
    page.clock.install()
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + reverse("students:student-detail", args=[child.pk]))

    secret = page.locator(f"#secret-{child.identifiers.get().pk}")
    secret.get_by_text("显示", exact=True).click()
    secret.get_by_role("button", name="显示号码").click()
    expect(secret.get_by_role("alert")).to_have_text("请填写查看用途")
    secret.get_by_label("查看用途").fill("与户口簿核对")
    secret.get_by_role("button", name="显示号码").click()
    expect(secret).to_contain_text(number)
    page.clock.run_for(31_000)

    expect(secret).not_to_contain_text(number)
    expect(secret).to_contain_text("629***********")
    assert AuditEntry.objects.get(action="identity.reveal").purpose == "与户口簿核对"


def test_the_menu_folds_on_a_phone_and_the_keyboard_reaches_the_text_first(
    page, live_server, child
):
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url)
    menu = page.get_by_role("navigation", name="主菜单")

    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    menu.get_by_role("link", name="学生", exact=True).click()
    expect(page).to_have_url(live_server.url + reverse("students:student-list"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()


def test_the_chosen_colours_stay(page, live_server, child):
    page.emulate_media(color_scheme="light")
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url)

    page.get_by_role("button", name="深色").click()
    page.goto(live_server.url + reverse("students:student-list"))

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_failed_form_takes_the_eye_to_its_errors(page, live_server, child):
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + reverse("accounts:password-change"))

    page.get_by_role("button", name="修改密码").click()

    expect(page).to_have_title(re.compile("^错误："))
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="请填写新密码").click()
    expect(page.get_by_label("新密码", exact=True)).to_be_focused()


def test_list_search_and_filters_work_without_javascript(browser, live_server, child):
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + reverse("students:student-list"))

    page.get_by_label("姓名、拼音、身份证号或其后四位、学籍号").fill("abudu")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("link", name=LONG_NAME)).to_be_visible()
    page.get_by_label("就读状态").select_option("休学")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_text("没有符合条件的学生")).to_be_visible()
    context.close()
