import pytest
from django.db import DatabaseError, connection, transaction

from core import audit
from core.models import AuditEntry, Job

pytestmark = pytest.mark.django_db
COUNTY = "620602"


@pytest.fixture
def entry():
    job = Job.objects.create(county=COUNTY, task="core.test", title="任务")
    return audit.record(county=COUNTY, actor=None, action="job.test", target=job, after={"a": 1})


def test_an_entry_names_target_action_and_change(entry):
    kept = AuditEntry.objects.get(pk=entry.pk)

    assert (kept.action, kept.target_type, kept.after) == ("job.test", "core.job", {"a": 1})
    assert kept.actor_name == "系统"


@pytest.mark.parametrize("role", ["notless_web", "notless_owner"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_auditentry SET action = 'x'", "DELETE FROM core_auditentry"],
)
def test_an_entry_is_never_changed_or_removed(entry, statement, role):
    """Refused by grant for the application, by trigger for the owner of the table."""
    with pytest.raises(DatabaseError, match="permission denied|append-only"):
        with transaction.atomic(), connection.cursor() as cursor:
            if role == "notless_owner":
                _as_owner(statement)
            cursor.execute(statement)


def _as_owner(statement):
    import psycopg2

    from tests.plugin import servers

    with psycopg2.connect(servers.url("notless_owner")) as owner, owner.cursor() as cursor:
        try:
            cursor.execute(statement)
        except psycopg2.Error as refused:
            raise DatabaseError(str(refused)) from refused
