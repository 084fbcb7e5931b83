import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.models import AuditEntry
from tests.factories import audit_admin

pytestmark = pytest.mark.django_db


def test_an_administrator_gets_a_new_password_on_the_server():
    person = audit_admin(username="shenji")
    out = StringIO()
    call_command("reset_password", "shenji", stdout=out)

    person.refresh_from_db()
    assert person.check_password(re.search("一次性密码 (\\S+)（", out.getvalue())[1])
    assert person.must_change_password
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.county, entry.actor_name) == (
        "user.reset_password",
        "620602",
        "系统",
    )


def test_an_unknown_name_is_refused():
    with pytest.raises(CommandError, match="没有用户名“nobody”"):
        call_command("reset_password", "nobody")
