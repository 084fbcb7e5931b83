import re
from collections import Counter
from datetime import date

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import RequestFactory

from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from accounts.scope import scope_for, scope_of_token
from casework.models import DropoutCase, HomeVisit
from casework.states import CaseState
from core import idnumber
from core.access import Permission
from students.models import (
    Enrolment,
    Guardian,
    HouseholdMember,
    PersonCategory,
    Student,
    StudentIdentifier,
)
from tests.ledgers.demo_county import NOW, TODAY, empty_county, make_in


@pytest.fixture(scope="module")
def county(django_db_setup, django_db_blocker, tmp_path_factory):
    with empty_county(tmp_path_factory.mktemp("demo"), django_db_blocker) as folder:
        make_in(folder)
        yield folder


def test_a_county_of_two_school_years_agrees_with_itself(county, capsys):
    assert Student.objects.count() == 300
    assert Student.objects.filter(school=None).count() == 2
    assert HouseholdMember.objects.count() == 300
    assert Enrolment.objects.filter(valid_to=None, valid_from="2026-09-01").count() == 298
    before = Enrolment.objects.filter(valid_from="2025-09-01", valid_to="2026-08-31")
    assert before.count() == Student.objects.exclude(grade__in=[11]).exclude(school=None).count()
    assert set(before.values_list("grade", flat=True)) == {11, 12, 13, 14, 15, 16, 21, 22, 23}
    call_command("check_students")
    assert "学校 0 人，班级 0 人，年级 0 人，乡镇 0 人" in capsys.readouterr().out


def test_grades_follow_from_the_class_and_the_birthday(county):
    for student in Student.objects.exclude(school=None).select_related("class_group", "school"):
        assert student.class_group.school_id == student.school_id
        assert student.class_group.stage in student.school.stages
        years_in = {1: student.grade - 11, 2: student.grade - 15, 4: 9}[student.grade // 10]
        first = date(2026 - 7 - years_in, 9, 1)
        assert first <= student.birth_date <= date(2026 - 6 - years_in, 8, 31)
        since_entry = 2026 - student.class_group.entry_year
        assert since_entry in (student.grade % 10 - 1, years_in)


def test_numbers_are_invented_valid_and_sealed(county):
    numbers = [
        (row.reveal(), row)
        for row in StudentIdentifier.objects.filter(kind="id_number").select_related("student")
    ]
    assert len({number for number, _ in numbers}) == len(numbers) >= 290
    for number, row in numbers:
        assert number.startswith("629900")
        assert idnumber.is_valid(number)
        assert idnumber.birth_date(number) == row.student.birth_date
        assert idnumber.sex(number) == row.student.sex
        assert row.mask == idnumber.mask(number)
    formal = StudentIdentifier.objects.filter(kind="student_no")
    assert {row.reveal()[0] for row in formal} >= {"G", "L"}
    assert all(idnumber.is_student_number(row.reveal()) for row in formal)


def test_brothers_sisters_guardians_and_categories(county):
    children = Counter(HouseholdMember.objects.values_list("household", flat=True))
    assert 2 in children.values()
    masks = Counter(Guardian.objects.values_list("phone_mask", flat=True))
    assert max(masks.values()) > 1
    assert all(re.fullmatch(r"199\*{4}\d{4}", mask) for mask in masks)
    types = set(PersonCategory.objects.values_list("type", flat=True))
    assert {"left_behind_edu", "left_behind_civil", "disabled", "migrant_child"} <= types


def test_cases_stand_in_every_state_with_their_visits(county):
    states = Counter(DropoutCase.objects.values_list("state", flat=True))
    assert set(states) == set(CaseState.values)
    assert 60 <= sum(states.values()) <= 70
    assert HomeVisit.objects.count() > 100
    assert DropoutCase.objects.filter(opened_on__lt="2026-09-01").exists()
    assert not DropoutCase.objects.filter(opened_on__gt=TODAY).exists()
    assert not HomeVisit.objects.filter(visited_on__gt=TODAY).exists()
    assert DropoutCase.objects.exclude(previous_case=None).exists()
    assert DropoutCase.objects.filter(student__school=None).exists()
    for case in DropoutCase.objects.exclude(school_at_opening=None):
        stay = Enrolment.objects.open_on(case.opened_on).get(student=case.student_id)
        assert (case.school_at_opening_id, case.grade_at_opening) == (stay.school_id, stay.grade)


def test_the_cases_are_what_their_events_tell(county, capsys):
    call_command("rebuild_case_states", "--check")

    assert capsys.readouterr().out == "个案状态与办理过程一致。\n"


def test_every_role_signs_in_with_the_password_of_the_file(county):
    path = county / "demo-credentials.txt"
    rows = [line.split("  ") for line in path.read_text().splitlines()]

    assert path.stat().st_mode & 0o777 == 0o600
    held = set()
    for username, password, role, place in rows[:-1]:
        user = authenticate(RequestFactory().post("/"), username=username, password=password)
        assert user, username
        grant = user.grants.get()
        held.add(grant.role)
        assert grant.get_role_display() == role
        assert place
        if grant.role != Role.PROVINCE_READER:
            assert scope_for(user, on=TODAY).county == "620602"
    assert held == set(Role.values) - {Role.REST_CLIENT}
    assert len({password for _, password, *_ in rows[:-1]}) == 1
    teacher = User.objects.get(username="teacher")
    scope = scope_for(teacher, on=TODAY)
    assert DropoutCase.objects.within(scope, Permission.VISIT_LOG).still_open().exists()


def test_the_token_of_the_file_pulls_ledgers(county):
    lines = (county / "demo-credentials.txt").read_text().splitlines()
    name, text, *_ = lines[-1].split("  ")
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {text}"})

    token = tokens.bearer(request, now=NOW)

    assert name == "api-token"
    assert scope_of_token(token, on=TODAY).whole_county(Permission.LEDGER_PULL)
