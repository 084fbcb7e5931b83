"""The page under a thumb, in a screen reader, on a small line: and its photos."""

import gzip
import io
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from casework.models import HomeVisit
from tests import phones
from tests.factories import HomeVisitFactory

pytestmark = pytest.mark.django_db(transaction=True)
MOST_TAPS = 25
SMALL = """() => [...document.querySelectorAll("a, button, label.phone-choice, input, textarea")]
  .filter(node => {
    const box = node.getBoundingClientRect();
    const own = !node.closest("label.phone-choice, label.phone-button") || node.matches("label");
    return own && box.width && (box.width < 43.9 || box.height < 43.9);
  })
  .filter(node => !node.matches(".skip-link, .phone-file"))
  .map(node => node.outerHTML.slice(0, 200))"""


def each_view(page, student, photos=()):
    """The pages a teacher walks through, one after the other."""
    phones.list_taken(page)
    yield "list"
    page.get_by_role("link", name=student.full_name).click()
    page.get_by_role("button", name="开始家访").wait_for()
    yield "child"
    page.get_by_role("button", name="开始家访").click()
    page.get_by_role("heading", name="第 1 步").wait_for()
    page.get_by_role("radio", name="劝返", exact=True).check()
    for number in range(1, 6):
        page.get_by_role("heading", name=f"第 {number} 步").wait_for()
        if number == 3:
            page.get_by_role("radio", name="答应返校", exact=True).check()
        yield f"step {number}"
        phones.forward(page)
    page.get_by_role("heading", name="第 6 步").wait_for()
    phones.add_photos(page, photos)
    yield "step 6"
    page.get_by_role("button", name="核对").click()
    page.get_by_role("heading", name="核对").wait_for()
    yield "check"
    phones.finish(page)
    page.locator("#badge").click()
    page.get_by_text("上次全部上传").wait_for()
    yield "queue"


def test_u064_every_target_fits_a_thumb_and_the_main_act_is_in_the_lower_third(
    phone, case, tmp_path
):
    page = phone.open()
    picture = phones.noise(tmp_path / "1.jpg", size=(300, 200))

    for view in each_view(page, case.student, [picture]):
        assert page.evaluate(SMALL) == [], view
        act = page.locator(".phone-primary").bounding_box()
        assert act["y"] >= phones.SIZE["height"] * 2 / 3, view


@pytest.mark.parametrize("width, text", [(320, "100%"), (320, "200%"), (360, "200%")])
def test_u065_nothing_scrolls_sideways_in_small_windows_and_large_letters(phone, case, width, text):
    page = phone.open()
    page.set_viewport_size({"width": width, "height": 740})
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)

    for view in each_view(page, case.student):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view


def test_u066_a_whole_visit_with_three_photos_takes_few_taps(phone, case, tmp_path):
    HomeVisitFactory(case=case, people_met="祖母", visited_on=case.opened_on, attempt_no=1)
    page = phone.open()
    phones.list_taken(page)
    taps = []

    def tap(target):
        taps.append(target)
        target.tap()

    tap(page.get_by_role("link", name=case.student.full_name))
    tap(page.get_by_role("button", name="开始家访"))
    for _ in range(2):
        tap(page.get_by_role("button", name="同上次"))
        tap(page.get_by_role("button", name="下一步"))
    tap(page.get_by_text(phones.PROMISED, exact=True))
    for _ in range(3):
        tap(page.get_by_role("button", name="下一步"))
    for number in range(3):
        with page.expect_file_chooser() as chooser:
            tap(page.locator("label").filter(has_text="拍照"))
        taps.append("the camera's own button")
        chooser.value.set_files(phones.noise(tmp_path / f"{number}.jpg", size=(300, 200)))
        page.get_by_role("button", name=f"删除照片 {number + 1}").wait_for()
    tap(page.get_by_role("button", name="核对"))
    tap(page.get_by_role("button", name="完成家访"))

    phones.all_sent(page)
    visit = HomeVisit.objects.latest("logged_at")
    assert (visit.people_met, visit.outcome) == ("祖母", "promised")
    assert visit.photos.stored().count() == 3
    assert len(taps) <= MOST_TAPS


def turned_photo(path):
    """12 million pixels as a camera writes them: lying, with the place in its EXIF."""
    picture = Image.new("RGB", (4000, 3000), "white")
    picture.paste((200, 30, 30), (0, 0, 4000, 600))  # lying on its side, the top is at the left
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    exif[0x010F] = "Camera of somebody"
    exif.get_ifd(0x8825)[2] = (37.0, 55.0, 12.0)  # latitude
    picture.save(path, "JPEG", quality=95, exif=exif)
    return path


def test_u076_a_photo_is_made_small_upright_and_bare_and_deleting_leaves_no_copy(
    phone, case, tmp_path
):
    page = phone.open()
    phones.list_taken(page)
    phones.begin(page, case.student)
    page.get_by_role("radio", name="劝返", exact=True).check()
    for _ in range(5):
        phones.forward(page)
    large = phones.noise(tmp_path / "noise.jpg", size=(2400, 1800))
    phones.add_photos(page, [turned_photo(tmp_path / "turned.jpg"), large])

    turned, noisy = phones.items(page)[0]["photos"]
    content = phones.photo_bytes(page, turned["photo"])
    picture = Image.open(io.BytesIO(content))
    assert picture.size == (1200, 1600)
    assert picture.getpixel((1150, 800))[1] < 100  # the red edge has come to the right
    assert picture.getpixel((50, 800))[1] > 200
    for bare in (content, phones.photo_bytes(page, noisy["photo"])):
        assert b"Exif" not in bare
        assert b"Camera of somebody" not in bare
        assert len(bare) <= 400 * 1024

    for _ in range(2):
        page.get_by_role("button", name="删除照片 1").click()
        expect(page.locator("#said")).to_have_text("照片已删除，本机不留副本。")
    expect(page.get_by_role("button", name="删除照片")).to_have_count(0)
    assert page.evaluate("phone.app.store.photoIds()") == []
    page.get_by_label("从相册选").set_input_files(__file__)
    expect(page.locator("#strip")).to_contain_text("不是能打开的图片，请重新拍照或另选一张")


def test_u080_no_position_is_ever_asked_for(phone, case):
    page = phone.open()
    page.evaluate(
        "() => { navigator.geolocation.getCurrentPosition = () => { throw new Error('asked') } }"
    )
    for _ in each_view(page, case.student):
        pass

    phones.all_sent(page)
    assert phone.complaints == []


def test_u081_every_control_of_the_visit_has_a_name_and_its_place_in_the_order(phone, case):
    HomeVisitFactory(case=case, visited_on=case.opened_on, attempt_no=1, logged_by=phone.teacher.pk)
    page = phone.open()
    devtools = phone.context.new_cdp_session(page)

    for view in each_view(page, case.student):
        nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
        controls = [node for node in nodes if node.get("role", {}).get("value") in CONTROLS]
        assert controls, view
        nameless = [node for node in controls if not node.get("name", {}).get("value")]
        assert nameless == [], view
        headings = page.get_by_role("heading", level=1)
        expect(headings).to_have_count(1)
    page.goto(phone.url + phones.PAGE)


CONTROLS = {"button", "link", "radio", "textbox", "searchbox", "Date", "image"}


def test_u081_the_first_step_reads_in_the_order_of_its_work(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.begin(page, case.student)
    page.get_by_role("heading", name="第 1 步").wait_for()

    expect(page.locator("body")).to_match_aria_snapshot(
        """
        - banner:
          - link "返回"
          - heading [level=1]
          - link "已全部上传"
        - main:
          - heading "第 1 步，共 6 步：方式和日期" [level=2]
          - group "方式":
            - radio "劝返"
          - textbox "家访日期"
          - textbox "走访人"
        - button "下一步"
        """
    )
    order = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, textarea")]
          .map(node => node.id || node.textContent || node.name)"""
    )
    assert order[-1] == "下一步"


def test_u063_the_first_load_is_light_and_the_second_needs_no_network(phone, case, client):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    addresses = page.evaluate(
        "performance.getEntriesByType('resource').map(entry => entry.name)"
        ".filter(name => name.includes('/static/'))"
    )
    loaded = {name: page.request.get(name).body() for name in set(addresses)}
    loaded[phones.PAGE] = page.request.get(phone.url + phones.PAGE).body()
    weight = sum(len(gzip.compress(body)) for body in loaded.values())
    assert weight <= 250 * 1024, {name: len(body) for name, body in loaded.items()}

    asked = []
    phone.context.on("request", lambda request: asked.append(request))
    page.reload()
    page.locator("body[data-ready]").wait_for()
    kept = [one for one in asked if "/static/" in one.url or one.is_navigation_request()]
    assert kept
    assert all(one.response().from_service_worker for one in kept if one.frame == page.main_frame)


def test_the_page_itself_holds_nothing_personal(phone, case):
    page = phone.open()
    text = page.request.get(phone.url + phones.PAGE).text()

    for secret in ("李秀兰", case.student.full_name, "csrfmiddlewaretoken"):
        assert secret not in text
    opened = timezone.localdate() - timedelta(days=9)
    assert str(opened) not in text
