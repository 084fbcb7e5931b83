"""上级下发名单: cases for the children it names, and who of it nobody here knows."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from casework.services.openings import Opened, open_cases
from casework.states import TransitionRefused
from core import audit
from core.access import Permission, Scope
from students.lists import applying
from students.models import ListEntry, OfficeList

OPEN = Permission.CASE_OPEN
_READ = (OfficeList.State.READY, OfficeList.State.NEEDS_CONFIRM)
_USABLE = (ListEntry.Verdict.GOOD, ListEntry.Verdict.DOUBTFUL)


def sent_down_lists(scope: Scope) -> "QuerySet[OfficeList]":
    return OfficeList.objects.within(scope, OPEN).filter(
        kind=OfficeList.Kind.SENT_DOWN, state__in=_READ, purged_at=None
    )


def usable(office_list: OfficeList) -> "QuerySet[ListEntry]":
    return ListEntry.objects.filter(
        county=office_list.county, office_list=office_list, verdict__in=_USABLE
    )


@transaction.atomic
def open_sent_down(
    *,
    scope: Scope,
    actor: User,
    list_id: int,
    batch: str,
    received_on: date,
    today: date,
) -> Opened:
    """A case for each child the list names; the children are looked for once more.

    Done again, after missing children were entered, it opens theirs and no other twice.
    Errors: OfficeList.DoesNotExist, TransitionRefused.
    """
    office_list = sent_down_lists(scope).select_for_update(of=("self",)).get(pk=list_id)
    applying.match(office_list)
    known = usable(office_list).exclude(student=None)
    children = list(known.values_list("student", flat=True))
    if not children:
        raise TransitionRefused("名单中没有找到本县学生。请先核对证件号或建立学生，再来建案。")
    opened = open_cases(
        scope=scope,
        actor=actor,
        student_ids=children,
        source="sent_down",
        today=today,
        opened_on=received_on,
        suspicion=f"上级下发疑似名单（{office_list.list_date:%Y-%m-%d}）",
        sent_down_batch=batch,
    )
    audit.record(
        county=office_list.county,
        actor=actor,
        action="list.open_cases",
        target=office_list,
        after={
            "opened": len(opened.cases),
            "already_open": opened.already_open,
            "batch": batch,
            "unmatched": usable(office_list).filter(student=None).count(),
        },
    )
    return opened
