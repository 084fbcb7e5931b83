"""The preview of a roster in a browser: doubtful cells, corrected in place, judged again."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students.models import ImportBatch, RosterCorrection, RosterRow, Student
from tests.browsing import sign_in
from tests.factories import SchoolFactory, county_officer
from tests.rosters import HEAD, hand_in, line, number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
SLOW = 30_000  # ms, for what a worker does


@pytest.fixture
def officer(transactional_db):
    SchoolFactory(name="青林中心小学")
    return county_officer(full_name="王建国")


@pytest.fixture
def opened(page, live_server, officer):
    def open_page(*lines, query=""):
        batch = hand_in(officer, *lines)
        sign_in(page, live_server, officer)
        address = reverse("students:import-detail", args=[batch.pk])
        page.goto(f"{live_server.url}{address}{query}")
        return page

    return open_page


def wrong(page, at=0):
    return page.locator("td.is-wrong[data-column]").nth(at)


def settled(page, *, rejected):
    """Judged again: the rejected rows are as many, and no cell waits."""
    expect(page.get_by_role("link", name=f"退回 {rejected}", exact=True)).to_be_visible(
        timeout=SLOW
    )
    expect(page.locator(".is-waiting")).to_have_count(0, timeout=SLOW)


def bad_number(n):
    text = number(n)
    return text[:17] + ("1" if text[17] != "1" else "2")


def test_u030_each_bad_cell_shows_what_is_wrong_and_the_summary_jumps_to_it(opened):
    page = opened(line(0), line(1, id_text=bad_number(1)), line(2, grade="初四"))

    cell = page.get_by_role("row", name=re.compile("张小丙")).locator("td.is-wrong")
    expect(cell).to_contain_text("初四")
    expect(cell).to_contain_text("年级无法识别。应为：三年级、初二或2025级")
    heads = page.locator("table.marked thead th").all_inner_texts()
    assert heads == ["行号", *HEAD[:-1]]

    page.get_by_role("link", name="身份证号校验位不符").click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(wrong(page)).to_be_focused()
    masked = f"{bad_number(1)[:3]}***********{bad_number(1)[-4:]}"
    expect(wrong(page)).to_contain_text(masked)
    expect(wrong(page)).to_contain_text("应为：18位，末位是数字或X")
    assert bad_number(1) not in page.content()


def test_u030_a_masked_number_is_shown_for_a_purpose(opened):
    page = opened(line(1, id_text=bad_number(1)))
    page.get_by_title("打开第 2 行").click()

    page.get_by_text("显示", exact=True).first.click()
    page.get_by_label("查看用途").first.fill("与户口簿核对")
    page.get_by_role("button", name="显示号码").first.click()

    expect(page.get_by_text(bad_number(1))).to_be_visible()
    expect(page.get_by_text("30 秒后自动遮盖")).to_be_visible()


def test_u031_cells_are_corrected_in_place_by_keys(opened, worker):
    page = opened(line(0, grade="初四"), line(1, grade="初五"), line(2, school="青木小学"))

    wrong(page).focus()
    page.keyboard.press("F2")
    page.keyboard.type("不改了")
    page.keyboard.press("Escape")
    expect(wrong(page)).to_be_focused()
    expect(wrong(page)).to_contain_text("初四")

    page.keyboard.press("F2")
    page.keyboard.press("Control+A")
    page.keyboard.type("三年级")
    page.keyboard.press("Enter")
    # The one below; a key alone begins to write.
    expect(page.locator("td:focus")).to_contain_text("初五")
    page.keyboard.press("4")
    page.keyboard.type("年级")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+ArrowUp")
    expect(page.locator("td:focus")).to_contain_text("青木小学")
    settled(page, rejected=1)

    wrong(page).dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("青林中心小学")
    page.keyboard.press("Enter")
    settled(page, rejected=0)
    expect(page.get_by_role("link", name="新增 3", exact=True)).to_be_visible()
    assert not Student.objects.exists()
    assert list(RosterRow.objects.order_by("row_no").values_list("grade", flat=True)) == [
        13,
        14,
        13,
    ]


def test_u031_all_of_one_error_are_changed_at_once_and_taken_back(opened, worker):
    page = opened(*(line(n, sex="男性") for n in range(4)), line(5))

    expect(page.get_by_text("把 4 处“男性”改为")).to_be_visible()
    page.get_by_label("把 4 处“男性”改为").fill("男")
    page.get_by_role("button", name="全部改正").click()
    expect(page.get_by_text("4 处已改为“男”")).to_be_visible()
    expect(page.get_by_text("性别看不出是男是女")).to_have_count(0, timeout=SLOW)
    line_of_it = page.get_by_role("row", name=re.compile("4 处"))
    expect(line_of_it).to_contain_text("男性 → 男")

    line_of_it.get_by_role("button", name="撤销").click()
    expect(page.get_by_label("把 4 处“男性”改为")).to_be_visible(timeout=SLOW)
    assert RosterCorrection.objects.get().undone_by_name == "王建国"


def test_u017_a_pasted_number_in_scientific_form_is_refused_and_stays_in_the_box(opened):
    page = opened(line(1, id_text="1234"))

    wrong(page).focus()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "1.10101E+17\\t男");
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
            document.activeElement.dispatchEvent(paste);
        }"""
    )
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text(
        "证件号被 Excel 变成了科学计数，后几位已丢失，请把该列设为文本后重新复制"
    )
    expect(page.locator(".cell-editor input")).to_have_value("1.10101E+17")
    assert not RosterCorrection.objects.exists()


def test_u019_of_two_who_correct_a_cell_the_second_may_choose(opened, worker, browser, live_server):
    page = opened(line(1, grade="初四"), line(2, grade="初五"))
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    other = context.new_page()
    sign_in(other, live_server, county_officer(username="second", full_name="李秀英"))
    other.goto(page.url)

    for each, text in ((page, "四年级"), (other, "五年级")):
        wrong(each).dblclick()
        each.keyboard.press("Control+A")
        each.keyboard.type(text)
    page.keyboard.press("Enter")
    settled(page, rejected=1)
    other.keyboard.press("Enter")

    expect(other.get_by_role("alert")).to_contain_text("王建国刚把这一格改成了“四年级”")
    expect(other.locator(".cell-editor input")).to_have_value("五年级")
    three = other.locator(".cell-choice > span").all_inner_texts()
    assert [part.split("\n") for part in three] == [
        ["原来", "初四"],
        ["对方改为", "四年级"],
        ["您改为", "五年级"],
    ]
    other.get_by_role("button", name="用我填的“五年级”").click()
    settled(other, rejected=1)
    assert RosterRow.objects.get(row_no=2).grade == 15
    context.close()


def test_u035_the_counts_add_up_to_the_rows_of_the_file_and_each_opens_its_rows(opened):
    blank, total = [""] * 7, ["合计", "3", "", "", "", "", ""]
    page = opened(line(0), blank, line(1, grade="初四"), line(2), total)

    said = page.get_by_text(re.compile("文件共 6 行")).inner_text()
    whole, parts = re.search(r"文件共 ([\d,]+) 行 = (.*)", said).groups()
    assert sum(map(int, re.findall(r"\d+", parts))) == int(whole) == 6
    for words, count in (("新增", 2), ("退回", 1), ("空行等", 2)):
        page.get_by_role("link", name=f"{words} {count}", exact=True).click()
        expect(page.locator("main table").first.locator("tbody tr")).to_have_count(count)
    expect(page.get_by_role("row", name=re.compile("合计、小计"))).to_contain_text("6")


def test_a_row_is_corrected_without_script(browser, live_server, officer, worker):
    batch = hand_in(officer, line(0), line(1, grade="初四", id_text=bad_number(1)))
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, officer)
    page.goto(live_server.url + reverse("students:import-detail", args=[batch.pk]))

    page.get_by_title("打开第 3 行").click()
    page.get_by_label("身份证号").fill("6.29900E+17")
    page.get_by_label("年级").fill("四年级")
    page.get_by_role("button", name="保存改正").click()
    expect(page.get_by_text("证件号被 Excel 变成了科学计数")).to_be_visible()
    expect(page.get_by_label("身份证号")).to_have_value("6.29900E+17")
    page.get_by_label("身份证号").fill(number(1))
    page.get_by_role("button", name="保存改正").click()

    for _ in range(60):
        if ImportBatch.objects.get().state == "checked":
            break
        page.wait_for_timeout(500)
        page.reload()
    page.goto(page.url)
    expect(page.get_by_role("link", name="新增 2", exact=True)).to_be_visible()
    context.close()


def test_u021_a_cell_whose_request_was_cut_says_so_is_sent_again_and_holds_the_tab(opened, worker):
    page = opened(line(0, grade="初四"))
    page.context.set_offline(True)

    wrong(page).focus()
    page.keyboard.press("F2")
    page.keyboard.press("Control+A")
    page.keyboard.type("三年级")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("未保存：连不上服务器。内容还在")
    assert not RosterCorrection.objects.exists()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()

    page.context.set_offline(False)
    settled(page, rejected=0)
    assert RosterCorrection.objects.count() == 1
