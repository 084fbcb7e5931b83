"""What may befall a phone in the field, and what becomes of it: nothing is ever lost."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from casework.models import DropoutCase, HeldOp, HomeVisit, PhoneOp, VisitVersion
from casework.services import phone as phones
from casework.states import CaseState
from core import backups
from core.models import AuditEntry, BackupMark, Notice
from students.models import Student
from tests.casework.phones import ME, Phone
from tests.factories import (
    ClassGroupFactory,
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return DropoutCaseFactory(state=CaseState.PERSUADING)


@pytest.fixture
def teacher(case):
    return class_teacher(case.student.class_group)


@pytest.fixture
def phone(teacher):
    return Phone(teacher)


@pytest.fixture
def other(case):
    """The head of the same school, at another phone."""
    return Phone(school_head(case.student.school))


def moved_away(case):
    """The child goes to another class of another school."""
    group = ClassGroupFactory()
    Student.objects.filter(pk=case.student.pk).update(school=group.school, class_group=group)
    return group


# -- the same again -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_f13_u070_twenty_posts_of_one_visit_at_once_are_one_visit():
    case = DropoutCaseFactory(state=CaseState.PERSUADING)
    teacher = class_teacher(case.student.class_group)
    op = Phone(teacher).visit(case.student, case=case)

    def post(_):
        phone = Phone(teacher)
        try:
            return phone.send(op)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))

    assert HomeVisit.objects.count() == VisitVersion.objects.count() == 1
    assert AuditEntry.objects.filter(action="case.visit").count() == 1
    assert sorted(a.pop("replayed") for a in answers) == [False] + 19 * [True]
    assert all(answer == answers[0] for answer in answers)


def test_f14_another_content_under_one_operation_is_409_and_both_are_kept(case, phone):
    op = phone.visit(case.student, case=case, findings="孩子在家")
    phone.send(op)
    changed = {**op, "content": {**op["content"], "findings": "孩子不在家"}}

    first, again = phone.send(changed), phone.send(changed)

    assert (first["verdict"], first["status"]) == ("conflict", 409)
    assert again["replayed"]
    assert HomeVisit.objects.get().findings == "孩子在家"
    held = HeldOp.objects.get()
    assert held.reason == "same_uuid"
    assert held.op.content["findings"] == "孩子不在家"


def test_f14_another_content_under_one_visit_is_409_and_both_are_kept(case, phone):
    op = phone.visit(case.student, case=case)
    phone.send(op)

    answer = phone.send(phone.visit(case.student, case=case, visit=op["visit"], outcome="refused"))

    assert (answer["verdict"], answer["status"]) == ("conflict", 409)
    assert HomeVisit.objects.get().outcome == "talked"
    assert HeldOp.objects.get().op.content["outcome"] == "refused"


def test_the_same_visit_under_a_new_operation_is_the_same_visit(case, phone):
    op = phone.visit(case.student, case=case)
    phone.send(op)

    answer = phone.send({**op, "op": str(uuid.uuid4())})

    assert (answer["verdict"], answer["status"], answer["version"]) == ("accepted", 200, 1)
    assert HomeVisit.objects.count() == VisitVersion.objects.count() == 1


# -- edits --------------------------------------------------------------------------------------


def test_f10_edits_of_other_fields_are_merged_and_the_version_says_so(case, phone, other):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    other.send(other.edit(op["visit"], base=1, study="跟得上"))

    answer = phone.send(phone.edit(op["visit"], base=1, advice="每周补课"))

    assert (answer["verdict"], answer["status"], answer["version"]) == ("merged", 200, 3)
    visit = HomeVisit.objects.get()
    assert (visit.study, visit.advice, visit.version) == ("跟得上", "每周补课", 3)
    version = visit.versions.get(number=3)
    assert (version.base, version.merged, version.changed) == (1, ["study"], ["advice"])


def test_f10_edits_of_the_same_field_are_both_kept_for_a_person(case, phone, other):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    other.send(other.edit(op["visit"], base=1, findings="孩子随父亲外出"))

    answer = phone.send(phone.edit(op["visit"], base=1, findings="孩子在姑姑家", study="差"))

    assert (answer["verdict"], answer["status"]) == ("conflict", 409)
    assert set(answer["fields"]) == {"findings"}
    visit = HomeVisit.objects.get()
    assert (visit.findings, visit.study, visit.version) == ("孩子随父亲外出", "", 2)
    held = HeldOp.objects.get()
    assert (held.reason, held.fields) == ("conflict", ["findings"])
    told = Notice.objects.filter(event=f"visit-held-{held.pk}")
    assert {notice.person_id for notice in told} == {phone.user.pk, other.user.pk}


def test_the_same_words_from_two_phones_are_no_conflict(case, phone, other):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    other.send(other.edit(op["visit"], base=1, study="跟得上"))

    assert phone.send(phone.edit(op["visit"], base=1, study="跟得上"))["version"] == 2


def test_f15_an_edit_before_its_visit_waits_and_joins_it(case, phone):
    op = phone.visit(case.student, case=case)
    edit = phone.edit(op["visit"], findings="改过的情况", student=case.student)
    later = phone.edit(op["visit"], findings="再改一次", student=case.student)

    early = phone.send(later, edit)

    assert [a["verdict"] for a in early] == ["waiting", "waiting"]
    assert phone.send(op)["verdict"] == "accepted"
    assert HomeVisit.objects.get().findings == "再改一次"
    assert phone.send(edit)["verdict"] == "accepted"
    assert list(VisitVersion.objects.order_by("number").values_list("number", "base")) == [
        (1, 0),
        (2, 1),
        (3, 2),
    ]


def test_edits_of_one_phone_in_any_order_end_alike(case, phone):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    first = phone.edit(op["visit"], base=1, findings="一", study="学习")
    second = phone.edit(op["visit"], base=1, findings="二")

    phone.send(second)
    answer = phone.send(first)

    visit = HomeVisit.objects.get()
    assert (visit.findings, visit.study) == ("二", "学习")
    assert answer["verdict"] == "merged"


def test_f15_after_a_week_a_person_is_asked_and_the_visit_still_joins(case, phone):
    op = phone.visit(case.student, case=case)
    edit = phone.edit(op["visit"], findings="改过的情况", student=case.student)
    phone.send(edit)
    now = timezone.now()

    assert phones.ask_about_waiting(now=now + timedelta(days=6)) == 0
    assert phones.ask_about_waiting(now=now + timedelta(days=8)) == 1
    assert phones.ask_about_waiting(now=now + timedelta(days=9)) == 0

    held = HeldOp.objects.get()
    assert (held.reason, held.settled_at) == ("orphan", None)
    assert Notice.objects.filter(event=f"visit-held-{held.pk}", person_id=phone.user.pk).exists()
    phone.send(op)
    held.refresh_from_db()
    assert held.outcome == "mended"
    assert HomeVisit.objects.get().findings == "改过的情况"


def test_f44_an_edit_of_a_version_the_server_lost_waits_for_it(case, phone):
    op = phone.visit(case.student, case=case)
    phone.send(op)
    edit = phone.edit(op["visit"], base=2, findings="第三版")

    assert phone.send(edit)["verdict"] == "waiting"
    assert phone.send(phone.edit(op["visit"], base=1, study="第二版"))["version"] == 2
    assert HomeVisit.objects.get().findings == "第三版"
    assert phone.send(edit)["version"] == 3


# -- the child has moved ------------------------------------------------------------------------


def test_f16_u077_a_visit_of_a_child_out_of_reach_is_kept_for_its_school(case, phone):
    group = moved_away(case)
    head = school_head(group.school)

    answer = phone.send(phone.visit(case.student, case=case))

    assert (answer["verdict"], answer["status"]) == ("quarantined", 202)
    assert "负责范围" in answer["words"]
    held = HeldOp.objects.get()
    assert (held.reason, held.student_id) == ("reach", case.student.pk)
    assert list(Notice.objects.values_list("person_id", flat=True)) == [head.pk]
    assert not HomeVisit.objects.exists()


def test_f16_a_visit_of_a_merged_record_goes_to_the_one_that_stayed(case, phone):
    gone = StudentFactory(class_group=case.student.class_group)
    Student.objects.filter(pk=gone.pk).update(
        merged_into=case.student, school=None, class_group=None, grade=None
    )

    assert phone.send(phone.visit(gone))["verdict"] == "accepted"
    visit = HomeVisit.objects.get()
    assert (visit.student, visit.case) == (case.student, case)


def test_f16_a_child_nobody_knows_is_the_countys_matter(case, phone):
    officer = county_officer()
    op = phone.visit(case.student, case=case)

    answer = phone.send({**op, "student": 999_999_999})

    assert answer["verdict"] == "quarantined"
    assert HeldOp.objects.get().reason == "child"
    assert list(Notice.objects.values_list("person_id", flat=True)) == [officer.pk]


def test_f16_a_case_that_ended_meanwhile_keeps_the_visit_for_a_person(case, phone):
    today = timezone.localdate()
    ended = {"state": CaseState.EXCLUDED, "closed_on": today, "verification_result": "X01"}
    DropoutCase.objects.filter(pk=case.pk).update(**ended)

    answer = phone.send(phone.visit(case.student, case=case))

    assert (answer["verdict"], answer["status"]) == ("quarantined", 202)
    assert "已排除" in answer["words"]
    assert HeldOp.objects.get().reason == "rule"


# -- clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("years", [10, -56])
def test_f17_u071_a_clock_wrong_by_years_saves_the_visit_on_the_servers_day(case, phone, years):
    wrong = timezone.localtime() + timedelta(days=365 * years)
    op = phone.visit(case.student, case=case, visited_on=wrong.date().isoformat())

    answer = phone.send(
        {**op, "claimed_at": wrong.isoformat()}, behind=timedelta(days=-365 * years)
    )

    assert answer["verdict"] == "accepted"
    assert "手机日期与系统相差" in answer["words"]
    assert HomeVisit.objects.get().visited_on == timezone.localdate()
    row = PhoneOp.objects.get()
    assert row.claimed_at.year == wrong.year
    assert row.content["visited_on"] == wrong.date().isoformat()
    assert round(row.clock_offset / 86400) == -365 * years
    assert row.received_at.date() == timezone.now().date()


def test_f17_a_day_to_come_is_asked_about_and_an_edit_answers(case, phone):
    tomorrow = timezone.localdate() + timedelta(days=3)
    op = phone.visit(case.student, case=case, visited_on=tomorrow.isoformat())

    answer = phone.send(op)

    assert (answer["verdict"], answer["status"]) == ("quarantined", 202)
    assert "还没有到" in answer["words"]
    held = HeldOp.objects.get()
    assert held.reason == "future"
    today = timezone.localdate().isoformat()
    mended = phone.send(phone.edit(op["visit"], visited_on=today, student=case.student))
    assert (mended["verdict"], mended["version"]) == ("accepted", 1)
    assert HomeVisit.objects.get().visited_on == timezone.localdate()
    held.refresh_from_db()
    assert held.outcome == "mended"
    assert phone.send(op)["verdict"] == "accepted"


def test_f17_the_server_orders_what_phones_claim(case, phone, other):
    op = phone.visit(case.student, case=case)
    phone.send({**op, "claimed_at": "2036-01-01T00:00:00+08:00"})

    edit = other.edit(op["visit"], base=1, findings="后送到")
    other.send({**edit, "claimed_at": "1970-01-01T00:00:00+08:00"})

    written = VisitVersion.objects.order_by("number").values_list("written_at", flat=True)
    assert list(written) == sorted(written)
    assert HomeVisit.objects.get().findings == "后送到"


@pytest.mark.parametrize("claim", ["gestern", "", None, 7, "99999-01-01"])
def test_a_time_that_is_none_is_no_claim(case, phone, claim):
    op = phone.visit(case.student, case=case)

    assert phone.send({**op, "claimed_at": claim})["verdict"] == "accepted"
    assert PhoneOp.objects.get().claimed_at is None


# -- accounts -----------------------------------------------------------------------------------


def test_f38_a_disabled_account_is_told_and_sends_when_it_is_enabled_again(case, phone):
    op = phone.visit(case.student, case=case)
    phone.user.is_active = False
    phone.user.save()

    shut = phone.post(op)

    assert shut.status_code == 401
    assert "保存在手机上" in shut.json()["words"]
    assert not PhoneOp.objects.exists()
    phone.user.is_active = True
    phone.user.save()
    phone.client.force_login(phone.user)
    assert phone.send(op)["verdict"] == "accepted"


def test_f38_without_the_duty_the_phone_is_told_and_the_successor_may_hand_it_in(case, phone):
    op = phone.visit(case.student, case=case)
    grant = phone.user.grants.get()
    grant.valid_to = timezone.localdate() - timedelta(days=1)
    grant.save()

    shut = phone.post(op)

    assert shut.status_code == 403
    assert shut.json()["reason"] == "permission"
    successor = Phone(class_teacher(case.student.class_group))
    assert successor.send(op)["verdict"] == "accepted"
    visit = HomeVisit.objects.get()
    assert visit.logged_by == successor.user.pk
    assert visit.visitors == "李老师"


def test_two_people_on_one_phone_are_told_apart(case, phone, other):
    shared = Phone(other.user, profile=phone.profile)

    assert phone.client.get(ME).json()["person"] != shared.client.get(ME).json()["person"]


# -- what the phone may forget ------------------------------------------------------------------


def test_f44_u078_the_server_says_until_when_a_backup_holds_what_was_sent(phone, capsys):
    assert phone.client.get(ME).json()["durable_until"] is None
    began = timezone.now() - timedelta(hours=1)

    call_command("mark_backup", f"--began={began.isoformat()}")

    until = timezone.datetime.fromisoformat(phone.client.get(ME).json()["durable_until"])
    assert until == began - backups.MARGIN
    assert "phones may forget" in capsys.readouterr().out
    # A database restored from that backup does not hold the mark that was set after it.
    BackupMark.objects.all().delete()
    assert phone.client.get(ME).json()["durable_until"] is None


def test_f44_what_a_restored_server_lost_is_taken_anew_and_what_it_has_is_not_doubled(case, phone):
    kept, lost = phone.visit(case.student, case=case), phone.visit(case.student, case=case)
    phone.send(kept)

    answers = phone.send(kept, lost)

    assert [a["replayed"] for a in answers] == [True, False]
    assert HomeVisit.objects.count() == 2


def test_half_a_character_and_a_time_beyond_all_calendars_break_nothing(case, phone):
    op = phone.visit(case.student, case=case, findings="写到一半\ud83d", people_met="a\x00b")
    times = {"claimed_at": "9999-12-31T23:59:59-12:00"}

    assert phone.send({**op, **times}, behind=timedelta(days=400))["verdict"] == "accepted"
    assert HomeVisit.objects.get().findings == "写到一半?"
