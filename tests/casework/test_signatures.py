from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from casework import services
from casework.models import CaseSignature, CaseTask, DropoutCase
from casework.queries.standing import digest_of
from casework.services import CaseMoved
from casework.states import Action, TransitionRefused
from core.models import AuditEntry
from tests.casework.walks import (
    TODAY,
    bring_back,
    confirm,
    deed,
    look,
    observe,
    officer,
    sign,
    sign_both,
    to_the_end,
    who,
)
from tests.factories import (
    DropoutCaseFactory,
    SchoolFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db


def watched(times=3, **student):
    case, asked = DropoutCaseFactory(**student), officer()
    confirm(case, asked)
    bring_back(case, asked)
    observe(case, asked, times=times)
    return case, asked


def end_of_transaction():
    """When the database looks at what must hold at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_a_case_closes_on_the_word_of_two_people_of_two_lines():
    case, asked = watched()

    with pytest.raises(TransitionRefused, match="教育线、政府线还没有签字"):
        deed(services.close_case, case, asked, closed_on=TODAY)
    head = school_head(case.student.school)
    given = sign(case, head, "education")
    with pytest.raises(TransitionRefused, match="政府线还没有签字"):
        deed(services.close_case, case, asked, closed_on=TODAY)
    sign(case, township_officer(case.student.township), "government")

    assert deed(services.close_case, case, asked, closed_on=TODAY).state == "closed"
    assert given.duty == f"{case.student.school} 校长"
    assert given.statement == (
        f"个案 {case.pk}：该生已于 2026-09-20 复学，安置方式为“原班”，经跟踪稳定在校。"
        "经核对属实，同意销号。"
    )
    assert case.events.filter(action=Action.SIGN).count() == 2
    assert AuditEntry.objects.filter(action="case.sign", target_id=case.pk).count() == 2


def test_nobody_signs_before_the_child_was_seen_at_school_often_enough():
    case, asked = watched(times=2)
    look(case, asked, date(2026, 10, 5))  # the same day counts once
    look(case, asked, date(2026, 10, 6), outcome="not_met")

    with pytest.raises(TransitionRefused, match="已有 2 次，还差 1 次"):
        sign(case, school_head(case.student.school), "education")
    look(case, asked, date(2026, 10, 7))
    assert sign(case, school_head(case.student.school), "education")


@pytest.mark.parametrize(
    "person, line",
    [
        (lambda student: school_head(student.school), "government"),
        (lambda student: township_officer(student.township), "education"),
        (lambda student: county_officer(), "education"),
        (lambda student: county_officer(), "government"),
    ],
)
def test_nobody_signs_for_a_line_that_is_not_theirs(person, line):
    case, _ = watched()

    with pytest.raises(TransitionRefused, match="您的岗位不能代签"):
        sign(case, person(case.student), line)

    assert not CaseSignature.objects.exists()


@pytest.mark.parametrize(
    "person",
    [
        lambda student: school_head(SchoolFactory()),
        lambda student: township_officer("620602101"),
        lambda student: class_teacher(student.class_group),
    ],
)
def test_to_people_elsewhere_and_to_teachers_there_is_no_case_to_sign(person):
    case, _ = watched()

    with pytest.raises(DropoutCase.DoesNotExist):
        sign(case, person(case.student), "education")


def test_one_person_of_both_offices_signs_for_one_line_only():
    case, _ = watched()
    both = school_head(case.student.school)
    both.grants.create(
        role="township_officer", division_id=case.student.township, valid_from=date(2026, 1, 1)
    )
    sign(case, both, "education")

    with pytest.raises(TransitionRefused, match="须由两人分别签字"):
        sign(case, both, "government")


def test_a_child_at_no_school_is_signed_for_by_the_county():
    student = StudentFactory(school=None, class_group=None)
    case, asked = watched(student=student, school_at_opening=None, grade_at_opening=None)

    assert sign(case, county_officer(), "education")
    assert sign(case, township_officer(student.township), "government")
    assert deed(services.close_case, case, asked, closed_on=TODAY)


def test_a_signature_given_twice_is_one_and_another_s_is_told():
    case, _ = watched()
    head, second = (school_head(case.student.school) for _ in range(2))

    first = sign(case, head, "education")
    assert sign(case, head, "education") == first
    with pytest.raises(CaseMoved, match=f"教育线已由{head.full_name}（"):
        sign(case, second, "education")


def test_who_read_another_statement_has_not_signed_this_one():
    case, _ = watched()

    with pytest.raises(CaseMoved, match="签字内容有变动，现为：个案"):
        services.sign_ending(
            **who(school_head(case.student.school)),
            case_id=case.pk,
            line="education",
            digest=b"\0" * 32,
            now=case.created_at,
        )


def test_a_changed_placement_makes_both_signatures_void_and_keeps_them():
    case, asked = watched()
    sign_both(case)

    deed(services.settle_placement, case, asked, on=TODAY, placement="RP02")

    assert {one.voided_why for one in case.signatures.all()} == {"登记安置方式"}
    with pytest.raises(TransitionRefused, match="教育线、政府线还没有签字"):
        deed(services.close_case, case, asked, closed_on=TODAY)
    sign_both(case)
    assert deed(services.close_case, case, asked, closed_on=TODAY).placement == "RP02"
    assert case.signatures.count() == 4
    event = case.events.get(action=Action.SETTLE)
    assert event.detail["voided_signatures"] == 2


def test_the_same_placement_again_voids_nothing():
    case, asked = watched()
    sign_both(case)

    deed(services.settle_placement, case, asked, on=TODAY, placement="RP01")

    assert case.signatures.standing().count() == 2


def test_a_lapse_is_proposed_with_its_proof_then_signed_then_done():
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    proposal = {"on": date(2026, 11, 1), "lapse_reason": "moved_out"}

    with pytest.raises(TransitionRefused, match="还没有到销号或核减的一步"):
        sign(case, school_head(case.student.school), "education")
    with pytest.raises(TransitionRefused, match="须写明依据：公安机关户口迁移记录"):
        deed(services.propose_lapse, case, asked, **proposal, ending_proof="")
    with pytest.raises(TransitionRefused, match="请先办理“提请核减”"):
        deed(services.lapse_case, case, asked, closed_on=TODAY)
    deed(services.propose_lapse, case, asked, **proposal, ending_proof="户口迁移证，2026-10-30")
    with pytest.raises(TransitionRefused, match="还没有签字"):
        deed(services.lapse_case, case, asked, closed_on=TODAY)
    sign_both(case)
    with pytest.raises(TransitionRefused, match="不能早于签字日期（2026-11-20）"):
        deed(services.lapse_case, case, asked, closed_on=date(2026, 11, 19))

    lapsed = deed(services.lapse_case, case, asked, closed_on=TODAY)

    assert (lapsed.state, lapsed.closed_on) == ("lapsed", TODAY)
    assert "因“户籍迁出本县”" in case.signatures.first().statement


@pytest.mark.parametrize("undo", ["withdraw", "return"])
def test_a_proposal_falls_with_its_signatures(undo):
    case, asked = DropoutCaseFactory(), officer()
    confirm(case, asked)
    proposal = {"lapse_reason": "died", "ending_proof": "死亡注销证明"}
    deed(services.propose_lapse, case, asked, on=date(2026, 9, 15), **proposal)
    sign_both(case)

    if undo == "withdraw":
        deed(services.withdraw_lapse, case, asked, on=TODAY, note="信息有误")
    else:
        bring_back(case, asked)

    case.refresh_from_db()
    assert (case.lapse_reason, case.ending_proof) == ("", "")
    assert not case.signatures.standing().exists()


def test_each_line_has_a_task_from_when_it_can_sign_until_it_has():
    case, asked = watched(times=2)
    tasks = CaseTask.objects.still_open().filter(case=case, kind="sign")
    assert not tasks.exists()

    look(case, asked, date(2026, 10, 12))
    assert sorted(tasks.values_list("line", flat=True)) == ["education", "government"]
    assert tasks.first().due_on > tasks.first().set_on
    sign(case, school_head(case.student.school), "education")
    assert tasks.get().line == "government"
    deed(services.settle_placement, case, asked, on=TODAY, placement="RP02")
    assert tasks.count() == 2


def test_the_database_knows_no_closed_case_without_both_lines():
    case, _ = watched()
    sign(case, school_head(case.student.school), "education")

    with pytest.raises(IntegrityError, match="signatures of both lines"), transaction.atomic():
        DropoutCase.objects.filter(pk=case.pk).update(state="closed", closed_on=TODAY)
        end_of_transaction()
    with pytest.raises(IntegrityError, match="signatures of both lines"), transaction.atomic():
        DropoutCase.objects.filter(pk=case.pk).update(
            state="lapsed", lapse_reason="died", closed_on=TODAY
        )
        end_of_transaction()


def test_the_database_lets_no_signature_of_an_ended_case_become_void():
    case, asked = DropoutCaseFactory(), officer()
    to_the_end(case, asked)
    deed(services.close_case, case, asked, closed_on=TODAY)

    with pytest.raises(IntegrityError, match="signatures of both lines"), transaction.atomic():
        case.signatures.update(voided_at=case.created_at)
        end_of_transaction()


def test_the_database_lets_a_signature_be_neither_changed_nor_removed():
    case, _ = watched()
    sign_both(case)

    for change in ({"person_name": "别人"}, {"line": "government"}, {"voided_at": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            case.signatures.update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        case.signatures.all().delete()


@pytest.mark.parametrize("same", ["line", "person"])
def test_the_database_takes_one_signature_a_line_and_a_person(same):
    case, _ = watched()
    given = sign(case, school_head(case.student.school), "education")
    other = {"line": {"line": "education"}, "person": {"person_id": given.person_id}}[same]

    with pytest.raises(IntegrityError), transaction.atomic():
        CaseSignature.objects.create(
            **{
                "county": case.county,
                "case": case,
                "ending": "close",
                "line": "government",
                "person_id": 1,
                "person_name": "赵副镇长",
                "duty": "黄羊镇",
                "statement": "同意销号。",
                "statement_hash": digest_of(case),
                **other,
            }
        )
