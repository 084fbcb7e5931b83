"""A child registered by hand: 暂无证件, a later number, masks, two at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.scope import scope_for
from core import tenancy
from core.models import AuditEntry
from students.models import (
    DuplicatePair,
    Student,
    StudentIdentifier,
)
from students.people import facts, registering
from students.people.registering import Namesake, Newcomer
from tests.factories import (
    GuardianFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    county_officer,
    id_number,
    school_head,
)
from tests.students.children import (
    BORN,
    FULL_NUMBER,
    NEW,
    NUMBER,
    page,
    registered,
    said,
    without_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


# -- a new child -------------------------------------------------------------------------------


def test_a_child_is_registered_with_what_the_number_tells(client, officer):
    child = registered(client)

    (identifier,) = child.identifiers.all()
    entry = AuditEntry.objects.get(action="student.register")
    assert (child.birth_date, child.sex, child.has_no_number) == (BORN, "男", False)
    assert (child.name_key, identifier.reveal(), identifier.mask[-4:]) == (
        "zhang xiao ming",
        NUMBER,
        NUMBER[-4:],
    )
    assert entry.after["id_number"] == identifier.mask
    assert not FULL_NUMBER.search(str(entry.after))
    assert client.get(page("student-detail", child)).status_code == 200


def test_a_child_is_registered_at_a_school(client, officer):
    school, today = SchoolFactory(), timezone.localdate()
    child = registered(
        client,
        school=school.pk,
        grade="13",
        class_number="2",
        attendance_mode="boarding",
        entered_on=today.isoformat(),
    )

    stay = child.enrolments.get()
    assert (child.school, child.grade, child.township) == (school, 13, school.township_id)
    assert (stay.class_group.number, stay.attendance_mode, stay.valid_from, stay.source) == (
        "2",
        "boarding",
        today,
        "手工登记",
    )


def test_a_head_registers_at_the_own_school_only(client):
    own, other = SchoolFactory(), SchoolFactory()
    client.force_login(school_head(own))
    place = {"grade": "13", "entered_on": timezone.localdate().isoformat()}

    nowhere = client.post(NEW, said())
    foreign = client.post(NEW, said(school=other.pk, **place))
    child = registered(client, school=own.pk, **place)

    assert "请选择就读学校" in nowhere.content.decode()
    assert "就读学校没有这个选项" in foreign.content.decode()
    assert Student.objects.get() == child


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "62990020160307081"}, "应为 18 位，现在是 17 位"),
        ({"number": NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1")}, "对不上，有数字录错"),
        ({"number": "629900160307081"}, "这是 15 位旧号码"),
        ({"number": f"G{NUMBER}"}, "这是学籍号"),
        ({"number": ""}, "还没有证件的，证件类型请选“暂无证件”"),
        ({"id_type": "permit"}, "以 810000、820000 或 830000 开头"),
        ({"id_type": "Z"}, "请删去证件号，或改选证件类型"),
        ({"full_name": ""}, "请填写姓名"),
        ({"birth_date": "3000-01-01"}, "那是今天以后，请核对户口簿后改正"),
        ({"birth_date": "1950-01-01"}, "那样已满 30 周岁，请核对年份"),
        ({"grade": ""}, "请同时填写年级"),
    ],
)
def test_a_fault_is_told_in_words_and_nothing_is_stored(client, officer, changes, words):
    place = {"school": SchoolFactory().pk, "grade": "13", "entered_on": "2026-09-01"}

    answer = client.post(NEW, said(former_name="狗蛋") | place | changes)

    assert words in answer.content.decode()
    assert "狗蛋" in answer.content.decode()
    assert not Student.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"birth_date": "2015-01-02"}, "证件号显示 2016-03-07"),
        ({"sex": "女"}, "证件号显示男"),
    ],
)
def test_u051_a_conflict_with_the_number_is_asked_about_and_nothing_overwritten(
    client, officer, changes, words
):
    answer = client.post(NEW, said(**changes))

    form = answer.context["form"]
    assert words in answer.content.decode()
    assert {name: form.data[name] for name in changes} == changes
    assert not Student.objects.exists()


def test_a_residence_permit_and_a_passport_are_taken(client, officer):
    permit = registered(client, id_type="permit", number="810000201205180001", full_name="陈一")
    foreign = registered(client, id_type="A", number="E 1234-5678", full_name="Nguyen Thi Lan")

    assert (permit.birth_date, permit.sex) == (date(2012, 5, 18), "女")
    assert foreign.identifiers.get().reveal() == "E12345678"
    assert (foreign.id_type, foreign.birth_date) == ("A", None)


def test_a_known_number_is_not_registered_twice(client, officer):
    child = registered(client)

    answer = client.post(NEW, said(number=f" {NUMBER[:6]}-{NUMBER[6:]} ", full_name="张晓明"))

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "本县已有此证件号，登记在张小明（未就读）名下" in text
    assert page("student-detail", child) in text
    assert Student.objects.count() == 1


def test_a_known_number_of_another_school_tells_no_name(client):
    far = StudentFactory(full_name="白雪", birth_date=BORN, sex="男", number=NUMBER)
    own = SchoolFactory()
    client.force_login(school_head(own))
    place = {"grade": "13", "entered_on": timezone.localdate().isoformat()}

    answer = client.post(NEW, said(school=own.pk, **place)).content.decode()

    assert "属外校学生。请联系该校办理转学" in answer
    assert (far.full_name in answer, far.school.name in answer) == (False, False)


# -- 暂无证件 -----------------------------------------------------------------------------------


def test_u052_a_child_without_a_number_is_registered_with_the_reason(client, officer):
    nothing = client.post(NEW, said(id_type="Z", number=""))
    child = registered(
        client, id_type="Z", number="", birth_date="2016.3.7", why_no_paper="户口正在补办"
    )

    text = client.get(page("student-detail", child)).content.decode()
    assert "请填写暂无证件的原因" in nothing.content.decode()
    assert "请填写出生日期" in nothing.content.decode()
    assert child.has_no_number
    assert "户口正在补办" in text
    assert "登记证件号" in text


def test_u052_a_later_number_joins_the_child(client, officer):
    child = registered(
        client, id_type="Z", number="", birth_date="2016-03-07", why_no_paper="户口正在补办"
    )

    client.post(
        page("number-new", child), {"id_type": "1", "number": NUMBER, "reason": "户口簿已补办"}
    )

    child.refresh_from_db()
    entry = AuditEntry.objects.get(action="number.add")
    assert Student.objects.count() == 1
    assert child.identifiers.get().reveal() == NUMBER
    assert (child.has_no_number, child.sex, child.extra) == (False, "男", {})
    assert (entry.purpose, entry.after["sex"]) == ("户口簿已补办", "男")
    assert not FULL_NUMBER.search(str(entry.after))


def test_u052_registering_the_same_child_with_a_number_asks_first(client, officer):
    child = without_number(class_group=None)

    asked = client.post(NEW, said())
    again = client.post(NEW, said(is_another="on"))

    text = asked.content.decode()
    assert (asked.status_code, again.status_code) == (409, 302)
    assert "先核对：是不是下面的孩子" in text
    assert page("number-new", child) in text
    assert Student.objects.count() == 2


def test_two_children_of_one_name_and_birthday_with_numbers_are_two(client, officer):
    registered(client)
    other = registered(client, number=id_number(born=BORN, number=41))

    assert other.full_name == "张小明"
    assert Student.objects.count() == 2


def test_u052_a_number_that_another_record_has_leads_to_their_merge(client, officer):
    child = without_number()
    other = StudentFactory(full_name="张小明", birth_date=BORN, sex="男", number=NUMBER)

    answer = client.post(
        page("number-new", child), {"id_type": "1", "number": NUMBER, "reason": "补办"}
    )

    pair = DuplicatePair.objects.get()
    assert answer.status_code == 409
    assert {pair.first_id, pair.second_id} == {child.pk, other.pk}
    assert reverse("students:duplicate-detail", args=[pair.pk]) in answer.content.decode()
    assert not child.identifiers.exists()


def test_another_number_makes_the_old_one_a_former_one(client, officer):
    child = StudentFactory(birth_date=BORN, sex="男", number=id_number(born=BORN, number=7))

    client.post(page("number-new", child), {"id_type": "1", "number": NUMBER, "reason": "更正"})

    current = child.identifiers.get(valid_to=None)
    assert (current.reveal(), child.identifiers.count()) == (NUMBER, 2)
    assert "曾用，至" in client.get(page("student-detail", child)).content.decode()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (id_number(born=date(2015, 1, 2)), "出生日期与证件号不一致"),
        (id_number(born=BORN, sex="女"), "性别与证件号不一致"),
        ("12", "应为 18 位"),
    ],
)
def test_u051_a_number_that_contradicts_the_record_is_refused(client, officer, number, words):
    child = without_number()

    answer = client.post(
        page("number-new", child), {"id_type": "1", "number": number, "reason": "补办"}
    )

    assert words in answer.content.decode()
    assert not StudentIdentifier.objects.exists()


# -- masks and rights --------------------------------------------------------------------------


def test_u053_no_page_of_a_child_holds_a_whole_number(client, officer):
    member = HouseholdMemberFactory(student=StudentFactory(birth_date=BORN, number=NUMBER))
    child = member.student
    tie = StudentGuardianFactory(student=child, guardian=GuardianFactory(phone="19912345678"))
    address = {
        **{name: page(name, child) for name in ("student-detail", "student-edit", "number-new")},
        **{name: page(name, child) for name in ("guardian-new", "household-join")},
        "guardian-edit": page("guardian-edit", child, tie.pk),
        "guardian-end": page("guardian-end", child, tie.pk),
        "household-leave": page("household-leave", child),
        "transfer": reverse("students:transfer-new", args=[child.pk]),
        "list": reverse("students:student-list"),
        "audit": reverse("audit-list"),
    }
    client.force_login(officer)

    for name, where in address.items():
        text = client.get(where).content.decode()
        assert not FULL_NUMBER.search(text.replace(member.household.household_no, "")), name


def test_who_may_not_edit_is_offered_nothing(client):
    tie = StudentGuardianFactory()
    client.force_login(auditor())

    text = client.get(page("student-detail", tie.student)).content.decode()

    doors = ("number-new", "guardian-new", "household-join", "student-edit")
    assert not [name for name in doors if page(name, tie.student) in text]
    assert client.get(NEW).status_code == 403


# -- at the same moment ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_child_registered_twice_at_the_same_moment_is_one():
    actor = county_officer()
    scope = scope_for(actor, county="620602", on=timezone.localdate())
    said = dict.fromkeys(facts.EDITABLE, "") | {"full_name": "张小明", "birth_date": BORN}
    newcomer = Newcomer(said, None, "户口正在补办", None)

    def register(_):
        try:
            with tenancy.inside("620602"):
                registering.register(
                    scope=scope,
                    actor=actor,
                    newcomer=newcomer,
                    is_another=False,
                    now=timezone.now(),
                )
        except Namesake as known:
            return [child.full_name for child in known.children]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(register, range(2)))

    assert sorted(map(str, told)) == ["None", "['张小明']"]
    assert Student.objects.count() == 1
