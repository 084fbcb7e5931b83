"""Acts on thousands of children, with a real worker: exact, watched, left, found again, undone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from core.models import Notice
from students.models import BulkAct, PersonCategory, Student
from tests.browsing import sign_in
from tests.factories import COUNTY, TOWNSHIP, ClassGroupFactory, StudentFactory, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
LIST = reverse("students:student-list")
SLOW = 90_000  # ms, for what a worker does


def crowd(number, group, grade=14):
    Student.objects.bulk_create(
        Student(
            county=COUNTY,
            full_name=f"学生{index}",
            name_key=f"xuesheng{index:05d}",
            township=TOWNSHIP,
            school=group.school,
            class_group=group,
            grade=grade,
        )
        for index in range(number)
    )


@pytest.fixture
def group(transactional_db):
    return ClassGroupFactory()


@pytest.fixture
def listed(page, live_server, group):
    sign_in(page, live_server, county_officer())
    return page


def dry_run(page, live_server, count):
    page.goto(f"{live_server.url}{LIST}?grade=14")
    page.get_by_label(f"全选符合条件的 {count} 名").check()
    page.get_by_role("button", name="添加类别").click()
    page.get_by_label("类别").select_option("migrant_child")
    page.get_by_label("来源").fill("教育局核查")
    page.get_by_role("button", name="试算").click()
    return page.get_by_role("button", name=f"为能办的 {count} 名办理")


def test_u005_exactly_those_that_matched_change_although_a_page_holds_fifty(
    listed, live_server, worker, group
):
    crowd(3214, group)
    crowd(7, group, grade=15)
    commit = dry_run(listed, live_server, "3,214")
    expect(commit).to_be_enabled()
    late = StudentFactory(class_group=group, grade=14)

    commit.click()

    expect(listed.get_by_text("已办 3,214 名")).to_be_visible(timeout=SLOW)
    expect(listed.get_by_text("之后符合条件的学生不在内")).to_be_visible()
    assert PersonCategory.objects.filter(type="migrant_child").count() == 3214
    assert not PersonCategory.objects.filter(student=late).exists()
    assert not PersonCategory.objects.exclude(student__grade=14).exists()


def test_u025_five_thousand_show_their_progress_are_left_and_found_again(
    listed, live_server, worker, group
):
    crowd(5000, group)
    commit = dry_run(listed, live_server, "5,000")
    commit.click()
    # The answer to the click already shows the job.
    expect(listed.get_by_text("可以离开本页")).to_be_visible()
    expect(listed.get_by_role("progressbar", name="进度")).to_be_visible()

    listed.get_by_role("link", name="任务", exact=True).click()
    listed.get_by_role("link", name="添加类别：5000 名学生").click()
    listed.get_by_role("link", name="打开办理页").click()

    expect(listed.get_by_role("button", name="撤销本批")).to_be_visible(timeout=SLOW)
    expect(listed.get_by_text("已办 5,000 名")).to_be_visible()
    assert listed.url.endswith(reverse("students:bulk-detail", args=[BulkAct.objects.get().pk]))
    assert PersonCategory.objects.count() == 5000
    notice = Notice.objects.get()
    assert notice.words == "“添加类别：5000 名学生”已完成。"
    # Whoever looked on to the end has read it.
    expect(listed.get_by_role("link", name="站内信", exact=True)).to_be_visible()
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_u026_a_whole_act_is_undone_by_keyboard(listed, live_server, worker, group):
    crowd(600, group)
    dry_run(listed, live_server, "600").click()
    undo = listed.get_by_role("button", name="撤销本批")
    expect(undo).to_be_visible(timeout=SLOW)
    touched = PersonCategory.objects.latest("pk")
    touched.source = "学校更正"
    touched.save(update_fields=["source"])

    undo.focus()
    listed.keyboard.press("Enter")

    expect(listed.get_by_text("已撤销 599 名；之后又有改动，未撤销：1 名")).to_be_visible(
        timeout=SLOW
    )
    expect(listed.get_by_role("link", name=touched.student.full_name)).to_be_visible()
    assert list(PersonCategory.objects.all()) == [touched]
