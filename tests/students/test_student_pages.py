"""The page of one child: scope, masks, revealing, editing."""

from datetime import date

import pytest
from django.urls import reverse

from core.models import AuditEntry
from students.models import HouseholdCategory
from tests.factories import (
    COUNTY,
    GuardianFactory,
    HouseholdMemberFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    class_teacher,
    county_officer,
    id_number,
)
from tests.students.children import FULL_NUMBER, page

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
