"""Home visits that survive no network, an empty battery and a fortnight."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import HomeVisit, VisitPhoto
from tests import phones

pytestmark = pytest.mark.django_db(transaction=True)


def badge(page):
    return page.locator("#badge")


def test_u067_a_visit_with_three_photos_survives_flight_mode_and_a_kill_and_arrives_once(
    phone, case, tmp_path
):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)

    phone.context.set_offline(True)
    page.reload()  # out of the phone's own keeping
    phones.begin(page, case.student)
    pictures = [phones.noise(tmp_path / f"{n}.jpg", seed=n) for n in range(3)]
    phones.write(page, photos=pictures)
    phones.finish(page)
    expect(badge(page)).to_have_text("待上传 1 · 照片 0/3")
    queued = {photo["photo"]: photo["sha256"] for photo in phones.items(page)[0]["photos"]}
    phone.kill()

    page = phone.open(offline=True)
    expect(badge(page)).to_have_text("待上传 1 · 照片 0/3")
    phone.context.set_offline(False)

    phones.all_sent(page, timeout=30_000)
    visit = HomeVisit.objects.get()
    assert (visit.student, visit.outcome) == (case.student, "promised")
    assert visit.people_met == "祖母"
    arrived = VisitPhoto.objects.filter(visit_id=visit.pk, state="stored")
    assert {str(photo.photo): photo.sha256 for photo in arrived} == queued
    badge(page).click()
    delivered = page.get_by_role("region", name="已送达").get_by_role("listitem")
    expect(delivered).to_contain_text("照片 3/3")
    assert phone.complaints == []


def test_u067_what_the_phone_queued_is_what_it_hashed(phone, case, tmp_path):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    phones.begin(page, case.student)
    phones.write(page, photos=[phones.noise(tmp_path / "1.jpg")])
    phones.finish(page)

    (photo,) = phones.items(page)[0]["photos"]
    content = phones.photo_bytes(page, photo["photo"])

    assert hashlib.sha256(content).hexdigest() == photo["sha256"]
    assert len(content) == photo["size"]


def test_the_last_words_before_a_kill_are_there_again(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.begin(page, case.student)
    for _ in range(3):
        phones.forward(page)
    page.get_by_label("情况（选填）", exact=True).press_sequentially("父亲下月从新疆回来")
    phones.kept_draft(page, ends_with="回来")
    phone.kill()

    page = phone.open()
    page.get_by_role("link", name="点此继续").click()

    expect(page.get_by_role("heading", name="第 4 步")).to_be_visible()
    expect(page.get_by_label("情况（选填）", exact=True)).to_have_value("父亲下月从新疆回来")


def test_a_visit_is_written_after_a_fortnight_without_network(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    fortnight = timezone.now() + timedelta(days=14)
    page.clock.set_fixed_time(fortnight)
    page.reload()
    page.locator("body[data-ready]").wait_for()

    expect(page.get_by_text("已有 14 天")).to_be_visible()
    phones.begin(page, case.student)
    expect(page.get_by_label("家访日期")).to_have_value(f"{timezone.localdate(fortnight)}")
    phones.write(page)
    phones.finish(page)

    expect(badge(page)).to_have_text("待上传 1")
    assert phone.complaints == []


def test_u068_the_badge_and_the_queue_say_what_waits_and_why(phone, case, tmp_path):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    expect(page.locator("#strip")).to_contain_text("没有网络")

    phones.begin(page, case.student)
    phones.write(page, photos=[phones.noise(tmp_path / "1.jpg", size=(300, 200))])
    phones.finish(page)
    page.reload()
    expect(badge(page)).to_have_text("待上传 1 · 照片 0/1")
    badge(page).click()

    entry = page.get_by_role("region", name="待上传").get_by_role("listitem")
    expect(entry).to_contain_text(case.student.full_name)
    expect(entry).to_contain_text("没有网络，联网后自动上传")
    expect(page.get_by_text("上次全部上传")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"导出：{case.student.full_name}").click()
    text = download.value.path().read_text("utf-8-sig")
    assert case.student.full_name in text
    assert "结果：答应返校" in text
