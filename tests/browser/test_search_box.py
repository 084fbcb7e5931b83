"""The search box and an input method, driven by the browser's own protocol."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browsing import sign_in
from tests.factories import ClassGroupFactory, StudentFactory, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
LIST = reverse("students:student-list")


@pytest.fixture
def box(page, live_server):
    group = ClassGroupFactory()
    for name in ("张三", "白雪"):
        StudentFactory(full_name=name, class_group=group)
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + LIST)
    found = page.get_by_role("searchbox", name="姓名、拼音")
    found.focus()
    return found


def composed(page, *steps):
    session = page.context.new_cdp_session(page)
    for text in steps:
        session.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )
    return session


def keyed(session, key, code):
    """What the browser reports of a key that an input method took."""
    for kind in ("rawKeyDown", "keyUp"):
        session.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": 229},
        )


def test_u059_composing_sends_nothing_and_ending_it_submits_nothing(page, box):
    """U059: 0 requests while zhangsan is composed, none by the Enter that ends it, 1 after."""
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    session = composed(page, "z", "zh", "zhangs", "zhangsan")
    keyed(session, "Enter", "Enter")
    session.send("Input.insertText", {"text": "张三"})
    expect(box).to_have_value("张三")
    assert sent == []

    page.wait_for_timeout(120)
    with page.expect_request(lambda request: request.method == "POST") as asked:
        box.press("Enter")
    expect(page.get_by_text("正在按“张三”查找")).to_be_visible()
    assert asked.value.post_data is not None
    posts = [url for url in sent if url.endswith(reverse("students:student-search"))]
    assert len(posts) == 1
    assert "张三" not in page.url


def test_u059_escape_while_composing_clears_nothing(page, box):
    box.fill("白雪")
    box.press("End")
    session = composed(page, "z", "zhang")
    keyed(session, "Escape", "Escape")

    assert box.input_value().startswith("白雪")
    expect(box).to_be_focused()
