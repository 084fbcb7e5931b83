"""Search the county, look at a pair, make one record of it, and take that back."""

from datetime import date

import pytest
from playwright.sync_api import expect

from casework.models import DropoutCase
from core.models import Job
from students.models import Student
from tests.browsing import sign_in
from tests.factories import (
    DropoutCaseFactory,
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
BORN = date(2016, 3, 7)
SLOW = 30_000  # ms, for what a worker does


def test_search_merge_and_undo(page, live_server, worker):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    one = StudentFactory(full_name="张小明", birth_date=BORN, sex="男", number=id_number(born=BORN))
    other = StudentFactory(
        full_name="张晓明", birth_date=BORN, sex="男", number="", has_no_number=True
    )
    for student in (one, other):
        guardian = GuardianFactory(full_name="张大民", phone="19900000007")
        StudentGuardianFactory(student=student, guardian=guardian)
    case = DropoutCaseFactory(student=other)
    sign_in(page, live_server, county_officer())

    page.goto(live_server.url + "/students/duplicates/")
    expect(page.get_by_text("没有待核对的记录")).to_be_visible()
    page.get_by_role("button", name="查找重复").click()
    expect(page.get_by_text("已完成").first).to_be_visible(timeout=SLOW)
    assert Job.objects.get().result == {"pairs": 1}

    page.get_by_role("link", name="重复学生").click()
    page.get_by_role("link", name="张小明 / 张晓明").click()
    expect(page.get_by_text("姓名读音相同")).to_be_visible()
    page.get_by_role("radio", name="张晓明", exact=True).check()
    page.get_by_label("核对情况（可不填）").fill("户口簿为同一人")
    page.get_by_role("button", name="合并", exact=True).dblclick()

    expect(page.get_by_text("已合并为一份记录")).to_be_visible()
    kept = Student.objects.get(pk=one.pk)
    assert kept.full_name == "张晓明"
    assert DropoutCase.objects.get(pk=case.pk).student == kept

    page.get_by_role("button", name="撤销合并").click()
    expect(page.get_by_text("已撤销合并")).to_be_visible()
    assert Student.objects.get(pk=one.pk).full_name == "张小明"
    assert DropoutCase.objects.get(pk=case.pk).student == other
    assert complaints == []
