"""The list of children by keyboard and input method, its chooser, its masks and its addresses."""

import re
from datetime import date
from urllib.parse import unquote

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browsing import sign_in
from tests.factories import (
    ClassGroupFactory,
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    school_head,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
LIST = reverse("students:student-list")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=61)
PHONE = "19912345678"


@pytest.fixture
def children():
    group = ClassGroupFactory()
    child = StudentFactory(
        full_name="张三", class_group=group, birth_date=BORN, sex="男", number=NUMBER
    )
    StudentGuardianFactory(student=child, guardian=GuardianFactory(phone=PHONE, full_name="张国民"))
    others = [StudentFactory(full_name=name, class_group=group) for name in ("白雪", "马兰")]
    return [others[0], others[1], child]  # by pinyin


@pytest.fixture
def listed(page, live_server, children):
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + LIST)
    return page


def posts(page):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else 0)
    return sent


# -- input method ------------------------------------------------------------------------------


def test_u059_composing_sends_nothing_and_the_enter_that_ends_it_neither(listed):
    sent = posts(listed)
    box = listed.get_by_role("searchbox", name="姓名、拼音")
    box.focus()
    session = listed.context.new_cdp_session(listed)
    for typed in ("z", "zhang", "zhangsan"):
        session.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
    # What the browser reports of keys an input method took: 229.
    for kind in ("rawKeyDown", "keyUp"):
        session.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
        )
    assert (sent, box.input_value()) == ([], "zhangsan")

    session.send("Input.insertText", {"text": "张三"})
    expect(box).to_have_value("张三")
    assert sent == []

    listed.wait_for_timeout(120)
    box.press("Enter")
    expect(listed.get_by_text("正在按“张三”查找")).to_be_visible()
    assert len(sent) == 1
    expect(listed.locator("tbody tr")).to_have_count(1)


def test_keys_are_no_deeds_while_composing_or_in_a_field(listed):
    box = listed.get_by_role("searchbox", name="姓名、拼音")
    box.focus()
    session = listed.context.new_cdp_session(listed)
    session.send("Input.imeSetComposition", {"text": "j", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.insertText", {"text": "将"})
    box.press("j")
    box.press("?")

    expect(box).to_have_value("将j?")
    expect(listed.locator("tr.is-here")).to_have_count(0)
    expect(listed.get_by_role("dialog")).to_be_hidden()


# -- keys --------------------------------------------------------------------------------------


def test_u013_the_list_is_worked_by_keys(listed, children):
    listed.keyboard.press("/")
    expect(listed.get_by_role("searchbox", name="姓名、拼音")).to_be_focused()
    listed.locator("h1").click()

    listed.keyboard.press("j")
    expect(listed.get_by_role("link", name="白雪")).to_be_focused()
    listed.keyboard.press("j")
    listed.keyboard.press("x")
    listed.keyboard.press("j")
    listed.keyboard.press("k")
    expect(listed.get_by_role("link", name="马兰")).to_be_focused()
    expect(listed.get_by_role("checkbox", name="选择马兰")).to_be_checked()
    expect(listed.get_by_text("已选 1 名")).to_be_visible()
    listed.keyboard.press("Enter")
    listed.wait_for_url(f"**/students/{children[1].pk}/")


def test_u013_e_edits_and_ctrl_s_or_ctrl_enter_send_the_form(listed, children):
    edit = reverse("students:student-edit", args=[children[0].pk])
    for keys in ("Control+s", "Control+Enter"):
        listed.goto(listed.url.split("/students/")[0] + LIST)
        listed.keyboard.press("j")
        listed.keyboard.press("e")
        listed.wait_for_url(f"**{edit}")
        with listed.expect_request(lambda request: request.method == "POST") as sent:
            listed.keyboard.press(keys)
        assert sent.value.url.endswith(edit)


def test_u013_the_command_menu_finds_what_there_is_to_do(listed):
    listed.keyboard.press("Control+k")
    menu = listed.get_by_role("dialog", name="命令菜单")
    box = menu.get_by_role("combobox")
    expect(box).to_be_focused()
    box.fill("没有这样的事")
    expect(menu.get_by_text("没有这样的事，请换个说法")).to_be_visible()
    box.fill("台账")
    expect(menu.get_by_role("option", name="台账")).to_have_attribute("aria-selected", "true")
    listed.keyboard.press("Enter")
    listed.wait_for_url("**/ledgers/")

    listed.keyboard.press("Control+k")
    listed.keyboard.press("ArrowDown")
    chosen = listed.locator("#commands [aria-selected=true]").inner_text().split()[0]
    assert listed.locator("#command-words").get_attribute("aria-activedescendant") == "command-1"
    listed.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert chosen


def test_u013_the_menu_does_what_a_button_of_the_page_does(listed):
    listed.keyboard.press("Control+k")
    listed.get_by_role("combobox", name="要做什么").fill("选择列")
    listed.keyboard.press("Enter")
    listed.wait_for_url("**/students/columns/**")
    expect(listed.get_by_role("heading", name="选择列").first).to_be_visible()


def test_u013_no_key_acts_in_an_input_or_while_composing(listed):
    sent = posts(listed)
    box = listed.get_by_role("searchbox", name="姓名、拼音")
    box.focus()
    for key in ("/", "j", "k", "x", "e", "?", "u", " "):
        box.press(key)
    expect(box).to_have_value("/jkxe?u ")
    session = listed.context.new_cdp_session(listed)
    session.send("Input.imeSetComposition", {"text": "k", "selectionStart": 1, "selectionEnd": 1})
    for key, code, control in (("Enter", "Enter", 2), ("k", "KeyK", 2), ("s", "KeyS", 2)):
        session.send(
            "Input.dispatchKeyEvent",
            {
                "type": "rawKeyDown",
                "key": key,
                "code": code,
                "modifiers": control,
                "windowsVirtualKeyCode": 229,
            },
        )

    expect(listed.get_by_role("dialog")).to_have_count(0)
    expect(listed.locator("tr.is-here")).to_have_count(0)
    assert sent == []


def test_u014_single_keys_are_switched_off_for_the_person(listed, browser, live_server):
    listed.keyboard.press("?")
    dialog = listed.get_by_role("dialog", name="键盘操作")
    expect(dialog).to_be_visible()
    with listed.expect_response("**/accounts/keys/"):
        dialog.get_by_label("使用单键操作").uncheck()
    dialog.get_by_role("button", name="关闭").click()
    listed.keyboard.press("j")
    expect(listed.locator("tr.is-here")).to_have_count(0)

    # On another computer they are off as well; Ctrl+K is no single key.
    with browser.new_context(storage_state=listed.context.storage_state()) as context:
        other = context.new_page()
        other.goto(live_server.url + LIST)
        other.keyboard.press("j")
        expect(other.locator("tr.is-here")).to_have_count(0)
        other.keyboard.press("Control+k")
        expect(other.get_by_role("dialog", name="命令菜单")).to_be_visible()
        other.keyboard.press("Escape")

        other.locator(".account-menu summary").click()
        other.get_by_role("button", name="键盘操作").click()
        other.get_by_label("使用单键操作").check()
        other.get_by_role("button", name="关闭").click()
        other.keyboard.press("j")
        expect(other.locator("tr.is-here")).to_have_count(1)


# -- peek --------------------------------------------------------------------------------------


def test_u009_space_peeks_down_turns_escape_gives_the_focus_back(listed, children):
    listed.keyboard.press("j")
    listed.keyboard.press(" ")
    peek = listed.get_by_role("dialog", name="速览")
    expect(peek.get_by_role("link", name="白雪")).to_be_visible()
    expect(peek).to_be_focused()

    listed.keyboard.press("ArrowDown")
    expect(peek.get_by_role("link", name="马兰")).to_be_visible()
    listed.keyboard.press("ArrowDown")
    expect(peek.get_by_role("link", name="张三")).to_be_visible()
    expect(peek).to_contain_text(f"{NUMBER[:3]}***********{NUMBER[-4:]}")
    assert NUMBER not in listed.content()
    listed.keyboard.press("ArrowUp")
    expect(peek.get_by_role("link", name="马兰")).to_be_visible()
    listed.keyboard.press("Escape")

    expect(peek).to_be_hidden()
    expect(listed.get_by_role("link", name="马兰")).to_be_focused()


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


# -- masks and addresses -----------------------------------------------------------------------


def test_u054_a_copied_cell_is_the_mask(listed, children):
    cell = listed.get_by_role("row", name="张三").locator("[data-label=证件号]")
    cell.evaluate("cell => getSelection().selectAllChildren(cell)")

    copied = listed.evaluate("getSelection().toString()").strip()

    assert copied == f"{NUMBER[:3]}***********{NUMBER[-4:]}"
    assert NUMBER not in listed.content()


def test_u003_no_address_of_the_students_pages_names_anybody(listed, live_server, children):
    seen, refused = set(), re.compile(r"\d{15,}|(?<!\d)1\d{10}(?!\d)")
    names = ["张三", "白雪", "马兰", "张国民", "zhangsan", NUMBER, NUMBER[-4:], PHONE]
    listed.on("request", lambda request: seen.add(request.url))

    for words in ("张三", "zhangsan", NUMBER, NUMBER[-4:]):
        box = listed.get_by_role("searchbox", name="姓名、拼音")
        box.fill(words)
        box.press("Enter")
        listed.wait_for_url("**find=**")
        seen.add(listed.url)
        listed.goto(live_server.url + LIST)
    for address in (LIST, reverse("students:student-detail", args=[children[2].pk])):
        listed.goto(live_server.url + address)
        links = "nodes => nodes.map(node => node.href || node.action || node.src || '')"
        seen.update(listed.locator("a[href], form[action], script[src]").evaluate_all(links))

    paths = [unquote(url.partition(live_server.url)[2].split("find=")[0]) for url in seen]
    told = [path for path in paths if refused.search(path) or any(n in path for n in names)]
    assert len(paths) > 20
    assert told == []
    tokens = [url.split("find=")[1] for url in seen if "find=" in url]
    assert not any(name in unquote(token) for token in tokens for name in names if len(name) > 4)
