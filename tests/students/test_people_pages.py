"""A child's record by hand: registering, 暂无证件, a later number, guardians, household."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.scope import scope_for
from core import tenancy
from core.models import AuditEntry
from students.models import (
    DuplicatePair,
    Guardian,
    HouseholdMember,
    Student,
    StudentGuardian,
    StudentIdentifier,
)
from students.people import facts, registering
from students.people.registering import Namesake, Newcomer
from tests.factories import (
    ClassGroupFactory,
    GuardianFactory,
    HouseholdFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    county_officer,
    division,
    id_number,
    school_head,
)

pytestmark = pytest.mark.django_db
NEW = reverse("students:student-new")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=40)
FULL_NUMBER = re.compile(r"\d{17}[\dX]|(?<!\d)1\d{10}(?!\d)")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def page(name, student, *more):
    return reverse(f"students:{name}", args=[student.pk, *more])


def said(**changes):
    return {"id_type": "1", "number": NUMBER, "full_name": "张小明"} | changes


def registered(client, **changes):
    answer = client.post(NEW, said(**changes))
    assert answer.status_code == 302, answer.content.decode()
    return Student.objects.get(pk=answer["Location"].split("/")[-2])


def without_number(**fields):
    child = StudentFactory(
        full_name="张小明", birth_date=BORN, sex="男", number="", has_no_number=True, **fields
    )
    return child


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


# -- where the child comes from -----------------------------------------------------------------


def test_u056_a_withdrawn_village_stays_on_the_old_record_with_a_note(client, officer):
    village = division("620602100201")
    type(village).objects.filter(pk=village.pk).update(
        name="红星村委会", valid_to=date(2024, 12, 31)
    )
    child = StudentFactory(hukou_division=village.pk)

    detail = client.get(page("student-detail", child)).content.decode()
    form = client.get(page("student-edit", child))
    fresh = client.get(NEW).content.decode()
    saved = client.post(
        page("student-edit", child),
        {name: value or "" for name, value in form.context["form"].initial.items()}
        | {
            "former_name": "狗蛋",
            "hukou_division_town": "620602100",
            "hukou_division_village": village.pk,
        },
    )

    child.refresh_from_db()
    assert "黄羊镇红星村委会（2024-12-31 撤销）" in detail
    assert "红星村委会（2024-12-31 撤销）</option>" in form.content.decode()
    assert "红星村" not in fresh
    assert (saved.status_code, child.former_name, child.hukou_division) == (
        302,
        "狗蛋",
        village.pk,
    )


def test_a_child_from_another_county_names_it(client, officer):
    there = division("620621")
    type(there).objects.filter(pk=there.pk).update(name="民勤县")
    child = registered(client, hukou_division_elsewhere="武威市民勤县")

    assert child.hukou_division == "620621"
    assert "甘肃省武威市民勤县" in client.get(page("student-detail", child)).content.decode()


def test_the_history_names_the_place_not_its_code(client, officer):
    division("620602101")
    child = StudentFactory()
    form = client.get(page("student-edit", child)).context["form"]
    said_before = {name: value or "" for name, value in form.initial.items()}

    client.post(page("student-edit", child), said_before | {"hukou_division_town": "620602101"})

    [deed] = client.get(page("student-detail", child)).context["entries"]
    assert deed.changes == [("户籍区划", "", "武南镇")]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"hukou_division_elsewhere": "无此县"}, "没有找到“无此县”"),
        ({"hukou_division_elsewhere": "620602"}, "就在本县，请从乡镇（街道）列表中选择"),
        (
            {"hukou_division_town": "620602101", "hukou_division_village": "620602100201"},
            "村（社区）不在所选乡镇",
        ),
        ({"hukou_division_town": "620602999"}, "没有这个选项"),
    ],
)
def test_a_place_that_cannot_be_is_told(client, officer, typed, words):
    division("620602100201")

    assert words in client.post(NEW, said(**typed)).content.decode()


# -- guardians ---------------------------------------------------------------------------------


def ties(child):
    return StudentGuardian.objects.filter(student=child, valid_to=None)


def test_a_guardian_is_added_with_a_sealed_phone(client, officer):
    child = StudentFactory()

    client.post(
        page("guardian-new", child),
        {
            "full_name": "张 国民",
            "relation": "51",
            "phone": "199 1234 5678",
            "since": "2026年9月1日",
            "work_place": "新疆昌吉市",
        },
    )

    tie = ties(child).get()
    text = client.get(page("student-detail", child)).content.decode()
    entry = AuditEntry.objects.get(action="guardian.add")
    assert (tie.guardian.full_name, tie.valid_from) == ("张国民", date(2026, 9, 1))
    assert ("199****5678" in text, "19912345678" in text) == (True, False)
    assert entry.after == {"guardian": "张国民（父亲），199****5678"}


def test_a_guardian_of_the_household_is_taken_over_and_shared(client, officer):
    home = HouseholdFactory()
    child, brother = StudentFactory(full_name="马兰"), StudentFactory(full_name="马明")
    for one in (child, brother):
        HouseholdMemberFactory(household=home, student=one)
    father = StudentGuardianFactory(student=brother, guardian=GuardianFactory(phone="19912345678"))
    mother = StudentGuardianFactory(
        student=brother, relation_code="52", guardian=GuardianFactory(phone="19912345678")
    )

    answer = client.post(
        page("guardian-new", child),
        {"known": str(father.guardian_id), "relation": "51", "since": "2026-09-01"},
    )

    text = client.get(page("student-detail", child)).content.decode()
    assert answer.status_code == 302
    assert ties(child).get().guardian == father.guardian
    assert Guardian.objects.count() == 2
    assert re.search(r"也监护 <a [^>]*>马明", text)
    assert f"与{mother.guardian.full_name}共用" in text


def test_a_new_phone_is_noted_on_every_child_in_care(client, officer):
    tie = StudentGuardianFactory(guardian=GuardianFactory(phone="19912345678"))
    brother = StudentFactory()
    StudentGuardianFactory(student=brother, guardian=tie.guardian)

    client.post(
        page("guardian-edit", tie.student, tie.pk),
        {"full_name": tie.guardian.full_name, "relation": "52", "phone": "19987654321"},
    )

    tie.refresh_from_db()
    entries = AuditEntry.objects.filter(action="guardian.change").order_by("target_id")
    told = {entry.target_id: entry.after for entry in entries}
    assert (tie.relation_code, tie.guardian.phone_mask) == ("52", "199****4321")
    assert told == {
        tie.student_id: {"relation": "母亲", "guardian_phone": "199****4321"},
        brother.pk: {"guardian_phone": "199****4321"},
    }


def test_a_stored_phone_stays_unless_another_is_typed_and_never_fills_a_box(client, officer):
    tie = StudentGuardianFactory(guardian=GuardianFactory(phone="19912345678"))
    address = page("guardian-edit", tie.student, tie.pk)

    form = client.get(address).content.decode()
    client.post(address, {"full_name": "张建民", "relation": "51", "phone": ""})

    guardian = Guardian.objects.get()
    assert ("现登记 199****5678" in form, "19912345678" in form) == (True, False)
    assert (guardian.full_name, guardian.phone_mask) == ("张建民", "199****5678")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "1234"}, "电话应为 11 位手机号"),
        ({"number": "12"}, "监护人身份证件号应为 18 位"),
        ({"full_name": ""}, "请填写监护人姓名"),
        ({"relation": ""}, "请选择与学生关系"),
        ({"since": "3000-01-01"}, "请填今天或更早的日期"),
    ],
)
def test_a_faulty_guardian_is_told_in_words(client, officer, changes, words):
    child = StudentFactory()
    asked = {"full_name": "张国民", "relation": "51", "since": "2026-09-01"}

    assert words in client.post(page("guardian-new", child), asked | changes).content.decode()
    assert not ties(child).exists()


def test_care_ends_and_stays_on_record(client, officer):
    tie = StudentGuardianFactory()
    address, today = page("guardian-end", tie.student, tie.pk), timezone.localdate()

    early = client.post(address, {"on": (tie.valid_from - timedelta(days=1)).isoformat()})
    client.post(address, {"on": today.isoformat()})

    tie.refresh_from_db()
    assert "结束日期不能更早" in early.content.decode()
    assert tie.valid_to == today
    assert (
        tie.guardian.full_name in client.get(page("student-detail", tie.student)).content.decode()
    )
    assert client.post(address, {"on": today.isoformat()}).status_code == 404
    assert AuditEntry.objects.filter(action="guardian.end").count() == 1


# -- household ---------------------------------------------------------------------------------


def test_a_child_joins_a_household_and_moves_to_another(client, officer):
    child = StudentFactory()
    first = {"household_no": "62060210001", "head_name": "张国民", "relation": "长子"}
    client.post(page("household-join", child), first | {"since": "2026-01-01"})
    second = HouseholdFactory()

    client.post(
        page("household-join", child),
        {"household_no": second.household_no, "since": "2026-09-01", "relation": "孙子"},
    )

    spans = HouseholdMember.objects.filter(student=child).order_by("valid_from")
    assert [(one.household.head_name, one.valid_from, one.valid_to) for one in spans] == [
        ("张国民", date(2026, 1, 1), date(2026, 8, 31)),
        (second.head_name, date(2026, 9, 1), None),
    ]
    assert AuditEntry.objects.filter(action="household.join").count() == 2


def test_the_same_household_again_only_corrects_the_relation(client, officer):
    member = HouseholdMemberFactory(relation_to_head="子")
    asked = {"household_no": member.household.household_no, "since": "2026-10-01"}

    client.post(page("household-join", member.student), asked | {"relation": "孙子"})

    member.refresh_from_db()
    assert (member.relation_to_head, member.valid_to) == ("孙子", None)
    assert AuditEntry.objects.get(action="household.change").before["household"].endswith("，子")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"head_name": "李四"}, "登记的户主是张国民"),
        ({"household_no": "9", "head_name": ""}, "本县还没有户编号 9，请填写户主姓名"),
    ],
)
def test_a_household_that_cannot_be_is_told(client, officer, changes, words):
    HouseholdFactory(household_no="1", head_name="张国民")
    child = StudentFactory()
    asked = {"household_no": "1", "head_name": "张国民", "since": "2026-09-01"}

    assert words in client.post(page("household-join", child), asked | changes).content.decode()
    assert not HouseholdMember.objects.exists()


def test_a_child_leaves_the_household_and_the_others_stay(client, officer):
    member = HouseholdMemberFactory()
    other = HouseholdMemberFactory(household=member.household)
    today = timezone.localdate()

    client.post(page("household-leave", member.student), {"on": today.isoformat()})

    member.refresh_from_db()
    other.refresh_from_db()
    assert (member.valid_to, other.valid_to) == (today, None)
    assert client.get(page("household-leave", member.student)).status_code == 404


def test_the_page_names_the_children_of_the_household_in_scope_only(client):
    home = HouseholdFactory()
    group = ClassGroupFactory()
    child = StudentFactory(class_group=group)
    brother = StudentFactory(full_name="马明", class_group=group)
    far = StudentFactory(full_name="白雪")
    for one in (child, brother, far):
        HouseholdMemberFactory(household=home, student=one)
    client.force_login(school_head(group.school))

    text = client.get(page("student-detail", child)).content.decode()

    assert ("马明" in text, "白雪" in text) == (True, False)
    assert "另有 1 名孩子不在您的负责范围内" in text


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
