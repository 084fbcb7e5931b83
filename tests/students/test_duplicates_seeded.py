"""A small form of bench/duplicates.py: known duplicates, twins and namesakes in a demo county."""

from random import Random

import pytest
from django.utils import timezone

from bench import doubles, duplicates
from core import tenancy
from students.duplicates import finding
from students.models import DuplicatePair
from tests.factories import COUNTY
from tests.ledgers.demo_county import empty_county, make_in


@pytest.fixture(scope="module")
def truth(django_db_setup, django_db_blocker, tmp_path_factory):
    with empty_county(tmp_path_factory.mktemp("demo"), django_db_blocker) as folder:
        make_in(folder, students=400)
        with tenancy.inside(COUNTY):
            planted = doubles.plant(county=COUNTY, per_kind=12, rng=Random(3))
            finding.find(county=COUNTY, now=timezone.now())
        yield planted


def test_nearly_all_are_found_and_little_else(truth):
    found = duplicates.judge(truth)

    assert found["recall"] >= duplicates.RECALL
    assert found["precision"] >= duplicates.PRECISION


def test_no_twins_are_put_forward_as_one_child(truth):
    twins = {pair for pair, kind in truth.items() if kind == "twins"}
    assert len(twins) == 12
    for pair in DuplicatePair.objects.all():
        if (pair.first_id, pair.second_id) in twins:
            assert pair.looks_like_twins
