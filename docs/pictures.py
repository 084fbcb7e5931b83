"""Takes the pictures of README and guides from a running demo, so they never show the past.

Every page is taken at 1366x768 for officers or 360x740 for phones, signed in as the role named;
a workbook as LibreOffice shows its first page.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent
BASE = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
DATA = Path(os.environ.get("APP_DATA", ROOT.parent / "var"))
ROSTERS = ROOT.parent / "tests" / "fixtures" / "workbooks"
DESK: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 360, "height": 740}


WRITTEN = "/students/imports/?state=committed -> tbody a"
MARGIN = 12  # px around what a sheet's page shows


@dataclass(frozen=True)
class Picture:
    name: str
    user: str
    # A path, or behind an arrow the first link to follow from there: "/cases/ -> tbody a".
    page: str
    size: ViewportSize
    dark: bool = False
    # A roster to hand in on the page; the same one again is no second batch.
    upload: str = ""
    # The last link gives a workbook, and that is the picture.
    is_workbook: bool = False


PICTURES = [
    Picture("sign-in", "", "/accounts/sign-in/", DESK),
    Picture("home", "county", "/", DESK),
    Picture("home-dark", "county", "/", DESK, dark=True),
    Picture("students", "county", "/students/", DESK),
    Picture("student-columns", "county", "/students/ -> text=选择列", DESK),
    Picture("student", "county", "/students/ -> tbody a", DESK),
    Picture("student-new", "county", "/students/new/", DESK),
    Picture("imports", "county", "/students/imports/", DESK),
    Picture("import-new", "county", "/students/imports/new/", DESK),
    Picture(
        "import-columns",
        "county",
        "/students/imports/new/",
        DESK,
        upload="02-黄羊镇学生花名册.xlsx",
    ),
    Picture(
        "import-check",
        "county",
        "/students/imports/ -> tbody a -> text=确认对应，开始核对 -> text=性别与证件号不符",
        DESK,
    ),
    Picture("error-book", "county", f"{WRITTEN} -> text=订正表", DESK),
    Picture(
        "error-book-sheet",
        "county",
        f"{WRITTEN} -> text=订正表 -> text=下载订正表",
        DESK,
        is_workbook=True,
    ),
    Picture("import-undo", "county", f"{WRITTEN} -> text=撤销本批", DESK),
    Picture("import-offices", "county", "/students/imports/offices/", DESK),
    Picture("duplicates", "county", "/students/duplicates/", DESK),
    Picture("duplicate", "county", "/students/duplicates/ -> tbody a", DESK),
    Picture("rollover", "county", "/students/rollovers/ -> tbody a", DESK),
    Picture("transfers", "county", "/students/transfers/?side=out", DESK),
    Picture("list-new", "county", "/students/lists/new/", DESK),
    Picture("comparison", "county", "/students/lists/comparisons/ -> tbody a", DESK),
    Picture(
        "comparison-differs",
        "county",
        "/students/lists/comparisons/ -> tbody a -> text=/^字段不一致/",
        DESK,
    ),
    Picture("cases", "county", "/cases/", DESK),
    Picture("case", "county", "/cases/ -> tbody a", DESK),
    Picture(
        "case-plan",
        "head",
        "/cases/handovers/?tab=reach&answered=1 -> tbody a -> text=查看方案",
        DESK,
    ),
    Picture("visit-batches", "county", "/cases/visits/plans/", DESK),
    Picture("visit-reviews", "head", "/cases/visits/reviews/", PHONE),
    Picture("tasks", "county", "/cases/tasks/?when=late", DESK),
    Picture("task-board", "county", "/cases/tasks/board/", DESK),
    Picture("rules", "county", "/cases/deadlines/", DESK),
    Picture("away", "county", "/cases/attendance/away/", DESK),
    Picture("reports", "county", "/cases/reports/", DESK),
    Picture("duty-gaps", "county", "/cases/duties/", DESK),
    Picture("duty-people", "county", "/cases/duties/people/", DESK),
    Picture("duty-posts", "county", "/cases/duties/posts/", DESK),
    Picture("pledges", "county", "/cases/duties/pledges/?kind=county_township", DESK),
    Picture("phone-gaps", "township", "/cases/duties/", PHONE),
    Picture(
        "sent-down",
        "county",
        "/students/lists/?kind=sent_down -> tbody a -> text=据此建案",
        DESK,
    ),
    Picture("ledgers", "county", "/ledgers/", DESK),
    Picture("ledger", "county", "/ledgers/ -> tbody a", DESK),
    Picture("jobs", "county", "/jobs/", DESK),
    Picture("commands", "county", "/ -> .account-menu summary -> text=命令菜单", DESK),
    Picture("users", "sysadmin", "/accounts/users/", DESK),
    Picture("user-new", "sysadmin", "/accounts/users/new/", DESK),
    Picture("user", "sysadmin", "/accounts/users/ -> text=teacher", DESK),
    Picture("audit", "auditadmin", "/audit/", DESK),
    Picture("home-head", "head", "/", DESK),
    Picture("home-township", "township", "/", DESK),
    Picture(
        "phone-sign",
        "township",
        "/cases/tasks/?kind=sign&line=government -> tbody a -> a.btn-primary:has-text('签字')",
        PHONE,
    ),
    Picture(
        "plan",
        "county",
        "/cases/handovers/?tab=reach&answered=1 -> tbody a -> text=查看方案",
        DESK,
    ),
    Picture("handovers", "county", "/cases/handovers/?tab=reach", DESK),
    Picture("visit-reviews", "head", "/cases/visits/reviews/", DESK),
    Picture("visit-batches", "head", "/cases/visits/plans/", DESK),
    Picture("report", "head", "/cases/reports/ -> tbody a", DESK),
    Picture("fine-rules", "county", "/cases/papers/fines/", DESK),
    Picture("phone-home", "teacher", "/", PHONE),
    Picture("phone-cases", "teacher", "/cases/", PHONE),
    Picture("phone-case", "teacher", "/cases/ -> tbody a", PHONE),
    Picture(
        "phone-attendance",
        "teacher",
        "/cases/attendance/ -> tbody a:has-text('点名')",
        PHONE,
    ),
    Picture("phone-visit", "teacher", "/cases/ -> tbody a -> text=登记家访", PHONE),
    Picture("phone-offline-list", "teacher", "/cases/phone/", PHONE),
    Picture(
        "phone-offline-step",
        "teacher",
        "/cases/phone/ -> .phone-child -> text=开始家访 -> text=下一步 -> text=下一步",
        PHONE,
    ),
    Picture(
        "phone-offline-queue",
        "teacher",
        "/cases/phone/ -> .phone-child -> text=开始家访 -> #badge",
        PHONE,
    ),
    Picture("held", "teacher", "/cases/visits/held/ -> tr:has-text('修改家访') a", PHONE),
    Picture(
        "visit",
        "head",
        "/cases/visits/held/ -> tr:has-text('修改家访') a -> text=查看现在登记的家访",
        DESK,
    ),
    Picture("papers", "county", "/cases/papers/", DESK),
    Picture("paper-kinds", "township", "/cases/papers/ -> tbody td a -> text=制作文书", DESK),
    Picture("paper-phone", "township", "/cases/papers/ -> tbody a", PHONE),
]


def logins() -> dict[str, tuple[str, str]]:
    """User name -> (user name, password), from the demo's file."""
    lines = (DATA / "demo-credentials.txt").read_text().splitlines()
    rows = [re.split(r"\s{2,}|\t", line.strip()) for line in lines]
    return {row[0]: (row[0], row[1]) for row in rows if len(row) >= 3}


def sign_in(page: Page, who: tuple[str, str]) -> None:
    page.goto(f"{BASE}/accounts/sign-in/")
    page.get_by_label("用户名").fill(who[0])
    page.get_by_label("密码", exact=True).fill(who[1])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def hand_in(page: Page, file: str) -> None:
    page.locator("input[type=file]").set_input_files(ROSTERS / file)
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_role("button", name="确认对应").wait_for()


def photograph(page: Page, link: str, target: Path) -> None:
    """The first page of the workbook behind a link, without its empty paper."""
    with page.expect_download() as download, tempfile.TemporaryDirectory() as folder:
        page.locator(link).first.click()
        book = Path(folder) / "book.xlsx"
        download.value.save_as(book)
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/office"]
        convert = [*command, "--convert-to", "pdf", "--outdir", folder, str(book)]
        subprocess.run(convert, check=True, capture_output=True)
        draw = ["pdftoppm", "-r", "110", "-png", "-singlefile"]
        subprocess.run(
            [*draw, str(book.with_suffix(".pdf")), str(book.with_suffix(""))], check=True
        )
        with Image.open(book.with_suffix(".png")) as shown:
            sheet = shown.convert("RGB")
    left, top, right, bottom = ImageOps.invert(sheet).getbbox() or (0, 0, *sheet.size)
    ImageOps.expand(sheet.crop((left, top, right, bottom)), MARGIN, "white").save(target)


def take(browser: Browser, picture: Picture, users: dict[str, tuple[str, str]]) -> None:
    context = browser.new_context(
        viewport=picture.size,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if picture.dark else "light",
    )
    page = context.new_page()
    if picture.user:
        sign_in(page, users[picture.user])
    target = ROOT / "pictures" / f"{picture.name}.png"
    start, *links = picture.page.split(" -> ")
    book = links.pop() if picture.is_workbook else ""
    page.goto(BASE + start)
    for link in links:
        page.locator(link).first.click()
    if picture.upload:
        hand_in(page, picture.upload)
    page.wait_for_load_state("networkidle")
    if book:
        photograph(page, book, target)
    else:
        page.screenshot(path=target)
    context.close()


def main() -> None:
    wanted = [p for p in PICTURES if not sys.argv[1:] or p.name in sys.argv[1:]]
    (ROOT / "pictures").mkdir(exist_ok=True)
    users = logins()
    with sync_playwright() as driver:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--disable-gpu", "--disable-background-networking", "--disable-sync", *sandbox],
        )
        for picture in wanted:
            take(browser, picture, users)
            sys.stdout.write(f"{picture.name}\n")
        browser.close()


if __name__ == "__main__":
    main()
