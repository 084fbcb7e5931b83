"""A child's form in a browser: number, places, dates."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from schools.reference import load_divisions, project_divisions
from students.models import Student
from tests.browsing import sign_in
from tests.core.test_idnumber import table
from tests.factories import (
    county_officer,
    id_number,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
NEW = reverse("students:student-new")
BORN = date(2014, 3, 7)
NUMBER = id_number(born=BORN, number=61, sex="女")
VERDICTS = {"valid": None, "short": "id_format", "format": "id_format"} | {
    "checksum": "id_checksum",
    "date": "id_date",
}


@pytest.fixture
def officer(page, live_server):
    user = county_officer()
    sign_in(page, live_server, user)
    return user


@pytest.fixture
def form(page, live_server, officer):
    page.goto(live_server.url + NEW)
    return page


def number_box(page):
    return page.get_by_role("textbox", name="身份证件号", exact=False).first


# -- the number --------------------------------------------------------------------------------


def test_u049_nothing_is_wrong_before_the_eighteenth_character(form):
    """U049: typing gives no error before the 18th character, of a good number or a bad one."""
    box, said = number_box(form), form.locator(".number-said")
    wrong = NUMBER[:5] + str((int(NUMBER[5]) + 1) % 10) + NUMBER[6:]
    for sign in wrong[:17]:
        box.press_sequentially(sign)
        assert said.inner_text() == ""
        assert box.get_attribute("aria-invalid") is None
    box.press_sequentially(wrong[17])

    expect(said).to_contain_text("对不上，有数字录错")


def test_u049_the_page_and_the_server_give_equal_verdicts(form):
    told = form.evaluate(
        """numbers => {
            const box = document.querySelector("[data-id-number]");
            return numbers.map(number => {
                box.value = number;
                box.dispatchEvent(new Event("input", { bubbles: true }));
                return box.dataset.verdict;
            });
        }""",
        [typed for typed, _ in table()],
    )

    pairs = zip(table(), told, strict=True)
    assert [row for row, verdict in pairs if VERDICTS[verdict] != row[1]] == []


def test_u050_day_and_sex_appear_with_the_eighteenth_character_and_are_read_out(form):
    """In the same turn as the key: nothing is asked of the server."""
    box, said = number_box(form), form.locator(".number-said")
    box.press_sequentially(NUMBER[:17])
    sent = []
    form.on("request", lambda request: sent.append(request.url))

    shown = form.evaluate(
        """last => {
            const box = document.querySelector("[data-id-number]");
            box.value += last;
            box.dispatchEvent(new Event("input", { bubbles: true }));
            return document.querySelector(".number-said").textContent;
        }""",
        NUMBER[17],
    )

    assert shown.startswith("2014-03-07 · 女 · ")
    assert sent == []
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_have_role("status")
    expect(form.get_by_label("出生日期", exact=False).first).to_have_value("2014-03-07")
    expect(form.get_by_label("性别")).to_have_value("女")


def test_u050_what_the_number_filled_goes_with_the_number(form):
    box = number_box(form)
    box.fill(NUMBER)
    expect(form.get_by_label("性别")).to_have_value("女")
    box.fill(NUMBER[:17])

    expect(form.get_by_label("性别")).to_have_value("")


def test_u051_a_conflict_is_asked_about_and_overwrites_nothing(form):
    born = form.locator("#id_birth_date")
    born.fill("2014年3月8日")
    number_box(form).fill(NUMBER)

    ask = form.locator(".number-ask")
    expect(ask).to_contain_text("出生日期填的是 2014年3月8日，证件号显示 2014-03-07")
    expect(born).to_have_value("2014年3月8日")
    ask.get_by_role("button", name="出生日期改为 2014-03-07").click()
    expect(born).to_have_value("2014-03-07")
    expect(ask).to_be_hidden()


def test_u052_a_child_without_a_number_on_a_phone_and_the_number_later(page, live_server, officer):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(live_server.url + NEW)
    page.get_by_role("radio", name="暂无证件").check()
    page.get_by_label("暂无证件的原因").fill("户口正在补办")
    page.get_by_label("姓名", exact=True).fill("张小兰")
    page.locator("#id_birth_date").fill("2014.3.7")
    page.get_by_role("button", name="登记学生").click()
    expect(page.get_by_role("heading", name="张小兰")).to_be_visible()
    expect(page.get_by_text("户口正在补办", exact=True)).to_be_visible()

    page.get_by_role("link", name="登记证件号").click()
    number_box(page).fill(NUMBER.lower())
    page.get_by_label("登记依据").fill("户口簿已补办")
    page.get_by_role("button", name="登记证件号").click()

    expect(page.get_by_text(f"{NUMBER[:3]}***********{NUMBER[-4:]}").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert Student.objects.get().sex == "女"


def test_the_form_works_without_scripts(browser, live_server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    user = county_officer()
    sign_in(page, live_server, user)
    load_divisions(project_divisions(), of="620602")
    page.goto(live_server.url + NEW)

    page.get_by_label("身份证件号").fill(NUMBER)
    page.get_by_label("姓名", exact=True).fill("张小兰")
    page.get_by_label("村（社区）").select_option(label="南苑社区居委会")
    page.get_by_role("button", name="登记学生").click()

    expect(page.get_by_role("heading", name="张小兰")).to_be_visible()
    child = Student.objects.get()
    assert (child.birth_date, child.hukou_division) == (BORN, "620602001001")
    context.close()


# -- places ------------------------------------------------------------------------------------


@pytest.fixture
def places(officer):
    load_divisions(project_divisions(), of="620602")


def village(page):
    return page.get_by_role("combobox", name="村（社区）")


def offered(page):
    return page.locator("#id_hukou_division_village-list li:visible")


def test_u056_villages_are_narrowed_by_chinese_pinyin_and_code(places, form):
    """More than 212 villages of the demo county in one list."""
    village(form).click()
    assert offered(form).count() > 212
    for words in ("新店", "xindian", "xdc", "XDC", "620602100"):
        village(form).fill(words)
        expect(offered(form).filter(has_text="新店村").first).to_be_visible()
        assert offered(form).count() < 40


def test_u056_the_cascade_by_keyboard(places, form):
    town = form.get_by_role("combobox", name="乡镇（街道）")
    town.focus()
    form.keyboard.type("hyz")
    form.keyboard.press("Enter")
    expect(town).to_have_value("黄羊镇")
    form.keyboard.press("Tab")
    expect(village(form)).to_be_focused()
    form.keyboard.press("ArrowDown")
    within = offered(form).count()
    assert 0 < within < 60
    form.keyboard.type("xdc")
    form.keyboard.press("ArrowDown")
    form.keyboard.press("ArrowUp")
    form.keyboard.press("Enter")
    expect(village(form)).to_have_value("新店村委会")
    form.keyboard.press("Control+a")
    form.keyboard.type("xyz")
    form.keyboard.press("Escape")
    expect(village(form)).to_have_value("新店村委会")

    # Another town takes the village back; with none, a village brings its town.
    town.fill("武南镇")
    form.keyboard.press("Enter")
    expect(village(form)).to_have_value("")
    town.fill("")
    form.keyboard.press("Tab")
    village(form).fill("南苑社区")
    form.keyboard.press("Enter")
    expect(town).to_have_value("东大街街道")


def test_u056_the_cascade_by_touch(browser, live_server, places, officer):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    sign_in(page, live_server, officer)
    page.goto(live_server.url + NEW)

    village(page).tap()
    village(page).fill("xdc")
    option = offered(page).filter(has_text="新店村").first
    assert option.bounding_box()["height"] >= 40
    option.tap()

    expect(village(page)).to_have_value("新店村委会")
    expect(page.get_by_role("combobox", name="乡镇（街道）")).to_have_value("黄羊镇")
    context.close()


def test_u059_a_list_is_not_narrowed_while_an_input_method_composes(places, form):
    village(form).click()
    session = form.context.new_cdp_session(form)
    every = offered(form).count()
    for typed in ("x", "xin", "xindian"):
        session.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
    assert offered(form).count() == every
    session.send("Input.insertText", {"text": "新店"})

    expect(offered(form).filter(has_text="新店").first).to_be_visible()
    assert offered(form).count() < every


# -- days --------------------------------------------------------------------------------------


def test_u057_the_calendar_is_optional_and_keeps_the_limits(form):
    box = form.locator("#id_birth_date")
    picker = form.locator("#id_birth_date + input[type=date]")

    assert picker.get_attribute("max") == box.get_attribute("data-max")
    assert picker.get_attribute("tabindex") == "-1"
    picker.evaluate("one => { one.value = '2014-03-07'; one.dispatchEvent(new Event('change')); }")
    expect(box).to_have_value("2014-03-07")
    expect(form.get_by_role("button", name="用日历选择出生日期")).to_be_visible()
