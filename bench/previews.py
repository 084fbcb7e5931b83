"""The preview of a large roster as a person meets it: a running application and a real browser.

The clock runs from the press on 确认对应，开始核对 until the counts stand on the page. All the
time a key is pressed every tenth of a second; its delay is what lies between the press, as the
browser stamped it, and the page's first chance to act on it.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from playwright.sync_api import Error, sync_playwright

from bench import roster
from bench.harness import ROOT, Failed, Variant, in_turns, say
from bench.report import Goal, Report
from config.supervisor.layout import from_environment

CHECKED = re.compile("^提交：")
DELAYS = """
addEventListener("keydown", function (event) {
  window.noteDelay(performance.now() - event.timeStamp);
}, true);
"""
_SCHOOLS = """
SELECT code, name, stages, township_id FROM schools_school
 WHERE stages && '{primary,junior}' AND valid_to IS NULL ORDER BY code
"""


def bench(run):
    size = run.size or 50_000
    with tempfile.TemporaryDirectory(prefix="notless-preview-", dir="/tmp") as home:
        folder = Path(home)
        folder.chmod(0o711)
        with application(folder) as base:
            made = roster.make(folder, rows=size, places=_schools(folder))
            shown = Variant("check and preview", lambda _: _watched(folder, base, made), rounds=1)
            in_turns([shown], 1)
    facts = shown.facts[0]
    goals = [
        Goal("preview: from the columns to the counts", facts["seconds"], 20, False, "s"),
        Goal("preview: longest delay of a key", facts["longest_delay_ms"], 100, False, "ms"),
        Goal("preview: different figures of progress seen", facts["progress_seen"], 3, True, ""),
    ]
    notes = [f"{facts['keys']} keys pressed; 95 % of them within {facts['delay_p95_ms']:.0f} ms"]
    return Report("preview", f"Preview of {size:,} rows in Chromium", size, goals, [shown], notes)


@contextmanager
def application(folder):
    """All of it with the demo county, as script/server starts it, on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "HOME") if name in os.environ}
    env |= {"APP_DATA": str(folder / "var"), "PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "config.supervisor", "serve"]
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=said, stderr=said)
        try:
            say("  starting the application with its demo county")
            _wait_until_ready(process, folder / "said.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def _wait_until_ready(process, said):
    end = time.monotonic() + 600
    while "ready:" not in said.read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise Failed(said.read_text()[-2000:])
        time.sleep(0.2)


def _schools(folder):
    layout = from_environment({"APP_DATA": str(folder / "var")})
    connection = psycopg2.connect(layout.database_url("notless_worker"))
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SCHOOLS)
            rows = cursor.fetchall()
    finally:
        connection.close()
    return [roster.School(code, name, tuple(stages), town) for code, name, stages, town in rows]


def _watched(folder, base, made):
    with sync_playwright() as driver:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(60_000)
        delays = []
        page.expose_function("noteDelay", lambda delay: delays.append(delay))
        page.add_init_script(DELAYS)
        _sign_in(page, base, folder)
        page.goto(f"{base}/students/imports/new/")
        page.get_by_label("名册文件").set_input_files(made.workbook)
        page.get_by_label("来源单位").fill("试验学区")
        page.get_by_role("button", name="上传", exact=True).click()
        page.get_by_role("button", name="确认对应，开始核对").click()
        seconds, progress = _press_keys_until_checked(page)
        for _ in range(50):  # with all its rows on the page
            page.keyboard.press("j")
            page.wait_for_timeout(20)
        browser.close()
    delays.sort()
    return {
        "seconds": seconds,
        "keys": len(delays),
        "longest_delay_ms": delays[-1],
        "delay_p95_ms": delays[int(len(delays) * 0.95)],
        "progress_seen": len(progress),
    }


def _sign_in(page, base, folder):
    words = (folder / "var" / "demo-credentials.txt").read_text().split()
    page.goto(f"{base}/accounts/sign-in/")
    page.get_by_label("用户名").fill("county")
    page.get_by_label("密码", exact=True).fill(words[words.index("county") + 1])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"{base}/")


def _press_keys_until_checked(page):
    """Seconds until the counts stood there, and the texts of progress that were seen before."""
    begun, seen = time.perf_counter(), set()
    submit = page.get_by_role("button", name=CHECKED)
    while not (done := submit.count()) and time.perf_counter() - begun < 300:
        page.keyboard.press("Shift")
        with suppress(Error):  # the page is just being renewed
            seen.update(page.locator("#progress").all_inner_texts())
        page.wait_for_timeout(100)
    if not done:
        raise Failed("the counts of the preview never came")
    return time.perf_counter() - begun, seen
