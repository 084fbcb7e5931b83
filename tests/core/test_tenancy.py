"""The wall holds without any filter of ours."""

import pytest
from django.db import DatabaseError, connection, transaction

from core import tenancy
from core.models import Job

OURS, THEIRS = "620602", "620621"


def job(county):
    return Job.objects.create(county=county, task="core.test", title="任务")


@pytest.mark.django_db
def test_a_row_of_another_county_is_not_there():
    with tenancy.inside(THEIRS):
        foreign = job(THEIRS)
    with tenancy.inside(OURS):
        own = job(OURS)

        assert list(Job.objects.all()) == [own]
        assert not Job.objects.filter(pk=foreign.pk).exists()
        assert not Job.objects.filter(pk=foreign.pk).update(title="改名")


@pytest.mark.django_db
def test_a_row_of_another_county_cannot_be_written():
    with pytest.raises(DatabaseError, match="row-level security"):
        with tenancy.inside(OURS), transaction.atomic():
            job(THEIRS)


@pytest.mark.django_db(transaction=True)
def test_the_county_is_forgotten_with_its_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.county', '', false)")
        with tenancy.inside(OURS):
            job(OURS)
        cursor.execute("SELECT current_setting('app.county', true)")

        assert cursor.fetchone() == ("",)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_every_table_with_a_county_and_people_stands_behind_the_wall():
    """A new table with a county column is walled, or named here as reference data."""
    reference = {
        "schools_school",
        "schools_classgroup",
        "schools_deadlinerule",
        "accounts_apitoken",
        "casework_responsibilityrole",
        "schools_agerule",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE a.attname = 'county' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity"
            " AND c.relnamespace = 'public'::regnamespace"
        )
        unwalled = {name for (name,) in cursor.fetchall()}

    assert unwalled == reference


@pytest.mark.django_db
def test_no_policy_is_more_than_one_column_against_one_constant():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT qual, with_check FROM pg_policies")
        policies = cursor.fetchall()

    assert len(policies) == 1
    assert policies[0][0] == policies[0][1]
    assert "current_setting('app.county'" in policies[0][0]
