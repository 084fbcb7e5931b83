"""The office's work without a mouse, and where the focus is meanwhile."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import DropoutCase, HomeVisit
from core.models import AuditEntry
from students.models import PersonCategory
from tests.browsing import sign_in
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
LIST = reverse("students:student-list")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=61)
SLOW = 30_000  # ms, for what a worker does


@pytest.fixture
def child():
    group = ClassGroupFactory()
    child = StudentFactory(
        full_name="张三", class_group=group, birth_date=BORN, sex="男", number=NUMBER
    )
    StudentGuardianFactory(student=child)
    for name in ("白雪", "马兰"):
        StudentFactory(full_name=name, class_group=group)
    return child


class Hands:
    """Two hands on a keyboard: no pointer event is ever sent."""

    def __init__(self, page):
        self.page = page
        page.add_init_script(
            "addEventListener('pointerdown', () => sessionStorage.setItem('pointed', '1'), true)"
        )

    def to(self, target):
        """Tab until it has the focus."""
        expect(target).to_be_visible()
        for _ in range(150):
            if target.evaluate("target => target === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by Tab to {target}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, target, text):
        self.to(target)
        if target.get_attribute("type") == "date":
            self._write_day(target, text)
            return
        self.press("Control+a")
        self.page.keyboard.insert_text(text)

    def _write_day(self, target, text):
        year, month, day = text.split("-")
        # The browser's own language decides which part comes first.
        for parts in ((month, day, year), (year, month, day), (day, month, year)):
            target.evaluate("target => target.focus()")
            for part in parts:
                self.page.keyboard.type(part)
                if part == year and part != parts[-1]:
                    self.press("ArrowRight")
            if target.input_value() == text:
                return
            self.press("Shift+Tab")
            self.to(target)
        raise AssertionError(f"{text} cannot be typed")

    def choose(self, select, value):
        self.to(select)
        for _ in range(60):
            if select.input_value() == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"no {value} in {select}")

    def tick(self, box):
        self.to(box)
        self.press("Space")

    def do(self, name, role="button", **which):
        self.to(self.page.get_by_role(role, name=name, **which).first)
        self.press("Enter")

    def command(self, words):
        self.press("Control+k")
        expect(self.page.get_by_role("combobox", name="要做什么")).to_be_focused()
        self.page.keyboard.insert_text(words)
        self.press("Enter")

    @property
    def pointed(self):
        return self.page.evaluate("sessionStorage.getItem('pointed')")


def test_u011_a_day_at_the_office_without_a_mouse(page, live_server, worker, child):
    hands = Hands(page)
    county_officer(username="wangjianguo", full_name="王建国", password="Liangzhou-2026")
    page.goto(live_server.url)
    # 1. Sign in.
    hands.write(page.get_by_label("用户名"), "wangjianguo")
    hands.write(page.get_by_label("密码", exact=True), "Liangzhou-2026")
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("王建国")
    # 2. Find a child.
    hands.command("学生")
    page.wait_for_url(f"**{LIST}")
    hands.press("/")
    page.keyboard.insert_text("zhangsan")
    hands.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    hands.do("取消查找", role="link")
    # 3. Narrow the list and put it in another order.
    expect(page.locator("tbody tr")).to_have_count(3)
    hands.choose(page.get_by_label("年级"), "14")
    hands.choose(page.get_by_label("排序"), "name_desc")
    hands.do("筛选", exact=True)
    expect(page.locator("tbody th").first).to_have_text("张三")
    # 4. Look quickly, then open.
    hands.press("j", " ")
    expect(page.get_by_role("dialog", name="速览")).to_contain_text("629***********")
    hands.press("Escape", "Enter")
    page.wait_for_url(f"**/students/{child.pk}/")
    # 5. See a number for a purpose.
    secret = page.locator(f"#secret-{child.identifiers.get().pk}")
    hands.to(secret.locator("summary"))
    hands.press("Enter")
    hands.write(secret.get_by_label("查看用途"), "与户口簿核对")
    hands.do("显示号码")
    expect(secret).to_contain_text(NUMBER)
    # 6. Correct a record.
    hands.press("e")
    page.wait_for_url("**/edit/")
    hands.write(page.get_by_label("曾用名"), "张小三")
    hands.press("Control+s")
    page.wait_for_url(f"**/students/{child.pk}/")
    child.refresh_from_db()
    assert child.former_name == "张小三"
    # 7. Open a case.
    hands.do("建立个案", role="link")
    source = page.get_by_label("数据来源")
    hands.choose(source, source.locator("option").nth(1).get_attribute("value"))
    hands.press("Control+Enter")
    page.wait_for_url("**/cases/*/")
    # 8. Verify it.
    today = timezone.localdate().isoformat()
    hands.do("核查", role="link", exact=True)
    hands.choose(page.get_by_label("核查结果"), "C01")
    hands.write(page.get_by_role("textbox", name="核查日期"), today)
    hands.write(page.get_by_label("核查人"), "王建国")
    hands.choose(page.get_by_label("主要原因"), "R02")
    hands.write(page.get_by_role("textbox", name="辍学日期"), today)
    hands.press("Control+Enter")
    expect(page.locator(".page-head")).to_contain_text("确认辍学")
    # 9. Log a visit.
    hands.do("登记家访", role="link")
    radio = page.get_by_role("radio", name="答应返校", exact=True)
    hands.to(page.get_by_role("radio").first)
    while not radio.is_checked():
        hands.press("ArrowDown")
    hands.press("Control+Enter")
    expect(page.locator(".page-head")).to_contain_text("劝返中")
    # 10. A category for all that match, tried first, done by the worker.
    hands.command("学生")
    page.wait_for_url(f"**{LIST}")
    hands.tick(page.get_by_label("全选符合条件的 3 名"))
    hands.do("添加类别")
    hands.choose(page.get_by_label("类别"), "migrant_child")
    hands.write(page.get_by_label("来源"), "教育局核查")
    hands.press("Control+Enter")
    hands.do("为能办的 3 名办理")
    expect(page.get_by_text("已办 3 名")).to_be_visible(timeout=SLOW)
    # 11. Take the list out.
    hands.command("学生")
    page.wait_for_url(f"**{LIST}")
    with page.expect_download():
        hands.command("下载所见")

    assert hands.pointed is None
    assert DropoutCase.objects.get().student == child
    assert HomeVisit.objects.count() == 1
    assert PersonCategory.objects.count() == 3
    assert AuditEntry.objects.filter(action="student.export").count() == 1


# -- the focus ---------------------------------------------------------------------------------

WALK = """() => {
  const seen = (rgb) => (rgb.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const here = document.activeElement;
  if (here === document.body) return null;
  let around = here.parentElement;
  while (around.parentElement && seen(getComputedStyle(around).backgroundColor)[3] === 0) {
    around = around.parentElement;
  }
  const style = getComputedStyle(here);
  const [ring, ground] = [style.outlineColor, getComputedStyle(around).backgroundColor].map(seen);
  const [high, low] = [light(ring), light(ground)].sort((a, b) => b - a);
  const frame = here.getBoundingClientRect();
  return {
    at: Array.from(document.querySelectorAll("*")).indexOf(here),
    name: (here.tagName + " " + (here.getAttribute("aria-label") || here.textContent)).slice(0, 40),
    contrast: (high + 0.05) / (low + 0.05),
    width: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    shown: frame.width > 0 && frame.bottom > 0 && frame.top < innerHeight && frame.right > 0,
    skips: here.classList.contains("skip-link"),
  };
}"""


def stops(page):
    """Where Tab leads, until it is round once."""
    found = []
    for _ in range(160):
        page.keyboard.press("Tab")
        stop = page.evaluate(WALK)
        if stop is None or (found and stop["at"] == found[0]["at"]):
            return found
        found.append(stop)
    raise AssertionError(f"Tab does not come round: {found[-3:]}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_u012_the_focus_is_seen_in_reading_order_and_comes_round(page, live_server, child, scheme):
    case = DropoutCaseFactory(student=child)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, live_server, county_officer())
    addresses = [
        reverse("home"),
        LIST,
        reverse("students:list-columns"),
        reverse("students:student-detail", args=[child.pk]),
        reverse("students:import-new"),
        reverse("casework:case-detail", args=[case.pk]),
        reverse("accounts:notice-list"),
        reverse("accounts:password-change"),
    ]
    for address in addresses:
        page.goto(live_server.url + address)
        found = stops(page)
        places = [stop["at"] for stop in found]
        assert found[0]["skips"], address
        assert places == sorted(places), (address, found)
        unseen = [s for s in found if s["width"] < 2 or s["contrast"] < 3 or not s["shown"]]
        assert (address, unseen) == (address, [])


def test_u012_the_skip_link_leads_to_the_text(page, live_server, child):
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + LIST)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox", name="姓名、拼音")).to_be_focused()
