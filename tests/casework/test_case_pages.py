from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from casework import services
from casework.models import DropoutCase
from casework.states import CaseState
from schools.models import DeadlineRule
from tests.casework import walks
from tests.factories import (
    DropoutCaseFactory,
    HomeVisitFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    auditor,
    class_teacher,
    county_officer,
    division,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
LIST = reverse("casework:case-list")


def page(name, *args):
    return reverse(f"casework:{name}", args=args)


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def closed(**fields):
    return DropoutCaseFactory(
        state="closed", placement="RP01", closed_on=date(2026, 10, 1), **fields
    )


def one_check_suffices():
    DeadlineRule.objects.create(
        county="620602", code="observation_checks", value=1, valid_from=date(2026, 9, 1)
    )


def counts(response):
    return {label: count for _, label, count, _ in response.context["chips"]}


def names(response):
    return [line.case.student.full_name for line in response.context["lines"]]


def test_every_count_is_that_of_the_list_behind_it(client, officer):
    far = SchoolFactory(township=division("620602104"))
    for number in range(3):
        DropoutCaseFactory(opened_on=date(2026, 9, 8 + number))
    DropoutCaseFactory(state="confirmed", student__class_group__school=far)
    closed()

    for filters in ("", f"school={far.pk}&", "town=620602104&", "source=school&", "overdue=7&"):
        for query, _, count, _ in client.get(f"{LIST}?{filters}").context["chips"]:
            found = client.get(f"{LIST}?{query}")
            assert found.context["page"].count == len(found.context["lines"]) == count
    assert counts(client.get(LIST)) | {"全部": 5, "未结": 4, "疑似": 3} == counts(client.get(LIST))
    assert counts(client.get(f"{LIST}?school={far.pk}"))["全部"] == 1


def test_the_filter_of_the_unvisited_asks_about_open_cases_only(client, officer):
    today = timezone.localdate()
    long_ago = today - timedelta(days=40)
    quiet = DropoutCaseFactory(state="confirmed", opened_on=long_ago)
    visited = DropoutCaseFactory(state="confirmed", opened_on=long_ago)
    HomeVisitFactory(case=visited, visited_on=today - timedelta(days=10))
    DropoutCaseFactory(opened_on=today)
    closed(opened_on=long_ago - timedelta(days=100))

    assert names(client.get(f"{LIST}?overdue=30")) == [quiet.student.full_name]
    assert len(names(client.get(f"{LIST}?overdue=7"))) == 2


def test_pages_of_fifty_show_every_case_once_newest_first(client, officer):
    group = DropoutCaseFactory(opened_on=date(2026, 9, 1)).student.class_group
    for number in range(54):
        day = date(2026, 9, 2) + timedelta(days=number % 7)
        DropoutCaseFactory(opened_on=day, student__class_group=group)

    first = client.get(LIST)
    second = client.get(f"{LIST}?{first.context['page'].next_query}")
    seen = [line.case for response in (first, second) for line in response.context["lines"]]

    assert [case.pk for case in seen] == list(
        DropoutCase.objects.order_by("-opened_on", "-pk").values_list("pk", flat=True)
    )
    assert second.context["page"].next_query is None


def test_a_list_asks_as_many_questions_for_fifty_cases_as_for_one(
    client, officer, django_assert_max_num_queries
):
    group = DropoutCaseFactory().student.class_group
    for _ in range(12):
        DropoutCaseFactory(student__class_group=group)
    client.get(LIST)

    with django_assert_max_num_queries(20):
        client.get(LIST)


def test_a_teacher_sees_the_cases_of_the_class_and_no_other(client):
    own, other = DropoutCaseFactory(), DropoutCaseFactory()
    client.force_login(class_teacher(own.student.class_group))

    assert names(client.get(LIST)) == [own.student.full_name]
    assert client.get(page("case-detail", own.pk)).status_code == 200
    for case_id in (other.pk, 0):
        assert client.get(page("case-detail", case_id)).status_code == 404
        assert client.post(page("visit-new", case_id)).status_code == 404
    assert client.get(page("student-cases", other.student_id)).status_code == 404
    assert client.get(page("case-open", other.student_id)).status_code == 404


@pytest.mark.parametrize("door", ["verify", "close", "lapse", "return"])
def test_a_teacher_is_refused_what_the_county_does(client, door):
    case = DropoutCaseFactory()
    client.force_login(class_teacher(case.student.class_group))

    assert client.get(page(f"case-{door}", case.pk)).status_code == 403


@pytest.mark.parametrize(
    "user, state, buttons",
    [
        (county_officer, "suspected", ["核查", "家访"]),
        (
            county_officer,
            "persuading",
            ["登记复学", "家访", "转入依法控辍", "另行安置", "提请核减"],
        ),
        (
            school_head,
            "confirmed",
            ["开始劝返", "核查", "家访", "登记复学", "另行安置", "提请核减"],
        ),
        (school_head, "returned", ["开始跟踪", "家访", "登记安置方式", "另行安置"]),
        (class_teacher, "observing", ["家访"]),
        (auditor, "confirmed", []),
    ],
)
def test_the_case_offers_only_what_may_be_done_next(client, user, state, buttons):
    case = DropoutCaseFactory(state=state)
    places = {school_head: [case.student.school], class_teacher: [case.student.class_group]}
    client.force_login(user(*places.get(user, [])))

    response = client.get(page("case-detail", case.pk))

    offered = [(step, href) for step, href in response.context["steps"] if step.may]
    assert [step.action.label for step, _ in offered][: len(buttons)] == buttons
    assert bool(offered) == bool(buttons)
    for _, href in offered:
        assert client.get(href).status_code == 200


def test_the_case_shows_its_whole_way_and_what_the_end_still_lacks(client, officer):
    case, asked = DropoutCaseFactory(), walks.officer()
    walks.confirm(case, asked)
    walks.bring_back(case, asked)
    walks.observe(case, asked, times=2)

    response = client.get(page("case-detail", case.pk))

    path = response.context["path"]
    assert [(stage.state, stage.place) for stage in path.stages] == [
        ("confirmed", "done"),
        ("returned", "done"),
        ("observing", "here"),
        ("closed", "ahead"),
    ]
    close = next(step for step in path.steps if step.action == "close")
    assert not close.may
    assert close.who == "县教育局业务员"
    assert "还差 1 次" in close.lacking[0]
    assert close.lacking[1:] == ("教育线还没有签字", "政府线还没有签字")
    text = response.content.decode()
    assert "还差 1 次" in text
    assert "就读学校负责人（教育线）、所在乡镇干部（政府线），由两人分别签字" in text


def test_the_case_page_asks_a_bounded_number_of_questions(
    client, officer, django_assert_max_num_queries
):
    case, asked = DropoutCaseFactory(), walks.officer()
    walks.to_the_end(case, asked)
    client.get(page("case-detail", case.pk))

    with django_assert_max_num_queries(60):
        client.get(page("case-detail", case.pk))


def test_f09_of_two_who_decide_at_once_one_wins_and_the_other_is_told(client, officer):
    """The second one's page was made before the first one's deed."""
    case = DropoutCaseFactory()
    asked = {"result": "C01", "verified_on": "2026-09-10", "verified_by": "李老师"}
    asked |= {"main_cause": "R02", "dropped_out_on": "2026-09-01"}
    seen = client.get(page("case-verify", case.pk)).context["form"].initial["seen"]
    other = walks.officer()
    walks.deed(
        services.verify_case,
        case,
        other,
        verified_on=date(2026, 9, 9),
        result="U01",
        verified_by="别人",
    )
    events = case.events.count()

    late = client.post(page("case-verify", case.pk), {**asked, "seen": seen})

    text = late.content.decode()
    assert late.status_code == 409
    assert other["actor"].full_name in text
    assert "办理“核查”，个案现为“疑似”" in text
    assert 'value="李老师"' in text
    assert case.events.count() == events
    told = late.context["form"]["seen"].value()
    again = client.post(page("case-verify", case.pk), {**asked, "seen": told})
    assert again.status_code == 302


def test_a_code_tells_what_is_to_be_shown_for_it(client, officer):
    case = DropoutCaseFactory()

    text = client.get(page("case-verify", case.pk)).content.decode()
    refused = client.post(
        page("case-verify", case.pk),
        {"result": "X19", "verified_on": "2026-09-10", "verified_by": "李老师"},
    )

    assert 'data-code="X03"' in text
    assert "盖章的在读证明、学籍截图、班主任联系方式" in text
    assert "须写明佐证材料：公安机关户口迁移记录" in refused.content.decode()


def test_the_case_shows_masked_numbers_only(client, officer):
    case = DropoutCaseFactory()
    StudentGuardianFactory(student=case.student, guardian__phone="19912345678")
    number = case.student.identifiers.get()

    text = client.get(page("case-detail", case.pk)).content.decode()

    assert number.mask in text
    assert "199****5678" in text
    assert number.reveal() not in text
    assert "19912345678" not in text


def test_from_the_student_to_the_closed_case_by_the_pages_alone(client, officer):
    student = StudentFactory()
    today = timezone.localdate()

    def send(href, **fields):
        response = client.post(href, fields, follow=True)
        assert response.redirect_chain, response.context["form"].errors
        return response

    send(page("case-open", student.pk), opened_on=today, source="absence")
    case = DropoutCase.objects.get()
    send(
        page("case-verify", case.pk),
        result="C01",
        verified_on=today,
        verified_by="李老师",
        main_cause="R02",
        causes=["R06"],
        dropped_out_on=today,
    )
    send(page("case-persuade", case.pk), on=today)
    send(page("case-escalate", case.pk), on=today)
    send(page("case-return", case.pk), returned_on=today, placement="RP01")
    send(page("case-observe", case.pk), on=today, placement="RP02")
    one_check_suffices()
    visit = {"kind": "observation", "outcome": "back", "visitors": "李老师"}
    send(page("visit-new", case.pk), client_uuid=uuid4(), visited_on=today, **visit)
    for user in (school_head(student.school), township_officer(student.township)):
        client.force_login(user)
        form = client.get(page("case-sign", case.pk)).context["form"]
        given = {name: form[name].value() for name in ("digest", "line")}
        send(page("case-sign", case.pk), agreed="on", **given)
    client.force_login(officer)
    last = send(page("case-close", case.pk), closed_on=today)

    case.refresh_from_db()
    assert (case.state, case.placement) == (CaseState.CLOSED, "RP02")
    assert "“销号”已办理，个案现为“已销号”。" in last.content.decode()
    history = last.content.decode()
    assert "疑似 → 确认辍学" in history
    assert "跟踪中 → 已销号" in history


def test_a_relapse_leads_to_the_new_case_and_back(client, officer):
    case = DropoutCaseFactory(state="returned", returned_on=date(2026, 9, 20), placement="RP01")

    response = client.post(page("case-relapse", case.pk), {"on": "2026-10-09"}, follow=True)

    new = DropoutCase.objects.get(previous_case=case)
    assert response.redirect_chain[-1][0] == page("case-detail", new.pk)
    assert page("case-detail", case.pk) in response.content.decode()
    assert page("case-detail", new.pk) in client.get(page("case-detail", case.pk)).content.decode()


def test_a_refused_deed_keeps_the_answers_and_says_why(client, officer):
    case = DropoutCaseFactory()

    response = client.post(
        page("case-verify", case.pk),
        {"result": "X03", "verified_on": "2026-09-10", "verified_by": "李老师"},
    )

    text = response.content.decode()
    assert "须写明佐证材料" in text
    assert 'value="李老师"' in text
    case.refresh_from_db()
    assert case.state == CaseState.SUSPECTED


def test_a_deed_out_of_turn_leads_back_with_the_remedy(client, officer):
    case = DropoutCaseFactory()

    response = client.get(page("case-close", case.pk), follow=True)

    assert response.redirect_chain == [(page("case-detail", case.pk), 302)]
    assert "请先登记核查结果" in response.content.decode()


def test_a_second_case_is_refused_with_the_way_to_the_first(client, officer):
    case = DropoutCaseFactory()

    response = client.post(
        page("case-open", case.student_id), {"opened_on": "2026-09-20", "source": "school"}
    )

    assert "已有未结个案" in response.content.decode()
    assert page("case-detail", case.pk) in response.content.decode()


def test_the_fragment_of_the_student_page_is_a_page_without_htmx(client, officer):
    case = DropoutCaseFactory()
    href = page("student-cases", case.student_id)

    whole, part = client.get(href), client.get(href, headers={"HX-Request": "true"})

    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert page("case-detail", case.pk) in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_the_fragment_tells_the_child_s_latest_visits_of_every_case(client, officer):
    case = DropoutCaseFactory()
    for day in range(1, 13):
        HomeVisitFactory(case=case, visited_on=date(2026, 9, day), findings=f"第{day}天的情况")
    HomeVisitFactory(findings="别人家的情况")

    part = client.get(page("student-cases", case.student_id)).content.decode()

    told = [day for day in range(1, 13) if f">第{day}天的情况<" in part]
    assert told == list(range(3, 13))
    assert part.index("第12天的情况") < part.index("第3天的情况")
    assert "别人家的情况" not in part


def test_no_page_names_a_case_without_permission(client):
    case = DropoutCaseFactory()

    assert client.get(LIST).status_code == 302
    assert client.get(page("case-detail", case.pk)).status_code == 302
