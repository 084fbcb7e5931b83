"""The main job end to end, online: roster -> case -> visit -> ledger -> xlsx -> pull.

A real browser, a real worker, a real broker; the workbook is one a township really might send.
"""

import io
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from casework.models import DropoutCase, HomeVisit
from core.models import AuditEntry
from students.models import ImportBatch, Student
from tests.browsing import sign_in
from tests.factories import class_teacher, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
WORKBOOKS = Path(__file__).parent.parent / "fixtures" / "workbooks"
ROSTER = "02-黄羊镇学生花名册.xlsx"
SLOW = 30_000  # ms, for what a worker does


@pytest.fixture
def schools(transactional_db, capsys):
    call_command("import_schools", str(WORKBOOKS / "schools.xlsx"))
    capsys.readouterr()


@pytest.fixture
def officer(schools):
    return county_officer(username="wangjianguo", full_name="王建国", password="Liangzhou-2026")


def test_from_the_roster_to_the_pull(page, live_server, worker, officer, browser):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    enter(page, live_server)
    import_roster(page, live_server)
    child = Student.objects.filter(class_group__isnull=False, grade__gte=11).order_by("pk").first()
    case = open_and_confirm(page, live_server, child)
    visit_on_the_phone(browser, live_server, case)
    build_ledger(page, live_server)
    check_sheet(page, live_server, child)
    check_pull(page, live_server, child)
    assert complaints == []


def enter(page, live_server):
    page.goto(live_server.url)
    page.get_by_label("用户名").fill("wangjianguo")
    page.get_by_label("密码", exact=True).fill("Liangzhou-2026")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("王建国")


def import_roster(page, live_server):
    expected = {
        f["file"]: f for f in json.loads((WORKBOOKS / "expected.json").read_text())["files"]
    }
    page.goto(live_server.url + reverse("students:import-new"))
    page.locator("input[type=file]").set_input_files(WORKBOOKS / ROSTER)
    page.get_by_role("button", name="上传", exact=True).dblclick()
    agree = page.get_by_role("button", name="确认对应，开始核对")
    expect(agree).to_be_visible(timeout=SLOW)
    agree.dblclick()
    submit = page.get_by_role("button", name="提交：新增")
    expect(submit).to_be_visible(timeout=SLOW)
    assert not Student.objects.exists()  # nothing is written before a person submits
    rejected = expected[ROSTER]["sheets"][0]["rejected"]
    expect(page.get_by_role("link", name=f"退回 {rejected}", exact=True)).to_be_visible()
    submit.dblclick()
    expect(page.get_by_text("已写入").first).to_be_visible(timeout=SLOW)

    # Without the files before it every good row of the workbook is a new child.
    good = expected[ROSTER]["sheets"][0]["data_rows"] - rejected
    assert Student.objects.count() == good
    assert ImportBatch.objects.count() == 1
    page.goto(live_server.url + reverse("students:student-list"))
    expect(page.locator(".page-head")).to_contain_text(f"共 {good} 名")


def open_and_confirm(page, live_server, child):
    today = timezone.localdate().isoformat()
    page.goto(live_server.url + reverse("students:student-detail", args=[child.pk]))
    page.get_by_role("link", name="建立个案").click()
    page.get_by_label("数据来源").select_option(label="学校上报")
    page.get_by_role("button", name="建立个案").click()
    page.get_by_role("link", name="核查").click()
    page.get_by_label("核查结果").select_option(value="C01")
    page.get_by_role("textbox", name="核查日期").fill(today)
    page.get_by_label("核查人").fill("王建国")
    page.get_by_label("主要原因").select_option(value="R02")
    page.get_by_role("textbox", name="辍学日期").fill(today)
    page.locator("main form button.btn-primary").click()
    expect(page.locator(".page-head")).to_contain_text("确认辍学")
    return DropoutCase.objects.get(student=child)


def visit_on_the_phone(browser, live_server, case):
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    phone = context.new_page()
    sign_in(phone, live_server, class_teacher(case.student.class_group, full_name="李秀兰"))
    phone.goto(live_server.url + reverse("casework:case-list"))
    phone.get_by_role("link", name=case.student.full_name).click()
    phone.get_by_role("link", name="登记家访").click()
    phone.get_by_role("radio", name="答应返校", exact=True).check()
    phone.get_by_role("button", name="保存家访").dblclick()
    expect(phone.locator(".page-head")).to_contain_text("劝返中")
    context.close()

    assert HomeVisit.objects.filter(case=case).count() == 1


def build_ledger(page, live_server):
    page.goto(live_server.url + reverse("ledgers:ledger-list"))
    today = timezone.localdate()
    wanted = f"生成 {today.year}年{today.month}月辍学学生台账"
    page.get_by_role("button", name=wanted, exact=True).dblclick()
    expect(page.locator(".page-sub")).to_contain_text("第 1 版", timeout=SLOW)


def check_sheet(page, live_server, child):
    month = f"{timezone.localdate():%Y-%m}"
    page.goto(live_server.url + reverse("ledgers:ledger-detail", args=["dropout", month]))
    expect(page.get_by_role("link", name=child.full_name)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="导出表格").click()
    sheet = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    values = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert child.full_name in values
    assert any("辍学" in value for value in values[:3])
    assert not any(re.fullmatch(r"\d{17}[\dX]", value) for value in values)


def check_pull(page, live_server, child):
    month = f"{timezone.localdate():%Y-%m}"
    address = f"{live_server.url}/api/v1/ledgers/dropout/periods/{month}/rows?since_version=0"
    page.goto(live_server.url + reverse("accounts:token-new"))
    page.get_by_label("用途").fill("省平台拉取")
    page.get_by_label("拉取台账").check()
    page.locator("main form button.btn-primary").click()
    text = page.locator(".token-text").inner_text()

    with urllib.request.urlopen(
        urllib.request.Request(address, headers={"Authorization": f"Bearer {text}"})
    ) as answer:
        pulled = json.load(answer)
    assert child.full_name in json.dumps(pulled, ensure_ascii=False)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(address)
    assert AuditEntry.objects.filter(action="token.issue").exists()
