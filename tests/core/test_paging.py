"""Keyset pages against a plain sort, and what they cost."""

from datetime import timedelta
from itertools import chain

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import paging
from core.models import Job
from tests.factories import COUNTY

ties = st.lists(st.integers(0, 3), max_size=14)


def walk(rows, by, *, size=3):
    """All pages forwards, then back from the last to the first."""
    forwards, page = [], paging.page(rows, by=by, asked=QueryDict(), size=size)
    while True:
        forwards.append([row.pk for row in page.rows])
        if page.next_query is None:
            break
        page = paging.page(rows, by=by, asked=QueryDict(page.next_query), size=size)
    backwards = [forwards[-1]]
    while page.previous_query is not None:
        page = paging.page(rows, by=by, asked=QueryDict(page.previous_query), size=size)
        backwards.insert(0, [row.pk for row in page.rows])
    return forwards, backwards


class PagesAgreeWithAPlainSort(TestCase):
    @tuned(max_examples=25, deadline=None)
    @given(ties, st.sampled_from(["total", "-total", ("total", "done"), ("-total", "done")]))
    def test_there_and_back(self, ties, by):
        for number, tie in enumerate(ties):
            Job.objects.create(county=COUNTY, task="t", title="t", total=tie, done=number % 2)
        fields = (by,) if isinstance(by, str) else by
        sign = "-" if fields[0].startswith("-") else ""
        order = [f"{sign}{field.lstrip('-')}" for field in (*fields, "pk")]
        plain = list(Job.objects.order_by(*order).values_list("pk", flat=True))

        forwards, backwards = walk(Job.objects.all(), by)

        assert [*chain(*forwards)] == [*chain(*backwards)] == plain


@pytest.mark.django_db
def test_the_page_begins_behind_a_row_even_when_that_row_left_the_list():
    now = timezone.now()
    jobs = [
        Job.objects.create(county=COUNTY, task="t", title="t", created_at=now - timedelta(hours=n))
        for n in range(4)
    ]
    shown = Job.objects.filter(state="queued")
    first = paging.page(shown, by="-created_at", asked=QueryDict(), size=2)
    Job.objects.filter(pk=jobs[1].pk).update(state="running")

    second = paging.page(shown, by="-created_at", asked=QueryDict(first.next_query), size=2)

    assert second.rows == jobs[2:]


@pytest.mark.django_db
@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30, "1' OR 1=1"])
def test_a_spoilt_address_begins_at_the_first_page(after):
    one = Job.objects.create(county=COUNTY, task="t", title="t")
    asked = QueryDict(mutable=True)
    asked["after"] = after

    assert paging.page(Job.objects.all(), by="total", asked=asked).rows == [one]


def test_a_large_count_is_capped():
    assert paging.count_text(10_000) == "10,000"
    assert paging.count_text(10_001) == "10000+"
