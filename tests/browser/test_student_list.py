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


def test_composing_sends_nothing_and_the_enter_that_ends_it_neither(listed):
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


def test_the_list_is_worked_by_keys(listed, children):
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


def test_the_list_of_keys_opens_and_keys_can_be_switched_off(listed):
    listed.keyboard.press("?")
    dialog = listed.get_by_role("dialog", name="键盘操作")
    expect(dialog).to_be_visible()
    dialog.get_by_label("使用单键操作").uncheck()
    dialog.get_by_role("button", name="关闭").click()

    listed.keyboard.press("j")
    expect(listed.locator("tr.is-here")).to_have_count(0)
    listed.reload()
    listed.keyboard.press("j")
    expect(listed.locator("tr.is-here")).to_have_count(0)

    listed.locator(".account-menu summary").click()
    listed.get_by_role("button", name="键盘操作").click()
    dialog.get_by_label("使用单键操作").check()
    dialog.get_by_role("button", name="关闭").click()
    listed.keyboard.press("j")
    expect(listed.locator("tr.is-here")).to_have_count(1)


# -- columns, selecting ------------------------------------------------------------------------


def test_columns_are_found_moved_and_kept(listed):
    listed.get_by_role("link", name="选择列").click()
    listed.get_by_label("查找列").fill("年级")
    expect(listed.locator(".chooser li:visible")).to_have_count(1)
    listed.get_by_label("查找列").fill("")
    listed.get_by_role("checkbox", name="民族").check()
    listed.get_by_role("checkbox", name="证件号").uncheck()
    listed.get_by_role("button", name="上移学校").click()
    listed.get_by_role("button", name="保存", exact=True).click()

    heads = listed.locator("thead th").all_inner_texts()
    assert heads.index("学校") < heads.index("年级")
    assert ("民族" in heads, "证件号" in heads) == (True, False)


def test_all_that_match_are_tried_before_anything_is_done(listed):
    listed.get_by_label("全选符合条件的 3 名").check()
    expect(listed.get_by_text("已选符合条件的全部")).to_be_visible()
    listed.get_by_role("button", name="添加类别").click()
    expect(listed.get_by_role("button", name="办理")).to_have_count(0)

    listed.get_by_label("类别").select_option("migrant_child")
    listed.get_by_label("来源").fill("教育局核查")
    listed.get_by_role("button", name="试算").click()

    expect(listed.get_by_role("button", name="为能办的 3 名办理")).to_be_enabled()


# -- masks and addresses -----------------------------------------------------------------------


def test_a_copied_cell_is_the_mask(listed, children):
    cell = listed.get_by_role("row", name="张三").locator("[data-label=证件号]")
    cell.evaluate("cell => getSelection().selectAllChildren(cell)")

    copied = listed.evaluate("getSelection().toString()").strip()

    assert copied == f"{NUMBER[:3]}***********{NUMBER[-4:]}"
    assert NUMBER not in listed.content()


def test_no_address_of_the_students_pages_names_anybody(listed, live_server, children):
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
