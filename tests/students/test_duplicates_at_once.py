"""Work saved in the very instant of a merge lands on the record that stays."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.scope import scope_for
from casework.models import DropoutCase, HomeVisit
from casework.services import log_home_visit, open_case
from casework.states import CaseState
from core import tenancy
from students.duplicates import services as duplicates
from students.models import DuplicatePair, Student
from students.transfers import services as transfers
from tests.factories import (
    COUNTY,
    DropoutCaseFactory,
    SchoolFactory,
    StudentFactory,
    TransferFactory,
    county_officer,
    id_number,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
BORN = date(2016, 3, 7)
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def officer():
    return county_officer()


def scope_of(user):
    return scope_for(user, on=TODAY, county=COUNTY)


@pytest.fixture
def records():
    """The one that stays, and the one with all the work."""
    kept = StudentFactory(
        full_name="张小明", birth_date=BORN, sex="男", number=id_number(born=BORN), class_group=None
    )
    absorbed = StudentFactory(full_name="张小明", birth_date=BORN, sex="男", number="")
    return kept, absorbed


def during_a_merge(officer, kept, absorbed, deed):
    """The deed begins while the merge is written and not yet committed."""
    first, second = sorted([kept, absorbed], key=lambda student: student.pk)
    pair = DuplicatePair.objects.create(
        county=COUNTY, first=first, second=second, score=80, facts="0" * 32
    )

    def run():
        try:
            with tenancy.inside(COUNTY):
                return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            tenancy.look_at(COUNTY)
            duplicates.merge(
                scope=scope_of(officer),
                actor=officer,
                pair_id=pair.pk,
                kept_id=kept.pk,
                chosen={},
                now=NOW,
            )
            waiting = pool.submit(run)
            wait_for_a_lock()
        return waiting.result()


def wait_for_a_lock():
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits for the merge")


def test_a_visit_is_the_kept_childs(officer, records):
    kept, absorbed = records
    case = DropoutCaseFactory(student=absorbed, state=CaseState.CONFIRMED)

    during_a_merge(
        officer,
        kept,
        absorbed,
        lambda: log_home_visit(
            scope=scope_of(officer),
            actor=officer,
            case_id=case.pk,
            client_uuid=uuid.uuid4(),
            today=TODAY,
            visited_on=date(2026, 9, 20),
            kind="persuasion",
            outcome="talked",
            visitors="李老师",
        ),
    )

    assert HomeVisit.objects.get().student == kept
    assert DropoutCase.objects.get().student == kept


def test_a_case_is_not_opened_for_the_record_that_went_away(officer, records):
    kept, absorbed = records

    with pytest.raises(Student.DoesNotExist):
        during_a_merge(
            officer,
            kept,
            absorbed,
            lambda: open_case(
                scope=scope_of(officer),
                actor=officer,
                student_id=absorbed.pk,
                today=TODAY,
                opened_on=date(2026, 9, 20),
                source="school",
            ),
        )

    assert not DropoutCase.objects.exists()


def test_an_accepted_transfer_moves_the_kept_child(officer, records):
    kept, absorbed = records
    school = SchoolFactory()
    transfer = TransferFactory(student=absorbed, to_school=school)

    during_a_merge(
        officer,
        kept,
        absorbed,
        lambda: transfers.accept(
            scope=scope_of(officer),
            actor=officer,
            transfer_id=transfer.pk,
            entered_on=date(2026, 9, 10),
            now=NOW,
        ),
    )

    kept.refresh_from_db()
    absorbed.refresh_from_db()
    assert (kept.school, absorbed.school) == (school, None)
    assert not absorbed.enrolments.exists()
