"""Two people edited one visit offline: both versions wait side by side until one is chosen."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from casework.models import HeldOp, HomeVisit
from casework.states import CaseState
from tests.browsing import sign_in
from tests.casework.phones import Phone
from tests.factories import DropoutCaseFactory, class_teacher, school_head

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def conflict():
    case = DropoutCaseFactory(state=CaseState.PERSUADING, student__full_name="马小燕")
    teacher = Phone(class_teacher(case.student.class_group, full_name="李秀兰"))
    head = Phone(school_head(case.student.school, full_name="王建国"))
    op = teacher.visit(case.student, case=case)
    teacher.send(op)
    head.send(head.edit(op["visit"], base=1, findings="孩子随父亲外出务工", study="落下两个月"))
    late = teacher.edit(op["visit"], base=1, findings="孩子在姑姑家", study="跟得上", advice="补课")
    teacher.send(late)
    return teacher, late


def test_conflict_resolved_field_by_field_at_360_pixels(page, live_server, conflict):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    teacher, late = conflict
    page.set_viewport_size(PHONE)
    sign_in(page, live_server, teacher.user)
    page.goto(live_server.url + reverse("accounts:notice-list"))
    page.get_by_role("link", name="有一次手机家访需要处理").first.click()

    expect(page.get_by_role("heading", name="马小燕")).to_be_visible()
    for words in ("孩子随父亲外出务工", "孩子在姑姑家", "落下两个月", "跟得上"):
        expect(page.get_by_role("radio", name=words)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    choices = page.locator(".choice")
    for number in range(choices.count()):
        assert choices.nth(number).bounding_box()["height"] >= 44
    page.get_by_role("radio", name="孩子在姑姑家").check()
    page.get_by_role("button", name="按所选登记").click()
    expect(page.get_by_role("alert")).to_contain_text("学习情况")
    expect(page.get_by_role("radio", name="孩子在姑姑家")).to_be_checked()
    complaints.clear()  # the browser notes the refusal itself

    page.get_by_role("radio", name="落下两个月").check()
    page.get_by_role("button", name="按所选登记").click()

    expect(page.get_by_role("status").first).to_contain_text("已按所选登记")
    expect(page.get_by_text("没有需要处理的家访")).to_be_visible()
    visit = HomeVisit.objects.get()
    assert (visit.findings, visit.study, visit.advice) == ("孩子在姑姑家", "落下两个月", "补课")
    assert HeldOp.objects.get().outcome == "merged"
    assert teacher.send(late)["verdict"] == "accepted"
    page.goto(live_server.url + reverse("casework:visit-detail", args=[visit.pk]))
    expect(page.get_by_text("第 2 次修改")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints == []
