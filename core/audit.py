"""Write an audit entry in the running transaction."""

from typing import TYPE_CHECKING, Any

from django.db import models

from core.models import AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import _User


def record(
    *,
    county: str,
    actor: "_User | None",
    action: str,
    target: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    purpose: str = "",
) -> AuditEntry:
    """`before` and `after` hold changed fields only, never an unmasked number."""
    return AuditEntry.objects.create(
        county=county,
        actor_id=actor.pk if actor else None,
        actor_name=actor.full_name if actor else "系统",
        action=action,
        target_type=target._meta.label_lower,
        target_id=target.pk if isinstance(target.pk, int) else None,
        before=before or {},
        after=after or {},
        purpose=purpose,
    )
