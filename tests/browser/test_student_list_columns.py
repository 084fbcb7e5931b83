"""Columns, widths, views, filters and their undo on the list of children."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.children import LIST, open_list, three_children
from tests.browsing import sign_in
from tests.factories import (
    StudentFactory,
    county_officer,
    school_head,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def children():
    return three_children()


@pytest.fixture
def listed(page, live_server, children):
    return open_list(page, live_server)


# -- columns, selecting ------------------------------------------------------------------------


def test_u006_columns_are_found_moved_and_kept(listed):
    listed.get_by_role("link", name="选择列").click()
    listed.get_by_label("查找列").fill("年级")
    expect(listed.locator(".chooser li:visible")).to_have_count(1)
    listed.get_by_label("查找列").fill("")
    listed.get_by_role("checkbox", name="民族").check()
    listed.get_by_role("checkbox", name="证件号", exact=True).uncheck()
    listed.get_by_role("button", name="上移学校", exact=True).press("Enter")
    expect(listed.get_by_role("button", name="上移学校", exact=True)).to_be_focused()
    listed.get_by_role("button", name="保存", exact=True).click()

    heads = listed.locator("thead th").all_inner_texts()
    assert heads.index("学校") < heads.index("年级")
    assert ("民族" in heads, "证件号" in heads) == (True, False)

    listed.get_by_role("link", name="选择列").click()
    listed.get_by_role("button", name="恢复默认").click()
    assert "证件号" in listed.locator("thead th").all_inner_texts()


def test_u006_a_column_is_dragged_to_its_place(listed):
    listed.get_by_role("link", name="选择列").click()
    lines = listed.locator(".chooser li")
    assert "性别" in lines.first.inner_text()
    start = lines.nth(3).locator(".chooser-handle").bounding_box()
    goal = lines.first.bounding_box()

    listed.mouse.move(start["x"] + 4, start["y"] + 4)
    listed.mouse.down()
    listed.mouse.move(start["x"] + 4, goal["y"] + 20, steps=6)
    listed.mouse.move(start["x"] + 4, goal["y"] + 2, steps=4)
    listed.mouse.up()
    listed.get_by_role("button", name="保存", exact=True).click()

    heads = listed.locator("thead th").all_inner_texts()
    assert heads.index("学校") < heads.index("性别")


def width(page, column):
    return page.locator(f"th[data-column={column}]").bounding_box()["width"]


def handle_of(page, column):
    return page.locator(f"th[data-column={column}]").get_by_role("separator", name="列宽")


def test_u006_widths_stay_for_the_person_and_the_kind_of_device(listed, browser, live_server):
    before = width(listed, "school")
    handle = handle_of(listed, "school").bounding_box()
    listed.mouse.move(handle["x"] + 3, handle["y"] + 5)
    listed.mouse.down()
    listed.mouse.move(handle["x"] + 83, handle["y"] + 5, steps=4)
    with listed.expect_response("**/columns/widths/"):
        listed.mouse.up()
    assert abs(width(listed, "school") - before - 80) <= 2
    handle_of(listed, "name").focus()
    listed.keyboard.press("ArrowDown")
    expect(handle_of(listed, "sex")).to_be_focused()
    with listed.expect_response("**/columns/widths/"):
        listed.keyboard.press("ArrowRight")
    sex = width(listed, "sex")

    state = listed.context.storage_state()
    with browser.new_context(storage_state=state, viewport={"width": 1366, "height": 768}) as same:
        page = same.new_page()
        page.goto(live_server.url + LIST)
        assert abs(width(page, "school") - before - 80) <= 2
        assert abs(width(page, "sex") - sex) <= 1
    with browser.new_context(storage_state=state, viewport={"width": 1920, "height": 900}) as wide:
        page = wide.new_page()
        page.goto(live_server.url + LIST)
        expect(page.locator("table.is-sized")).to_have_count(0)


def choose_all_columns(page, live_server):
    page.goto(live_server.url + reverse("students:list-columns"))
    for tick in page.locator(".chooser input[type=checkbox]").all():
        tick.check()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("table.table-wide")).to_be_visible()


def test_u008_head_line_and_names_stay_while_forty_columns_scroll(listed, live_server, children):
    StudentFactory.create_batch(45, class_group=children[0].class_group)
    choose_all_columns(listed, live_server)
    assert listed.locator("thead th").count() >= 40
    frame = listed.locator(".table-frame")
    edges = frame.bounding_box()

    frame.evaluate("frame => frame.scrollTo(frame.scrollWidth, frame.scrollHeight)")
    last = listed.locator("tbody tr").last

    assert frame.evaluate("frame => frame.scrollLeft") > edges["width"]
    assert abs(listed.locator("th[data-column=name]").bounding_box()["y"] - edges["y"]) <= 2
    for cell in (last.locator("th.name"), listed.locator("th[data-column=name]")):
        assert 0 <= cell.bounding_box()["x"] - edges["x"] < 40
    covers = "cell => cell.contains(document.elementFromPoint(...%s))"
    box = last.locator("th.name").bounding_box()
    point = [box["x"] + 12, box["y"] + box["height"] / 2]
    assert last.locator("th.name").evaluate(covers % point)
    assert listed.locator("html").evaluate("html => html.scrollWidth") <= 1366


def test_u008_eighteen_rows_stand_on_an_office_screen_with_forty_columns(
    listed, live_server, children
):
    StudentFactory.create_batch(45, class_group=children[0].class_group)
    for prepare in (lambda: None, lambda: choose_all_columns(listed, live_server)):
        prepare()
        listed.goto(live_server.url + LIST)
        frame = listed.locator(".table-frame").bounding_box()
        bottom = min(frame["y"] + frame["height"], 768)
        rows = [row.bounding_box() for row in listed.locator("tbody tr").all()]
        assert sum(row["y"] + row["height"] <= bottom for row in rows) >= 18
        expect(listed.get_by_role("navigation", name="翻页")).to_be_in_viewport()


def test_u002_filter_columns_and_order_come_back(listed, browser, live_server, children):
    listed.get_by_role("link", name="选择列").click()
    listed.get_by_role("checkbox", name="民族").check()
    listed.get_by_role("button", name="保存", exact=True).click()
    listed.get_by_label("年级").select_option("14")
    listed.get_by_label("排序").select_option("name_desc")
    listed.get_by_role("button", name="筛选", exact=True).click()
    shown = looks(listed)
    assert shown[1][0] == "张三"

    listed.reload()
    assert looks(listed) == shown
    with browser.new_context(storage_state=listed.context.storage_state()) as same:
        page = same.new_page()
        page.goto(listed.url)
        assert looks(page) == shown
    stranger = StudentFactory(full_name="外校生")
    with browser.new_context() as another:
        page = another.new_page()
        sign_in(page, live_server, school_head(stranger.school))
        page.goto(listed.url)
        assert looks(page)[1] == ["外校生"]


def looks(page):
    heads = page.locator("thead th").all_inner_texts()
    return heads, page.locator("tbody th").all_inner_texts()


def test_u004_a_locked_view_is_kept_from_others_and_its_removal_warns(listed, browser, live_server):
    listed.get_by_label("年级").select_option("14")
    listed.get_by_role("button", name="筛选", exact=True).click()
    listed.get_by_text("另存为视图").click()
    listed.get_by_label("名称").fill("四年级")
    listed.get_by_label("谁能用").select_option("locked")
    listed.get_by_role("button", name="保存视图").click()
    expect(listed.get_by_role("link", name="四年级")).to_have_attribute("aria-current", "true")
    with browser.new_context(locale="zh-CN") as another:
        page = another.new_page()
        sign_in(page, live_server, county_officer())
        page.goto(live_server.url + LIST)
        page.get_by_role("link", name="四年级").click()
        page.get_by_label("年级").select_option("15")
        page.get_by_role("button", name="筛选", exact=True).click()
        expect(page.get_by_role("button", name="保存改动到")).to_have_count(0)
        expect(page.get_by_role("link", name="管理视图")).to_have_count(0)

    listed.get_by_role("link", name="管理视图").click()
    expect(listed.get_by_text("有 1 名同事用过这个视图")).to_be_visible()


# -- undo --------------------------------------------------------------------------------------


def remove_view(page):
    page.get_by_text("另存为视图").click()
    page.get_by_label("名称").fill("四年级")
    page.get_by_role("button", name="保存视图").click()
    page.get_by_role("link", name="管理视图").click()
    page.get_by_role("button", name="删除视图").click()
    return page.get_by_role("button", name="撤销")


def test_u026_the_undo_is_reached_by_keys_and_waits_while_it_has_the_focus(listed):
    listed.clock.install()
    undo = remove_view(listed)
    listed.clock.run_for(200)
    expect(undo).to_be_visible()
    # Read out by screen readers: put into a live region that stood there before.
    assert undo.evaluate("button => button.closest('[role=status]') !== null")
    listed.clock.run_for(8_000)
    listed.keyboard.press("u")
    expect(undo).to_be_focused()
    listed.clock.run_for(60_000)
    expect(undo).to_be_visible()

    listed.keyboard.press("Enter")

    expect(listed.get_by_text("视图“四年级”已恢复")).to_be_visible()
    expect(listed.get_by_role("link", name="四年级")).to_be_visible()


def test_u026_after_ten_seconds_the_undo_is_gone(listed):
    listed.clock.install()
    undo = remove_view(listed)
    listed.clock.run_for(9_500)
    expect(undo).to_be_visible()
    listed.clock.run_for(1_000)
    expect(undo).to_have_count(0)


def test_u007_one_click_drops_the_filter_that_empties_the_list(listed):
    listed.get_by_label("就读状态").select_option(label="休学")
    listed.get_by_role("button", name="筛选", exact=True).click()
    expect(listed.get_by_text("没有符合条件的学生")).to_be_visible()

    listed.get_by_role("link", name="去掉“就读状态：休学”").click()

    expect(listed.locator("tbody tr")).to_have_count(3)


def test_u022_all_that_match_are_tried_before_anything_is_done(listed):
    listed.get_by_label("全选符合条件的 3 名").check()
    expect(listed.get_by_text("已选符合条件的全部")).to_be_visible()
    listed.get_by_role("button", name="添加类别").click()
    expect(listed.get_by_role("button", name="办理")).to_have_count(0)

    listed.get_by_label("类别").select_option("migrant_child")
    listed.get_by_label("来源").fill("教育局核查")
    listed.get_by_role("button", name="试算").click()

    expect(listed.get_by_role("button", name="为能办的 3 名办理")).to_be_enabled()
