"""On a phone of 360 pixels: from the gaps to the child, and the gap is closed by the grants."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.browsing import sign_in
from tests.casework.duties import assign
from tests.factories import (
    TOWNSHIP,
    StudentFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def student():
    student = StudentFactory(full_name="张明")
    StudentFactory(class_group=student.class_group, full_name="李芳")
    StudentFactory(class_group__school__township=division("620602104"), full_name="高磊")
    assign("township_head", TOWNSHIP, "镇长甲", on=timezone.localdate())
    return student


def test_from_the_county_s_gaps_to_the_children_behind_a_count(page, live_server, student):
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, live_server, county_officer())

    page.goto(live_server.url + reverse("casework:gap-list"))
    expect(page.get_by_role("heading", name="包保责任")).to_be_visible()
    assert not page.evaluate(TOO_WIDE)
    page.get_by_role("link", name="黄羊镇").click()
    line = page.get_by_role("row").filter(has=page.get_by_role("link", name=str(student.school)))
    assert not page.evaluate(TOO_WIDE)
    line.get_by_role("link", name="2", exact=True).first.click()

    expect(page.get_by_text("共 2 人")).to_be_visible()
    expect(page.get_by_role("link", name="张明")).to_be_visible()
    expect(page.get_by_text("高磊")).to_have_count(0)
    expect(page.get_by_text("镇长甲，乡镇长（街道主任）").first).to_be_visible()
    assert not page.evaluate(TOO_WIDE)


def test_a_head_closes_the_gap_by_the_grants_of_the_teachers(page, live_server, student):
    page.set_viewport_size({"width": 360, "height": 740})
    class_teacher(student.class_group, full_name="曾晓燕")
    sign_in(page, live_server, school_head(student.school))

    page.goto(live_server.url + reverse("casework:gap-list"))
    page.get_by_role("link", name="班主任包班").click()
    expect(page.get_by_text("将登记 1 个班")).to_be_visible()
    assert not page.evaluate(TOO_WIDE)
    page.get_by_role("button", name="按授权登记").click()
    expect(page.get_by_text("新登记 1 人")).to_be_visible()
    page.goto(live_server.url + reverse("casework:gap-list"))

    expect(page.get_by_text("已全部包保")).to_be_visible()
    page.goto(live_server.url + reverse("students:student-detail", args=[student.pk]))
    card = page.get_by_role("region", name="包保责任")
    expect(card.get_by_text("曾晓燕，班主任").first).to_be_visible()
    card.get_by_text("全部责任链").click()
    expect(card.get_by_role("cell", name="镇长甲")).to_be_visible()
    assert not page.evaluate(TOO_WIDE)
