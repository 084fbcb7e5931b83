"""A system administrator keeps the accounts and grants of one county, and no more than that."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Grant, User
from accounts.roles import Role
from core.access import Permission
from core.models import AuditEntry
from tests.factories import (
    COUNTY,
    TOWNSHIP,
    ClassGroupFactory,
    GrantFactory,
    SchoolFactory,
    audit_admin,
    class_teacher,
    county_officer,
    division,
    province_reader,
    school_head,
    system_admin,
    township_officer,
)

pytestmark = pytest.mark.django_db
LIST = reverse("accounts:user-list")
NEW = reverse("accounts:user-new")


def day(offset=0):
    return (timezone.localdate() + timedelta(days=offset)).isoformat()


def page(name, user, *more):
    return reverse(f"accounts:{name}", args=[user.pk, *more])


def actions():
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def shown(client, **asked):
    return [user.username for user in client.get(LIST, asked).context["page"].rows]


@pytest.fixture
def admin(client):
    user = system_admin(username="sysadmin")
    client.force_login(user)
    return user


@pytest.fixture
def officer():
    return county_officer(username="wang", full_name="王建国")


def asked(**changes):
    given = {
        "username": "lihua",
        "full_name": "李华",
        "role": Role.COUNTY_OFFICER.value,
        "place": COUNTY,
        "valid_from": day(),
    }
    return {**given, **changes}


# The list


def test_the_list_holds_those_of_the_county_and_nobody_else(client, admin, officer):
    county_officer(county="620621", username="abroad")
    province_reader(username="above")

    assert shown(client) == ["sysadmin", "wang"]


def test_the_list_narrows_by_role_place_and_state(client, admin, officer):
    group = ClassGroupFactory()
    head = school_head(group.school, username="head")
    teacher = class_teacher(group, username="teacher")
    township_officer(username="town")
    User.objects.filter(pk=head.pk).update(is_active=False)

    assert shown(client, role="class_teacher") == [teacher.username]
    assert shown(client, place=group.school.code) == ["head", "teacher"]
    assert shown(client, place=TOWNSHIP) == ["head", "teacher", "town"]
    assert shown(client, state="disabled") == ["head"]


def test_a_name_is_looked_for_by_post_and_leaves_no_trace_in_an_address(client, admin, officer):
    answer = client.post(LIST, {"words": "建国"})

    assert [user.username for user in answer.context["page"].rows] == ["wang"]
    assert "?words" not in answer.content.decode()


def test_a_role_that_ended_is_not_listed_under_it(client, admin, officer):
    officer.grants.update(valid_to=date(2026, 9, 1))

    assert "wang" in shown(client)
    assert "wang" not in shown(client, role="county_officer")


# A new account


def test_a_new_account_works_only_after_its_own_password_is_set(client, admin):
    answer = client.post(NEW, asked())
    password = answer.context["password"]
    assert password in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert (
        password not in client.get(page("user-detail", answer.context["person"])).content.decode()
    )
    client.logout()

    client.post(reverse("accounts:sign-in"), {"username": "lihua", "password": password})
    change = reverse("accounts:password-change")
    assert client.get(reverse("students:student-list"))["Location"] == change
    assert "一次性密码" in client.get(change).content.decode()
    same = {"old": password, "new": password, "again": password}
    assert "与现在的相同" in client.post(change, same).content.decode()
    own = {"old": password, "new": "Hexi-zoulang-7", "again": "Hexi-zoulang-7"}
    client.post(change, own)

    assert client.get(reverse("students:student-list")).status_code == 200


def test_a_new_account_has_its_grant_and_its_entries(client, admin):
    client.post(NEW, asked(valid_to=day(30)))

    grant = Grant.objects.get(user__username="lihua")
    assert (grant.role, grant.division_id, grant.valid_to.isoformat()) == (
        "county_officer",
        COUNTY,
        day(30),
    )
    assert actions() == ["user.add", "grant.add"]
    entry = AuditEntry.objects.get(action="grant.add")
    assert (entry.county, entry.actor_id, entry.after["role"]) == (
        COUNTY,
        admin.pk,
        "county_officer",
    )


def test_a_class_teacher_gets_one_class_by_its_name(client, admin):
    group = ClassGroupFactory(entry_year=2024, number="1")

    client.post(NEW, asked(role="class_teacher", place=group.school.code, class_name="2024级1班"))

    assert Grant.objects.get(user__username="lihua").class_group == group


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "wang"}, "用户名“wang”已被使用"),
        ({"username": "Li Hua"}, "用户名以小写字母开头"),
        ({"role": "system_admin"}, "请从列表中重新选择"),
        ({"role": "province_reader"}, "请从列表中重新选择"),
        ({"place": "620621"}, "请从列表中重新选择"),
        ({"role": "township_officer"}, "乡镇干部的地方是乡镇"),
        ({"role": "class_teacher"}, "班主任的地方是学校"),
        ({"valid_from": day(-1)}, "不能早于今天"),
        ({"valid_to": day(-1)}, "早于起始日期"),
        ({"full_name": ""}, "请填写姓名"),
    ],
)
def test_a_wrong_account_is_refused_in_words(client, admin, officer, changes, words):
    division("620621")
    answer = client.post(NEW, asked(**changes))

    assert words in answer.content.decode()
    assert User.objects.count() == 2
    assert actions() == []


def test_a_class_the_school_does_not_have_is_refused_with_those_it_has(client, admin):
    group = ClassGroupFactory(entry_year=2024, number="1")
    wrong = asked(role="class_teacher", place=group.school.code, class_name="2024级9班")

    answer = client.post(NEW, wrong).content.decode()

    assert f"{group.school}没有“2024级9班”。该校现有：2024级1班" in answer


def test_the_form_says_where_administrators_are_made(client, admin):
    assert "只在服务器上用命令 add_user 设立" in client.get(NEW).content.decode()


# Password, closing, opening


def test_a_reset_gives_a_one_time_password_and_ends_the_sessions(client, admin, officer):
    from django.test import Client

    theirs = Client()
    theirs.force_login(officer)
    assert theirs.get(reverse("home")).status_code == 200

    password = client.post(page("user-reset", officer)).context["password"]

    officer.refresh_from_db()
    assert officer.check_password(password)
    assert officer.must_change_password
    assert theirs.get(reverse("home"))["Location"].startswith(reverse("accounts:sign-in"))
    assert actions() == ["user.reset_password"]


def test_a_closed_account_is_out_at_its_next_request_and_its_tokens_at_once(client, admin, officer):
    from django.test import Client

    theirs = Client()
    theirs.force_login(officer)
    _, text = tokens.issue(
        owner=officer,
        county=COUNTY,
        name="接口",
        permissions={Permission.LEDGER_PULL},
        now=timezone.now(),
    )
    bearer = {"Authorization": f"Bearer {text}"}
    assert Client().get(reverse("schema"), headers=bearer).status_code == 200

    client.post(page("user-disable", officer))

    assert theirs.get(reverse("home"))["Location"].startswith(reverse("accounts:sign-in"))
    assert Client().get(reverse("schema"), headers=bearer).status_code == 401
    assert ApiToken.objects.get().revoked_at is not None
    assert AuditEntry.objects.get(action="user.disable").after == {"tokens_revoked": 1}

    client.post(page("user-enable", officer))
    assert User.objects.get(pk=officer.pk).is_active
    assert Client().get(reverse("schema"), headers=bearer).status_code == 401
    assert actions() == ["user.disable", "user.enable"]


def test_closing_twice_is_as_good_as_once(client, admin, officer):
    for _ in range(2):
        client.post(page("user-disable", officer))

    assert actions() == ["user.disable"]


@pytest.mark.parametrize("deed", ["user-reset", "user-disable"])
def test_nobody_rules_an_administrator_or_oneself(client, admin, deed):
    other = audit_admin(username="audit")

    for person, words in ((other, "三员账号互不管理"), (admin, "不能办理自己的账号")):
        answer = client.post(page(deed, person), follow=True)
        person.refresh_from_db()
        assert words in answer.content.decode()
        assert (person.is_active, person.must_change_password) == (True, False)
    assert actions() == []


def test_who_also_works_elsewhere_keeps_password_and_account(client, admin, officer):
    GrantFactory(user=officer, role=Role.COUNTY_OFFICER, division=division("620621"))

    answer = client.post(page("user-disable", officer), follow=True).content.decode()

    officer.refresh_from_db()
    assert officer.is_active
    assert "在本县以外还有岗位" in answer
    assert "停用账号" not in answer


# Grants


def grant_asked(**changes):
    given = asked(**changes)
    return {name: given[name] for name in given if name not in ("username", "full_name")}


def test_a_grant_is_added_and_ended_but_never_removed(client, admin, officer):
    school = SchoolFactory()
    client.post(page("grant-new", officer), grant_asked(role="school_head", place=school.code))
    grant = officer.grants.get(school=school)

    client.post(page("grant-end", officer, grant.pk), {"last_day": day(5)})

    grant.refresh_from_db()
    assert grant.valid_to.isoformat() == day(5)
    assert actions() == ["grant.add", "grant.end"]
    assert AuditEntry.objects.get(action="grant.end").before == {"valid_to": None}


def test_yesterday_as_the_last_day_takes_the_permission_away_at_once(client, admin, officer):
    grant = officer.grants.get()
    client.post(page("grant-end", officer, grant.pk), {"last_day": day(-1)})
    client.force_login(officer)

    assert client.get(reverse("students:student-list")).status_code == 403


@pytest.mark.parametrize(
    ("until", "last_day", "words"),
    [
        (day(-3), day(), "已经结束"),
        (None, day(-2), "不能早于昨天"),
        (day(2), day(3), "要延长请另加一项授权"),
    ],
)
def test_an_end_is_refused_in_words(client, admin, officer, until, last_day, words):
    officer.grants.update(valid_to=until)
    grant = officer.grants.get()

    answer = client.post(page("grant-end", officer, grant.pk), {"last_day": last_day})

    assert words in answer.content.decode()
    assert actions() == []


def test_the_same_grant_twice_is_refused(client, admin, officer):
    answer = client.post(page("grant-new", officer), grant_asked())

    assert "日期重叠" in answer.content.decode()
    assert officer.grants.count() == 1


def test_an_administrator_gets_no_business_role_and_nobody_raises_oneself(client, admin):
    other = audit_admin(username="audit")

    for person, words in ((other, "三员账号互不管理"), (admin, "不能办理自己的账号")):
        answer = client.post(page("grant-new", person), grant_asked())
        assert words in answer.content.decode()
        assert person.grants.count() == 1


def test_a_grant_of_another_county_is_no_grant_here(client, admin, officer):
    abroad = GrantFactory(user=officer, role=Role.COUNTY_OFFICER, division=division("620621"))

    answer = client.post(page("grant-end", officer, abroad.pk), {"last_day": day()})

    assert answer.status_code == 404
    assert f"/grants/{abroad.pk}/" not in client.get(page("user-detail", officer)).content.decode()


@pytest.mark.parametrize("stranger", [lambda: county_officer("620621"), province_reader])
def test_an_account_of_another_county_does_not_exist_here(client, admin, stranger):
    person = stranger()

    for name in ("user-detail", "grant-new"):
        assert client.get(page(name, person)).status_code == 404
    for name in ("user-reset", "user-disable", "user-enable"):
        assert client.post(page(name, person)).status_code == 404


def test_a_system_administrator_of_less_than_the_county_sees_nobody(client):
    from tests.factories import holder

    client.force_login(holder(Role.SYSTEM_ADMIN, division=division(TOWNSHIP)))

    assert shown(client) == []
