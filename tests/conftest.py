"""The database of the tests and the fixtures every app shares."""

import os
import threading

import hypothesis
import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import TransactionTestCase
from psycopg2 import sql

from config.supervisor.layout import OWNER
from tests.plugin import servers
from tests.worker import Worker

# Nothing in tests/ is timed: on a busy machine any example may take long.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

COUNTY = "620602"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure():
    # Nobody collects files for a test, and nobody guesses a test's password.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    settings.PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")


@receiver(connection_created)
def look_at_the_test_county(connection, **_kwargs):
    """Factories write under row security; a live server's requests must find their own county."""
    if "process_request_thread" not in threading.current_thread().name:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.county', %s, false)", [COUNTY])


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Migrate as the owner; from then on every connection is the web role's."""
    with django_db_blocker.unblock():
        role = connection.settings_dict["USER"]
        connection.close()
        connection.settings_dict["USER"] = OWNER
        call_command("migrate", verbosity=0)
        connection.close()
        connection.settings_dict["USER"] = role
    kept = _tables_with_rows()
    TransactionTestCase._fixture_teardown = lambda _case: _empty_tables(but=kept)


def _tables_with_rows():
    """Reference tables are those that migrations filled."""
    with psycopg2.connect(servers.superuser_url) as superuser, superuser.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition"
        )
        names = [name for (name,) in cursor.fetchall()]
        if not names:
            return set()
        question = sql.SQL(" UNION ALL ").join(
            sql.SQL("(SELECT {} FROM {} LIMIT 1)").format(sql.Literal(name), sql.Identifier(name))
            for name in names
        )
        cursor.execute(question)
        return {name for (name,) in cursor.fetchall()}


def _empty_tables(*, but):
    """What a transactional test leaves; Django's flush would need rights the web role lacks."""
    connection.close()
    with psycopg2.connect(servers.superuser_url) as superuser, superuser.cursor() as cursor:
        # A replica fires no triggers: neither those of append-only tables nor of foreign keys.
        cursor.execute("SET session_replication_role = replica; SET lock_timeout = '20s'")
        for name in _tables_with_rows() - but:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def _worker(django_db_setup):
    worker = Worker(servers)
    yield worker
    worker.kill()


@pytest.fixture
def worker(_worker, transactional_db):
    """A real Celery worker on the test database, running; a test may kill and start it."""
    _worker.forget_messages()
    _worker.start()
    yield _worker
    _worker.forget_messages()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"no {CHROMIUM}: apt install chromium fonts-noto-cjk")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [*CHROMIUM_ARGS, *sandbox],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1366, "height": 768},
    }
