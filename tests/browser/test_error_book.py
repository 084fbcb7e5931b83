"""The correction round trip with a real LibreOffice, and the taking back of a batch.

A township roster with 32 rejected rows is written, its error workbook is opened and mended in the
office, saved by it, and imported again: only the mended rows are written.
"""

import json
import subprocess
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from core import idnumber
from core.models import AuditEntry, Job
from schools.imports import import_schools
from students.models import ImportBatch, RosterMark, RosterRow, Student
from students.rosters import services
from tests.browsing import sign_in
from tests.factories import DropoutCaseFactory, county_officer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
TESTS = Path(__file__).parents[1]
ROSTER = TESTS / "fixtures" / "workbooks" / "02-黄羊镇学生花名册.xlsx"
GOOD, BAD = 114, 32
SLOW = 60_000  # ms, for what a worker does
# Debian's own: UNO is bound to it.
UNO_PYTHON = "/usr/bin/python3"


@pytest.fixture
def office():
    """Mends cells of a workbook in LibreOffice; tells what it saw there."""
    try:
        subprocess.run(["soffice", "--version"], check=True, capture_output=True)
        subprocess.run([UNO_PYTHON, "-c", "import uno"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no LibreOffice: apt install libreoffice-calc-nogui python3-uno")

    def mend(source, target, changes):
        done = subprocess.run(
            [UNO_PYTHON, TESTS / "office" / "mend.py", source, target],
            input=json.dumps(changes),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return mend


@pytest.fixture
def desk(page, live_server, worker):
    import_schools(ROSTER.with_name("schools.xlsx"))
    sign_in(page, live_server, county_officer(full_name="王建国"))
    return page


def hand_in(page, live_server, file):
    page.goto(live_server.url + reverse("students:import-new"))
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="上传").click()
    page.get_by_role("button", name="确认对应，开始核对").click(timeout=SLOW)
    expect(page.get_by_role("button", name="提交：新增")).to_be_visible(timeout=SLOW)
    return ImportBatch.objects.latest("pk")


def submit(page):
    page.get_by_role("button", name="提交：新增").click()
    expect(page.get_by_text("已写入").first).to_be_visible(timeout=SLOW)


def verdicts(batch):
    batch.refresh_from_db()
    return tuple(
        sum(sheet[verdict] for sheet in batch.sheets) for verdict in RosterRow.Verdict.values
    )


def mendings(batch):
    """One wrong check character, one wrong sex, one unknown grade: [sheet, cell, text]."""
    marks = RosterMark.objects.filter(batch=batch).order_by("row_no")
    number = marks.filter(code="id_checksum").first()
    text = number.cells()[number.column]
    sex = marks.filter(code="sex_conflict").first()
    grade = marks.filter(code="grade_unknown").first()
    wanted = [
        (number, text[:17] + idnumber.check_character(text[:17])),
        (sex, {"男": "女", "女": "男"}[sex.cells()[sex.column]]),
        (grade, "三年级"),
    ]
    return [["Sheet1", f"{chr(65 + m.column)}{m.row_no}", text] for m, text in wanted]


def test_u032_mended_in_libreoffice_only_those_rows_are_written(
    desk, live_server, office, tmp_path
):
    page = desk
    first = hand_in(page, live_server, ROSTER)
    submit(page)
    assert verdicts(first) == (GOOD, 0, 0, BAD)

    page.get_by_role("link", name="订正表").click()
    page.get_by_role("button", name=f"制作订正表（退回 {BAD} 行）").dblclick()
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("link", name="下载订正表").click(timeout=SLOW)
    assert download.value.suggested_filename == "02-黄羊镇学生花名册-订正表.xlsx"
    book, mended = tmp_path / "订正表.xlsx", tmp_path / "改好.xlsx"
    download.value.save_as(book)
    changes = mendings(first)
    seen = office(book, mended, changes)

    check_what_the_office_saw(seen, changes)
    before = {s.pk: s.updated_at for s in Student.objects.all()}
    second = hand_in(page, live_server, mended)
    expect(page.get_by_text(f"批次 {first.pk}：{ROSTER.name}")).to_be_visible()
    assert verdicts(second) == (len(changes), 0, GOOD, BAD - len(changes))
    submit(page)

    assert Student.objects.count() == GOOD + len(changes)
    assert before == {s.pk: s.updated_at for s in Student.objects.filter(pk__in=before)}


def check_what_the_office_saw(seen, changes):
    """The user's own rows, each bad cell red with a note, the reasons, and links to the cells."""
    roster, summary = seen["Sheet1"], seen["汇总"]
    assert len(roster["notes"]) == BAD
    assert all(note["is_red"] for note in roster["notes"].values())
    assert {cell for _, cell, _ in changes} <= roster["notes"].keys()
    assert roster["rows"][3][-1] == "退回原因"
    assert roster["rows"][6][:2] == ["1", "黄羊镇云杉小学"]
    reasons = [row[-1] for row in roster["rows"][4:] if row[-1]]
    assert any(text.startswith("身份证号校验位不符：") for text in reasons)
    assert summary["links"] > BAD
    counted = [row for row in summary["rows"] if row[2] == "身份证号校验位不符"]
    assert counted[0][1] == "3"


def test_u036_a_double_click_and_a_reload_make_one_batch(desk, live_server):
    page = desk
    batch = hand_in(page, live_server, ROSTER)
    page.get_by_role("button", name="提交：新增").dblclick()
    expect(page.get_by_text("提交：新增")).to_be_hidden()
    page.reload()
    expect(page.get_by_text("已写入").first).to_be_visible(timeout=SLOW)

    assert ImportBatch.objects.get() == batch
    assert Job.objects.filter(task=services.COMMIT_TASK).count() == 1
    assert AuditEntry.objects.filter(action="roster.commit").count() == 1
    assert Student.objects.count() == GOOD


def test_u037_a_batch_is_taken_back_from_its_page(desk, live_server):
    page = desk
    batch = hand_in(page, live_server, ROSTER)
    submit(page)
    child = Student.objects.order_by("pk").first()
    DropoutCaseFactory(student=child)

    page.get_by_role("link", name="撤销本批").click()
    expect(page.get_by_text("删除本批新增的学生")).to_contain_text(str(GOOD - 1))
    page.get_by_role("button", name="撤销本批").dblclick()
    expect(page.get_by_text(f"删除 {GOOD - 1} 名")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name=child.full_name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(child.full_name)

    assert list(Student.objects.all()) == [child]
    batch.refresh_from_db()
    assert batch.state == "undone"
