"""What a case is, told by its events alone: compared with the stored row, and set right.

Reading is one statement for all cases the connection may see; so is the comparison.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from casework.models import DropoutCase
from core.models import AuditEntry

# Column and type; each step tells in its event what it changed, so the last word holds.
_TOLD = {
    "verification_result": "text",
    "verified_on": "date",
    "main_cause": "text",
    "dropped_out_on": "date",
    "returned_on": "date",
    "placement": "text",
    "lapse_reason": "text",
    "ending_proof": "text",
    "closed_on": "date",
    "transfer_id": "bigint",
}
FIELDS = ("state", "state_since", "opened_on", *_TOLD)
CHAIN, NO_EVENTS = "chain", "events"


def _last_word(field: str, kind: str) -> str:
    told = (
        f"(array_agg(event.detail ->> '{field}' ORDER BY event.id DESC)"
        f" FILTER (WHERE event.detail ? '{field}'))[1]"
    )
    return f"coalesce({told}, '') AS {field}" if kind == "text" else f"({told})::{kind} AS {field}"


_REBUILT = f"""
WITH told AS (
    SELECT event.case_id,
           (array_agg(event.to_state ORDER BY event.id DESC))[1] AS state,
           (array_agg(event.happened_on ORDER BY event.id DESC)
               FILTER (WHERE event.from_state <> event.to_state))[1] AS state_since,
           (array_agg(event.happened_on ORDER BY event.id))[1] AS opened_on,
           {", ".join(_last_word(field, kind) for field, kind in _TOLD.items())}
      FROM casework_caseevent event
     GROUP BY event.case_id
)
"""
_DIFFERENCES = f"""
{_REBUILT}
SELECT kase.county, kase.id, differs.field, differs.stored, differs.told
  FROM casework_dropoutcase kase
  JOIN told ON told.case_id = kase.id
 CROSS JOIN LATERAL (VALUES
       {", ".join(f"('{name}', kase.{name}::text, told.{name}::text)" for name in FIELDS)}
       ) AS differs (field, stored, told)
 WHERE differs.stored IS DISTINCT FROM differs.told
UNION ALL
SELECT kase.county, kase.id, '{NO_EVENTS}', kase.state, NULL
  FROM casework_dropoutcase kase
  LEFT JOIN told ON told.case_id = kase.id
 WHERE told.case_id IS NULL
UNION ALL
SELECT step.county, step.case_id, '{CHAIN}', step.former, step.from_state
  FROM (SELECT event.county, event.case_id, event.from_state,
               lag(event.to_state, 1, '') OVER (PARTITION BY event.case_id ORDER BY event.id)
                   AS former
          FROM casework_caseevent event) step
 WHERE step.former <> step.from_state
 ORDER BY 1, 2, 3
"""
_SET_RIGHT = f"""
{_REBUILT}
UPDATE casework_dropoutcase kase
   SET {", ".join(f"{name} = told.{name}" for name in FIELDS)}
  FROM told
 WHERE told.case_id = kase.id AND kase.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """`told` is what the events say; for a broken chain, what the later event says it left."""

    county: str
    case: int
    field: str
    stored: str | None
    told: str | None

    @property
    def can_be_set_right(self) -> bool:
        return self.field not in (CHAIN, NO_EVENTS)


def differences() -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [Difference(*row) for row in cursor.fetchall()]


@transaction.atomic
def set_right() -> list[Difference]:
    """The stored rows become what their events tell; what was changed is returned and audited.

    Errors: IntegrityError when the events tell what the tables refuse, such as an end nobody
    signed for; nothing is written then.
    """
    cases = DropoutCase.objects.order_by("pk")
    suspects = {one.case for one in differences() if one.can_be_set_right}
    # Held, then compared again: a step of this moment is waited for.
    list(cases.filter(pk__in=suspects).select_for_update().values_list("pk"))
    found = [one for one in differences() if one.can_be_set_right and one.case in suspects]
    with connection.cursor() as cursor:
        cursor.execute(_SET_RIGHT, [sorted({one.case for one in found})])
    _note(found)
    return found


def _note(found: Iterable[Difference]) -> None:
    changed: dict[tuple[str, int], list[Difference]] = defaultdict(list)
    for one in found:
        changed[one.county, one.case].append(one)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            county=county,
            actor_name="系统",
            action="case.rebuild",
            target_type=DropoutCase._meta.label_lower,
            target_id=case,
            before=_values(rows, "stored"),
            after=_values(rows, "told"),
        )
        for (county, case), rows in changed.items()
    )


def _values(rows: list[Difference], side: str) -> dict[str, Any]:
    return {row.field: getattr(row, side) for row in rows}
