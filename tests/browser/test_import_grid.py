"""The preview of a roster worked like a sheet of Excel, with its keys and a real clipboard."""

import re
from dataclasses import dataclass, field

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students.models import RosterCorrection, RosterRow, Student
from tests.browsing import sign_in
from tests.factories import SchoolFactory, county_officer
from tests.rosters import hand_in, line, number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
SLOW = 30_000  # ms, for what a worker does
NAME, NUMBER, SEX, BORN, SCHOOL, GRADE = range(6)
GRADES = ["初四", "初五", "初六", "初七"]
PUT = """([text, html]) => navigator.clipboard.write([new ClipboardItem({
    "text/plain": new Blob([text], {type: "text/plain"}),
    "text/html": new Blob([html], {type: "text/html"}),
})])"""
PASTE = """([text, html]) => {
    const data = new DataTransfer();
    if (text) data.setData("text/plain", text);
    if (html) data.setData("text/html", html);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def officer(transactional_db):
    SchoolFactory(name="青林中心小学")
    return county_officer(full_name="王建国")


@pytest.fixture(autouse=True)
def judged_or_not(request, _worker):
    """Where no worker is asked for, none of another test may judge the rows anew meanwhile."""
    if "worker" not in request.fixturenames:
        _worker.kill()


@pytest.fixture
def sheet(page, live_server, officer):
    """Four rejected rows; columns as in the file, without the phone."""
    batch = hand_in(officer, *(line(n, grade=grade) for n, grade in enumerate(GRADES)))
    sign_in(page, live_server, officer)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + reverse("students:import-detail", args=[batch.pk]))
    expect(page.get_by_role("grid")).to_be_visible()
    return page


def cell(page, row, column):
    return page.locator(f'tr[data-row="0-{row + 2}"] > td[data-column="{column}"]')


def text(page, row, column):
    return cell(page, row, column).locator(".cell-text")


def put(page, *rows):
    page.evaluate(PUT, ["\r\n".join("\t".join(row) for row in rows) + "\r\n", ""])


def press(page, keys):
    """Keys by their names; what stands in quotation marks is typed."""
    for key in re.findall(r"'[^']*'|\S+", keys):
        if key.startswith("'"):
            page.keyboard.type(key.strip("'"))
        else:
            page.keyboard.press(key)


@dataclass
class Case:
    does: str
    start: tuple[int, int]
    keys: str
    stands: tuple[int, int]
    reads: dict[tuple[int, int], str] = field(default_factory=dict)
    clipboard: list[list[str]] | None = None
    copied: str | None = None


BLOCK = [["女", "2016-03-08"], ["女", "2016-03-09"]]
OLD = {(1, SEX): "男", (1, BORN): "", (2, SEX): "男", (2, BORN): ""}
NEW = {(1, SEX): "女", (1, BORN): "2016-03-08", (2, SEX): "女", (2, BORN): "2016-03-09"}
CASES = [
    Case("arrow down and up", (0, GRADE), "ArrowDown ArrowDown ArrowUp", (1, GRADE)),
    Case("arrow left and right", (1, SEX), "ArrowRight ArrowLeft ArrowLeft", (1, NUMBER)),
    Case("arrows stop at the edge", (0, NAME), "ArrowUp ArrowLeft", (0, NAME)),
    Case("Tab goes right", (0, SEX), "Tab", (0, BORN)),
    Case("Tab goes on in the next row", (0, GRADE), "Tab", (1, NAME)),
    Case("Shift+Tab goes back", (1, NAME), "Shift+Tab", (0, GRADE)),
    Case("Enter goes down", (0, GRADE), "Enter", (1, GRADE)),
    Case("Shift+Enter goes up", (2, GRADE), "Shift+Enter", (1, GRADE)),
    Case("Enter goes back to where Tab began", (0, SEX), "Tab Tab Enter", (1, SEX)),
    Case("Enter goes round in a block", (0, SEX), "Shift+ArrowDown Enter Enter", (0, SEX)),
    Case("Home and End", (1, BORN), "Home ArrowDown End", (2, GRADE)),
    Case("Ctrl+Home", (2, GRADE), "Control+Home", (0, NAME)),
    Case("Ctrl+End", (0, NAME), "Control+End", (3, GRADE)),
    Case("Ctrl+arrow to what is wrong", (0, NAME), "Control+ArrowDown " * 2, (1, GRADE)),
    Case(
        "typing replaces, Enter saves",
        (0, GRADE),
        "'3年级' Enter",
        (1, GRADE),
        {(0, GRADE): "3年级"},
    ),
    Case(
        "typing, Tab saves", (0, BORN), "'2016-03-07' Tab", (0, SCHOOL), {(0, BORN): "2016-03-07"}
    ),
    Case(
        "typing, an arrow saves",
        (0, BORN),
        "'2016.3.7' ArrowDown",
        (1, BORN),
        {(0, BORN): "2016.3.7"},
    ),
    Case("F2 keeps the text", (0, GRADE), "F2 '9' Enter", (1, GRADE), {(0, GRADE): "初四9"}),
    Case(
        "F2, arrows within", (0, GRADE), "F2 ArrowLeft '1' Enter", (1, GRADE), {(0, GRADE): "初1四"}
    ),
    Case("Esc drops what was typed", (0, GRADE), "'9' Escape", (0, GRADE), {(0, GRADE): "初四"}),
    Case(
        "single keys are letters here", (0, GRADE), "'jkx/' Enter", (1, GRADE), {(0, GRADE): "jkx/"}
    ),
    Case(
        "Delete clears a block",
        (1, SEX),
        "Shift+ArrowDown Delete",
        (1, SEX),
        {(1, SEX): "", (2, SEX): "", (3, SEX): "男"},
    ),
    Case("Backspace empties", (0, GRADE), "Backspace Enter", (1, GRADE), {(0, GRADE): ""}),
    Case(
        "a cell is copied",
        (0, GRADE),
        "Control+C ArrowDown Control+V",
        (1, GRADE),
        {(0, GRADE): "初四", (1, GRADE): "初四"},
        copied="初四",
    ),
    Case(
        "a block is copied",
        (0, SCHOOL),
        "Shift+ArrowRight Shift+ArrowDown Control+C",
        (0, SCHOOL),
        copied="青林中心小学\t初四\n青林中心小学\t初五",
    ),
    Case(
        "one text fills a block",
        (0, GRADE),
        "Control+C ArrowDown Shift+ArrowDown Control+V",
        (1, GRADE),
        {(1, GRADE): "初四", (2, GRADE): "初四", (3, GRADE): "初七"},
    ),
    Case("a block is pasted", (1, SEX), "Control+V", (1, SEX), NEW, BLOCK),
    Case("Ctrl+Z takes the block back", (1, SEX), "Control+V Control+Z", (1, SEX), OLD, BLOCK),
    Case("Ctrl+Y does it again", (1, SEX), "Control+V Control+Z Control+Y", (1, SEX), NEW, BLOCK),
    Case(
        "Ctrl+D fills down",
        (1, GRADE),
        "Shift+ArrowDown Shift+ArrowDown Control+D",
        (1, GRADE),
        {(0, GRADE): "初四", (2, GRADE): "初五", (3, GRADE): "初五"},
    ),
]
assert len(CASES) == 30


@pytest.mark.parametrize("case", CASES, ids=[case.does for case in CASES])
def test_u015_the_keys_of_excel(sheet, case):
    if case.clipboard:
        put(sheet, *case.clipboard)
    cell(sheet, *case.start).focus()

    press(sheet, case.keys)

    expect(cell(sheet, *case.stands)).to_be_focused()
    expect(sheet.get_by_text("保存中")).to_have_count(0)
    for place, words in case.reads.items():
        expect(text(sheet, *place)).to_have_text(words)
    if case.copied is not None:
        copied = sheet.evaluate("navigator.clipboard.readText()")
        assert copied.replace("\r\n", "\n") == case.copied


def test_u015_tab_leaves_the_table_after_esc_and_at_its_end(sheet):
    cell(sheet, 3, GRADE).focus()
    press(sheet, "Tab")
    expect(sheet.locator("table.marked :focus")).to_have_count(0)

    cell(sheet, 0, SEX).focus()
    press(sheet, "Escape Tab")
    expect(sheet.locator("td:focus")).to_have_count(0)


def test_u015_the_mouse_takes_a_block_and_a_second_click_opens(sheet):
    cell(sheet, 0, GRADE).click()
    expect(cell(sheet, 0, GRADE)).to_be_focused()
    cell(sheet, 2, GRADE).click(modifiers=["Shift"])
    expect(sheet.locator(".is-picked")).to_have_count(3)

    for row, words in ((1, "初五"), (2, "初六")):
        cell(sheet, 2, GRADE).focus()
        cell(sheet, row, GRADE).dblclick()
        expect(cell(sheet, row, GRADE).locator("input")).to_be_focused()
        expect(cell(sheet, row, GRADE).locator("input")).to_have_value(words)


def test_u015_u018_a_pasted_block_is_judged_and_taken_back_as_one_act(sheet, worker):
    cell(sheet, 0, GRADE).focus()
    put(sheet, ["三年级"], ["四年级"], ["五年级"], ["四年级"])
    press(sheet, "Control+V")
    expect(sheet.get_by_role("link", name="新增 4", exact=True)).to_be_visible(timeout=SLOW)
    assert RosterCorrection.objects.get().cells == 4
    assert not Student.objects.exists()

    sheet.get_by_role("link", name="退回 0", exact=True).click()
    history = sheet.locator("#corrected tbody tr")
    expect(history).to_have_count(1)
    expect(history).to_contain_text("4 处")
    history.get_by_role("button", name="撤销").click()
    expect(sheet.get_by_role("link", name="退回 4", exact=True)).to_be_visible(timeout=SLOW)


def test_u018_ctrl_z_brings_back_rows_that_were_in_order_already(sheet, worker):
    cell(sheet, 0, GRADE).focus()
    put(sheet, ["三年级"], ["四年级"])
    press(sheet, "Control+V")
    expect(sheet.get_by_role("link", name="退回 2", exact=True)).to_be_visible(timeout=SLOW)

    expect(cell(sheet, 2, GRADE)).to_be_focused()
    press(sheet, "Control+Z")
    expect(sheet.get_by_role("link", name="退回 4", exact=True)).to_be_visible(timeout=SLOW)
    press(sheet, "Control+Y")
    expect(sheet.get_by_role("link", name="退回 2", exact=True)).to_be_visible(timeout=SLOW)
    grades = RosterRow.objects.order_by("row_no").values_list("grade", flat=True)
    assert list(grades)[:2] == [13, 14]


def test_u015_u017_a_pasted_block_with_a_rounded_number_keeps_the_rest(sheet):
    cell(sheet, 0, NUMBER).focus()
    put(sheet, ["1.10101E+17", "女"], [number(7), "女"])
    press(sheet, "Control+V")

    expect(cell(sheet, 0, NUMBER).get_by_role("alert")).to_contain_text(
        "证件号被 Excel 变成了科学计数，后几位已丢失，请把该列设为文本后重新复制"
    )
    expect(cell(sheet, 0, NUMBER).locator("input")).to_have_value("1.10101E+17")
    expect(sheet.locator("#notices")).to_contain_text("改了 4 格：保存 3 格，1 格没有保存")
    expect(text(sheet, 0, SEX)).to_have_text("女")
    expect(text(sheet, 1, NUMBER)).to_have_text(f"{number(7)[:3]}***********{number(7)[-4:]}")
    assert RosterCorrection.objects.get().cells == 3

    press(sheet, "Control+Z")
    expect(text(sheet, 0, SEX)).to_have_text("男")
    expect(sheet.locator(".cell-editor")).to_have_count(0)


def test_u015_u019_a_cell_of_a_block_set_by_somebody_else_may_be_chosen(
    sheet, browser, live_server
):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    other = context.new_page()
    sign_in(other, live_server, county_officer(username="second", full_name="李秀英"))
    other.goto(sheet.url)
    cell(other, 1, GRADE).focus()
    press(other, "'4年级' Enter")
    expect(cell(other, 1, GRADE)).to_contain_text("待核对")

    cell(sheet, 0, GRADE).focus()
    put(sheet, ["三年级"], ["五年级"], ["六年级"])
    press(sheet, "Control+V")

    clash = cell(sheet, 1, GRADE)
    expect(clash.get_by_role("alert")).to_contain_text("李秀英刚把这一格改成了“4年级”")
    expect(clash.locator("input")).to_have_value("五年级")
    expect(cell(sheet, 0, GRADE)).to_contain_text("待核对")
    clash.get_by_role("button", name="用我填的“五年级”").click()
    expect(clash).to_contain_text("待核对")
    assert RosterCorrection.objects.latest("pk").texts() == [("4年级", "五年级")]
    context.close()


@pytest.mark.parametrize("kind", ["text", "html"])
def test_u015_u016_a_paste_by_event_gives_the_same_from_text_and_from_html(sheet, kind):
    """WPS and Excel put both on the clipboard, some programs only one of them."""
    cell(sheet, 1, SEX).focus()
    rows = "".join(f"<tr>{''.join(f'<td>{x}</td>' for x in row)}</tr>" for row in BLOCK)
    words = "\r\n".join("\t".join(row) for row in BLOCK)
    both = {"text": [words, ""], "html": ["", f"<table>{rows}</table>"]}

    sheet.evaluate(PASTE, both[kind])

    for place, words in NEW.items():
        expect(text(sheet, *place)).to_have_text(words)
    expect(sheet.get_by_text("保存中")).to_have_count(0)
    assert RosterCorrection.objects.get().cells == 4


def test_u015_what_falls_outside_the_table_or_on_a_locked_column_is_told(sheet):
    sheet.get_by_role("link", name="看文件的全部列").click()
    cell(sheet, 3, GRADE).focus()
    put(sheet, ["三年级", "19912345678"], ["四年级", "19912345678"])

    press(sheet, "Control+V")

    expect(sheet.locator("#notices")).to_contain_text("有 3 格超出了表格")
    expect(text(sheet, 3, GRADE)).to_have_text("三年级")


def test_u015_a_masked_number_is_neither_filled_down_nor_pasted_as_one(sheet):
    cell(sheet, 0, NUMBER).focus()
    press(sheet, "Shift+ArrowDown Control+D")
    expect(sheet.locator("#notices")).to_contain_text("遮盖的号码不能向下填充")

    press(sheet, "Control+Home ArrowRight Control+C ArrowDown Control+V")
    expect(cell(sheet, 1, NUMBER).get_by_role("alert")).to_contain_text("这是遮盖后的内容")
    assert not RosterCorrection.objects.exists()
