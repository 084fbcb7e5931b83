"""What a person does with visits that were held: choose, take, file; each once, each on record."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import HeldOp, HomeVisit, PhoneOp, VisitVersion
from casework.services import phone as phones
from casework.states import CaseState
from core.models import AuditEntry
from students.models import Student
from tests.casework.phones import Phone
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    class_teacher,
    county_officer,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST = "/cases/visits/held/"


@pytest.fixture
def case():
    return DropoutCaseFactory(state=CaseState.PERSUADING)


@pytest.fixture
def phone(case):
    return Phone(class_teacher(case.student.class_group))


@pytest.fixture
def head(case, client):
    user = school_head(case.student.school)
    client.force_login(user)
    return user


def door(held):
    return reverse("casework:held-detail", args=[held.pk])


@pytest.fixture
def conflict(case, phone, head):
    """Findings and study written by two, of a visit of which a third field fits."""
    op = phone.visit(case.student, case=case)
    phone.send(op)
    other = Phone(head)
    other.send(other.edit(op["visit"], base=1, findings="随父亲外出", study="好"))
    sent = phone.edit(op["visit"], base=1, findings="在姑姑家", study="差", advice="补课")
    phone.send(sent)
    return HeldOp.objects.get(), sent


def test_both_versions_stand_side_by_side(client, conflict):
    held, _ = conflict

    page = client.get(door(held))

    told = {line.label: line for line in page.context["lines"]}
    assert (told["情况"].stands, told["情况"].sent) == ("随父亲外出", "在姑姑家")
    assert told["情况"].is_disputed
    assert told["学习情况"].is_disputed
    assert not told["处理与建议"].is_disputed
    assert f'href="{door(held)}"' in client.get(LIST).content.decode()


def test_each_disputed_field_wants_a_choice(client, conflict):
    held, _ = conflict

    page = client.post(door(held), {"deed": "choose", "field-findings": "sent"})

    assert page.status_code == 409
    assert "学习情况" in page.content.decode()
    assert HeldOp.objects.still_open().exists()


def test_the_choice_is_written_field_by_field_and_the_phone_hears_of_it(
    client, conflict, phone, head
):
    held, sent = conflict

    chosen = {"deed": "choose", "field-findings": "sent", "field-study": "stands"}
    page = client.post(door(held), chosen)

    assert page.status_code == 302
    visit = HomeVisit.objects.get()
    assert (visit.findings, visit.study, visit.advice) == ("在姑姑家", "好", "补课")
    version = VisitVersion.objects.get(number=3)
    assert (version.changed, version.written_by) == (["advice", "findings"], head.pk)
    assert str(version.op) == sent["op"]
    answer = phone.send(sent)
    assert (answer["verdict"], answer["version"]) == ("accepted", 3)
    assert head.full_name in answer["words"]
    assert AuditEntry.objects.filter(action="visit.settle", actor_id=head.pk).count() == 1


def test_a_field_written_while_it_was_held_is_disputed_too(client, conflict, head):
    held, sent = conflict
    other = Phone(head)
    other.send(other.edit(sent["visit"], base=2, advice="送教上门"))
    chosen = {"deed": "choose", "field-findings": "sent", "field-study": "stands"}

    assert "处理与建议" in client.post(door(held), chosen).content.decode()
    assert HomeVisit.objects.get().advice == "送教上门"
    client.post(door(held), {**chosen, "field-advice": "stands"})

    visit = HomeVisit.objects.get()
    assert (visit.findings, visit.advice, visit.version) == ("在姑姑家", "送教上门", 4)


def test_what_is_settled_is_not_settled_again(client, conflict):
    held, _ = conflict
    client.post(door(held), {"deed": "file", "note": "以校长所写为准"})

    again = client.post(door(held), {"deed": "choose", "field-findings": "sent"})

    assert again.status_code == 409
    assert "不必再办" in again.content.decode()
    assert HomeVisit.objects.get().version == 2
    held.refresh_from_db()
    assert (held.outcome, held.note) == ("filed", "以校长所写为准")


def test_filing_wants_a_reason_and_keeps_what_was_sent(client, conflict):
    held, _ = conflict

    bare = client.post(door(held), {"deed": "file", "note": " "})

    assert bare.status_code == 409
    assert "存档须写明理由" in bare.content.decode()
    client.post(door(held), {"deed": "file", "note": "重复"})
    page = client.get(f"{LIST}?settled=1").content.decode()
    assert "重复" in page
    assert PhoneOp.objects.get(pk=held.op_id).content["advice"] == "补课"


def quarantined(case, phone, **content):
    group = ClassGroupFactory()
    Student.objects.filter(pk=case.student.pk).update(school=group.school, class_group=group)
    op = phone.visit(case.student, case=case, **content)
    phone.send(op)
    return HeldOp.objects.get(), op, group


def taking(op, **fields):
    content = op["content"]
    asked = {"deed": "take", "visited_on": content["visited_on"], "outcome": content["outcome"]}
    return {**asked, "kind": content["visit_kind"], **fields}


def test_f16_u077_the_receiving_school_takes_the_visit_of_the_former_teacher(client, case, phone):
    held, op, group = quarantined(case, phone)
    client.force_login(school_head(group.school))

    assert client.post(door(held), taking(op)).status_code == 302

    visit = HomeVisit.objects.get()
    assert (str(visit.pk), visit.case, visit.logged_by) == (op["visit"], case, phone.user.pk)
    assert visit.attempt_no == 1
    assert phone.send(op)["verdict"] == "accepted"
    later = phone.edit(op["visit"], base=1, findings="补充")
    assert phone.send(later)["verdict"] == "quarantined"


def test_the_county_takes_it_and_the_former_school_sees_nothing(client, case, phone, head):
    held, op, _ = quarantined(case, phone)
    assert client.get(door(held)).status_code == 404
    client.force_login(county_officer())

    assert client.post(door(held), taking(op)).status_code == 302
    assert HomeVisit.objects.count() == 1


def test_u077_a_visit_whose_kind_no_longer_fits_is_put_right_and_taken(client, case, phone, head):
    case.state = CaseState.OBSERVING
    case.save()
    op = phone.visit(case.student, case=case)
    assert phone.send(op)["verdict"] == "quarantined"
    held = HeldOp.objects.get()

    refused = client.post(door(held), taking(op))
    assert refused.status_code == 409
    assert "走访方式" in refused.content.decode()
    assert client.post(door(held), taking(op, kind="observation")).status_code == 302

    assert HomeVisit.objects.get().kind == "observation"


def test_f17_a_day_to_come_is_put_right_on_the_page_too(client, case, phone, head):
    ahead = (timezone.localdate() + timedelta(days=5)).isoformat()
    op = phone.visit(case.student, case=case, visited_on=ahead)
    phone.send(op)
    held = HeldOp.objects.get()

    assert client.post(door(held), taking(op)).status_code == 409
    today = timezone.localdate().isoformat()
    assert client.post(door(held), taking(op, visited_on=today)).status_code == 302
    assert HomeVisit.objects.get().visited_on == timezone.localdate()


def test_f14_two_visits_under_one_number_can_become_two(client, case, phone, head):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    phone.send(phone.visit(case.student, case=case, visit=op["visit"], outcome="refused"))
    held = HeldOp.objects.get()

    assert client.post(door(held), taking(op, outcome="refused")).status_code == 302

    assert sorted(HomeVisit.objects.values_list("outcome", flat=True)) == ["refused", "talked"]
    assert HomeVisit.objects.filter(case=case).count() == 2


def test_f16_what_waited_for_a_held_visit_joins_it_when_it_is_taken(client, case, phone):
    held, op, group = quarantined(case, phone)
    mended = phone.send(phone.edit(op["visit"], findings="补充", student=case.student))
    assert mended["verdict"] == "quarantined"
    client.force_login(school_head(group.school))

    client.post(door(held), taking(op))

    assert HomeVisit.objects.get().findings == "补充"


def test_an_edit_that_never_found_its_visit_can_only_be_filed(client, case, phone, head):

    phone.send(
        phone.edit("11111111-1111-4111-8111-111111111111", findings="x", student=case.student)
    )
    phones.ask_about_waiting(now=timezone.now() + timedelta(days=8))
    held = HeldOp.objects.get()

    assert client.post(door(held), {"deed": "choose"}).status_code == 409
    assert client.post(door(held), {"deed": "file", "note": "手机已丢失"}).status_code == 302
