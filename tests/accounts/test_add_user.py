import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Grant, User
from core.models import AuditEntry
from tests.factories import SchoolFactory, division

pytestmark = pytest.mark.django_db


def add(*arguments):
    out = StringIO()
    call_command("add_user", *arguments, stdout=out)
    return out.getvalue()


def test_the_first_administrator_gets_a_password_once_and_an_audit_entry():
    county = division("620602")
    said = add("admin1", "张某", "system_admin", "620602")

    user = User.objects.get(username="admin1")
    assert user.check_password(re.search("初始密码 (\\S+)（", said)[1])
    assert Grant.objects.get(user=user).division == county
    entry = AuditEntry.objects.get(action="user.add")
    assert (entry.county, entry.actor_name) == ("620602", "系统")
    assert entry.after == {"role": "system_admin", "place": "620602"}


def test_a_school_is_named_by_its_ten_digits():
    school = SchoolFactory()
    add("head1", "李某", "school_head", school.code)
    assert Grant.objects.get(user__username="head1").school == school


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a1", "王某", "auditor", "999999"), "没有代码为“999999”的区划或学校"),
        (("taken", "王某", "auditor", "620602"), "用户名“taken”已被使用"),
    ],
)
def test_a_refusal_names_the_thing_and_the_remedy(arguments, said):
    division("620602")
    User.objects.create_user(username="taken", full_name="赵某", password="x")
    with pytest.raises(CommandError, match=said):
        add(*arguments)
