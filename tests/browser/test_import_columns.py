"""对应列 in the browser: a strange form, its columns chosen, and proposed the next time."""

from datetime import date

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students.models import ColumnProfile, ImportBatch
from tests.browsing import sign_in
from tests.factories import SchoolFactory, county_officer, id_number

SLOW = 60_000
HEADS = ["序号", "学生姓名", "男/女", "身份证", "念书的地方", "几年级", "家长电话"]
OFFICE = "黄羊镇中心学区"


@pytest.fixture
def complaints(page):
    found = []
    page.on("console", lambda message: found.append(message.text))
    yield found
    assert found == []


def write(path, school, *children):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "四年级"
    sheet.append(HEADS)
    for number, (name, born) in enumerate(children, start=1):
        sheet.append(
            [number, name, "女", id_number(born=born, sex="女"), school.name, "四年级", ""]
        )
    book.save(path)
    return path


def hand_in(page, live_server, path):
    page.goto(live_server.url + reverse("students:import-new"))
    page.get_by_label("名册文件").set_input_files(path)
    page.get_by_label("来源单位").fill(OFFICE)
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.get_by_role("button", name="确认对应，开始核对")).to_be_visible(timeout=SLOW)


@pytest.mark.timeout(170)
def test_u028_columns_are_chosen_once_and_proposed_the_next_time(
    page, live_server, worker, tmp_path, complaints
):
    school = SchoolFactory()
    sign_in(page, live_server, county_officer())
    first = write(tmp_path / "一.xlsx", school, ("张小禾", date(2016, 1, 1)))
    hand_in(page, live_server, first)

    expect(page.get_by_label("男/女")).to_have_value("sex")
    expect(page.get_by_label("身份证")).to_have_value("id_number")
    expect(page.get_by_label("念书的地方")).to_have_value("")
    expect(page.get_by_text("没有学校")).to_be_visible()
    expect(page.get_by_text("张小禾")).to_have_count(0)
    page.get_by_label("念书的地方").select_option(label="学校名称")
    page.get_by_label("几年级").select_option(label="年级")
    page.get_by_role("button", name="确认对应，开始核对").dblclick()
    expect(page.get_by_role("button", name="提交：新增 1")).to_be_visible(timeout=SLOW)
    assert ImportBatch.objects.count() == 1
    assert ColumnProfile.objects.filter(office=OFFICE).count() == 4

    children = [("张小禾", date(2016, 1, 1)), ("李小麦", date(2016, 2, 1))]
    hand_in(page, live_server, write(tmp_path / "二.xlsx", school, *children))

    expect(page.get_by_label("念书的地方")).to_have_value("school")
    expect(page.get_by_label("几年级")).to_have_value("grade")
    expect(page.get_by_text("按这个单位以前的选择").first).to_be_visible()


@pytest.mark.timeout(170)
def test_the_columns_can_be_chosen_on_a_phone(page, live_server, worker, tmp_path, complaints):
    page.set_viewport_size({"width": 360, "height": 740})
    school = SchoolFactory()
    sign_in(page, live_server, county_officer())
    hand_in(page, live_server, write(tmp_path / "一.xlsx", school, ("张小禾", date(2016, 1, 1))))

    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    page.get_by_label("念书的地方").select_option(label="学校名称")
    page.get_by_role("button", name="确认对应，开始核对").click()
    expect(page.get_by_role("button", name="提交：新增 1")).to_be_visible(timeout=SLOW)
