from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.roles import PERMISSIONS, Role
from accounts.scope import counties_of, scope_for, scope_of_token
from core.access import Permission
from students.models import Student
from tests.factories import (
    ClassGroupFactory,
    GrantFactory,
    StudentFactory,
    UserFactory,
    division,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


def granted(role, **place):
    user = UserFactory()
    GrantFactory(user=user, role=role, valid_from=date(2026, 9, 1), **place)
    return user


def seen(scope, permission=Permission.STUDENT_VIEW):
    return set(Student.objects.within(scope, permission))


def test_a_county_officer_sees_the_county_and_a_teacher_the_class():
    own, other = StudentFactory(), StudentFactory()
    officer = granted(Role.COUNTY_OFFICER, division=division())
    teacher = granted(Role.CLASS_TEACHER, class_group=own.class_group)

    assert seen(scope_for(officer, on=TODAY)) == {own, other}
    assert seen(scope_for(teacher, on=TODAY)) == {own}


def test_a_head_sees_the_school_and_a_township_officer_the_township():
    own, other = StudentFactory(), StudentFactory()
    head = granted(Role.SCHOOL_HEAD, school=own.school)
    town = granted(Role.TOWNSHIP_OFFICER, division=division(own.township))

    assert seen(scope_for(head, on=TODAY)) == {own}
    assert seen(scope_for(town, on=TODAY)) == {own, other}


def test_a_grant_counts_from_its_first_to_its_last_day():
    class_group = ClassGroupFactory()
    user = UserFactory()
    GrantFactory(
        user=user,
        role=Role.CLASS_TEACHER,
        class_group=class_group,
        valid_from=TODAY,
        valid_to=TODAY,
    )

    answers = [
        scope_for(user, on=TODAY + timedelta(days=shift)).can(Permission.VISIT_LOG)
        for shift in (-1, 0, 1)
    ]
    assert answers == [False, True, False]


def test_a_disabled_user_reaches_nothing():
    user = granted(Role.COUNTY_OFFICER, division=division())
    user.is_active = False

    assert not scope_for(user, on=TODAY).grants


def test_two_grants_are_never_merged():
    own, other = StudentFactory(), StudentFactory()
    user = granted(Role.AUDITOR, division=division())
    GrantFactory(
        user=user,
        role=Role.CLASS_TEACHER,
        class_group=own.class_group,
        valid_from=date(2026, 9, 1),
    )
    scope = scope_for(user, on=TODAY)

    assert seen(scope) == {own, other}
    assert seen(scope, Permission.VISIT_LOG) == {own}


def test_an_officer_of_two_counties_looks_at_one_at_a_time():
    user = granted(Role.COUNTY_OFFICER, division=division("620602"))
    GrantFactory(
        user=user,
        role=Role.AUDITOR,
        division=division("620621"),
        valid_from=date(2026, 9, 1),
    )

    assert counties_of(user, on=TODAY) == ["620602", "620621"]
    assert scope_for(user, on=TODAY, county="620602").can(Permission.ROSTER_IMPORT)
    assert not scope_for(user, on=TODAY, county="620621").can(Permission.ROSTER_IMPORT)
    assert not scope_for(user, on=TODAY, county="500113").grants


def test_the_three_administrators_hold_no_case_data():
    case_data = {
        Permission.STUDENT_VIEW,
        Permission.CASE_VIEW,
        Permission.LEDGER_VIEW,
        Permission.LEDGER_PULL,
        Permission.IDENTITY_REVEAL,
    }
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        assert not PERMISSIONS[role] & case_data


class TestToken:
    def issue(self, *, permissions, days=30):
        owner = granted(Role.COUNTY_OFFICER, division=division())
        return tokens.issue(
            owner=owner,
            county="620602",
            name="省平台",
            permissions=permissions,
            now=timezone.now(),
            lifetime=timedelta(days=days),
        )

    def request(self, rf, text):
        return rf.get("/", headers={"Authorization": f"Bearer {text}"})

    def test_it_may_what_it_was_given_and_no_more(self):
        token, _ = self.issue(permissions={Permission.LEDGER_PULL})
        scope = scope_of_token(token, on=TODAY)

        assert scope.can(Permission.LEDGER_PULL)
        assert not scope.can(Permission.STUDENT_VIEW)

    def test_it_may_never_more_than_its_owner(self):
        token, _ = self.issue(permissions={Permission.AUDIT_VIEW})

        assert not scope_of_token(token, on=TODAY).can(Permission.AUDIT_VIEW)

    def test_only_its_digest_is_stored(self):
        token, text = self.issue(permissions={Permission.LEDGER_PULL})
        token.refresh_from_db()

        assert text not in str(token.__dict__)
        assert bytes(token.digest) != text.encode()

    def test_its_text_opens_the_door_and_notes_the_use(self, rf):
        token, text = self.issue(permissions={Permission.LEDGER_PULL})
        now = timezone.now()

        assert tokens.bearer(self.request(rf, text), now=now) == token
        token.refresh_from_db()
        assert token.last_used_at == now

    def test_expired_revoked_mistyped_or_orphaned_it_opens_nothing(self, rf):
        token, text = self.issue(permissions={Permission.LEDGER_PULL}, days=1)
        later = timezone.now() + timedelta(days=2)
        swapped = text[:-7] + ("a" if text[-7] != "a" else "b") + text[-6:]

        assert tokens.bearer(self.request(rf, text), now=later) is None
        assert tokens.bearer(self.request(rf, swapped), now=timezone.now()) is None
        token.owner.is_active = False
        token.owner.save(update_fields=["is_active"])
        assert tokens.bearer(self.request(rf, text), now=timezone.now()) is None
        token.owner.is_active = True
        token.owner.save(update_fields=["is_active"])
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        assert tokens.bearer(self.request(rf, text), now=timezone.now()) is None
