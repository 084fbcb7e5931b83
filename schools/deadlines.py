"""Deadlines as data: a county's own rule of the day goes before the one for all counties."""

from datetime import date
from enum import StrEnum

from django.db.models import Q

from schools.models import DeadlineRule


class Deadline(StrEnum):
    """What each rule's value counts."""

    # Days, from the first day of absence without a proper reason.
    ABSENCE_REPORTED = "absence_reported"
    SUSPECTED = "suspected"
    DROPPED_OUT = "dropped_out"
    # Days, from the day the county received a suspected list.
    SUSPECTED_CHECKED = "suspected_checked"
    # Working days, from the day a transfer was sent.
    TRANSFER_ANSWERED = "transfer_answered"
    # Days, from the first day of a term.
    LEFT_BEHIND_REGISTERED = "left_behind_registered"
    # Working days: from the day a state began to the deed it waits for, or from one to the next.
    TASK_VERIFY = "task_verify"
    TASK_ASSIGN = "task_assign"
    TASK_PERSUADE_VISIT = "task_persuade_visit"
    TASK_LEGAL_NEXT = "task_legal_next"
    TASK_OBSERVE_CHECK = "task_observe_check"
    TASK_SIGN = "task_sign"
    TASK_PLAN_REVIEW = "task_plan_review"
    TASK_HANDOVER = "task_handover"
    # Times a returned child is looked for at school before the case may close.
    OBSERVATION_CHECKS = "observation_checks"
    # Days, or working days where the kind of paper says so: what a legal paper gives its reader.
    LEGAL_ENTRY = "legal_entry"
    LEGAL_URGED = "legal_urged"
    LEGAL_ORDER = "legal_order"
    LEGAL_STATEMENT = "legal_statement"
    LEGAL_FINE_PAID = "legal_fine_paid"
    LEGAL_DEMAND = "legal_demand"
    LEGAL_ANSWER = "legal_answer"
    LEGAL_REVIEW = "legal_review"
    # Working days, from the day a legal paper was made to its service.
    LEGAL_SERVED = "legal_served"
    # Months: to sue after service, and to ask for enforcement after that.
    LEGAL_SUIT = "legal_suit"
    LEGAL_ENFORCEMENT = "legal_enforcement"
    # Day of the month, 0 for the last one.
    SCHOOL_MONTH_REPORT = "school_month_report"
    TWINNING_MONTH_REPORT = "twinning_month_report"


class NoDeadline(LookupError):
    """No rule of this code holds on that day."""


def deadline(code: Deadline, *, county: str, on: date) -> int:
    """Days, or a day of the month (0 = the last one), as the code says. Errors: NoDeadline."""
    value = (
        DeadlineRule.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=on),
            code=code,
            county__in=["", county],
            valid_from__lte=on,
        )
        .order_by("-county", "-valid_from")
        .values_list("value", flat=True)
        .first()
    )
    if value is None:
        raise NoDeadline(f"{code} on {on}")
    return value
