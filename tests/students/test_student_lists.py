"""The list of children and the search in it: scope, filters, pages, addresses."""

from datetime import date

import pytest
from django.urls import reverse

from students.models import HouseholdCategory, PersonCategory
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    division,
    id_number,
    school_head,
)
from tests.students.children import FULL_NUMBER

pytestmark = pytest.mark.django_db
LIST = reverse("students:student-list")
SEARCH = reverse("students:student-search")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


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
