"""What the last backup holds. Phones keep what they sent until a backup holds it too."""

import time
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max

from core.models import BackupMark

# A transaction that was under way when the dump began is not in it: requests end long before this.
MARGIN = timedelta(minutes=5)
AGE = 60.0  # seconds
_lately: dict[str, tuple[float, datetime | None]] = {}
# Changes with every restore: to another cluster, to another database, or to an earlier instant.
_LINEAGE = """
SELECT s.system_identifier::text || '-' || d.oid || '-' || c.timeline_id
  FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d
 WHERE d.datname = current_database()
"""


class BackupNotYetBegun(Exception):
    """The backup is said to begin in the future."""


def mark(*, covers_until: datetime, now: datetime) -> BackupMark:
    """Errors: BackupNotYetBegun."""
    if covers_until > now:
        raise BackupNotYetBegun("a backup that began in the future covers nothing yet")
    return BackupMark.objects.create(covers_until=covers_until - MARGIN, noted_at=now)


def durable_until() -> datetime | None:
    """Everything committed before is in a backup; None until one was marked."""
    until: datetime | None = BackupMark.objects.aggregate(until=Max("covers_until"))["until"]
    return until


def durable_until_lately() -> datetime | None:
    """As it was within AGE: an older promise only makes phones keep more, and costs no query."""
    asked_at, until = _lately.get("until", (0.0, None))
    if not asked_at or time.monotonic() - asked_at > AGE:
        until = durable_until()
        _lately["until"] = time.monotonic(), until
    return until


def lineage() -> str:
    """Names this life of the database: another after a restore, which may lack newer work."""
    with connection.cursor() as cursor:
        cursor.execute(_LINEAGE)
        return str(cursor.fetchone()[0])
