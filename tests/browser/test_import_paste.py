"""A block copied in an office program, pasted instead of a file."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students.models import ImportBatch, Student
from tests.browsing import sign_in
from tests.factories import SchoolFactory, county_officer, id_number

SLOW = 60_000
COPY = """([text, html]) => navigator.clipboard.write([new ClipboardItem({
    "text/plain": new Blob([text], {type: "text/plain"}),
    "text/html": new Blob([html], {type: "text/html"}),
})])"""


def copy(page, rows):
    text = "\r\n".join("\t".join(row) for row in rows)
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    page.evaluate(COPY, [text, f"<table>{cells}</table>"])


@pytest.mark.timeout(170)
def test_u016_u018_a_block_is_pasted_taken_back_and_checked(page, live_server, worker):
    school = SchoolFactory()
    numbers = [id_number(born=date(2016, 1, 1), number=n, sex="女") for n in range(20)]
    rows = [["姓名", "身份证号", "性别", "学校", "年级"]]
    rows += [[f"张小{n}", number, "女", school.name, "四年级"] for n, number in enumerate(numbers)]
    sign_in(page, live_server, county_officer())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + reverse("students:import-new"))
    copy(page, rows)
    box = page.get_by_label("或粘贴表格")

    box.focus()
    page.keyboard.press("Control+V")
    assert len(box.input_value().splitlines()) == 21
    page.keyboard.press("Control+Z")
    expect(box).to_have_value("")
    page.keyboard.press("Control+V")
    page.get_by_role("button", name="上传", exact=True).click()
    page.get_by_role("button", name="确认对应，开始核对").click(timeout=SLOW)
    submit = page.get_by_role("button", name="提交：新增 20")
    expect(submit).to_be_visible(timeout=SLOW)
    assert not Student.objects.exists()

    submit.click()
    expect(page.get_by_text("已写入").first).to_be_visible(timeout=SLOW)
    assert Student.objects.count() == 20
    assert ImportBatch.objects.count() == 1
