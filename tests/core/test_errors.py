"""Error pages: calm, Chinese, with a way on; problem+json for programs."""

import pytest
from django.db import connection
from django.urls import reverse

from tests.factories import county_officer


@pytest.fixture
def officer(client):
    client.force_login(county_officer())
    client.raise_request_exception = False


@pytest.fixture
def database_gone():
    """The real driver against a socket folder where no server listens."""
    kept = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nonexistent"
    yield
    connection.settings_dict["HOST"] = kept


@pytest.mark.django_db(transaction=True)
class TestDatabaseGone:
    def test_a_page_says_so_and_when_to_come_back(self, client, officer, database_gone):
        answer = client.get(reverse("students:student-list"))

        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert "系统正在恢复" in answer.content.decode()

    def test_the_interface_answers_with_a_problem(self, client, officer, database_gone):
        answer = client.get("/api/v1/schema")

        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 503

    def test_health_stays_up_and_readiness_goes_down(self, client, database_gone):
        assert client.get(reverse("healthz")).status_code == 200
        assert client.get(reverse("readyz")).status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path, status, words",
    [("/no-such-page/", 404, "没有找到这一页"), ("/ledgers/no-such-kind/", 404, "没有找到这一页")],
)
def test_a_page_that_is_not_there(client, officer, path, status, words):
    answer = client.get(path)

    assert answer.status_code == status
    assert words in answer.content.decode()


@pytest.mark.django_db
def test_a_role_without_the_permission_is_told_whom_to_ask(client):
    client.force_login(county_officer())
    from accounts.models import Grant
    from accounts.roles import Role

    Grant.objects.update(role=Role.SYSTEM_ADMIN)

    answer = client.get(reverse("students:student-list"))

    assert answer.status_code == 403
    assert "系统管理员" in answer.content.decode()
