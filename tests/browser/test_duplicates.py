"""Search the county, look at a pair, make one record of it, and take that back."""

from datetime import date

import pytest
from playwright.sync_api import expect

from casework.models import DropoutCase
from core.models import AuditEntry, Job
from students.models import Student
from tests.browsing import sign_in
from tests.factories import (
    DropoutCaseFactory,
    EnrolmentFactory,
    GuardianFactory,
    HomeVisitFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    seal_identifier,
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


def records(name, *, numbers=(), guardian=None, **fields):
    """A boy of one day at a school of his own, known by these numbers (kind, text)."""
    student = StudentFactory(full_name=name, sex="男", number="", **{"birth_date": BORN, **fields})
    for kind, text in numbers:
        seal_identifier(student, text=text, kind=kind)
    if guardian:
        StudentGuardianFactory(student=student, guardian=guardian)
    return student


def test_u038_pairs_by_number_by_guardian_and_by_pinyin_and_both_histories(
    page, live_server, worker
):
    number = id_number(born=BORN, number=9)
    records("赵国强", numbers=[("id_number", number)])
    records("王一鸣", numbers=[("student_no", f"G{number}")], birth_date=date(2015, 1, 2))
    for _ in range(2):
        records("李大勇", guardian=GuardianFactory(full_name="李建国", phone="19900000008"))
    kept, absorbed = records("孙晓梅"), records("孙小梅", class_group=None)
    last_year = EnrolmentFactory(
        student=absorbed,
        school=SchoolFactory(),
        class_group=None,
        grade=13,
        valid_from=date(2025, 9, 1),
        valid_to=date(2026, 8, 31),
    )
    visit = HomeVisitFactory(case__student=absorbed, findings="在外祖母家")
    AuditEntry.objects.create(
        county=kept.county,
        actor_name="王建国",
        action="student.edit",
        target_type="students.student",
        target_id=absorbed.pk,
        before={"residence_address": ""},
        after={"residence_address": "新华村三组"},
    )
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + "/students/duplicates/")
    page.get_by_role("button", name="查找重复").click()
    expect(page.get_by_text("已完成").first).to_be_visible(timeout=SLOW)

    for reason, pair in (
        ("学籍号含对方证件号", "赵国强 / 王一鸣"),
        ("监护人相同", "李大勇 / 李大勇"),
        ("姓名读音相同", "孙晓梅 / 孙小梅"),
    ):
        page.goto(live_server.url + "/students/duplicates/")
        page.get_by_label("依据").select_option(label=reason)
        page.get_by_role("button", name="筛选").click()
        expect(page.get_by_role("link", name=pair, exact=True)).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="孙晓梅 / 孙小梅").click()
    page.get_by_role("button", name="合并", exact=True).click()
    expect(page.get_by_text("已合并为一份记录")).to_be_visible()

    [left] = Student.objects.filter(pk__in=[kept.pk, absorbed.pk], merged_into=None)
    page.goto(f"{live_server.url}/students/{left.pk}/")
    schools = page.get_by_role("region", name="就读经历")
    for school in (kept.school, last_year.school):
        expect(schools).to_contain_text(school.name)
    expect(page.get_by_text("新华村三组").first).to_be_attached()
    expect(page.get_by_text("与重复记录合并").first).to_be_attached()
    visit.refresh_from_db()
    assert visit.student == visit.case.student == left
