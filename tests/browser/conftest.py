from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import DropoutCaseFactory, class_teacher
from tests.phones import Phone


@pytest.fixture
def case():
    """Confirmed nine days ago: the next visit is a persuasion."""
    opened = timezone.localdate() - timedelta(days=9)
    return DropoutCaseFactory(state="confirmed", opened_on=opened)


@pytest.fixture
def phone(browser_type, browser_type_launch_args, live_server, tmp_path, case):
    """The phone of the class teacher of `case`, who is signed in on it."""
    folder = tmp_path / "profile"
    mine = Phone(browser_type, browser_type_launch_args, str(folder), live_server.url)
    mine.teacher = class_teacher(case.student.class_group, full_name="李秀兰")
    mine.sign_in(mine.teacher)
    yield mine
    mine.close()
