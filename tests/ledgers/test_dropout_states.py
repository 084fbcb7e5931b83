from datetime import date

import pytest

from casework import services
from tests.casework import walks
from tests.factories import DropoutCaseFactory, TransferFactory
from tests.ledgers.books import build_ledger, rows_of, statuses_of

pytestmark = pytest.mark.django_db


def test_a_case_stands_in_the_ledger_as_it_stood_on_the_day():
    """Placed, received, lapsed and away again: each has its own status, and a day it began."""
    asked = walks.officer()
    placed, lapsed, again, waiting = (DropoutCaseFactory() for _ in range(4))
    for case in (placed, lapsed, again, waiting):
        walks.confirm(case, asked)
    day = date(2026, 10, 8)
    proof = {"ending_proof": "证明"}
    walks.deed(services.place_student, placed, asked, on=day, placement="RP08", **proof)
    walks.deed(services.propose_lapse, lapsed, asked, on=day, lapse_reason="moved_out", **proof)
    walks.sign_both(lapsed)
    walks.deed(services.lapse_case, lapsed, asked, closed_on=date(2026, 11, 20))
    walks.bring_back(again, asked)
    new = walks.deed(services.record_relapse, again, asked, on=day)
    TransferFactory(student=waiting.student)
    walks.deed(services.await_receipt, waiting, asked, on=day)

    october = statuses_of(build_ledger("dropout", "2026-10").version)
    version = build_ledger("dropout", "2026-11").version
    assert october == {
        placed.pk: "placed",
        lapsed.pk: "open",
        again.pk: "relapsed",
        waiting.pk: "open",  # nobody has received the child yet
    }
    assert statuses_of(version) == {**october, lapsed.pk: "lapsed"}
    rows = rows_of(version)
    assert (rows[placed.pk]["安置方式"], rows[placed.pk]["销号日期"]) == ("送教上门", "")
    assert rows[lapsed.pk]["销号日期"] == "2026-11-20"
    assert rows[lapsed.pk]["备注"] == "核减原因：户籍迁出本县"
    assert rows[again.pk]["销号日期"] == ""
    assert rows[again.pk]["备注"] == "2026-10-08再次辍学，转入新个案"
    assert statuses_of(build_ledger("suspected", "2026-10").version)[new.pk] == "pending"
    everybody = build_ledger("school_age").version
    assert rows_of(everybody)[waiting.student_id]["就读状态"] == "辍学"
