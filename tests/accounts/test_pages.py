"""Signing in and out, one's county, one's password, one's tokens: as a person meets them."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from accounts.models import ApiToken
from core.models import AuditEntry
from tests.factories import (
    StudentFactory,
    county_officer,
    division,
    province_reader,
    system_admin,
)

pytestmark = pytest.mark.django_db
SIGN_IN = reverse("accounts:sign-in")
RIGHT = "Liangzhou-2026"


@pytest.fixture
def officer():
    return county_officer(username="wang", full_name="王建国", password=RIGHT)


def sign_in(client, username="wang", password=RIGHT, **more):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_signing_in_leads_home_and_shows_the_person_and_the_place(client, officer):
    page = client.get(sign_in(client)["Location"]).content.decode()

    assert "王建国" in page
    assert "县教育局业务员 凉州区" in page


def test_a_page_asked_for_before_signing_in_comes_after_it(client, officer):
    wanted = reverse("students:import-list")
    asked = client.get(wanted)["Location"]

    assert asked == f"{SIGN_IN}?next={wanted}"
    assert sign_in(client, next=wanted)["Location"] == wanted


@pytest.mark.parametrize(
    "next_page", ["https://example.org/", "//example.org/", "javascript:alert(1)"]
)
def test_nobody_is_led_to_a_foreign_place(client, officer, next_page):
    assert sign_in(client, next=next_page)["Location"] == reverse("home")


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client, officer):
    wrong = sign_in(client, password="wrong-password")
    unknown = sign_in(client, username="nobody", password="wrong-password")

    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert "用户名或密码不对" in wrong.content.decode()
    assert wrong.content.decode().count("<title>错误：") == 1


def test_a_closed_account_gets_that_answer_too(client, officer):
    officer.is_active = False
    officer.save(update_fields=["is_active"])

    assert "用户名或密码不对" in sign_in(client).content.decode()


def test_too_many_tries_lock_and_say_when_to_come_back(client, officer):
    for _ in range(5):
        answer = sign_in(client, password="wrong-password")
    locked = sign_in(client)

    assert (answer.status_code, locked.status_code) == (429, 429)
    assert "以后再试" in locked.content.decode()
    assert "_auth_user_id" not in client.session
    assert AccessAttempt.objects.get().username == "wang"


def test_signing_out_takes_a_post(client, officer):
    client.force_login(officer)

    assert client.get(reverse("accounts:sign-out")).status_code == 405
    client.post(reverse("accounts:sign-out"))

    assert "_auth_user_id" not in client.session


def test_a_person_over_a_province_chooses_a_county_first(client):
    division("620602")
    province_reader(username="sheng", password=RIGHT)
    choose = sign_in(client, username="sheng")["Location"]

    assert choose.startswith(reverse("accounts:county-choose"))
    assert "凉州区" in client.get(choose).content.decode()
    assert client.post(choose, {"county": "620602"})["Location"] == reverse("home")
    assert "省级查阅" in client.get(reverse("home")).content.decode()


def test_no_county_beyond_the_grant_can_be_chosen(client):
    division("630000"[:2])
    client.force_login(county_officer())

    answer = client.post(reverse("accounts:county-choose"), {"county": "630102"})

    assert answer.status_code == 404
    assert "county" not in client.session


def test_changing_the_password_ends_other_sessions_and_is_noted(client, officer):
    client.force_login(officer)
    asked = {"old": RIGHT, "new": "Hexi-zoulang-7", "again": "Hexi-zoulang-7"}

    client.post(reverse("accounts:password-change"), asked)

    officer.refresh_from_db()
    assert officer.check_password("Hexi-zoulang-7")
    assert client.get(reverse("home")).status_code == 200
    assert AuditEntry.objects.get(action="password.change").actor_id == officer.pk


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"old": "wrong", "new": "Hexi-zoulang-7", "again": "Hexi-zoulang-7"}, "现在的密码不对"),
        ({"old": RIGHT, "new": "Hexi-zoulang-7", "again": "Hexi-zoulang-8"}, "不一样"),
        ({"old": RIGHT, "new": "short", "again": "short"}, "密码"),
        ({}, "请填写现在的密码"),
    ],
)
def test_a_password_is_refused_in_words(client, officer, asked, words):
    client.force_login(officer)

    answer = client.post(reverse("accounts:password-change"), asked)

    assert words in answer.content.decode()
    officer.refresh_from_db()
    assert officer.check_password(RIGHT)


def test_a_token_is_shown_once_and_works_until_it_is_revoked(client, officer):
    client.force_login(officer)
    asked = {"name": "省平台取数", "permissions": ["ledger.pull"], "days": "30"}
    shown = client.post(reverse("accounts:token-new"), asked)
    text = shown.context["text"]
    token = ApiToken.objects.get()

    listed = client.get(reverse("accounts:token-list")).content.decode()
    assert text in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert text not in listed
    assert "省平台取数" in listed
    schema, bearer = reverse("schema"), {"Authorization": f"Bearer {text}"}
    client.logout()
    assert client.get(schema, headers=bearer).status_code == 200

    client.force_login(officer)
    client.post(reverse("accounts:token-revoke", args=[token.pk]))
    client.logout()
    assert client.get(schema, headers=bearer).status_code in (401, 403)
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "token.issue",
        "token.revoke",
    }


def test_nobody_gives_a_program_more_than_is_held(client, officer):
    client.force_login(officer)
    asked = {"name": "过头", "permissions": ["user.manage"], "days": "30"}

    answer = client.post(reverse("accounts:token-new"), asked)

    assert "请从列表中重新选择" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_another_persons_token_is_no_token(client, officer):
    client.force_login(officer)
    client.post(
        reverse("accounts:token-new"), {"name": "甲", "permissions": ["ledger.pull"], "days": "1"}
    )
    client.force_login(county_officer())

    answer = client.post(reverse("accounts:token-revoke", args=[ApiToken.objects.get().pk]))

    assert answer.status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_the_menu_shows_only_what_a_person_may_open(client):
    StudentFactory()
    client.force_login(system_admin())

    page = client.get(reverse("home")).content.decode()

    assert reverse("accounts:password-change") in page
    assert reverse("students:student-list") not in page
    assert reverse("accounts:token-list") not in page
