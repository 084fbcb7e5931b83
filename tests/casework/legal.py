"""Doing with legal papers what a township does, in a few words."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.scope import scope_for
from casework.models import CaseTask, FineRule, LegalPaper
from casework.services import legal
from casework.states import TransitionRefused
from tests.factories import (
    DropoutCaseFactory,
    HomeVisitFactory,
    township_officer,
)

TODAY = date(2026, 11, 20)  # a Friday
START = date(2026, 9, 14)


def caller(user, *, on=TODAY):
    return {"scope": scope_for(user, on=on), "actor": user}


def persuaded_case(**fields):
    """A child whom a visit did not bring back."""
    case = DropoutCaseFactory(state="persuading", dropped_out_on=date(2026, 9, 1), **fields)
    HomeVisitFactory(case=case, visited_on=case.opened_on + timedelta(days=2))
    return case


def make(case, kind, asked, *, on=TODAY, body=None, today=TODAY, key=None, **fields):
    words = {"addressee": "王建民", "facts": "自2026年9月1日起未到校就读。", **fields}
    # A paper that names its own last day gets a week.
    if "deadline_on" not in words:
        words["deadline_on"] = on + timedelta(days=7)
    return legal.issue_paper(
        **asked,
        case_id=case.pk,
        kind_code=kind,
        body_code=body or case.student.township,
        form_key=key or uuid.uuid4(),
        today=today,
        asked=legal.Asked(issued_on=on, **words),
    )


def serve(paper, asked, *, on=None, today=TODAY, **fields):
    return legal.serve_paper(
        **asked,
        paper_id=paper.pk,
        today=today,
        **{
            "served_on": on or paper.issued_on,
            "served_way": "direct",
            "receiver": "王建民",
            "served_by": "李干部、赵干部",
            **fields,
        },
    )


def served(case, kind, asked, *, on, **fields):
    """Made and served on one day; the case and the paper as they stand then."""
    return serve(make(case, kind, asked, on=on, **fields), asked, on=on)


def fine_rule(**fields):
    return FineRule.objects.create(
        **{
            "county": "620602",
            "name": "某省义务教育条例",
            "article": "第四十六条",
            "least": Decimal(100),
            "most": Decimal(1000),
            "source": "省人大常委会公告",
            "valid_from": date(2026, 1, 1),
            **fields,
        }
    )


def township(**fields):
    return caller(township_officer(**fields))


def again(paper):
    return LegalPaper.objects.select_related("kind", "case").get(pk=paper.pk)


def refused(words):
    return pytest.raises(TransitionRefused, match=words)


def days(n):
    return timedelta(days=n)


def open_tasks(case, kind):
    return list(CaseTask.objects.still_open().filter(case=case, kind=kind))
