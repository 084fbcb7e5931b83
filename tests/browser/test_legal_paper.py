"""A township officer makes, prints and serves an order on a phone."""

import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import DropoutCase, LegalPaper
from tests.browsing import sign_in
from tests.casework.legal import persuaded_case
from tests.factories import StudentGuardianFactory, township_officer

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def case():
    opened = timezone.localdate() - timedelta(days=40)
    case = persuaded_case(opened_on=opened, student__full_name="高磊")
    StudentGuardianFactory(student=case.student, guardian__full_name="高建民")
    return case


def words_of(pdf):
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def fits(page):
    return page.locator("html").evaluate("node => node.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext reads the printed words")
def test_a_legal_notice_is_printed_and_served_on_a_phone(page, live_server, case):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.set_viewport_size(PHONE)
    sign_in(page, live_server, township_officer(full_name="张永福"))
    page.goto(live_server.url + reverse("casework:case-detail", args=[case.pk]))

    page.get_by_role("link", name="制作文书").click()
    assert fits(page)
    page.get_by_role("link", name=re.compile(r"制作\s*责令送被监护人")).click()
    assert fits(page)
    expect(page.get_by_role("textbox", name="受送达人", exact=True)).to_have_value("高建民")
    facts = page.get_by_role("textbox", name="事实")
    facts.fill(f"{facts.input_value()}#let x = 1 <b>&</b>")
    page.get_by_role("button", name="制作文书").click()

    expect(page.get_by_role("status")).to_contain_text("请打印、盖章后送达")
    assert fits(page)
    order = LegalPaper.objects.get()
    assert DropoutCase.objects.get().state == "escalated"
    link = page.get_by_role("link", name="打印（PDF）")
    answer = page.request.get(live_server.url + link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    printed = words_of(answer.body())
    day = order.deadline_on
    for words in (
        *("凉州区黄羊镇人民政府", "责令送被监护人接受义务教育通知书", order.number, "高建民："),
        f"现责令你于{day.year}年{day.month}月{day.day}日前送高磊到",
        *("#letx=1<b>&</b>", "第五十八条", "（印章）", "送达回证", "受送达人高建民"),
    ):
        assert words in printed

    page.get_by_role("link", name="登记送达").click()
    assert fits(page)
    page.get_by_role("radio", name="直接送达").check()
    page.get_by_role("textbox", name="送达人", exact=True).fill("张永福、李四")
    page.get_by_role("button", name="登记送达").click()

    expect(page.get_by_role("status")).to_contain_text("“登记送达”已办理")
    expect(page.locator(".page-head")).to_contain_text("期限内")
    page.goto(live_server.url + reverse("casework:case-detail", args=[case.pk]))
    expect(page.locator("#papers").get_by_role("table")).to_contain_text(order.number)
    expect(page.locator(".page-head")).to_contain_text("依法控辍")
    assert complaints == []


def test_the_controls_of_the_form_are_for_a_thumb(page, live_server, case):
    page.set_viewport_size(PHONE)
    sign_in(page, live_server, township_officer())
    page.goto(live_server.url + reverse("casework:paper-issue", args=[case.pk, "order"]))

    controls = page.locator("main form").locator(
        "input:not([type=hidden], .day-picker), textarea, select, button, a"
    )
    for control in controls.all():
        box = control.bounding_box()
        assert box is None or box["height"] >= 44, control.evaluate("node => node.outerHTML")
