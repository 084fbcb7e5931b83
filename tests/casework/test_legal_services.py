import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from casework.models import CaseEvent, DropoutCase, LegalPaper
from casework.services import legal
from core import tenancy
from schools.models import DeadlineRule
from tests.casework.legal import (
    START,
    TODAY,
    again,
    caller,
    days,
    fine_rule,
    make,
    open_tasks,
    persuaded_case,
    refused,
    serve,
    served,
    township,
)
from tests.factories import county_officer, school_head

pytestmark = pytest.mark.django_db


# -- order of the chain ----------------------------------------------------------------------------


def test_the_first_order_escalates_the_case_and_asks_for_its_service():
    case, asked = persuaded_case(), township()

    order = make(case, "order", asked)

    assert DropoutCase.objects.get(pk=case.pk).state == "escalated"
    event = CaseEvent.objects.get(case=case, action="escalate")
    assert event.note == "《责令送被监护人接受义务教育通知书》黄羊镇控辍〔2026〕1号"
    (task,) = open_tasks(case, "legal_serve")
    # Seven working days after Friday 20 November.
    assert (task.line, task.due_on) == ("government", date(2026, 12, 1))
    assert order.number in task.name
    assert open_tasks(case, "legal_next") == []


def test_a_second_order_leaves_the_state_and_waits_until_the_first_has_run_out():
    case, asked = persuaded_case(), township()
    served(case, "order", asked, on=START)

    with refused("还在办理（期限内）"):
        make(case, "order", asked, on=START + days(3))
    make(case, "order", asked, on=START + days(8))

    assert CaseEvent.objects.filter(case=case, action="escalate").count() == 1


def test_no_order_before_the_family_was_talked_to():
    case, asked = persuaded_case(), township()
    case.visits.all().delete()

    with refused("催学通知书》或《批评教育记录》，或先登记一次劝返走访"):
        make(case, "order", asked)
    make(case, "education_record", asked)
    make(case, "order", asked)


@pytest.mark.parametrize("state", ["suspected", "confirmed", "returned", "observing"])
def test_an_order_needs_a_case_in_persuasion(state):
    case = persuaded_case()
    DropoutCase.objects.filter(pk=case.pk).update(state=state)

    with refused("只能在“劝返中”、“依法控辍”的个案中制作"):
        make(case, "order", township())


def test_every_step_waits_for_the_one_before_it():
    case, asked = persuaded_case(), township()
    fine_rule()
    with refused("只能在“依法控辍”的个案中制作"):
        make(case, "penalty_notice", asked, amount=Decimal(500))
    order = make(case, "order", asked, on=START)
    for kind in ("penalty_notice", "demand", "lawsuit"):
        with refused("前，须先有"):  # made, but not served
            make(case, kind, asked, on=START + days(9), amount=Decimal(500))
    serve(order, asked, on=START)
    for kind in ("penalty_notice", "demand", "lawsuit"):
        with refused("的期限还没有过，到 2026-09-21 为止"):
            make(case, kind, asked, on=START + days(7), amount=Decimal(500))
    with refused("须先有本机关已送达的《行政处罚事先告知书》"):
        make(case, "penalty_decision", asked, on=START + days(9), amount=Decimal(500))
    with refused("须先有本机关已送达的《履行行政决定催告书》"):
        make(case, "enforcement", asked, on=START + days(9))

    notice = served(case, "penalty_notice", asked, on=START + days(8), amount=Decimal(500))
    # Five working days after Tuesday 22 September, over the holidays of 25 to 27 September.
    assert notice.deadline_on == date(2026, 9, 30)
    decision = served(case, "penalty_decision", asked, on=date(2026, 10, 9), amount=Decimal(500))
    assert decision.follows == notice
    assert decision.deadline_on == date(2026, 10, 26)  # 24 October is a Saturday
    demand = served(case, "demand", asked, on=date(2026, 10, 28))
    assert demand.follows == decision
    assert "并缴纳罚款500元" in demand.data[0]["blocks"][1]["text"]


def test_enforcement_is_asked_for_after_the_time_to_sue_and_within_three_months():
    case, asked = persuaded_case(opened_on=date(2025, 9, 8)), township()
    served(case, "order", asked, on=date(2025, 9, 15))
    served(case, "demand", asked, on=date(2025, 10, 9))
    late = {"today": date(2026, 12, 31)}

    with refused("起诉的期限到 2026-03-16 才届满"):
        make(case, "enforcement", asked, on=date(2026, 3, 15), **late)
    with refused("期限已于 2026-06-15 届满"):
        make(case, "enforcement", asked, on=date(2026, 6, 16), **late)
    paper = make(case, "enforcement", asked, on=date(2026, 6, 15), **late)
    assert "《责令送被监护人接受义务教育通知书》" in paper.data[0]["blocks"][5]["text"]
    assert paper.data[1]["blocks"][0]["rows"][1] == ["受送达人", "凉州区人民法院"]


def test_a_lawsuit_needs_no_fine_and_no_demand():
    case, asked = persuaded_case(), township()
    served(case, "order", asked, on=START)

    paper = make(case, "lawsuit", asked, on=START + days(8))

    assert {"kind": "line", "text": "凉州区人民法院"} in paper.data[0]["blocks"]


def test_child_labour_is_referred_only_below_sixteen():
    case, asked = persuaded_case(), township()
    assert make(case, "labour_referral", asked, addressee="凉州区人力资源和社会保障局")
    type(case.student).objects.filter(pk=case.student_id).update(birth_date=date(2010, 11, 20))

    with refused("已满 16 周岁"):
        make(case, "labour_referral", asked)


# -- fines ----------------------------------------------------------------------------------------


def test_no_fine_without_a_local_rule_of_that_day():
    case, asked = persuaded_case(), township()
    served(case, "order", asked, on=START)
    with refused("本县没有启用地方罚款规定"):
        make(case, "penalty_notice", asked, amount=Decimal(500))

    with tenancy.inside("620621"):
        fine_rule(county="620621")
    fine_rule(valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 1))
    with refused("本县没有启用地方罚款规定"):
        make(case, "penalty_notice", asked, amount=Decimal(500))


def test_a_fine_stays_within_the_rule_and_is_never_raised_after_the_notice():
    case, asked = persuaded_case(), township()
    fine_rule()
    served(case, "order", asked, on=START)
    for amount in (None, Decimal("99.99"), Decimal("1000.01")):
        with refused("罚款为 100.00 元至 1000.00 元"):
            make(case, "penalty_notice", asked, on=START + days(8), amount=amount)
    served(case, "penalty_notice", asked, on=START + days(8), amount=Decimal(500))

    with refused("不能高于事先告知的 500.00 元"):
        make(case, "penalty_decision", asked, amount=Decimal(501))
    paper = make(case, "penalty_decision", asked, amount=Decimal(300))
    assert "罚款300元" in paper.data[0]["blocks"][2]["text"]
    assert "《某省义务教育条例》第四十六条" in paper.data[0]["blocks"][2]["text"]


def test_a_county_switches_fines_on_and_off_by_a_dated_rule():
    asked = caller(county_officer())
    facts = {
        "name": "某省条例",
        "article": "第一条",
        "least": Decimal(100),
        "most": Decimal(1000),
        "source": "公告",
        "valid_from": date(2026, 1, 1),
    }
    with refused("罚款下限高于上限"):
        legal.add_fine_rule(**asked, **{**facts, "least": Decimal(1001)})
    rule = legal.add_fine_rule(**asked, **facts)
    with refused("还在施行"):
        legal.add_fine_rule(**asked, **{**facts, "valid_from": TODAY})
    with refused("失效日期不能早于施行日期"):
        legal.end_fine_rule(**asked, rule_id=rule.pk, last_day=date(2025, 12, 31))
    legal.end_fine_rule(**asked, rule_id=rule.pk, last_day=TODAY)
    with refused("还有一项规定有效"):
        legal.add_fine_rule(**asked, **{**facts, "valid_from": TODAY})
    legal.add_fine_rule(**asked, **{**facts, "valid_from": TODAY + days(1)})


# -- who may ---------------------------------------------------------------------------------------


def test_each_body_makes_its_own_papers_and_no_others():
    case = persuaded_case()
    head, county = caller(school_head(case.student.school)), caller(county_officer())
    school = case.student.school

    assert make(case, "urging_notice", head, body=school.code).body_name == school.name
    with refused("由乡镇人民政府（街道办事处）或县级教育行政部门制作，您的单位不能制作"):
        make(case, "order", head, body=school.code)
    for asked, body in ((head, case.student.township), (county, case.student.township)):
        with refused("不能以这个单位的名义"):
            make(case, "order", asked, body=body)
    order = make(case, "order", county, body="620602")
    assert (order.body_name, order.number) == ("凉州区教育局", "凉州区教控辍〔2026〕1号")
    with refused("由乡镇人民政府（街道办事处）制作"):
        make(case, "entry_notice", county, body="620602")


def test_another_township_sees_no_case_and_no_paper():
    case = persuaded_case()
    order = make(case, "order", township())
    other = township(township="620602101")

    with pytest.raises(DropoutCase.DoesNotExist):
        make(case, "order", other, body="620602101")
    with pytest.raises(LegalPaper.DoesNotExist):
        serve(order, other)


def test_a_paper_is_served_by_the_body_that_made_it():
    case = persuaded_case()
    order = make(case, "order", township())

    with pytest.raises(LegalPaper.DoesNotExist):
        serve(order, caller(county_officer()))
    with pytest.raises(LegalPaper.DoesNotExist):
        legal.void_paper(
            **caller(school_head(case.student.school)),
            paper_id=order.pk,
            today=TODAY,
            void_reason="误",
        )


# -- words and numbers -----------------------------------------------------------------------------


def test_twenty_sendings_of_one_form_make_one_paper():
    case, asked, key = persuaded_case(), township(), uuid.uuid4()

    made = {make(case, "order", asked, key=key).pk for _ in range(20)}

    assert len(made) == LegalPaper.objects.count() == 1
    assert make(case, "labour_referral", asked).number == "黄羊镇控辍〔2026〕2号"


def test_the_words_of_a_paper_never_change_whoever_writes():
    case, asked = persuaded_case(), township()
    order = make(case, "order", asked)
    kept = order.data
    type(case.student).objects.filter(pk=case.student_id).update(full_name="另名")
    type(order.kind).objects.filter(pk="order").update(text=["另一段文字"])

    assert again(order).data == kept
    for change in (
        {"data": []},
        {"number": "黄羊镇控辍〔2026〕9号"},
        {"addressee": "别人"},
        {"issued_on": TODAY - days(1)},
    ):
        with pytest.raises(DatabaseError, match="stays as it was issued"), transaction.atomic():
            LegalPaper.objects.filter(pk=order.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        order.delete()


def test_a_void_paper_keeps_its_number_and_the_next_one_goes_on():
    case, asked = persuaded_case(), township()
    first = make(case, "order", asked)
    legal.void_paper(**asked, paper_id=first.pk, today=TODAY, void_reason="姓名有误")

    second = make(case, "order", asked)

    assert (again(first).number, second.number) == (
        "黄羊镇控辍〔2026〕1号",
        "黄羊镇控辍〔2026〕2号",
    )
    assert open_tasks(case, "legal_serve")[0].about == f"paper:{second.pk}"
    with refused("已于 2026-11-20 作废"):
        serve(first, asked)
    with pytest.raises(DatabaseError), transaction.atomic():
        LegalPaper.objects.filter(pk=first.pk).update(void_reason="另一个原因")


def test_a_paper_that_another_rests_on_is_not_made_void():
    case, asked = persuaded_case(), township()
    order = served(case, "order", asked, on=START)
    suit = make(case, "lawsuit", asked)

    with refused("请先将那一份作废"):
        legal.void_paper(**asked, paper_id=order.pk, today=TODAY, void_reason="误")
    legal.void_paper(**asked, paper_id=suit.pk, today=TODAY, void_reason="误")
    legal.void_paper(**asked, paper_id=order.pk, today=TODAY, void_reason="误")


def test_a_deadline_lies_after_the_issue_and_a_paper_within_its_case():
    case, asked = persuaded_case(), township()
    with refused("期限须在制作日期之后"):
        make(case, "order", asked, deadline_on=TODAY)
    with refused("不能早于建案日期"):
        make(case, "order", asked, on=date(2026, 9, 7))
    with refused("不能晚于今天"):
        make(case, "order", asked, on=TODAY + days(1))


def test_the_days_of_a_notice_are_the_countys_own():
    DeadlineRule.objects.create(
        county="620602", code="legal_statement", value=3, valid_from=date(2026, 1, 1)
    )
    case, asked = persuaded_case(), township()
    fine_rule()
    served(case, "order", asked, on=START)

    paper = make(case, "penalty_notice", asked, on=START + days(8), amount=Decimal(500))

    assert "之日起3个工作日内提出" in paper.data[0]["blocks"][2]["text"]
    assert (paper.deadline_days, paper.deadline_on) == (3, None)
