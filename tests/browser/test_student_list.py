"""The list of children by keyboard and input method, its masks and its addresses."""

import re
from io import BytesIO
from urllib.parse import unquote

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.children import LIST, NUMBER, PHONE, open_list, three_children
from tests.browsing import sign_in
from tests.factories import county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def children():
    return three_children()


@pytest.fixture
def listed(page, live_server, children):
    return open_list(page, live_server)


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


# -- download ----------------------------------------------------------------------------------


def test_u010_the_downloaded_file_is_the_screen_and_states_its_conditions(listed):
    listed.get_by_role("link", name="选择列").click()
    listed.get_by_role("checkbox", name="民族").check()
    listed.get_by_role("button", name="上移学校", exact=True).press("Enter")
    listed.get_by_role("button", name="保存", exact=True).click()
    listed.get_by_label("年级").select_option("14")
    listed.get_by_role("button", name="筛选", exact=True).click()
    heads = listed.locator("thead th[data-column]").all_inner_texts()
    rows = [
        [cell.inner_text().strip() for cell in row.locator("th.name, td[data-label]").all()]
        for row in listed.locator("tbody tr").all()
    ]

    with listed.expect_download() as got:
        listed.get_by_role("button", name="下载所见").click()

    lines = list(openpyxl.load_workbook(BytesIO(got.value.path().read_bytes())).active.values)
    said, titles, *found = [[cell or "—" for cell in line] for line in lines[1:]]
    assert (titles, found) == (heads, rows)
    assert len(rows) == 3
    assert re.match(
        r"条件：.*年级：小学四年级　共 3 名　\d{4}-\d\d-\d\d \d\d:\d\d 由.+下载", said[0]
    )


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


def test_u061_a_search_by_number_is_posted_and_its_address_is_noise_to_another(
    listed, browser, live_server
):
    box = listed.get_by_role("searchbox", name="姓名、拼音")
    box.fill(NUMBER)
    with listed.expect_request(lambda request: request.method == "POST") as asked:
        box.press("Enter")
    listed.wait_for_url("**find=**")
    expect(listed.locator("tbody tr")).to_have_count(1)
    assert NUMBER in asked.value.post_data
    assert not any(part in listed.url for part in (NUMBER, NUMBER[6:14], NUMBER[-4:]))

    with browser.new_context() as another:
        page = another.new_page()
        sign_in(page, live_server, county_officer())
        page.goto(listed.url)
        expect(page.get_by_text("属于其他人或已失效")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(3)
