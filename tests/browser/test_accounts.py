"""A system administrator opens an account, its holder signs in, an auditor reads of both."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from core import audit
from tests.browsing import sign_in
from tests.factories import COUNTY, StudentFactory, auditor, county_officer, system_admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
DESK, PHONE = (1366, 768), (360, 740)


def test_an_account_from_the_one_time_password_to_the_trail(page, live_server):
    sign_in(page, live_server, system_admin(full_name="陈志强"))
    page.goto(live_server.url + reverse("home"))
    page.get_by_role("link", name="用户与授权").click()
    page.get_by_role("link", name="新建账号").click()
    page.get_by_label("用户名").fill("lihua")
    page.get_by_label("姓名", exact=True).fill("李华")
    page.get_by_label("岗位").select_option(label="县教育局业务员")
    page.get_by_label("地方").select_option(label="凉州区")
    page.get_by_role("button", name="建立账号").click()
    password = page.get_by_label("一次性密码").inner_text()

    page.context.clear_cookies()
    page.goto(live_server.url + reverse("accounts:sign-in"))
    page.get_by_label("用户名").fill("lihua")
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="修改密码")).to_be_visible()
    page.get_by_label("现在的密码").fill(password)
    page.get_by_label("新密码", exact=True).fill("Hexi-zoulang-7")
    page.get_by_label("再输一遍新密码").fill("Hexi-zoulang-7")
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_role("heading", name="李华，您好")).to_be_visible()

    page.context.clear_cookies()
    sign_in(page, live_server, auditor())
    page.goto(live_server.url + reverse("home"))
    page.get_by_role("link", name="今天的审计记录").click()
    for deed in ("建立账号", "授权", "修改自己的密码"):
        expect(page.get_by_role("rowheader", name=deed, exact=True)).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_say_nothing_in_the_console(page, live_server, size, scheme):
    complaints = []
    page.on("console", lambda message: complaints.append((page.url, message.text)))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)
    person = county_officer(username="a" * 40, full_name="阿卜杜热合曼·阿卜杜克热木·麦麦提依明")
    audit.record(
        county=COUNTY,
        actor=person,
        action="student.edit",
        target=StudentFactory(),
        before={"address": "黄羊镇" * 30},
        after={"address": ""},
    )
    grant = person.grants.get()
    pages = {
        system_admin: [
            reverse("home"),
            reverse("accounts:user-list"),
            reverse("accounts:user-new"),
            reverse("accounts:user-detail", args=[person.pk]),
            reverse("accounts:grant-new", args=[person.pk]),
            reverse("accounts:grant-end", args=[person.pk, grant.pk]),
        ],
        auditor: [
            reverse("audit-list"),
            f"{reverse('audit-list')}?first_day={timezone.localdate()}&person={person.pk}",
        ],
    }
    for reader, addresses in pages.items():
        sign_in(page, live_server, reader())
        for address in addresses:
            page.goto(live_server.url + address)
            width = page.locator("html").evaluate("html => html.scrollWidth")
            assert (address, width <= size[0]) == (address, True)
            frame = page.locator(".card").first.bounding_box()
            for field in page.locator(".filters :is(select, input:not([type=hidden]))").all():
                box = field.bounding_box()
                assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    assert complaints == []
