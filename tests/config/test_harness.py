import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def one(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def test_tests_run_as_the_web_role_under_row_security():
    rights = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert one(rights) == ("notless_web", False, False)
    assert one("SELECT current_setting('app.county')") == ("620602",)


def test_the_order_of_text_is_the_same_on_every_machine():
    locale = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
    assert one(locale) == ("b", "C.UTF-8")
