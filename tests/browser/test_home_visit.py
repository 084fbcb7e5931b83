from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import CaseEvent, HomeVisit
from tests.browsing import sign_in
from tests.factories import DropoutCaseFactory, class_teacher

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def case():
    opened = timezone.localdate() - timedelta(days=9)
    return DropoutCaseFactory(state="confirmed", opened_on=opened)


def open_visit(page, live_server, case):
    page.set_viewport_size(PHONE)
    sign_in(page, live_server, class_teacher(case.student.class_group, full_name="李秀兰"))
    page.goto(live_server.url + reverse("casework:case-detail", args=[case.pk]))
    page.get_by_role("link", name="登记家访").click()
    page.wait_for_load_state()  # the page's script gives the visit its key


def test_a_teacher_logs_a_visit_on_a_phone_with_a_double_tap(page, live_server, case):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    open_visit(page, live_server, case)

    page.get_by_role("radio", name="答应返校", exact=True).check()
    tomorrow = timezone.localdate() + timedelta(days=1)
    page.get_by_role("textbox", name="承诺返校日期").fill(tomorrow.isoformat())
    page.get_by_role("textbox", name="情况").fill("祖母在家，孩子答应明天回校。")
    page.get_by_role("button", name="保存家访").dblclick()

    expect(page.get_by_role("status")).to_contain_text("家访已保存")
    expect(page.locator(".page-head")).to_contain_text("劝返中")
    expect(page.get_by_role("table", name="家访记录")).to_contain_text("劝返（第 1 次）")
    visit = HomeVisit.objects.get()
    assert (visit.visitors, visit.promised_on) == ("李秀兰", tomorrow)
    assert CaseEvent.objects.get().to_state == "persuading"
    assert complaints == []


def test_the_page_fits_a_thumb(page, live_server, case):
    open_visit(page, live_server, case)

    save = page.get_by_role("button", name="保存家访").bounding_box()
    assert save["y"] > PHONE["height"] * 2 / 3
    controls = page.locator("main form").locator(
        "label:has(input), input:not([type=hidden], [type=radio], [aria-hidden]), "
        "textarea, summary, button, a"
    )
    for control in controls.all():
        box = control.bounding_box()
        assert box is None or box["height"] >= 44, control.evaluate("node => node.outerHTML")
    assert page.locator("html").evaluate("node => node.scrollWidth") <= PHONE["width"]


def test_every_page_shown_has_a_key_of_its_own_and_keeps_it_after_a_refusal(
    page, live_server, case
):
    open_visit(page, live_server, case)
    key = page.locator("[name=client_uuid]")
    first = key.input_value()

    page.get_by_role("button", name="保存家访").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择结果")
    assert key.input_value() == first

    page.goto(page.url)
    assert key.input_value() != first


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_the_visit_is_saved_without_scripts(page, live_server, case):
    open_visit(page, live_server, case)

    page.get_by_label("已返校").check()
    page.get_by_role("button", name="保存家访").click()

    expect(page.locator(".page-head")).to_contain_text("已复学")
    assert HomeVisit.objects.get().outcome == "back"
