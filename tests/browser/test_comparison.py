"""四查三比对 in the browser: from a police list to cases, from a difference to the child."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from casework.models import DropoutCase
from core.models import AuditEntry
from students.models import MatchDifference, Student
from tests.browser.test_lists import SLOW, Office, row, workbook
from tests.browsing import sign_in
from tests.factories import SchoolFactory, StudentFactory, county_officer, id_number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def office(page, live_server, worker):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    sign_in(page, live_server, county_officer())
    yield Comparing(page, live_server)
    assert complaints == []


class Comparing(Office):
    def compare(self, kind):
        self.page.get_by_role("link", name="用它比对").click(timeout=SLOW)
        self.page.get_by_label("比对种类").select_option(label=kind)
        self.page.get_by_role("button", name="开始比对").dblclick()
        expect(self.page.get_by_role("heading", name="比对结果")).to_be_visible(timeout=SLOW)

    def tab(self, label):
        self.page.get_by_role("navigation", name="按结果看").get_by_role("link", name=label).click()


def test_who_has_a_hukou_and_no_school_gets_a_case_in_one_act(office, tmp_path):
    born = StudentFactory().birth_date
    enrolled, idle = StudentFactory(), StudentFactory(class_group=None)
    stranger = ["欧阳远方", id_number(born=born, number=77, sex="男")]
    path = workbook(
        tmp_path, "户籍.xlsx", row(enrolled), row(idle), stranger, header=("姓名", "身份证号")
    )
    office.upload(path, kind="公安户籍名单", body="公安局", on="2026-09-01")
    office.compare("户籍比对学籍：查未入学")
    page = office.page

    expect(page.get_by_text("名单 3 人 = 精确匹配 1")).to_be_visible()
    page.get_by_role("button", name="“仅对方有”待定的 2 条全部认可").click()
    expect(page.get_by_text("已将 2 条记为“认可”。")).to_be_visible()
    page.get_by_role("button", name="为认可的新学生建立记录（1）").click()
    expect(page.get_by_text("已为 1 名学生建立记录")).to_be_visible()
    page.get_by_role("button", name="按认可的线索建案（2 人）").dblclick()
    expect(
        page.get_by_text("已有未结个案，未重复建案").or_(page.get_by_text("已建疑似个案 2 个"))
    ).to_be_visible()

    assert DropoutCase.objects.count() == 2
    page.goto(office.base + reverse("casework:case-list"))
    for name in (idle.full_name, "欧阳远方"):
        expect(page.get_by_role("link", name=name).first).to_be_visible()
    expect(page.get_by_role("link", name=enrolled.full_name)).to_have_count(0)


def test_who_does_not_sit_in_class_is_suspected(office, tmp_path):
    school = SchoolFactory(name="第一中心小学")
    present = StudentFactory(class_group__school=school)
    absent = StudentFactory(class_group=present.class_group)
    path = workbook(
        tmp_path, "点名.xlsx", row(present, school.name), header=("姓名", "身份证号", "就读学校")
    )
    office.upload(path, kind="在校点名名单", body="教育局", on="2026-09-20")
    office.compare("学籍比对在校：查疑似辍学")
    page = office.page

    page.get_by_role("button", name=f"认可{absent.full_name}", exact=True).click()
    page.get_by_role("button", name="按认可的线索建案（1 人）").click()

    expect(page.get_by_text("已建疑似个案 1 个")).to_be_visible()
    assert DropoutCase.objects.get().student == absent


def test_ticked_differences_are_taken_over_and_taken_back(office, tmp_path):
    students = StudentFactory.create_batch(3)
    names = [student.full_name for student in students]
    rows = [[f"{student.full_name}儿", *row(student)[1:]] for student in students]
    path = workbook(tmp_path, "名册.xlsx", *rows, header=("姓名", "身份证号"))
    office.upload(path, kind="其他名单", body="公安局", on="2026-09-20")
    office.compare("名单比对本县学生")
    office.tab("字段不一致")
    page = office.page

    for name in names[:2]:
        page.get_by_role("checkbox", name=f"选择{name}儿").check()
    page.get_by_role("button", name="认可勾选的", exact=True).click()
    expect(page.get_by_text("已将 2 条记为“认可”。")).to_be_visible()
    renamed = Student.objects.filter(full_name__endswith="儿").values_list("pk", flat=True)
    assert sorted(renamed) == sorted(student.pk for student in students[:2])
    page.get_by_role("button", name=f"不认可{names[2]}儿").click()
    expect(page.get_by_text("已将 1 条记为“不认可”。")).to_be_visible()

    page.goto(office.base + reverse("students:student-detail", args=[students[0].pk]))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{names[0]}儿")
    expect(page.get_by_text("按名单比对更正").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name=f"撤销对{names[0]}儿的处理").click()
    expect(page.get_by_text("已撤销 1 条的处理")).to_be_visible()

    students[0].refresh_from_db()
    assert students[0].full_name == names[0]
    decided = MatchDifference.objects.filter(found="differs").order_by("student")
    assert list(decided.values_list("decision", flat=True)) == ["open", "accepted", "rejected"]
    assert AuditEntry.objects.filter(action="student.take_back").count() == 1
