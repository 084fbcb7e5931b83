"""The list of children and the page of one: scope, masks, search, revealing, editing."""

import re
from datetime import date

import pytest
from django.urls import reverse

from core.models import AuditEntry
from students.models import HouseholdCategory, PersonCategory
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    GuardianFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    class_teacher,
    county_officer,
    division,
    id_number,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST = reverse("students:student-list")
SEARCH = reverse("students:student-search")
FULL_NUMBER = re.compile(r"\d{17}[\dX]|(?<!\d)1\d{10}(?!\d)")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def page(name, student, *more):
    return reverse(f"students:{name}", args=[student.pk, *more])


def listed(response):
    return [student.full_name for student, _ in response.context["lines"]]


def find(client, words):
    return client.get(client.post(SEARCH, {"words": words})["Location"])


def with_number(name="张小明", **fields):
    return StudentFactory(
        full_name=name,
        birth_date=date(2016, 3, 7),
        sex="男",
        number=id_number(born=date(2016, 3, 7)),
        **fields,
    )


# -- the list ----------------------------------------------------------------------------------


def test_a_teacher_sees_the_own_class_only(client):
    own = StudentFactory(full_name="马兰")
    StudentFactory(full_name="白雪")
    client.force_login(class_teacher(own.class_group))

    assert listed(client.get(LIST)) == ["马兰"]


def test_the_filters_narrow_and_the_count_is_that_of_the_rows(client, officer):
    far = SchoolFactory(township=division("620602104"))
    for name in ("甲一", "甲二"):
        StudentFactory(full_name=name, class_group=ClassGroupFactory(school=far))
    StudentFactory(full_name="乙一")
    absent = StudentFactory(full_name="丙一", class_group=None)
    poor = StudentFactory(full_name="丁一")
    member = HouseholdMemberFactory(student=poor)
    since = {"county": COUNTY, "valid_from": date(2024, 1, 1)}
    HouseholdCategory.objects.create(
        household=member.household, type_id="subsistence_allowance", **since
    )
    PersonCategory.objects.create(student=absent, type_id="migrant_child", **since)

    expected = {
        "": 5,
        "town=620602104": 2,
        f"school={far.pk}": 2,
        "state=none": 1,
        "state=in_school": 4,
        "grade=14": 4,
        "category=subsistence_allowance": 1,
        "category=migrant_child": 1,
        "category=subsistence_allowance&state=none": 0,
    }
    for query, count in expected.items():
        answer = client.get(f"{LIST}?{query}")
        assert (query, answer.context["page"].count, len(listed(answer))) == (query, count, count)


def test_an_empty_list_offers_to_drop_each_filter(client, officer):
    StudentFactory()

    answer = client.get(f"{LIST}?state=suspended&grade=14").content.decode()

    assert "去掉“就读状态：休学”" in answer
    assert 'href="?grade=14"' in answer


def test_a_foreign_school_is_no_option_and_chooses_nothing(client):
    own, other = StudentFactory(), StudentFactory()
    client.force_login(school_head(own.school))

    answer = client.get(f"{LIST}?school={other.school_id}")

    assert other.school.name not in answer.content.decode()
    assert listed(answer) == [own.full_name]


def test_pages_follow_each_other_without_gap_or_repeat(client, officer):
    group = ClassGroupFactory()
    StudentFactory.create_batch(120, class_group=group)
    seen, query = [], ""
    while query is not None:
        answer = client.get(f"{LIST}?{query}")
        seen += [student.pk for student, _ in answer.context["lines"]]
        query = answer.context["page"].next_query
    back = client.get(f"{LIST}?{answer.context['page'].previous_query}")

    assert len(seen) == len(set(seen)) == 120
    assert [student.pk for student, _ in back.context["lines"]] == seen[50:100]


def test_the_number_of_statements_does_not_grow_with_the_rows(
    client, officer, django_assert_max_num_queries
):
    group = ClassGroupFactory()
    StudentFactory.create_batch(2, class_group=group)
    with django_assert_max_num_queries(40) as few:
        client.get(LIST)
    StudentFactory.create_batch(30, class_group=group)

    with django_assert_max_num_queries(len(few)):
        client.get(LIST)


# -- search ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["张小明", "小明", "zhangxiaoming", "zxm", "张", "ZhangXM"])
def test_a_child_is_found_by_name_and_pinyin(client, officer, words):
    with_number()
    StudentFactory(full_name="李建国")

    assert listed(find(client, words)) == ["张小明"]


def test_a_child_is_found_by_the_number_however_it_is_typed(client, officer):
    child = with_number()
    StudentFactory()
    number = id_number(born=date(2016, 3, 7))

    for typed in (number, number.lower(), f" {number[:6]} {number[6:14]} {number[14:]} "):
        assert listed(find(client, typed)) == [child.full_name]
    assert listed(find(client, id_number(born=date(2016, 3, 8)))) == []


def test_u061_no_address_holds_a_name_or_a_number(client, officer):
    with_number()
    for words in ("张小明", "zhangxm", id_number(born=date(2016, 3, 7))):
        address = client.post(SEARCH, {"words": words})["Location"]
        assert words not in address
        assert not FULL_NUMBER.search(address)


def test_u061_a_search_is_noise_to_another_person(client, officer):
    with_number()
    StudentFactory(full_name="李建国")
    address = client.post(SEARCH, {"words": "张小明"})["Location"]
    client.force_login(county_officer())

    answer = client.get(address)

    assert "张小明”查找" not in answer.content.decode()
    assert "属于其他人或已失效" in answer.content.decode()


def test_a_search_stays_within_the_scope(client):
    own, other = with_number("张小明"), StudentFactory(full_name="张小明")
    client.force_login(class_teacher(other.class_group))

    answer = find(client, "张小明")

    assert [student.pk for student, _ in answer.context["lines"]] == [other.pk]
    assert own.pk != other.pk


def test_searching_for_nothing_says_what_to_type(client, officer):
    answer = client.post(SEARCH, {"words": " "}, follow=True)

    assert "请填写姓名、拼音、身份证号或学籍号" in answer.content.decode()


def test_u061_searching_is_a_post_and_an_address_with_words_searches_nothing(client, officer):
    number = id_number(born=date(2016, 3, 7))
    child, other = with_number(), StudentFactory(full_name="李建国")

    assert client.get(SEARCH).status_code == 405
    answer = client.get(f"{LIST}?words={number}&find={number}")
    assert set(listed(answer)) == {child.full_name, other.full_name}
    assert "属于其他人或已失效" in answer.content.decode()
    token = client.post(SEARCH, {"words": number})["Location"].partition("find=")[2]
    again = client.post(SEARCH, {"words": number})["Location"].partition("find=")[2]
    assert token != again  # nobody can compare two addresses to learn that they ask for one child


# -- the page of one child ---------------------------------------------------------------------


def test_a_child_out_of_scope_is_not_found(client):
    own, other = StudentFactory(), StudentFactory()
    client.force_login(class_teacher(own.class_group))

    assert client.get(page("student-detail", own)).status_code == 200
    assert client.get(page("student-detail", other)).status_code == 404


def test_u053_no_page_shows_a_whole_number(client, officer):
    tie = StudentGuardianFactory(
        student=with_number(), guardian=GuardianFactory(phone="19912345678")
    )
    child = tie.student

    for address in (LIST, page("student-detail", child), page("student-edit", child)):
        answer = client.get(address).content.decode()
        assert not FULL_NUMBER.search(answer), address
    detail = client.get(page("student-detail", child)).content.decode()
    assert "629***********" in detail
    assert "199****5678" in detail


def test_u053_revealing_needs_a_purpose_and_is_noted(client, officer):
    child = with_number()
    address = page("number-reveal", child, child.identifiers.get().pk)
    number = id_number(born=date(2016, 3, 7))

    refused = client.post(address, {"purpose": ""})
    assert (refused.status_code, number in refused.content.decode()) == (422, False)
    assert not AuditEntry.objects.exists()

    shown = client.post(address, {"purpose": "与户口簿核对"}, headers={"HX-Request": "true"})
    assert number in shown.content.decode()
    assert "<html" not in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.purpose, entry.target_id) == (
        "identity.reveal",
        "与户口簿核对",
        child.pk,
    )
    assert not FULL_NUMBER.search(str(entry.after))
    assert "与户口簿核对</td>" in client.get(page("student-detail", child)).content.decode()


def test_u053_a_phone_is_revealed_the_same_way(client, officer):
    child = with_number()
    tie = StudentGuardianFactory(student=child, guardian=GuardianFactory(phone="19912345678"))
    other = StudentGuardianFactory()

    shown = client.post(page("phone-reveal", child, tie.guardian_id), {"purpose": "联系监护人"})
    foreign = client.post(page("phone-reveal", child, other.guardian_id), {"purpose": "联系"})

    assert "19912345678" in shown.content.decode()
    assert foreign.status_code == 404
    assert AuditEntry.objects.count() == 1


def test_who_may_not_reveal_is_offered_nothing_and_refused(client):
    child = with_number()
    client.force_login(auditor())
    address = page("number-reveal", child, child.identifiers.get().pk)

    assert address not in client.get(page("student-detail", child)).content.decode()
    assert client.post(address, {"purpose": "看看"}).status_code == 403


# -- editing -----------------------------------------------------------------------------------


def edited(client, child, **changes):
    form = client.get(page("student-edit", child)).context["form"]
    asked = {name: value or "" for name, value in form.initial.items()}
    return client.post(page("student-edit", child), asked | changes)


def test_a_correction_is_saved_with_before_and_after(client, officer):
    child = with_number()

    answer = edited(client, child, full_name="张晓明", residence_address="黄羊镇新店村三组")

    child.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert answer["Location"] == page("student-detail", child)
    assert (child.full_name, child.name_key) == ("张晓明", "zhang xiao ming")
    assert listed(find(client, "晓明")) == ["张晓明"]
    assert entry.before == {"full_name": "张小明", "residence_address": ""}
    assert entry.after == {"full_name": "张晓明", "residence_address": "黄羊镇新店村三组"}


def test_saving_nothing_new_writes_nothing(client, officer):
    child = with_number()

    edited(client, child)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"birth_date": "2015-01-02"}, "证件号显示 2016-03-07"),
        ({"sex": "女"}, "证件号显示男"),
        ({"birth_date": "2016-13-40"}, "出生日期写的是 2016 年 13 月 40 日，没有这一天"),
        ({"birth_date": "前年"}, "出生日期请写成日期"),
        ({"full_name": ""}, "请填写姓名"),
        ({"ethnicity_code": "77"}, "民族没有这个选项"),
    ],
)
def test_a_contradiction_is_refused_in_words_and_keeps_the_answers(client, officer, changes, words):
    child = with_number()

    answer = edited(client, child, former_name="张狗蛋", **changes)

    assert words in answer.content.decode()
    assert "张狗蛋" in answer.content.decode()
    child.refresh_from_db()
    assert child.former_name == ""


def stale_form(client, child):
    """What the page of a person held before somebody else saved."""
    form = client.get(page("student-edit", child)).context["form"]
    return {name: value or "" for name, value in form.initial.items()}


def test_u019_the_second_of_two_people_chooses_field_by_field(client, officer):
    """Two pages on one child: the second saver sees 原来/对方改为/您改为, his text still there."""
    child = with_number()
    stale = stale_form(client, child)
    edited(client, child, full_name="张晓明", residence_address="新店村三组")

    answer = client.post(
        page("student-edit", child), stale | {"full_name": "张笑明", "former_name": "狗蛋"}
    )

    text = answer.content.decode()
    child.refresh_from_db()
    assert (answer.status_code, child.full_name, child.former_name) == (409, "张晓明", "")
    (clash,) = answer.context["form"].clashes
    told = [clash[name] for name in ("label", "seen", "theirs", "mine", "by")]
    assert told == ["姓名", "张小明", "张晓明", "张笑明", officer.full_name]
    assert 'value="张笑明"' in text
    assert 'value="狗蛋"' in text


@pytest.mark.parametrize(("taken", "stored"), [("theirs", "张晓明"), ("mine", "张笑明")])
def test_u019_the_choice_is_saved_with_what_else_was_typed(client, officer, taken, stored):
    child = with_number()
    stale = stale_form(client, child)
    edited(client, child, full_name="张晓明")
    mine = stale | {"full_name": "张笑明", "former_name": "狗蛋"}
    asked = client.post(page("student-edit", child), mine)
    seen = asked.context["form"].data["seen"]

    answer = client.post(
        page("student-edit", child), mine | {"seen": seen, "take_full_name": taken}
    )

    child.refresh_from_db()
    assert (answer.status_code, child.full_name, child.former_name) == (302, stored, "狗蛋")


def test_u020_two_people_who_change_different_facts_both_have_their_way(client, officer):
    child = with_number()
    stale = stale_form(client, child)
    edited(client, child, residence_address="新店村三组")

    answer = client.post(page("student-edit", child), stale | {"full_name": "张晓明"})

    child.refresh_from_db()
    assert answer.status_code == 302
    assert (child.full_name, child.residence_address) == ("张晓明", "新店村三组")


def test_a_page_of_another_child_saves_nothing_here(client, officer):
    child, other = with_number(), StudentFactory()
    stale = stale_form(client, other)

    answer = client.post(page("student-edit", child), stale | {"full_name": "张三"})

    child.refresh_from_db()
    assert ("请刷新后再改一次" in answer.content.decode(), child.full_name) == (True, "张小明")


def test_the_time_line_shows_what_was_and_what_is(client, officer):
    child = with_number()
    member = HouseholdMemberFactory(student=child, valid_from=date(2024, 1, 1))
    HouseholdCategory.objects.create(
        county=COUNTY,
        household=member.household,
        type_id="lifted_household",
        valid_from=date(2021, 1, 1),
        valid_to=date(2025, 12, 31),
        source="农业农村局名单",
    )

    answer = client.get(page("student-detail", child)).content.decode()

    assert "脱贫户" in answer
    assert "2024-01-01 至 2025-12-31，来源：农业农村局名单" in answer


def test_who_opened_the_page_is_part_of_the_record_once_a_day(client, officer):
    child = with_number()
    client.get(page("student-detail", child))
    answer = client.get(page("student-detail", child))

    (look,) = answer.context["looks"]
    assert (look.actor_name, look.words) == (officer.full_name, "打开学生页面")
    assert answer.context["entries"] == []
