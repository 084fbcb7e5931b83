"""Guardians and the household of a child, by hand."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.models import AuditEntry
from students.models import (
    Guardian,
    HouseholdMember,
    StudentGuardian,
)
from tests.factories import (
    ClassGroupFactory,
    GuardianFactory,
    HouseholdFactory,
    HouseholdMemberFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    school_head,
)
from tests.students.children import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


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
