"""What the fixtures promise to every other test."""

import pytest
from celery import current_app
from django.db import connection

from core.models import MAX_TRIES, AuditEntry, Job
from tests.config.test_supervisor import eventually


def one(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def tired_job():
    return Job.objects.create(county="620602", task="core.none", title="试", tries=MAX_TRIES)


@pytest.mark.django_db
def test_tests_run_as_the_web_role_under_row_security():
    rights = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert one(rights) == ("notless_web", False, False)
    assert one("SELECT current_setting('app.county')") == ("620602",)


@pytest.mark.django_db
def test_the_order_of_text_is_the_same_on_every_machine():
    locale = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
    assert one(locale) == ("b", "C.UTF-8")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_a_transactional_test_finds_empty_tables_and_full_reference_tables(run):
    assert (Job.objects.count(), AuditEntry.objects.count()) == (0, 0)
    assert one("SELECT count(*) FROM django_content_type") > (0,)
    tired_job()
    AuditEntry.objects.create(county="620602", action="test", actor_name="试")


def test_the_worker_works_on_the_test_database_and_survives_being_killed(worker):
    for _ in range(2):
        job = tired_job()
        worker.kill()
        current_app.send_task("core.tasks.revive_jobs")
        worker.start()
        eventually(lambda: Job.objects.get(pk=job.pk).state == Job.State.FAILED)  # noqa: B023


def test_the_browser_speaks_chinese_and_sees_the_live_server(page, live_server):
    page.goto(f"{live_server.url}/healthz")
    assert page.locator("body").inner_text() == "ok"
    assert page.evaluate("navigator.language") == "zh-CN"
