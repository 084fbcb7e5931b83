"""辍学学生台账, 【依法】: the papers of a child on the ledger's day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from casework.services import legal
from tests.casework.legal import START, fine_rule, make, persuaded_case, served, township
from tests.ledgers.books import build_ledger, rows_of

pytestmark = pytest.mark.django_db
TITLES = ("责令改正文号及日期", "处罚文号及日期", "诉讼文号及日期")


def told(case, period):
    row = rows_of(build_ledger("dropout", period).version)[case.pk]
    return [row[title] for title in TITLES]


def test_orders_penalties_and_suits_stand_by_number_and_day():
    case, asked = persuaded_case(), township()
    fine_rule()
    order = served(case, "order", asked, on=START)
    served(case, "penalty_notice", asked, on=START + timedelta(days=8), amount=Decimal(500))
    fine = served(case, "penalty_decision", asked, on=date(2026, 10, 9), amount=Decimal(500))
    suit = make(case, "lawsuit", asked, on=date(2026, 11, 3))

    assert told(case, "2026-09") == [f"{order.number} 2026-09-14", "", ""]
    assert told(case, "2026-11") == [
        f"{order.number} 2026-09-14",
        f"{fine.number} 2026-10-09",
        f"{suit.number} 2026-11-03",
    ]


def test_a_paper_made_void_stands_in_the_ledgers_of_before_only():
    case, asked = persuaded_case(), township()
    void = make(case, "order", asked, on=START)
    legal.void_paper(**asked, paper_id=void.pk, today=date(2026, 10, 20), void_reason="姓名有误")
    order = make(case, "order", asked, on=date(2026, 10, 21))

    assert told(case, "2026-09")[0] == f"{void.number} 2026-09-14"
    assert told(case, "2026-10")[0] == f"{order.number} 2026-10-21"
