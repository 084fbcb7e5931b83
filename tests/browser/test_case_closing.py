"""A case ends on a phone: two people sign, the county closes; and the child is away again."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from casework.models import DropoutCase
from tests.browsing import sign_in
from tests.casework import walks
from tests.factories import DropoutCaseFactory, county_officer, school_head, township_officer

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def case():
    """Back in class since 20 September and seen there three times."""
    case, asked = DropoutCaseFactory(), walks.officer()
    walks.confirm(case, asked)
    walks.bring_back(case, asked)
    walks.observe(case, asked)
    return case


@pytest.fixture
def phone(page):
    page.set_viewport_size(PHONE)
    return page


def open_case(page, live_server, case, user):
    sign_in(page, live_server, user)
    page.goto(live_server.url + reverse("casework:case-detail", args=[case.pk]))


def fits(page):
    return page.locator("html").evaluate("node => node.scrollWidth") <= PHONE["width"]


def sign_on(page, live_server, case, user):
    open_case(page, live_server, case, user)
    expect(page.get_by_role("link", name="销号", exact=True)).to_have_count(0)
    assert fits(page)
    page.get_by_role("link", name="签字", exact=True).click()
    expect(page.locator("blockquote")).to_contain_text("安置方式为“原班”")
    assert fits(page)
    button = page.get_by_role("button", name="签字")
    assert button.bounding_box()["height"] >= 44
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("签字前请先勾选")
    page.get_by_label("本人已核对以上内容，情况属实").check()
    button.click()
    expect(page.get_by_role("status")).to_contain_text("签字")


def test_a_case_is_closed_with_two_signatures_on_the_phone(phone, live_server, case):
    head = school_head(case.student.school, full_name="李文海")
    sign_on(phone, live_server, case, head)
    expect(phone.get_by_role("link", name="签字", exact=True)).to_have_count(0)
    expect(phone.locator("#signatures")).to_contain_text("李文海")
    expect(phone.locator(".case-path")).to_contain_text("政府线还没有签字")

    sign_on(phone, live_server, case, township_officer(case.student.township, full_name="张永福"))

    open_case(phone, live_server, case, county_officer())
    expect(phone.locator(".case-path")).not_to_contain_text("还没有签字")
    phone.get_by_role("link", name="销号", exact=True).click()
    phone.get_by_role("button", name="销号", exact=True).click()

    expect(phone.get_by_role("status")).to_contain_text("“销号”已办理，个案现为“已销号”。")
    expect(phone.locator("[aria-current=step]")).to_contain_text("已销号")
    case.refresh_from_db()
    assert case.state == "closed"
    assert {one.person_name for one in case.signatures.all()} == {"李文海", "张永福"}


def test_a_placement_changed_after_signing_is_signed_anew(phone, live_server, case):
    walks.sign_both(case)
    open_case(phone, live_server, case, county_officer())

    phone.get_by_role("link", name="登记安置方式", exact=True).click()
    phone.get_by_label("复学安置方式").select_option(label="插班（降级）")
    phone.get_by_role("button", name="登记安置方式").click()

    expect(phone.locator("#signatures").get_by_text("已作废")).to_have_count(2)
    expect(phone.get_by_role("link", name="销号", exact=True)).to_have_count(0)
    expect(phone.locator(".case-path")).to_contain_text("教育线还没有签字")


def test_a_child_away_again_gets_a_new_case_linked_with_the_old(phone, live_server, case):
    open_case(phone, live_server, case, school_head(case.student.school))

    phone.get_by_role("link", name="登记再次辍学", exact=True).click()
    phone.get_by_label("说明").fill("连续两天未到校，家长称已外出。")
    phone.get_by_role("button", name="登记再次辍学").click()

    expect(phone.locator("[aria-current=step]")).to_contain_text("疑似")
    phone.get_by_role("link", name="再次辍学").click()
    expect(phone.locator("[aria-current=step]")).to_contain_text("再次辍学")
    expect(phone.get_by_text("该生已另建新个案")).to_be_visible()
    new = DropoutCase.objects.get(previous_case=case)
    assert (new.state, DropoutCase.objects.get(pk=case.pk).state) == ("suspected", "relapsed")
    assert fits(phone)


def test_who_is_late_is_told_who_was_first(browser, phone, live_server, case):
    """Two officers have the same page open; the second one's answers stay on the page."""
    first, late = county_officer(full_name="王建国"), county_officer(full_name="赵明")
    door = live_server.url + reverse("casework:case-settle", args=[case.pk])
    sign_in(phone, live_server, late)
    phone.goto(door)
    phone.get_by_label("说明").fill("家长要求降级")
    with browser.new_context(viewport=PHONE) as other:
        desk = other.new_page()
        sign_in(desk, live_server, first)
        desk.goto(door)
        desk.get_by_label("复学安置方式").select_option(label="插班（降级）")
        desk.get_by_role("button", name="登记安置方式").click()
        expect(desk.get_by_role("status")).to_contain_text("已办理")

    phone.get_by_role("button", name="登记安置方式").click()

    told = phone.get_by_role("alert")
    expect(told).to_contain_text("王建国已于")
    expect(told).to_contain_text("办理“登记安置方式”")
    expect(phone.get_by_label("说明")).to_have_value("家长要求降级")
    assert case.events.filter(action="settle").count() == 1
