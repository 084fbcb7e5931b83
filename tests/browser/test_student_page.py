"""A child's page in a browser: masks that hide again, names on paper, two people at once."""

import random
import shutil
import subprocess
from datetime import date

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
NEW = reverse("students:student-new")
BORN = date(2014, 3, 7)
NUMBER = id_number(born=BORN, number=61, sex="女")


@pytest.fixture
def officer(page, live_server):
    user = county_officer()
    sign_in(page, live_server, user)
    return user


def number_box(page):
    return page.get_by_role("textbox", name="身份证件号", exact=False).first


def detail(child):
    return reverse("students:student-detail", args=[child.pk])


# -- masks -------------------------------------------------------------------------------------


@pytest.fixture
def child(officer):
    group = ClassGroupFactory()
    child = StudentFactory(
        full_name="张小兰", class_group=group, birth_date=BORN, sex="女", number=NUMBER
    )
    StudentGuardianFactory(student=child, guardian=GuardianFactory(phone="19912345678"))
    return child


def test_u053_a_number_is_shown_for_a_purpose_and_hides_after_thirty_seconds(
    page, live_server, child
):
    page.clock.install()
    page.goto(live_server.url + detail(child))
    assert NUMBER not in page.content()
    assert "19912345678" not in page.content()

    secret = page.locator(".secret").filter(has_text="629****")
    secret.get_by_text("显示", exact=True).click()
    secret.get_by_role("button", name="显示号码").click()
    expect(secret.get_by_role("alert")).to_contain_text("请填写查看用途")
    assert NUMBER not in page.content()

    secret.get_by_label("查看用途").fill("与户口簿核对")
    secret.get_by_role("button", name="显示号码").click()
    shown = page.get_by_text(NUMBER)
    expect(shown).to_be_visible()
    page.clock.run_for(29_000)
    expect(shown).to_be_visible()
    page.clock.run_for(1_500)
    expect(shown).to_have_count(0)
    assert NUMBER not in page.content()

    page.reload()
    expect(page.get_by_role("cell", name="与户口簿核对")).to_be_visible()


def test_u054_what_is_copied_of_a_masked_number_is_the_mask(page, live_server, child):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + detail(child))
    page.locator(".secret span").first.evaluate("one => getSelection().selectAllChildren(one)")
    page.keyboard.press("Control+c")

    assert page.evaluate("navigator.clipboard.readText()") == f"629***********{NUMBER[-4:]}"
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert (NUMBER in copied, "19912345678" in copied, "张小兰" in copied) == (False, False, True)


# -- names -------------------------------------------------------------------------------------


LONG = (
    "阿不都热合曼·买买提依明江·努尔艾合买提·吐尔逊阿依·古丽米热·依明江·卓玛央金·扎西次仁·木合塔尔江"
)
NAMES = [LONG, "李𠮷", "阿依古丽·买买提", "单雄", "张三"]


def test_u055_names_are_shown_searched_sorted_exported_and_printed(page, live_server, officer):
    """Dots, fifty characters, four bytes: the PDF's text is the name, character by character."""
    assert len(LONG) >= 50
    for name in NAMES:
        page.goto(live_server.url + NEW)
        number_box(page).fill(id_number(born=date(2016, 1, 1), number=NAMES.index(name)))
        page.get_by_label("姓名", exact=True).fill(name.replace("·", random.choice("•・．‧∙")))
        page.get_by_role("button", name="登记学生").click()
        expect(page.locator("h1")).to_have_text(name)
    page.goto(live_server.url + reverse("students:student-list"))
    listed = page.locator("tbody th").all_inner_texts()
    assert [name for name in listed if name in NAMES] == [
        LONG,
        "阿依古丽·买买提",
        "李𠮷",
        "单雄",
        "张三",
    ]
    for words, name in (("𠮷", "李𠮷"), ("aygl", "阿依古丽·买买提"), (LONG, LONG)):
        box = page.get_by_role("searchbox")
        box.fill(words)
        box.press("Enter")
        page.wait_for_url("**find=**")
        expect(page.locator("tbody th").filter(has_text=name)).to_have_count(1)
        page.goto(live_server.url + reverse("students:student-list"))


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext: apt install poppler-utils")
def test_u055_a_printed_page_gives_back_the_names(page, live_server, officer, tmp_path):
    group = ClassGroupFactory()
    for name in NAMES:
        child = StudentFactory(full_name=name, class_group=group)
        page.goto(live_server.url + detail(child))
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        text = subprocess.run(
            ["pdftotext", "-raw", tmp_path / "page.pdf", "-"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert name in "".join(text.split()), name


# -- two people --------------------------------------------------------------------------------


def test_u019_the_second_person_chooses_and_nothing_typed_is_lost(
    page, browser, live_server, child
):
    edit = live_server.url + reverse("students:student-edit", args=[child.pk])
    other = browser.new_context()
    second = other.new_page()
    sign_in(second, live_server, county_officer(full_name="李晓红"))
    page.goto(edit)
    second.goto(edit)
    second.get_by_label("姓名", exact=True).fill("张晓兰")
    second.get_by_role("button", name="保存资料").click()
    expect(second.get_by_text("资料已保存")).to_be_visible()
    other.close()

    page.get_by_label("姓名", exact=True).fill("张笑兰")
    page.get_by_label("现居住地").fill("新店村三组")
    page.get_by_role("button", name="保存资料").click()
    row = page.get_by_role("row", name="姓名")
    expect(row).to_contain_text("李晓红")
    expect(row.get_by_label("张晓兰")).to_be_visible()
    expect(page.get_by_label("姓名", exact=True)).to_have_value("张笑兰")
    row.get_by_label("张晓兰").check()
    page.get_by_role("button", name="保存资料").click()

    expect(page.get_by_role("heading", name="张晓兰")).to_be_visible()
    expect(page.get_by_text("新店村三组").first).to_be_visible()


def test_u020_two_people_who_change_different_facts_both_have_their_way(
    page, browser, live_server, child
):
    edit = live_server.url + reverse("students:student-edit", args=[child.pk])
    with browser.new_context() as other:
        second = other.new_page()
        sign_in(second, live_server, county_officer(full_name="李晓红"))
        page.goto(edit)
        second.goto(edit)
        second.get_by_label("姓名", exact=True).fill("张晓兰")
        second.get_by_role("button", name="保存资料").click()
        expect(second.get_by_text("资料已保存")).to_be_visible()

        page.get_by_label("现居住地").fill("新店村三组")
        page.get_by_role("button", name="保存资料").click()

        expect(page.get_by_role("heading", name="张晓兰")).to_be_visible()
        expect(page.get_by_text("新店村三组").first).to_be_visible()
