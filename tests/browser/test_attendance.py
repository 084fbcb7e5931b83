"""A class is called on a phone: one tap when everybody is there, a tick for who is not."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import Absence, ClassDay
from tests.browsing import sign_in
from tests.factories import ClassGroupFactory, StudentFactory, class_teacher

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def group():
    return ClassGroupFactory()


@pytest.fixture
def children(group):
    return [StudentFactory(class_group=group, full_name=name) for name in ("王明", "李静", "赵磊")]


@pytest.fixture
def phone(page, live_server, group, children):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.set_viewport_size(PHONE)
    sign_in(page, live_server, class_teacher(group, full_name="李秀兰"))
    page.goto(live_server.url + reverse("casework:attendance-list"))
    page.get_by_role("link", name="点名", exact=True).last.click()
    yield page
    assert complaints == []


def test_everybody_is_there_with_one_tap(phone, group):
    expect(phone.get_by_role("button", name="保存未到的学生")).to_be_hidden()

    phone.get_by_role("button", name="全部到校").click()

    expect(phone.get_by_role("status")).to_contain_text("点名已保存：全部到校")
    called = ClassDay.objects.get()
    assert (called.class_group, called.on_roll) == (group, 3)
    assert called.day == timezone.localdate()
    assert not Absence.objects.exists()


def test_only_who_is_away_is_ticked_and_asked_why(phone, children):
    expect(phone.get_by_role("combobox")).to_have_count(0)

    phone.get_by_role("checkbox", name="李静").check()
    phone.get_by_role("combobox", name="李静未到的原因").select_option("病假")
    expect(phone.get_by_role("button", name="全部到校")).to_be_hidden()
    phone.get_by_role("button", name="保存未到的学生").click()

    expect(phone.get_by_role("status")).to_contain_text("1 人未到")
    away = Absence.objects.get()
    assert (away.student, away.reason) == (children[1], "ill")
    expect(phone.get_by_role("checkbox", name="李静")).to_be_checked()


def test_u064_every_row_is_a_target_for_a_thumb_and_the_button_lies_low(phone):
    box = phone.get_by_role("button", name="全部到校").bounding_box()
    assert box["y"] > PHONE["height"] * 2 / 3
    assert box["height"] >= 60
    for target in phone.locator("main .roll-name, main .roll-save button:visible").all():
        assert target.bounding_box()["height"] >= 44
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_child_that_did_not_come_to_registration(phone, children):
    phone.get_by_role("link", name="开学报到").click()

    phone.get_by_role("checkbox", name="赵磊").check()
    expect(phone.get_by_role("combobox", name="赵磊未到的原因")).to_have_value("no_show")
    phone.get_by_role("button", name="保存未到的学生").click()

    expect(phone.get_by_role("status")).to_contain_text("报到已保存：1 人未到")
    phone.goto(phone.url.split("/attendance/")[0] + "/attendance/away/?kind=no_show")
    expect(phone.get_by_role("table")).to_contain_text("赵磊")
