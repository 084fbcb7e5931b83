"""The rows of old lists go: names and numbers nobody needs any more.

What the list did stays: its counts and result, the facts with their source, the findings of its
comparisons and what a person decided about them.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from students.lists import files
from students.models import ListEntry, MatchRun, OfficeList

State = OfficeList.State


@transaction.atomic
def purge(*, before: datetime) -> int:
    """Lists that nobody has read, applied or compared since; how many lost their rows."""
    old = list(_unused_since(before).select_for_update(of=("self",), skip_locked=True))
    ids = [office_list.pk for office_list in old]
    ListEntry.objects.filter(office_list__in=ids).delete()
    OfficeList.objects.filter(pk__in=ids).update(purged_at=timezone.now())
    # Sent, never read, and the job given up: the file is still there.
    OfficeList.objects.filter(pk__in=ids, state=State.READING).update(state=State.DISCARDED)
    for office_list in old:
        files.forget(office_list.stored_as)
    return len(old)


def _unused_since(before: datetime) -> QuerySet[OfficeList]:
    compared = MatchRun.objects.filter(office_list=OuterRef("pk"), created_at__gte=before)
    rows = OfficeList.objects.filter(purged_at=None, created_at__lt=before)
    rows = rows.exclude(state=State.APPLYING).exclude(applied_at__gte=before)
    return rows.filter(~Exists(compared)).order_by("pk")
