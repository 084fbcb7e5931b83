"""Every night: a transfer that nobody answered within its working days is a suspicion."""

from collections import defaultdict
from datetime import date

from django.db import transaction

from casework.services.openings import open_cases
from core.access import Permission, Reach, Scope
from students.transfers.services import mark_overdue

SUSPICION = "转学申请逾期无人接收，去向不明"


@transaction.atomic
def suspect_overdue(*, today: date) -> int:
    """Cases opened, in every county the connection may see.

    A transfer becomes overdue once, so a case that was closed since is not opened anew.
    """
    children: dict[str, list[int]] = defaultdict(list)
    for transfer in mark_overdue(today=today):
        children[transfer.county].append(transfer.student_id)
    return sum(_open(county, ids, today=today) for county, ids in children.items())


def _open(county: str, children: list[int], *, today: date) -> int:
    whole = Scope(county, (Reach(frozenset({Permission.CASE_OPEN}), region=county),))
    opened = open_cases(
        scope=whole,
        actor=None,
        student_ids=children,
        source="transfer",
        today=today,
        opened_on=today,
        suspicion=SUSPICION,
    )
    return len(opened.cases)
