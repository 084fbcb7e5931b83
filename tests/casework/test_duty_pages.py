"""The pages of 双线包保: gaps, persons, class teachers, a workbook, posts."""

import io
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from casework.models import ResponsibilityAssignment, ResponsibilityRole
from core.models import AuditEntry
from tests.casework.duties import assign
from tests.factories import (
    COUNTY,
    TOWNSHIP,
    ClassGroupFactory,
    GuardianFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    class_teacher,
    county_officer,
    division,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
VILLAGE = f"{TOWNSHIP}201"
HEADS = ("岗位", "姓名", "单位及职务", "电话", "乡镇", "村", "学校", "班级", "学生证件号或学籍号")


@pytest.fixture
def student():
    return StudentFactory(hukou_division=division(VILLAGE).code)


def words(answer):
    return answer.content.decode()


def shown(client, user, name, query="", **kwargs):
    client.force_login(user)
    return words(client.get(reverse(f"casework:{name}", kwargs=kwargs) + query))


def test_from_county_to_township_to_school_to_the_child(client, student):
    officer = county_officer()

    county = shown(client, officer, "gap-list")
    assert "黄羊镇" in county
    assert f"?town={TOWNSHIP}&amp;line=education&amp;show=list" in county
    town = shown(client, officer, "gap-list", f"?town={TOWNSHIP}")
    assert str(student.school) in town
    listed = shown(client, officer, "gap-list", f"?town={TOWNSHIP}&school={student.school_id}")
    assert student.full_name in listed
    assert "共 1 人" in listed
    assert student.full_name not in county + town


def test_a_whole_school_says_so(client, student):
    assign("class_teacher", student.class_group_id, "班主任甲", on=timezone.localdate())
    assign("township_head", TOWNSHIP, "镇长甲", on=timezone.localdate())

    page = shown(client, school_head(student.school), "gap-list")

    assert "已全部包保" in page
    listed = shown(client, school_head(student.school), "gap-list", "?show=list")
    assert "每一名适龄儿童少年都有责任人" in listed


@pytest.mark.parametrize(
    "query", ["?town=abc", "?school=1e9", "?line=other", "?town=９９", "?show=x"]
)
def test_an_address_that_names_nothing_shows_everything(client, student, query):
    assert "黄羊镇" in shown(client, county_officer(), "gap-list", query)


def test_a_person_is_named_in_two_steps(client, student):
    client.force_login(township_officer())
    address = reverse("casework:duty-new")
    page = words(client.get(address))
    assert "村（社区）主任" in page
    assert "班主任" not in page
    page = words(client.get(f"{address}?post=village_head"))
    assert VILLAGE in page

    said = {"cover": VILLAGE, "full_name": "张永福", "phone": "199 0000 1234", "on": "2026.11.2"}
    answer = client.post(f"{address}?post=village_head", said | {"duty": "村委会主任"}, follow=True)

    assert "已登记张永福为村（社区）主任" in words(answer)
    duty = ResponsibilityAssignment.objects.get()
    assert (duty.division_id, duty.township, duty.phone()) == (VILLAGE, TOWNSHIP, "19900001234")
    entry = AuditEntry.objects.get(action="responsibility.assign")
    assert "1990000" not in str(entry.after)
    assert "199****1234" in shown(client, township_officer(), "duty-list")


@pytest.mark.parametrize(
    "said, told",
    [
        ({"full_name": ""}, "请填写姓名"),
        ({"phone": "12345"}, "电话请填手机号"),
        ({"cover": "620602999999"}, "没有这个选项"),
        ({"on": "2036-11-02"}, "超过一年"),
    ],
)
def test_what_cannot_be_is_told_with_its_remedy(client, student, said, told):
    client.force_login(county_officer())
    asked = {"cover": VILLAGE, "full_name": "张永福", "on": "2026-11-02"} | said

    answer = client.post(reverse("casework:duty-new") + "?post=village_head", asked)

    assert told in words(answer)
    assert not ResponsibilityAssignment.objects.exists()


def test_a_person_with_an_account_needs_no_name(client, student):
    teacher = class_teacher(student.class_group, full_name="曾晓燕")
    client.force_login(school_head(student.school))

    answer = client.post(
        reverse("casework:duty-new") + "?post=class_teacher",
        {"cover": student.class_group_id, "user": teacher.pk, "on": "2026-11-02"},
    )

    assert answer.status_code == 302
    duty = ResponsibilityAssignment.objects.get()
    assert (duty.user_id, duty.full_name) == (teacher.pk, "曾晓燕")


def test_a_person_for_one_child_is_named_from_its_page(client, student):
    client.force_login(county_officer())
    assert "请打开学生页面" in words(
        client.get(reverse("casework:duty-new") + "?post=child_teacher")
    )
    address = (
        reverse("casework:duty-new") + f"?post=child_teacher&student={student.pk}&then=student"
    )

    answer = client.post(
        address, {"cover": student.pk, "full_name": "包人教师甲", "on": "2026-11-02"}
    )

    assert answer.url == reverse("students:student-detail", args=[student.pk])


def test_end_and_replace_keep_the_history(client, student):
    today = timezone.localdate()
    duty = assign("school_head", student.school_id, "校长甲", on=date(2026, 9, 1))
    officer = county_officer()
    page = shown(client, officer, "duty-replace", duty_id=duty.pk)
    assert "校长甲" in page
    assert str(student.school) in page
    client.post(
        reverse("casework:duty-replace", args=[duty.pk]),
        {"full_name": "校长乙", "on": today.isoformat()},
    )
    now = ResponsibilityAssignment.objects.get(full_name="校长乙")
    client.post(reverse("casework:duty-end", args=[now.pk]), {"last_day": today.isoformat()})

    assert {d.full_name for d in ResponsibilityAssignment.objects.exclude(valid_to=None)} == {
        "校长甲",
        "校长乙",
    }
    assert "校长甲" in shown(client, officer, "duty-list", "?state=over")
    assert "校长甲" not in shown(client, officer, "duty-list")


def test_the_person_of_the_other_line_is_not_a_township_s_to_change(client, student):
    duty = assign("school_head", student.school_id, "校长甲", on=timezone.localdate())
    client.force_login(township_officer())

    answer = client.post(reverse("casework:duty-end", args=[duty.pk]), {"last_day": "2026-11-22"})

    assert "教育线的责任人由学校、县教育局登记" in words(answer)
    assert f"/people/{duty.pk}/end/" not in shown(client, township_officer(), "duty-list")


def test_class_teachers_by_their_grants(client, student):
    school = student.school
    without = StudentFactory(class_group=ClassGroupFactory(school=school))
    kept = StudentFactory(class_group=ClassGroupFactory(school=school))
    class_teacher(student.class_group, full_name="曾晓燕")
    teacher = class_teacher(kept.class_group, full_name="马玉花")
    assign("class_teacher", kept.class_group_id, "马玉花", user=teacher.pk, on=date(2026, 9, 1))
    assign("class_teacher", student.class_group_id, "老班主任", on=date(2026, 9, 1))
    head = school_head(school)

    page = shown(client, head, "duty-teachers")
    assert "将更换 1 个班" in page
    assert "不变 1 个班" in page
    assert "没有班主任授权 1 个班" in page
    answer = client.post(reverse("casework:duty-teachers"), {"on": "2026-11-02"}, follow=True)

    assert "新登记 0 人，更换 1 人，不变 1 人" in words(answer)
    today = ResponsibilityAssignment.objects.filter(valid_to=None)
    assert {(d.class_group_id, d.full_name) for d in today} == {
        (student.class_group_id, "曾晓燕"),
        (kept.class_group_id, "马玉花"),
    }
    assert without.class_group_id not in {d.class_group_id for d in today}


def book(*rows, heads=HEADS):
    file = io.BytesIO()
    work = Workbook()
    work.active.append(["包保责任人名单"])
    work.active.append(list(heads))
    for row in rows:
        work.active.append(list(row))
    work.save(file)
    file.seek(0)
    file.name = "责任人.xlsx"
    return file


def upload(client, *rows, user=None, **how):
    client.force_login(user or county_officer())
    said = {"file": book(*rows, **how), "on": "2026-11-02"}
    return words(client.post(reverse("casework:duty-sheet"), said, follow=True))


def test_a_workbook_names_people_for_every_kind_of_cover(client, student):
    number = student.identifiers.get().reveal()
    group = student.class_group
    page = upload(
        client,
        ("县（区）长", "甲一", "", "", "", "", "", "", ""),
        ("乡镇长（街道主任）", "甲二", "黄羊镇镇长", "19900001234", "黄羊镇", "", "", "", ""),
        ("村（社区）主任", "甲三", "", "", "黄羊镇", division(VILLAGE).name, "", "", ""),
        ("校长", "甲四", "", "", "", "", student.school.code, "", ""),
        ("班主任", "甲五", "", "", "", "", student.school.name, str(group), ""),
        ("包户干部", "甲六", "", "", "", "", "", "", number.lower()),
    )

    assert "新登记 6 人" in page
    found = ResponsibilityAssignment.objects
    assert found.get(full_name="甲六").student == student
    assert found.get(full_name="甲五").class_group == group
    assert found.get(full_name="甲一").division_id == COUNTY
    again = upload(client, ("乡镇长（街道主任）", "甲二", "", "", "黄羊镇", "", "", "", ""))
    assert "不变 1 人" in again
    other = upload(client, ("乡镇长（街道主任）", "乙二", "", "", "黄羊镇", "", "", "", ""))
    assert "更换 1 人" in other


def test_one_wrong_row_and_nothing_is_written(client, student):
    school = student.school.name
    page = upload(
        client,
        ("校长", "甲四", "", "", "", "", school, "", ""),
        ("校长", "甲五", "", "", "", "", school, "", ""),
        ("村长", "甲三", "", "", "", "", "", "", ""),
        ("班主任", "甲六", "", "", "", "", school, "", ""),
        ("校长", "", "", "", "", "", "不在的学校", "", ""),
        ("校长", "甲七", "", "123", "", "", SchoolFactory().name, "", ""),
    )

    assert "有 5 行需要改正，一行也没有写入" in page
    for told in (
        "第 3 行是同一对象",
        "没有“村长”这个岗位",
        "请填写“班级”",
        "没有找到学校",
        "电话不是",
    ):
        assert told in page
    assert not ResponsibilityAssignment.objects.exists()


def test_a_list_reaches_no_further_than_its_sender(client, student):
    head = school_head(SchoolFactory())
    page = upload(client, ("校长", "甲四", "", "", "", "", student.school.name, "", ""), user=head)
    assert "不在您的负责范围内" in page


@pytest.mark.parametrize(
    "content, told", [(b"PK\x03\x04junk", "不是电子表格"), (b"%PDF-1.4", "不是电子表格")]
)
def test_a_file_that_is_no_list_is_told(client, content, told):
    client.force_login(county_officer())
    file = io.BytesIO(content)
    file.name = "x.xlsx"

    page = words(client.post(reverse("casework:duty-sheet"), {"file": file, "on": "2026-11-02"}))

    assert told in page


def test_a_table_without_the_heads_is_told(client):
    assert "没有找到责任人名单" in upload(client, ("张三", "李四"), heads=("甲", "乙"))


def test_the_empty_form_lists_the_county_s_posts(client):
    client.force_login(county_officer())
    sheet = load_workbook(io.BytesIO(client.get(reverse("casework:duty-template")).content))[
        "责任人"
    ]
    assert [cell.value for cell in sheet[1]] == list(HEADS)


def test_the_chain_of_a_child_ends_with_its_kin(client, student):
    StudentGuardianFactory(student=student, guardian=GuardianFactory(full_name="王秀英"))
    assign("county_head", COUNTY, "县长甲", on=timezone.localdate())
    assign("village_head", VILLAGE, "村主任甲", on=timezone.localdate(), phone="19900001234")

    page = shown(
        client, class_teacher(student.class_group), "duty-of-student", student_id=student.pk
    )

    assert page.index("县长甲") < page.index("家长") < page.index("王秀英")
    assert "没有责任人" in page  # on the education line
    assert "199****1234" in page
    assert "19900001234" not in page


def test_a_county_edits_its_posts(client, student):
    officer = county_officer()
    client.force_login(officer)
    said = {
        "name": "寨老",
        "line": "government",
        "level": "village",
        "lists": "五长、六长",
        "sort": 75,
        "is_used": "on",
    }
    client.post(reverse("casework:post-new"), said)
    own = ResponsibilityRole.objects.get(name="寨老")
    assert (own.county, own.lists) == (COUNTY, ["五长", "六长"])
    answer = client.post(reverse("casework:post-new"), said)
    assert "已有名为“寨老”的岗位" in words(answer)

    head = reverse("casework:post-edit", args=["village_head"])
    client.post(head, said | {"name": "村党支部书记", "lists": "七长"})
    assert ResponsibilityRole.objects.get(county="", code="village_head").name == "村（社区）主任"
    page = words(client.get(reverse("casework:post-list")))
    assert "村党支部书记" in page
    assert "村（社区）主任" not in page
    assert "六长" in page

    assign("village_head", VILLAGE, "村主任甲", on=timezone.localdate())
    answer = client.post(head, said | {"name": "村党支部书记", "level": "school"})
    assert "现有 1 名责任人" in words(answer)
    assert "村主任甲" in shown(client, officer, "duty-list", "?named=七长")


def test_a_post_out_of_use_is_offered_no_more(client):
    client.force_login(county_officer())
    usual = ResponsibilityRole.objects.get(code="bureau_leader")
    said = {"name": usual.name, "line": usual.line, "level": usual.level, "sort": usual.sort}
    said |= {"is_leader": "on"}
    client.post(reverse("casework:post-edit", args=["bureau_leader"]), said, follow=True)

    assert "教育局包片领导" not in words(client.get(reverse("casework:duty-new")))
    assert "教育局包片领导（停用）" in words(client.get(reverse("casework:post-list")))
