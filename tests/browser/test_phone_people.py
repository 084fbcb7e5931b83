"""Sign-ins that expire in the field, and two teachers with one phone."""

import pytest
from playwright.sync_api import expect

from casework.models import HomeVisit
from tests import phones
from tests.factories import DropoutCaseFactory, class_teacher

pytestmark = pytest.mark.django_db(transaction=True)


def a_visit_in_the_queue(phone, case, **content):
    """Written without network, by whoever is signed in."""
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    phones.begin(page, case.student)
    phones.write(page, **content)
    phones.finish(page)
    return page


def test_u073_after_the_sign_in_has_expired_writing_goes_on_and_sending_waits(phone, case):
    page = a_visit_in_the_queue(phone, case)
    phone.sign_out()
    phone.context.set_offline(False)

    expect(page.locator("#strip")).to_contain_text("登录已过期")
    page.reload()
    expect(page.locator("#badge")).to_have_text("待上传 1")
    page.get_by_role("link", name=case.student.full_name).click()
    page.get_by_role("button", name="开始家访").click()
    page.get_by_role("radio", name="关爱走访").check()
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="返回").click()
    page.locator("#badge").click()
    waiting = page.get_by_role("region", name="待上传").get_by_role("listitem")
    expect(waiting).to_contain_text("登录已过期，登录后自动上传")
    assert HomeVisit.objects.count() == 0

    sign_in = page.get_by_role("link", name="去登录")
    assert sign_in.get_attribute("href") == "/accounts/sign-in/?next=%2Fcases%2Fphone%2F"
    phone.teacher.set_password("北山的松树-2026")
    phone.teacher.save(update_fields=["password"])
    sign_in.click()
    page.get_by_label("用户名").fill(phone.teacher.username)
    page.get_by_label("密码", exact=True).fill("北山的松树-2026")
    page.get_by_role("button", name="登录").click()

    page.wait_for_url("**/cases/phone/")
    phones.all_sent(page)
    expect(page.get_by_role("heading", name="没写完的家访")).to_be_visible()
    assert HomeVisit.objects.get().outcome == "promised"


def test_u074_another_teacher_on_the_same_phone_sees_nothing_of_the_first_ones_queue(phone, case):
    page = a_visit_in_the_queue(phone, case, findings="孩子想去职校学修车。")
    name = case.student.full_name
    other_case = DropoutCaseFactory(state="confirmed", opened_on=case.opened_on)
    other = class_teacher(other_case.student.class_group, full_name="王建国")
    page.route("**/cases/phone/ops/", lambda route: route.abort())

    phone.sign_in(other)
    phone.context.set_offline(False)
    page.get_by_role("link", name=other_case.student.full_name).wait_for()

    expect(page.get_by_text(name)).to_have_count(0)
    phones.all_sent(page)
    page.locator("#badge").click()
    expect(page.get_by_text("本机没有家访记录")).to_be_visible()
    page.unroute_all()
    assert HomeVisit.objects.count() == 0

    phone.sign_in(phone.teacher)
    page.reload()
    page.get_by_role("link", name=name).wait_for()
    phones.all_sent(page)
    assert HomeVisit.objects.get().findings == "孩子想去职校学修车。"
    assert HomeVisit.objects.get().logged_by == phone.teacher.pk


def test_u074_whoever_signs_out_leaves_a_blank_page_and_an_untouched_queue(phone, case):
    page = a_visit_in_the_queue(phone, case)
    page.locator("#badge").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="正在核对身份")).to_be_visible()
    expect(page.get_by_text(case.student.full_name)).to_have_count(0)

    phone.context.set_offline(False)
    expect(page.get_by_role("heading", name="请登录")).to_be_visible(timeout=15_000)
    expect(page.get_by_text(case.student.full_name)).to_have_count(0)
    assert HomeVisit.objects.count() == 0

    phone.sign_in(phone.teacher)
    phone.context.clear_cookies(name="csrftoken")  # a sign-in gives a new one
    page.reload()
    phones.all_sent(page)
    assert HomeVisit.objects.count() == 1


def test_a_sign_in_not_yet_named_by_the_server_shows_nobodys_list(phone, case):
    page = a_visit_in_the_queue(phone, case)
    cookie = {"name": "csrftoken", "value": "of-a-newer-sign-in", "url": phone.url}
    phone.context.add_cookies([cookie])

    page.reload()

    expect(page.get_by_role("heading", name="正在核对身份")).to_be_visible()
    expect(page.get_by_text(case.student.full_name)).to_have_count(0)


def test_what_the_phone_keeps_cannot_be_read_without_its_key(phone, case):
    page = a_visit_in_the_queue(phone, case, findings="父亲在外，祖母照看。")

    kept = page.evaluate(
        """async () => {
          const db = phone.app.store.db, rows = [], key = await db.get("keys", "person");
          for (const name of db.objectStoreNames) {
            if (name !== "keys") { rows.push(...await db.getAll(name)); }
          }
          const words = rows.map(row => Object.entries(row).map(([name, value]) =>
            value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value)).join());
          return {
            extractable: key.extractable,
            exported: await crypto.subtle.exportKey("raw", key).then(() => true, () => false),
            words: words.join("\\n") + JSON.stringify(localStorage),
          };
        }"""
    )

    assert not kept["extractable"]
    assert not kept["exported"]
    for secret in (case.student.full_name, "祖母", "李秀兰", case.student.school.name):
        assert secret not in kept["words"]
