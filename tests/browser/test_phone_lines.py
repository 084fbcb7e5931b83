"""Bad lines, double taps, two windows, wrong clocks: one visit each."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import HomeVisit, PhoneOp, VisitPhoto
from tests import phones
from tests.factories import DropoutCaseFactory, StudentFactory

pytestmark = pytest.mark.django_db(transaction=True)
VISITS, PHOTOS = 2, 3


@pytest.fixture
def bad_line(live_server):
    line = phones.BadLine(urlsplit(live_server.url).port, share=0.3)
    line.start()
    yield line
    line.stop()


def test_u069_visits_and_photos_arrive_once_over_a_line_that_cuts_a_third_of_its_connections(
    phone, case, bad_line, tmp_path
):
    classmates = [case.student]
    for _ in range(VISITS - 1):
        student = StudentFactory(class_group=case.student.class_group)
        DropoutCaseFactory(student=student, state="confirmed", opened_on=case.opened_on)
        classmates.append(student)
    phone.url = bad_line.url
    phone.sign_in(phone.teacher)
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    for number, student in enumerate(classmates):
        pictures = [
            phones.noise(tmp_path / f"{number}-{n}.jpg", size=(700, 500), seed=10 * number + n)
            for n in range(PHOTOS)
        ]
        phones.begin(page, student)
        phones.write(page, photos=pictures)
        phones.finish(page)
    queued = phones.items(page)
    before = bad_line.upstream

    phone.context.set_offline(False)
    phones.all_sent(page, timeout=120_000)

    assert HomeVisit.objects.count() == VISITS
    hashes = {photo["photo"]: photo["sha256"] for item in queued for photo in item["photos"]}
    arrived = VisitPhoto.objects.filter(state="stored")
    assert {str(photo.photo): photo.sha256 for photo in arrived} == hashes
    size = sum(photo["size"] for item in queued for photo in item["photos"])
    assert bad_line.upstream - before <= 1.3 * size
    assert bad_line.cut > 0


def test_u070_a_double_tap_is_one_visit(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.begin(page, case.student)
    phones.write(page)

    page.get_by_role("button", name="完成家访").dblclick()

    phones.all_sent(page)
    assert HomeVisit.objects.count() == 1


def test_u070_two_windows_send_one_visit_and_write_one_at_a_time(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.begin(page, case.student)
    phones.write(page)

    other = phone.open()
    other.get_by_role("link", name="点此继续").click()
    expect(other.get_by_role("heading", name="另一个窗口正在填写")).to_be_visible()
    other.get_by_role("button", name="回到名单").click()

    page.bring_to_front()
    phones.finish(page)
    send = "phone.app.sender.send()"
    other.evaluate(send)
    page.evaluate(send)

    phones.all_sent(page)
    assert HomeVisit.objects.count() == 1
    assert PhoneOp.objects.count() == 1


def test_u070_an_answer_lost_three_times_is_one_visit(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    lost = []

    def lose(route):
        if len(lost) == 3:
            route.continue_()
            return
        lost.append(route.fetch())  # the server has done its part
        route.abort("connectionreset")

    page.route("**/cases/phone/ops/", lose)
    phones.begin(page, case.student)
    phones.write(page)
    phones.finish(page)

    phones.all_sent(page, timeout=60_000)
    assert len(lost) == 3
    assert HomeVisit.objects.count() == PhoneOp.objects.count() == 1


def test_u071_a_phone_ten_years_ahead_saves_its_visit_and_is_told_gently(phone, case):
    page = phone.open()
    phones.list_taken(page)
    phones.installed(page)
    phone.context.set_offline(True)
    ten_years_on = timezone.now() + timedelta(days=3652)
    page.clock.set_fixed_time(ten_years_on)
    phones.begin(page, case.student)
    page.get_by_label("家访日期").fill(f"{timezone.localdate()}")
    phones.write(page)
    phones.finish(page)

    phone.context.set_offline(False)
    page.evaluate("phone.app.sender.send()")

    phones.all_sent(page)
    expect(page.locator("#strip")).to_contain_text("本机时间比服务器快约 10 年")
    visit, op = HomeVisit.objects.get(), PhoneOp.objects.get()
    assert visit.visited_on == timezone.localdate()
    assert timezone.localdate(op.claimed_at) == timezone.localdate(ten_years_on)
    assert timezone.localdate(op.received_at) == timezone.localdate()

    # Having heard the time, the page proposes the right day.
    phones.begin(page, case.student)
    expect(page.get_by_label("家访日期")).to_have_value(f"{timezone.localdate()}")
