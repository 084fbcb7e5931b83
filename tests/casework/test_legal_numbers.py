"""文号 of a body and year have no gaps, whoever asks at the same moment and whatever fails."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.models import LegalNumber, LegalPaper
from casework.services.legal.numbers import next_serial
from tests.casework.legal import TODAY, make, persuaded_case, township
from tests.factories import COUNTY, TOWNSHIP

pytestmark = pytest.mark.django_db(transaction=True)
YEARS = count(1)  # each example has a series of its own


class Undone(Exception):
    pass


def take(year, *, commits, start):
    """One connection's transaction; the number it got, None when it was rolled back."""
    start.wait()
    try:
        with transaction.atomic():
            serial = next_serial(county=COUNTY, body_code=TOWNSHIP, year=year)
            if not commits:
                raise Undone
            return serial
    except Undone:
        return None


def on_own_connection(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    finally:
        connection.close()


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_connections_at_once_leave_no_gap_and_no_double(db, rounds):
    year, taken = next(YEARS), []
    with ThreadPoolExecutor(2) as connections:
        for both in rounds:
            start = threading.Barrier(2)
            waiting = [
                connections.submit(on_own_connection, take, year, commits=commits, start=start)
                for commits in both
            ]
            taken += [one.result() for one in waiting]

    kept = sorted(serial for serial in taken if serial is not None)
    assert kept == list(range(1, len(kept) + 1))
    rows = LegalNumber.objects.filter(county=COUNTY, body_code=TOWNSHIP, year=year)
    assert [row.last for row in rows] == ([len(kept)] if kept else [])


def test_papers_made_at_once_for_different_children_are_numbered_in_a_row(db):
    cases, asked = [persuaded_case() for _ in range(4)], township()
    start = threading.Barrier(4)

    def issue(case):
        start.wait()
        return make(case, "order", asked, on=TODAY).serial

    with ThreadPoolExecutor(4) as connections:
        made = list(connections.map(lambda case: on_own_connection(issue, case), cases))

    assert sorted(made) == [1, 2, 3, 4]
    assert LegalPaper.objects.values("serial").distinct().count() == 4


def test_each_body_and_each_year_counts_for_itself(db):
    with transaction.atomic():
        serials = [
            next_serial(county=COUNTY, body_code=body, year=year)
            for body, year in (
                *((TOWNSHIP, 3001), (TOWNSHIP, 3001), (TOWNSHIP, 3002)),
                *((COUNTY, 3001), (TOWNSHIP, 3001)),
            )
        ]

    assert serials == [1, 2, 1, 1, 3]
