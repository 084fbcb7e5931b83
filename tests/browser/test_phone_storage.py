"""Storage that fills up, spoils or was written by an older page."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from casework import phone_files
from casework.models import HomeVisit
from tests import phones
from tests.browser.test_phone_people import a_visit_in_the_queue
from tests.factories import DropoutCaseFactory, StudentFactory

pytestmark = pytest.mark.django_db(transaction=True)


def fill_up(page):
    """Other things on the phone take what is left, down to the last few kilobytes."""
    page.evaluate(
        """async () => {
          for (let size = 400000; size > 2000; size = size / 2) {
            try {
              for (;;) {
                await phone.app.store.putPhoto(crypto.randomUUID(), new Uint8Array(size));
              }
            } catch (failure) {
              if (!(failure instanceof phone.store.Full)) { throw failure; }
            }
          }
        }"""
    )


def at_the_findings(phone, case):
    """On a phone with six megabytes for this page."""
    page = phone.open(quota=6_000_000)
    phones.list_taken(page)
    phones.installed(page)
    phones.begin(page, case.student)
    for _ in range(3):
        phones.forward(page)
    return page


FINDINGS = "情况（选填）"


def test_u075_a_full_phone_says_so_keeps_the_words_and_refuses_the_photo_with_its_size(
    phone, case, tmp_path
):
    page = at_the_findings(phone, case)
    page.get_by_label(FINDINGS, exact=True).fill("房顶漏雨，孩子在姑姑家住。")
    for _ in range(2):
        phones.forward(page)
    fill_up(page)
    kept = page.evaluate("phone.app.store.photoIds()")

    picture = phones.noise(tmp_path / "1.jpg", size=(900, 700))
    page.get_by_label("从相册选").set_input_files(picture)

    strip = page.locator("#strip")
    expect(strip).to_contain_text("手机存储空间不足，这张照片（")
    expect(strip).to_contain_text("KB）没有存下，文字仍在")
    expect(strip).to_contain_text("手机存储空间快满了，文字还能存")
    assert page.evaluate("phone.app.store.photoIds()") == kept

    # And so it is: the words use the room set aside for them.
    for _ in range(2):
        page.get_by_role("button", name="上一步").click()
    page.get_by_label(FINDINGS, exact=True).press("End")
    page.keyboard.type("姑姑愿意送学。" * 20)
    phones.kept_draft(page, ends_with="姑姑愿意送学。")


def test_u075_words_that_find_no_room_at_all_stay_on_the_page(phone, case):
    page = at_the_findings(phone, case)
    fill_up(page)
    page.evaluate("phone.ballast.release()")
    fill_up(page)

    findings = page.get_by_label(FINDINGS, exact=True)
    findings.fill("母亲答应周一送来。" * 100)

    expect(page.locator("#strip")).to_contain_text("刚才写的还没有存下，请不要关闭本页")
    expect(findings).to_have_value("母亲答应周一送来。" * 100)
    phone.quota.send("Storage.overrideQuotaForOrigin", {"origin": phone.url})
    phones.kept_draft(page, ends_with="母亲答应周一送来。")
    expect(page.locator("#strip")).not_to_contain_text("还没有存下")


def test_u072_visits_written_by_an_older_page_arrive_after_the_update(phone, case, monkeypatch):
    students = [case.student]
    for _ in range(4):
        student = StudentFactory(class_group=case.student.class_group)
        DropoutCaseFactory(student=student, state="confirmed", opened_on=case.opened_on)
        students.append(student)
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    for student in students:
        phones.begin(page, student)
        phones.write(page)
        phones.finish(page)
    former = versions_kept(page)

    newer = replace(phone_files.phone_files(), version="another")
    monkeypatch.setattr(phone_files, "phone_files", lambda: newer)
    page.evaluate("phone.app.sender.send = function () { return Promise.resolve(); }")
    phone.context.set_offline(False)
    page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update())")
    expect(page.locator("#strip")).to_contain_text("本页有新版本，待上传的记录不受影响")
    assert HomeVisit.objects.count() == 0

    page.get_by_role("button", name="更新", exact=True).click()
    phones.all_sent(page, timeout=30_000)
    assert HomeVisit.objects.count() == 5
    assert versions_kept(page) == ["phone-another"] != former


def versions_kept(page):
    return [name for name in page.evaluate("caches.keys()") if name.startswith("phone-")]


def test_u072_a_queue_of_the_first_layout_opens_and_arrives(phone, case, tmp_path):
    """The first layout kept no photos: its database is made anew as that page made it."""
    page = a_visit_in_the_queue(phone, case)
    page.evaluate(
        """async () => {
          const store = phone.app.store, records = await store.db.getAll("records");
          store.db.close();
          await idb.deleteDB("phone-" + store.person);
          const old = await idb.openDB("phone-" + store.person, 1, { upgrade(db) {
            db.createObjectStore("keys");
            db.createObjectStore("records", { keyPath: "id" }).createIndex("kind", "kind");
          } });
          await old.put("keys", store.key, "person");
          for (const record of records) { await old.put("records", record); }
          old.close();
        }"""
    )
    page.reload()
    page.locator("body[data-ready]").wait_for()
    assert page.evaluate("phone.app.store.db.version") == page.evaluate("phone.store.version")

    phone.context.set_offline(False)

    phones.all_sent(page)
    assert HomeVisit.objects.count() == 1


def test_a_spoilt_record_stops_none_of_the_others(phone, case):
    page = a_visit_in_the_queue(phone, case)
    page.evaluate(
        """async () => {
          const db = phone.app.store.db;
          await db.put("records", { id: "spoilt", kind: "item",
            iv: new Uint8Array(12), sealed: new ArrayBuffer(64) });
        }"""
    )
    page.reload()
    expect(page.locator("#badge")).to_have_text("待上传 1 · 需处理 1")

    phone.context.set_offline(False)

    expect(page.locator("#badge")).to_have_text("需处理 1")
    assert HomeVisit.objects.count() == 1
    page.locator("#badge").click()
    expect(page.get_by_text("已损坏，其他记录不受影响")).to_be_visible()
    page.get_by_role("button", name="移除").click()
    phones.all_sent(page)
