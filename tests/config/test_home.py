"""Every figure of the home page equals the list it leads to."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.scope import scope_for
from casework.models import CaseHandover
from casework.models.task import TaskKind, TaskLine
from casework.services.task import set_task
from config.todos import todos
from core.models import Job
from ledgers.models import LedgerVersion
from students.models import ImportBatch
from tests.casework.legal import caller, make, persuaded_case, served
from tests.casework.phones import Phone
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    HomeVisitFactory,
    StudentFactory,
    auditor,
    class_teacher,
    county_officer,
    school_head,
    security_admin,
    subsidy_officer,
    system_admin,
    township_officer,
)

pytestmark = pytest.mark.django_db
HOME, GAPS = reverse("home"), reverse("home-gaps")


@pytest.fixture
def county():
    """Something of everything: late, due and coming tasks, papers, a held visit, a roster."""
    StudentFactory.create_batch(3)
    StudentFactory(class_group=None)
    today = timezone.localdate()
    opened = today - timedelta(days=40)
    case = DropoutCaseFactory(opened_on=opened, last_present_on=None)
    DropoutCaseFactory(opened_on=today, last_present_on=None)
    DropoutCaseFactory(
        state="persuading", opened_on=opened, last_present_on=None, dropped_out_on=opened
    )
    now = timezone.now()
    Job.objects.create(county=COUNTY, task="t", title="t", state="failed", finished_at=now)
    ImportBatch.objects.create(
        county=COUNTY, school_year=2026, file_name="a.xlsx", sha256="0" * 64, state="checked"
    )
    _set_tasks(case, today)
    _make_papers(case, today)
    phone = Phone(class_teacher(case.student.class_group))
    HomeVisitFactory(case=case, visited_on=opened + timedelta(days=2))
    tomorrow = today + timedelta(days=1)
    assert phone.send(phone.visit(case.student, case=case, visited_on=f"{tomorrow}"))
    return case


def _set_tasks(case, today):
    set_on = today - timedelta(days=30)
    for kind, days, about in (
        (TaskKind.VERIFY, -3, ""),
        (TaskKind.SIGN, 0, "education"),
        (TaskKind.SIGN, 2, "government"),
        (TaskKind.PLAN_REVIEW, 5, ""),
        (TaskKind.OBSERVE_CHECK, 60, ""),
    ):
        line = TaskLine(about) if about else TaskLine.EDUCATION
        due_on = today + timedelta(days=days)
        set_task(case, kind=kind, line=line, about=about, on=set_on, due_on=due_on)


def _make_papers(case, today):
    asked = caller(township_officer(), on=today)
    away = persuaded_case(
        student__school=case.student.school,
        student__class_group=case.student.class_group,
        opened_on=today - timedelta(days=60),
    )
    make(away, "order", asked, on=today - timedelta(days=1), today=today)
    served(away, "urging_notice", asked, on=today - timedelta(days=30))


def figures(response):
    tasks = [figure for row in response.context["tasks"] for figure in row.figures]
    return [*response.context["counts"], *response.context["todos"], *tasks]


def leads_to_its_count(client, figure):
    answer = client.get(figure.href)
    assert (figure.href, answer.status_code) == (figure.href, 200)
    page = answer.context["page"]
    count, rows = (
        (page.paginator.count, page.object_list)
        if hasattr(page, "paginator")
        else (page.count, page.rows)
    )
    assert (figure.label, count) == (figure.label, figure.count)
    assert (figure.label, len(rows)) == (figure.label, figure.count)


PEOPLE = {
    "county": lambda case: county_officer(),
    "township": lambda case: township_officer(),
    "head": lambda case: school_head(case.student.school),
    "teacher": lambda case: class_teacher(case.student.class_group),
    "auditor": lambda case: auditor(),
    "subsidy": lambda case: subsidy_officer(),
    "sysadmin": lambda case: system_admin(),
}


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE.keys())
def test_every_count_is_that_of_the_list_behind_it(client, county, person):
    client.force_login(person(county))

    answer = client.get(HOME)

    assert any(figure.count for figure in figures(answer))
    for figure in figures(answer):
        leads_to_its_count(client, figure)
    assert answer.context["focus"]


@pytest.mark.parametrize("role", ["county", "township", "head"])
def test_the_gaps_of_responsibility_are_the_children_listed(client, county, role):
    client.force_login(PEOPLE[role](county))

    gaps = client.get(GAPS).context["todos"]

    assert [figure.label[:3] for figure in gaps] == ["教育线", "政府线"]
    for figure in gaps:
        leads_to_its_count(client, figure)


def test_the_gaps_come_as_a_piece_of_the_page(client, county):
    client.force_login(county_officer())

    page = client.get(HOME).content.decode()
    piece = client.get(GAPS, headers={"HX-Request": "true"})

    assert f'hx-get="{GAPS}"' in page
    assert "<html" not in piece.content.decode()
    assert piece["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ["head", "teacher"])
def test_on_a_school_day_classes_not_called_are_to_do(client, county, role):
    person = PEOPLE[role](county)
    client.force_login(person)
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)

    def found(day):
        every = todos(scope_for(person, on=day), person, day)
        return [figure for figure in every if figure.label == "今天未点名的班级"]

    assert found(saturday) == []
    (figure,) = found(friday)
    assert figure.count == 1
    leads_to_its_count(client, figure)


def test_the_to_dos_of_a_county_officer(client, county):
    client.force_login(county_officer())

    answer = client.get(HOME).context

    assert {figure.label: figure.count for figure in answer["todos"]} == {
        "一人一案待审批": 1,
        "待处理家访": 1,
        "依法文书待送达": 1,
        "依法文书已过期限、没有结果": 1,
        "本月未报送月报告的学校": 6,
        "名册已核对，待提交": 1,
        "近 7 天未完成的任务": 1,
        "个案 30 天以上没有家访": 3,
    }
    assert {row.name: [figure.count for figure in row.figures] for row in answer["tasks"]} == {
        "全部事项": [1, 1, 2],
        "核查疑似": [1, 0, 0],
        "销号签字": [0, 1, 1],
        "审批一人一案": [0, 0, 1],
    }


@pytest.mark.parametrize(
    ("role", "wanted"), [("head", "销号待学校签字"), ("township", "销号待乡镇签字")]
)
def test_each_line_sees_what_it_has_to_sign(client, county, role, wanted):
    client.force_login(PEOPLE[role](county))

    todos_shown = client.get(HOME).context["todos"]

    signing = [figure.label for figure in todos_shown if "签字" in figure.label]
    assert signing == [wanted]


def test_a_hand_over_waits_for_whom_it_was_offered_to(client, county):
    teacher, giver = class_teacher(county.student.class_group), county_officer()
    CaseHandover.objects.create(
        county=COUNTY,
        case=county,
        why="该生换班",
        work="已家访一次",
        to_user=teacher,
        to_words="班主任",
        offered_by=giver.pk,
        offered_by_name=giver.full_name,
        offered_at=timezone.now(),
        due_on=timezone.localdate(),
    )
    for person, expected in ((teacher, [1]), (giver, [])):
        client.force_login(person)
        asked = [f for f in figures(client.get(HOME)) if f.label == "个案移交待答复"]
        assert [figure.count for figure in asked] == expected
        for figure in asked:
            leads_to_its_count(client, figure)


def test_a_head_looks_over_the_visits_of_others(client, county):
    client.force_login(school_head(county.student.school))

    (figure,) = [f for f in figures(client.get(HOME)) if f.label == "家访待复核"]

    assert figure.count == 2
    leads_to_its_count(client, figure)


def test_a_teacher_reaches_the_phone_page_first(client, county):
    client.force_login(class_teacher(county.student.class_group))

    page = client.get(HOME).content.decode()

    assert f'class="btn btn-primary" href="{reverse("casework:phone")}"' in page
    assert page.index(f'btn-primary" href="{reverse("casework:phone")}"') < page.index("我的待办")


@pytest.mark.parametrize(
    ("role", "most"), [("county", 26), ("township", 26), ("head", 29), ("teacher", 22)]
)
def test_the_page_asks_as_many_statements_however_much_there_is(client, county, role, most):
    client.force_login(PEOPLE[role](county))
    client.get(HOME)
    before = _statements(client)
    school = county.student.school
    for group in ClassGroupFactory.create_batch(2, school=school):
        case = DropoutCaseFactory(student__class_group=group, student__school=school)
        _set_tasks(case, timezone.localdate())

    assert _statements(client) == before
    assert before <= most


def _statements(client):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(HOME).status_code == 200
    return len(seen)


def test_a_figure_nobody_may_open_is_not_shown(client, county):
    client.force_login(security_admin())

    answer = client.get(HOME)

    assert figures(answer) == []
    assert "您的岗位不办理业务数据" in answer.content.decode()


def test_the_latest_ledgers_stand_with_their_rows(client, county):
    LedgerVersion.objects.create(
        county=COUNTY,
        kind="dropout",
        unit=COUNTY,
        number=1,
        period="2026-10",
        as_of=timezone.localdate(),
        rows=0,
        born_rows=0,
        died_rows=0,
        rule="",
        digest="",
    )
    client.force_login(county_officer())

    answer = client.get(HOME).content.decode()

    assert "2026-10" in answer
    assert "零报告" in answer
