import uuid

import pytest
from django.test import Client

from casework.models import CaseEvent, HomeVisit, PhoneOp, VisitVersion
from casework.states import CaseState
from core.models import AuditEntry
from tests.casework.phones import ME, OPS, TAKE, Phone
from tests.factories import DropoutCaseFactory, class_teacher

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return DropoutCaseFactory(state=CaseState.CONFIRMED)


@pytest.fixture
def phone(case):
    return Phone(class_teacher(case.student.class_group))


def test_a_visit_from_a_phone_is_logged_once_and_moves_its_case(case, phone):
    op = phone.visit(case.student, case=case)

    first, again = phone.send(op), phone.send(op)

    assert (first["verdict"], first["status"], first["version"]) == ("accepted", 201, 1)
    assert first["replayed"] is False
    assert again == {**first, "replayed": True}
    visit = HomeVisit.objects.get()
    assert (str(visit.pk), visit.case, visit.people_met) == (op["visit"], case, "祖母")
    case.refresh_from_db()
    assert case.state == CaseState.PERSUADING
    assert CaseEvent.objects.get(case=case, action="visit").detail["visit"] == op["visit"]
    assert VisitVersion.objects.count() == PhoneOp.objects.count() == 1
    assert AuditEntry.objects.filter(action="case.visit").count() == 1


def test_me_names_the_person_without_the_login(phone):
    told = phone.client.get(ME)

    assert told["Cache-Control"] == "no-store"
    me = told.json()
    assert me["name"] == phone.user.full_name
    assert phone.user.username not in told.content.decode()
    assert me["person"] == phone.client.get(ME).json()["person"]
    assert me["durable_until"] is None
    assert me["csrf"]
    assert me["lineage"]


def test_take_holds_the_children_and_no_number_of_theirs(case, phone):
    phone.send(phone.visit(case.student, case=case, study="跟得上"))
    number = case.student.identifiers.get()

    told = phone.client.get(TAKE)

    child = told.json()["children"][0]
    assert (child["student"], child["case"]) == (case.student.pk, case.pk)
    assert ["persuasion", "劝返"] in child["kinds"]
    assert child["last"]["people_met"] == "祖母"
    assert child["visits"][0]["study"] == "跟得上"
    assert child["visits"][0]["version"] == 1
    assert number.reveal() not in told.content.decode()
    assert number.mask not in told.content.decode()


@pytest.mark.parametrize("path", [ME, TAKE, OPS])
def test_a_door_answers_in_json_when_the_sign_in_is_over(path):
    told = Client().get(path) if path != OPS else Client().post(path, {}, "application/json")

    assert told.status_code == 401
    assert told.json()["reason"] == "sign-in"


def test_what_is_no_operation_is_told_so(phone):
    for ops in ([{}], ["x"], {"a": 1}, [{"op": "x", "kind": "visit", "visit": str(uuid.uuid4())}]):
        told = phone.post(ops=ops)
        assert told.status_code == 400
        assert told.json()["words"]


def test_words_that_cannot_be_a_visit_are_refused_by_field(case, phone):
    answer = phone.send(phone.visit(case.student, case=case, visited_on="", visitors=" "))

    assert (answer["verdict"], answer["status"]) == ("refused", 422)
    assert set(answer["fields"]) == {"visited_on", "visitors"}
    assert not HomeVisit.objects.exists()
    assert PhoneOp.objects.get().content["findings"] == "孩子在家"
