"""Placed otherwise, waiting for a receipt: the side ways of a case."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from casework import services
from casework.models import CaseCode
from casework.states import Action, TransitionRefused
from students.transfers import services as transfers
from students.transfers.services import Destination
from tests.casework.walks import (
    TODAY,
    advance,
    bring_back,
    confirm,
    deed,
    officer,
    sign_both,
)
from tests.factories import DropoutCaseFactory, SchoolFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 8)
PROOF = {"placement": "RP08", "ending_proof": "残教安置〔2026〕12号"}


def confirmed():
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    return case, asked


def send(case, asked, to=None):
    return transfers.send(
        **asked,
        student_id=case.student_id,
        to=to or Destination(school=SchoolFactory()),
        reason="搬迁",
        now=timezone.make_aware(datetime(2026, 10, 8, 9)),
    )


def test_a_child_placed_otherwise_is_closed_on_the_proof_without_watching():
    case, asked = confirmed()

    placed = deed(services.place_student, case, asked, on=DAY, **PROOF)
    assert (placed.state, placed.placement, placed.returned_on) == ("placed", "RP08", DAY)
    sign_both(case)

    assert "另行安置，安置方式为“送教上门”，依据：残教安置〔2026〕12号" in (
        case.signatures.first().statement
    )
    assert deed(services.close_case, case, asked, closed_on=TODAY).state == "closed"


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"ending_proof": ""}, "安置为“送教上门”须写明依据：送教上门安置决定文号"),
        ({"placement": "RP01"}, "“原班”请通过“登记复学”办理"),
    ],
)
def test_a_placement_is_refused_in_words(fields, said):
    case, asked = confirmed()

    with pytest.raises(TransitionRefused, match=said):
        deed(services.place_student, case, asked, on=DAY, **{**PROOF, **fields})
    with pytest.raises(TransitionRefused, match="“送教上门”请通过“另行安置”办理"):
        deed(services.return_student, case, asked, returned_on=DAY, placement="RP08")


def test_a_child_that_leaves_its_placement_has_a_new_case():
    case, asked = confirmed()
    deed(services.place_student, case, asked, on=DAY, **PROOF)

    new = deed(services.record_relapse, case, asked, on=TODAY)

    case.refresh_from_db()
    assert (case.state, case.closed_on) == ("relapsed", TODAY)
    assert (new.state, new.previous_case) == ("suspected", case)
    assert not case.signatures.exists()


def test_waiting_for_a_receipt_asks_for_a_transfer_on_its_way():
    case, asked = confirmed()

    with pytest.raises(TransitionRefused, match="没有等待接收的转学申请"):
        deed(services.await_receipt, case, asked, on=DAY)


def test_the_receiver_s_confirmation_brings_the_child_back_to_a_school():
    case, asked = confirmed()
    sent = send(case, asked)
    deed(services.await_receipt, case, asked, on=DAY)
    with pytest.raises(TransitionRefused, match="还没有答复"):
        deed(services.take_receipt, case, asked)
    assert services.take_receipts(today=TODAY) == 0

    entered = date(2026, 10, 12)
    transfers.accept(**asked, transfer_id=sent.pk, entered_on=entered, now=timezone.now())
    assert services.take_receipts(today=TODAY) == 1

    case.refresh_from_db()
    assert (case.state, case.placement, case.returned_on) == ("returned", "RP05", entered)
    event = case.events.get(action=Action.RECEIPT)
    assert event.actor_name == "系统"
    assert event.note == f"{sent.to_words}：对方已接收"


@pytest.mark.parametrize("answer", ["refused", "withdrawn", "overdue"])
@pytest.mark.parametrize("former", ["escalated", "returned"])
def test_unreceived_the_case_stands_where_it_stood(answer, former):
    case, asked = confirmed()
    if former == "escalated":
        advance(case, asked, Action.PERSUADE, date(2026, 9, 12))
        advance(case, asked, Action.ESCALATE, date(2026, 9, 20))
    else:
        bring_back(case, asked)
    sent = send(case, asked)
    deed(services.await_receipt, case, asked, on=DAY)

    if answer == "refused":
        transfers.send_back(**asked, transfer_id=sent.pk, answer="已满员", now=timezone.now())
    elif answer == "withdrawn":
        transfers.withdraw(**asked, transfer_id=sent.pk, now=timezone.now())
    else:
        transfers.mark_overdue(today=sent.due_on + timedelta(days=1))
    found = deed(services.take_receipt, case, asked)

    assert found.state == former


def test_every_code_of_the_field_is_there_and_says_what_to_show():
    def codes(code_list):
        return {row.code: row for row in CaseCode.objects.of(code_list)}

    numbered = {f"R{n:02}" for n in range(1, 18)} | {"R99"}
    assert set(codes("cause")) == numbered
    results = codes("verification")
    assert set(results) == {f"X{n:02}" for n in range(1, 20)} | {"C01", "C02", "U01"}
    assert {code for code, row in results.items() if not row.evidence} == {"C01", "C02"}
    placements = codes("placement")
    assert set(placements) == {f"RP{n:02}" for n in range(1, 12)}
    elsewhere = {code for code, row in placements.items() if row.leads_to == "placed"}
    assert elsewhere == {"RP06", "RP08", "RP09", "RP11"}
    assert all(placements[code].evidence for code in elsewhere)
    assert set(codes("lapse")) == {
        "over_age",
        "died",
        "hukou_cancelled",
        "moved_out",
        "settled_abroad",
    }
    assert all(row.evidence for row in codes("lapse").values())
