"""A transfer that nobody answers becomes a suspected dropout, by itself and once."""

from datetime import date

import pytest
from django.utils import timezone

from casework import tasks
from casework.models import CaseEvent, DropoutCase
from casework.services.overdue import suspect_overdue
from casework.states import CaseState
from config.celery import app
from students.models import Transfer
from tests.factories import DropoutCaseFactory, TransferFactory

pytestmark = pytest.mark.django_db
DUE = date(2026, 9, 16)
AFTER = date(2026, 9, 17)


def test_on_the_day_it_is_due_nothing_is_suspected():
    TransferFactory(due_on=DUE)

    assert suspect_overdue(today=DUE) == 0
    assert not DropoutCase.objects.exists()


def test_the_child_becomes_suspected_the_day_after_and_only_once():
    transfer = TransferFactory(due_on=DUE)

    assert suspect_overdue(today=AFTER) == 1
    case = DropoutCase.objects.get()
    assert (case.student, case.source, case.state) == (transfer.student, "transfer", "suspected")
    assert (case.opened_on, "逾期" in case.suspicion) == (AFTER, True)
    assert CaseEvent.objects.get().actor_name == "系统"
    transfer.refresh_from_db()
    assert transfer.state == Transfer.State.OVERDUE
    # Checked and found in school: the same transfer suspects nobody again.
    DropoutCase.objects.update(
        state=CaseState.EXCLUDED, verification_result="X01", closed_on=date(2026, 9, 20)
    )
    assert suspect_overdue(today=date(2026, 9, 21)) == 0


def test_a_child_with_an_open_case_gets_no_second_one():
    transfer = TransferFactory(due_on=DUE)
    DropoutCaseFactory(student=transfer.student)

    assert suspect_overdue(today=AFTER) == 0
    assert DropoutCase.objects.count() == 1


def test_the_beat_does_it_every_night():
    TransferFactory(due_on=date(2026, 9, 16), sent_on=date(2026, 9, 2))
    named = {one["task"] for one in app.conf.beat_schedule.values()}
    assert tasks.suspect_overdue_transfers.name in named

    tasks.suspect_overdue_transfers()

    assert DropoutCase.objects.get().opened_on == timezone.localdate()
