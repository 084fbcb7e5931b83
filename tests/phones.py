"""A teacher's phone: Chromium with a profile of its own that outlives being killed."""

import contextlib
import os
import random
import signal
import socket
import struct
import threading
import time
from pathlib import Path

from django.conf import settings
from django.test import Client
from PIL import Image
from playwright.sync_api import Error, expect

SIZE = {"width": 360, "height": 740}
PAGE = "/cases/phone/"
PROMISED = "答应返校"


class Phone:
    """`open()` starts the browser, `kill()` ends it as an empty battery would."""

    def __init__(self, browser_type, launch_args, folder, url):
        self.url = url
        self.folder = folder
        self._type = browser_type
        self._launch = launch_args
        self._cookies = []
        self.complaints = []
        self.context = None
        self.quota = None

    def sign_in(self, user):
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        later = time.time() + settings.SESSION_ABSOLUTE_SECONDS
        name = settings.SESSION_COOKIE_NAME
        self._cookies = [{"name": name, "value": value, "url": self.url, "expires": later}]
        if self.context:
            self.context.add_cookies(self._cookies)
        return client

    def sign_out(self):
        self.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    def open(self, *, offline=False, quota=None):
        """The page, once somebody's list stands on it. `quota` bytes are all it may keep."""
        if self.context is None:
            self.context = self._type.launch_persistent_context(
                self.folder,
                **self._launch,
                viewport=SIZE,
                has_touch=True,
                is_mobile=True,
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
            )
            self.context.add_cookies(self._cookies)
            self.context.set_offline(offline)
        page = self.context.new_page()
        if quota:
            # Before the first byte: the browser asks for the quota only now and then.
            self.quota = self.context.new_cdp_session(page)
            limit = {"origin": self.url, "quotaSize": quota}
            self.quota.send("Storage.overrideQuotaForOrigin", limit)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.url + PAGE)
        expect(page.locator("body"), f"{self.complaints}").to_have_attribute("data-ready", "")
        return page

    def _listen(self, message):
        # What a page without network, sign-in or luck logs by itself is no fault of ours.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def kill(self):
        os.kill(self._process(), signal.SIGKILL)
        with contextlib.suppress(Exception):  # nobody is there any more
            self.context.close()
        self.context = None
        for lock in Path(self.folder).glob("Singleton*"):
            lock.unlink()

    def _process(self):
        """The browser this phone started, found by its profile folder."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if f"--user-data-dir={self.folder}" in words and not any(
                word.startswith("--type=") for word in words
            ):
                return int(entry.name)
        raise LookupError("the phone is not running")

    def close(self):
        if self.context:
            self.context.close()
            self.context = None


def installed(page):
    """Until the worker has everything the page needs without network."""
    page.evaluate(
        """() => new Promise(done => {
          if (navigator.serviceWorker.controller) { done(); }
          navigator.serviceWorker.addEventListener("controllerchange", () => done());
        })"""
    )


def list_taken(page):
    page.get_by_text("名单取于").wait_for()


def kept_draft(page, *, ends_with):
    """Until the phone keeps these last words of the draft on show."""
    page.evaluate(
        """async (end) => {
          for (;;) {
            const kept = await phone.app.store.get(phone.app.draft.item.id);
            if ((kept.content.findings || "").endsWith(end)) { return; }
            await new Promise(done => setTimeout(done, 50));
          }
        }""",
        ends_with,
    )


def begin(page, student):
    page.get_by_role("link", name=student.full_name).click()
    page.get_by_role("button", name="开始家访").click()


def write(page, *, findings="祖母在家，孩子答应下周返校。", outcome=PROMISED, photos=()):
    """All six steps; stands at the check of the answers afterwards."""
    page.get_by_role("radio", name="劝返", exact=True).check()
    forward(page)
    page.get_by_role("button", name="祖母").click()
    forward(page)
    page.get_by_role("radio", name=outcome, exact=True).check()
    forward(page)
    page.get_by_label("情况（选填）", exact=True).fill(findings)
    forward(page)
    forward(page)
    add_photos(page, photos)
    page.get_by_role("button", name="核对").click()


def forward(page):
    page.get_by_role("button", name="下一步").click()


def add_photos(page, photos):
    if photos:
        page.get_by_label("从相册选").set_input_files(photos)
        for number in range(1, len(photos) + 1):
            page.get_by_role("button", name=f"删除照片 {number}").wait_for()


def finish(page):
    page.get_by_role("button", name="完成家访").click()
    page.get_by_role("heading", name="待访名单").wait_for()


_NOTHING_WAITS = """
self.phone?.app?.store && phone.outbox.all(phone.app.store).then(function (all) {
  return !phone.app.finishing && !all.items.some(function (item) {
    return ["waiting", "sending"].includes(item.state) || phone.outbox.owed(item).length;
  });
})
"""


def _nothing_waits(page):
    with contextlib.suppress(Error):  # the page may be renewing itself
        return page.evaluate(_NOTHING_WAITS)
    return False


def all_sent(page, timeout=30_000):
    """The badge alone may still speak of the time before the last tap."""
    end = time.monotonic() + timeout / 1000
    while not _nothing_waits(page):
        assert time.monotonic() < end, item_states(page)
        page.wait_for_timeout(50)
    expect(page.locator("#badge")).to_have_text("已全部上传", timeout=timeout)


def item_states(page):
    return page.evaluate(
        "phone.outbox.all(phone.app.store)"
        ".then(function (all) { return all.items.map(function (item) { return item.state; }); })"
    )


def items(page):
    return page.evaluate(
        "phone.outbox.all(phone.app.store).then(function (all) { return all.items; })"
    )


def photo_bytes(page, photo):
    """What the phone keeps of a photo, opened with the phone's own key."""
    numbers = page.evaluate(
        "id => phone.app.store.photo(id).then(function (bytes) { return Array.from(bytes); })",
        photo,
    )
    return bytes(numbers)


def noise(path, *, size=(1200, 900), seed=1):
    """A picture no encoder can make small."""
    pixels = random.Random(seed).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, pixels).save(path, "JPEG", quality=70)
    return path


class BadLine(threading.Thread):
    """A line between phone and server that resets a share of its connections in mid-sentence.

    A connection that was spared is asked again after each stretch of bytes, because a browser
    keeps a good one for ever.
    """

    STRETCH = 128 * 1024

    def __init__(self, port, *, share, seed=7):
        super().__init__(daemon=True)
        self._port = port
        self._share = share
        self._luck = random.Random(seed)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.upstream = 0  # bytes the phone sent
        self.cut = 0

    @property
    def url(self):
        return f"http://localhost:{self._door.getsockname()[1]}"

    def run(self):
        while True:
            try:
                phone, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            threading.Thread(target=_copy, args=(server, phone), daemon=True).start()
            threading.Thread(target=self._carry, args=(phone, server), daemon=True).start()

    def _carry(self, phone, server):
        try:
            while self._stretch(phone, server):
                pass
        except OSError:
            pass
        finally:
            _end(server)

    def _stretch(self, phone, server):
        """False when the connection has ended, by the phone or by this line."""
        spared = self._luck.random() >= self._share
        left = self.STRETCH if spared else self._luck.randrange(self.STRETCH)
        while left > 0:
            data = phone.recv(4096)
            if not data:
                return False
            self.upstream += len(data)
            server.sendall(data)
            left -= len(data)
        if not spared:
            self.cut += 1
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            phone.close()
        return spared

    def stop(self):
        self._door.close()


def _copy(source, target):
    try:
        while data := source.recv(16384):
            target.sendall(data)
    except OSError:
        pass
    finally:
        _end(target)


def _end(connection):
    """Tells the other side at once; a mere close waits for whoever still reads here."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
