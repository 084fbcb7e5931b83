"""Session limits, and the wall every request runs behind."""

import time

import pytest
from django.db import connection
from django.urls import resolve, reverse

from core.models import Job
from tests.factories import StudentFactory, county_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def visit(client):
    return client.get(reverse("students:student-list"))


def shift(client, **seconds):
    session = client.session
    for key, by in seconds.items():
        session[key] = int(time.time()) - by
    session.save()


def test_a_busy_session_goes_on(client, officer):
    assert visit(client).status_code == 200
    shift(client, seen_at=20 * 60)

    assert visit(client).status_code == 200


def test_an_idle_session_ends(client, officer, settings):
    visit(client)
    shift(client, seen_at=settings.SESSION_IDLE_SECONDS + 5)

    assert visit(client).headers["Location"].startswith(reverse("accounts:sign-in"))


def test_even_a_busy_session_ends_at_the_absolute_limit(client, officer, settings):
    visit(client)
    shift(client, began_at=settings.SESSION_ABSOLUTE_SECONDS + 5, seen_at=10)

    assert visit(client).headers["Location"].startswith(reverse("accounts:sign-in"))


def test_a_request_sees_only_the_county_of_its_user(client, officer):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.county', '', false)")
    ours, theirs = StudentFactory(), StudentFactory(county="620621")

    page = visit(client).content.decode()

    assert ours.full_name in page
    assert theirs.full_name not in page


def test_a_failing_request_writes_nothing(client, officer, monkeypatch):
    def write_then_break(self, request, *args, **kwargs):
        Job.objects.create(county="620602", task="core.test", title="任务")
        raise ZeroDivisionError

    view = resolve(reverse("students:student-list")).func.view_class
    monkeypatch.setattr(view, "get", write_then_break)
    client.raise_request_exception = False

    assert visit(client).status_code == 500
    assert not Job.objects.exists()
