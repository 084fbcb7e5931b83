"""A list of another office: upload, verdicts, apply; a later list ends what it no longer holds."""

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students.models import OfficeList, PersonCategory, SchoolPromise
from tests.browsing import sign_in
from tests.factories import (
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
    division,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SLOW = 30_000  # ms, for what a worker does
AUTUMN, LATER, EARLIER = "2026-09-15", "2026-10-15", "2026-08-20"


@pytest.fixture
def office(page, live_server, worker):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    division("620602100")
    sign_in(page, live_server, county_officer())
    yield Office(page, live_server)
    assert complaints == []


class Office:
    """What the officer does with lists."""

    def __init__(self, page, live_server):
        self.page, self.base = page, live_server.url

    def open(self, name, *args):
        self.page.goto(self.base + reverse(name, args=args))

    def upload(self, path, *, kind, body, on, township=""):
        self.open("students:list-list")
        self.page.get_by_role("link", name="上传名单").first.click()
        self.page.get_by_label("名单文件").set_input_files(path)
        self.page.get_by_label("名单种类").select_option(label=kind)
        self.page.get_by_label("提供单位").fill(body)
        self.page.get_by_role("textbox", name="名单日期").fill(on)
        if township:
            self.page.get_by_role("group", name="名单只列了这些乡镇").get_by_label(township).check()
        self.page.get_by_role("button", name="上传并读取").dblclick()

    def apply(self):
        button = self.page.get_by_role("button", name="提交登记")
        expect(button).to_be_visible(timeout=SLOW)
        button.dblclick()
        expect(self.page.get_by_role("heading", name="登记结果")).to_be_visible(timeout=SLOW)

    def category_of(self, student):
        self.open("students:student-detail", student.pk)
        return self.page.get_by_role("region", name="类别")


def row(student, *more):
    number = student.identifiers.get(kind="id_number").reveal()
    return [student.full_name, number, *more]


def workbook(folder, name, *rows, header=("姓名", "身份证号", "人员类别")):
    book = openpyxl.Workbook()
    for one in (header, *rows):
        book.active.append(list(one))
    path = folder / name
    book.save(path)
    return path


def test_a_category_begins_with_one_list_and_ends_with_a_later_one(office, tmp_path):
    gone, stays = StudentFactory(), StudentFactory()
    relief = {"kind": "低保、特困名单", "body": "民政局"}
    first = workbook(tmp_path, "九月.xlsx", *(row(s, "低保") for s in (gone, stays, stays)))
    office.upload(first, on=AUTUMN, **relief)

    expect(office.page.get_by_role("link", name="可用 2")).to_be_visible(timeout=SLOW)
    expect(office.page.get_by_role("link", name="重复 1")).to_be_visible()
    expect(office.page.get_by_text("现在还没有改动任何学生")).to_be_visible()
    assert not PersonCategory.objects.exists()
    office.apply()
    assert OfficeList.objects.count() == 1
    expect(office.category_of(gone)).to_contain_text(AUTUMN)

    office.upload(workbook(tmp_path, "十月.xlsx", row(stays, "低保")), on=LATER, **relief)
    expect(office.page.get_by_text("名单不再列入，到名单日期止")).to_be_visible(timeout=SLOW)
    office.apply()

    expect(office.category_of(gone)).to_contain_text(LATER)
    assert PersonCategory.objects.get(student=stays).valid_to is None
    ended = PersonCategory.objects.get(student=gone)
    assert ended.valid_to.isoformat() == LATER


def test_an_older_list_asks_first(office, tmp_path):
    child, late = StudentFactory(), StudentFactory()
    relief = {"kind": "低保、特困名单", "body": "民政局"}
    office.upload(workbook(tmp_path, "九月.xlsx", row(late, "低保")), on=AUTUMN, **relief)
    office.apply()

    office.upload(workbook(tmp_path, "八月.xlsx", row(child, "低保")), on=EARLIER, **relief)
    expect(office.page.get_by_text("这份名单比已登记的旧")).to_be_visible(timeout=SLOW)
    expect(office.page.get_by_role("button", name="提交登记")).to_have_count(0)
    office.page.get_by_role("button", name="日期无误，按较早的名单办理").click()
    office.apply()

    fact = PersonCategory.objects.get(student=child)
    assert [day.isoformat() for day in (fact.valid_from, fact.valid_to)] == [EARLIER, AUTUMN]


def test_a_list_of_one_township_leaves_the_others_alone(office, tmp_path):
    away = SchoolFactory(township=division("620602101"))
    here, elsewhere = StudentFactory(), StudentFactory(class_group__school=away)
    relief = {"kind": "低保、特困名单", "body": "民政局"}
    both = workbook(tmp_path, "全县.xlsx", row(here, "低保"), row(elsewhere, "低保"))
    office.upload(both, on=AUTUMN, **relief)
    office.apply()

    only = workbook(tmp_path, "黄羊.xlsx", row(StudentFactory(), "低保"))
    office.upload(only, on=LATER, township="黄羊镇", **relief)
    expect(office.page.get_by_text("只列了黄羊镇")).to_be_visible(timeout=SLOW)
    office.apply()

    assert PersonCategory.objects.get(student=here).valid_to.isoformat() == LATER
    assert PersonCategory.objects.get(student=elsewhere).valid_to is None


def test_promised_junior_schools_come_from_a_list(office, tmp_path):
    junior = SchoolFactory(name="黄羊镇第一初级中学", stages=["junior"])
    leaver = StudentFactory(class_group=ClassGroupFactory(entry_year=2021))
    header = ("姓名", "身份证号", "录取初中")
    path = workbook(tmp_path, "派位.xlsx", row(leaver, junior.name), header=header)

    office.upload(path, kind="小升初派位名单", body="教育局", on="2026-07-10")
    expect(office.page.get_by_text("新登记应升初中")).to_be_visible(timeout=SLOW)
    office.apply()

    assert SchoolPromise.objects.get().school == junior
