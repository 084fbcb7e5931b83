"""一人一案: versions that stay, two people for one approval, measures that become tasks."""

import io
import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone
from docx import Document

from casework.models import CasePlan, CaseTask, PlanMeasure
from casework.models.task import TaskKind
from casework.services import plan as services
from casework.services.plan import Measure, PlanMoved
from casework.states import TransitionRefused
from core.models import AuditEntry, Notice
from tests.casework.walks import who
from tests.factories import (
    DropoutCaseFactory,
    class_teacher,
    county_officer,
    school_head,
    township_officer,
)

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 10)
VISIT = Measure("每周家访一次", "班主任 王丽", DUE)
LESSONS = Measure("补数学", "数学教师", DUE + timedelta(days=5))


@pytest.fixture
def case():
    return DropoutCaseFactory()


@pytest.fixture
def teacher(case):
    return class_teacher(case.student.class_group, full_name="王丽")


@pytest.fixture
def head(case):
    return school_head(case.student.school, full_name="单文海")


def write(case, user, *, base=0, measures=(VISIT, LESSONS), **words):
    facts = {"cause": "父母外出，无人照看", "goal": "本月返校", **words}
    asked = who(user, on=timezone.localdate())
    return services.write_plan(**asked, case_id=case.pk, base=base, measures=measures, **facts)


def submit(case, user, number=1):
    asked = who(user, on=timezone.localdate())
    return services.submit_plan(**asked, case_id=case.pk, number=number, now=timezone.now())


def decide(case, user, number=1, *, is_approved=True, remark=""):
    asked = who(user, on=timezone.localdate()) | {"is_approved": is_approved, "remark": remark}
    return services.decide_plan(case_id=case.pk, number=number, now=timezone.now(), **asked)


def approved(case, author, approver, **words):
    write(case, author, **words)
    submit(case, author)
    return decide(case, approver)


def again(plan, **changed):
    """The measures of a version as its form would send them back."""
    return [
        Measure(m.what, m.who, changed.get(m.what, m.due_on), m.key)
        for m in plan.measures.order_by("position")
    ]


def open_measures(case):
    rows = case.tasks.still_open().filter(kind=TaskKind.PLAN_MEASURE).order_by("due_on")
    return [(task.words, task.due_on) for task in rows]


def test_a_new_version_leaves_the_former_one_as_it_was(case, teacher):
    first = write(case, teacher)
    second = write(case, teacher, base=1, goal="下周返校", measures=again(first)[:1])

    assert (second.number, case.plans.newest()) == (2, second)
    first.refresh_from_db()
    assert first.goal == "本月返校"
    assert [m.what for m in first.told()] == ["每周家访一次", "补数学"]
    assert second.measures.get().key == first.told()[0].key
    assert AuditEntry.objects.filter(action="plan.write").count() == 2


def test_saved_again_without_a_change_it_is_no_new_version(case, teacher):
    first = write(case, teacher)

    assert write(case, teacher, base=1, measures=again(first)) == first
    assert case.plans.count() == 1


def test_who_wrote_on_an_older_version_is_shown_the_newer_one(case, teacher, head):
    write(case, teacher)
    newer = write(case, head, base=1, goal="下周返校")

    with pytest.raises(PlanMoved, match="单文海已于 .*现为第 2 版（未提交）") as moved:
        write(case, teacher, base=1, goal="三天内返校")
    assert moved.value.newest == newer
    assert case.plans.count() == 2


def test_no_word_of_a_version_can_be_changed_or_taken_away(case, teacher):
    plan = write(case, teacher)

    for change in (
        lambda: CasePlan.objects.filter(pk=plan.pk).update(goal="另一个"),
        lambda: CasePlan.objects.filter(pk=plan.pk).delete(),
        lambda: PlanMeasure.objects.filter(plan=plan).update(what="另一项"),
    ):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            change()


def test_a_plan_handed_in_has_a_task_and_goes_to_somebody_else(case, teacher, head):
    write(case, head)
    submit(case, head)
    submit(case, head)  # twice is once

    task = case.tasks.get(kind=TaskKind.PLAN_REVIEW)
    assert task.words == "审批一人一案（第 1 版）"
    assert task.due_on > timezone.localdate()
    with pytest.raises(TransitionRefused, match="方案是您制定的，须由另一人审批"):
        decide(case, head)
    plan = decide(case, county_officer(full_name="赵敏"), remark="同意")

    task.refresh_from_db()
    assert (plan.state, plan.decided_by_name, task.done_on) == (
        "approved",
        "赵敏",
        timezone.localdate(),
    )
    notice = Notice.objects.get(person_id=head.pk, event=f"plan-{plan.pk}-decided")
    assert notice.words == f"您制定的一人一案（个案 {case.pk} 第 1 版）已批准：同意"


def test_the_database_itself_lets_nobody_approve_an_own_plan(case, teacher):
    plan = write(case, teacher)

    with pytest.raises(IntegrityError, match="plan_approver_is_not_the_author"):
        CasePlan.objects.filter(pk=plan.pk).update(
            state="approved",
            submitted_at=timezone.now(),
            decided_at=timezone.now(),
            decided_by=teacher.pk,
        )


def test_sent_back_it_says_why_and_the_next_version_is_handed_in_anew(case, teacher, head):
    write(case, teacher)
    submit(case, teacher)

    with pytest.raises(TransitionRefused, match="退回须写明意见"):
        decide(case, head, is_approved=False)
    assert decide(case, head, is_approved=False, remark="写明村干部的分工").state == "returned"
    with pytest.raises(TransitionRefused, match="请先修改方案"):
        submit(case, teacher)
    write(case, teacher, base=1, goal="下周返校")
    assert submit(case, teacher, number=2).state == "submitted"


def test_a_version_that_was_edited_since_cannot_be_decided(case, teacher, head):
    write(case, teacher)
    submit(case, teacher)
    write(case, teacher, base=1, goal="下周返校")

    assert not case.tasks.still_open().filter(kind=TaskKind.PLAN_REVIEW).exists()
    with pytest.raises(PlanMoved):
        decide(case, head, number=1)


def test_measures_become_tasks_on_approval_only_and_follow_the_newest_approved_version(
    case, teacher, head
):
    plan = write(case, teacher)
    assert open_measures(case) == []
    submit(case, teacher)
    decide(case, head)
    assert open_measures(case) == [
        ("每周家访一次（班主任 王丽）", DUE),
        ("补数学（数学教师）", LESSONS.due_on),
    ]

    later = DUE + timedelta(days=30)
    write(case, teacher, base=1, measures=again(plan, 每周家访一次=later)[:1])
    assert len(open_measures(case)) == 2  # the former one is in force until the next is approved
    submit(case, teacher, number=2)
    decide(case, head, number=2)

    assert open_measures(case) == [("每周家访一次（班主任 王丽）", later)]


def test_a_result_ends_the_task_and_stands_in_every_version(case, teacher, head):
    plan = approved(case, teacher, head)
    key = plan.told()[0].key
    today = timezone.localdate()
    asked = {**who(teacher, on=today), "case_id": case.pk, "measure_key": key, "today": today}

    services.record_result(**asked, done_on=today, result="已走访两次")

    assert CaseTask.objects.get(about=str(key)).done_on == today
    with pytest.raises(TransitionRefused, match="王丽已登记这项措施"):
        services.record_result(**asked, done_on=today, result="又一次")
    newer = write(case, teacher, base=1, goal="下周返校", measures=again(plan))
    assert newer.told()[0].result.result == "已走访两次"
    submit(case, teacher, number=2)
    decide(case, head, number=2)
    assert len(open_measures(case)) == 1  # done once, it is not asked for again


def test_a_plan_without_measures_or_of_an_ended_case_is_refused(case, teacher):
    with pytest.raises(TransitionRefused, match="至少要有一项措施"):
        write(case, teacher, measures=())
    ended = DropoutCaseFactory(
        state="excluded", verification_result="X01", closed_on=date(2026, 9, 20)
    )
    with pytest.raises(TransitionRefused, match="方案留存备查"):
        write(ended, county_officer())


# -- pages ---------------------------------------------------------------------------------------


def href(name, case, *more):
    return reverse(f"casework:{name}", args=[case.pk, *more])


def posted(base=0, rows=(VISIT,), **words):
    data = {"base": base, "cause": "父母外出", "goal": "本月返校", **words}
    data |= {"form-TOTAL_FORMS": len(rows) + 2, "form-INITIAL_FORMS": 0}
    for place, row in enumerate(rows):
        data[f"form-{place}-what"] = row.what
        data[f"form-{place}-who"] = row.who
        data[f"form-{place}-due_on"] = f"{row.due_on:%Y-%m-%d}"
    return data


def test_written_on_the_page_handed_in_and_approved_by_the_head(client, case, teacher, head):
    client.force_login(teacher)
    assert client.post(href("plan-edit", case), posted()).status_code == 302
    page = client.get(href("plan-detail", case)).content.decode()
    assert "提交审批" in page
    assert "每周家访一次" in page
    client.post(href("plan-submit", case), {"number": 1})
    assert client.get(href("plan-decide", case)).status_code == 403

    client.force_login(head)
    assert "每周家访一次" in client.get(href("plan-decide", case)).content.decode()
    missing = client.post(href("plan-decide", case), {"number": 1, "verdict": "return"})
    assert "退回须写明意见" in missing.content.decode()
    client.post(href("plan-decide", case), {"number": 1, "verdict": "approve", "remark": "同意"})

    sheet = client.get(reverse("casework:case-detail", args=[case.pk])).content.decode()
    assert "现行第 1 版：本月返校" in sheet
    assert "落实一人一案措施" not in sheet  # the task is called by the measure itself
    assert "每周家访一次（班主任 王丽）" in sheet


def test_two_who_edit_at_once_see_both_plans_and_lose_nothing(client, case, teacher, head):
    write(case, head, goal="下周返校", measures=[LESSONS])
    client.force_login(teacher)

    answer = client.post(href("plan-edit", case), posted(base=0, goal="三天内返校"))

    page = answer.content.decode()
    assert answer.status_code == 409
    for words in ("下周返校", "补数学", "三天内返校", "每周家访一次", "单文海已于"):
        assert words in page
    assert 'name="base" value="1"' in page
    assert client.post(href("plan-edit", case), posted(base=1)).status_code == 302
    assert case.plans.newest().number == 2


def test_a_row_that_is_half_filled_names_what_is_missing(client, case, teacher):
    client.force_login(teacher)
    data = posted() | {"form-0-due_on": ""}

    answer = client.post(href("plan-edit", case), data)

    assert "请填写哪天前完成" in answer.content.decode()
    assert "每周家访一次" in answer.content.decode()
    empty = client.post(href("plan-edit", case), posted(rows=())).content.decode()
    assert "至少要有一项措施" in empty


def test_former_versions_stay_readable_and_say_so(client, case, teacher):
    write(case, teacher)
    write(case, teacher, base=1, goal="下周返校")
    client.force_login(teacher)

    former = client.get(href("plan-detail", case), {"version": 1}).content.decode()

    assert "这是以前的第 1 版" in former
    assert "本月返校" in former
    assert client.get(href("plan-detail", case), {"version": 9}).status_code == 404


def test_a_result_is_written_on_the_page(client, case, teacher, head):
    key = approved(case, teacher, head).told()[0].key
    client.force_login(teacher)
    page = client.get(href("plan-detail", case)).content.decode()
    assert href("plan-measure", case, key) in page

    done = {"done_on": f"{timezone.localdate():%Y-%m-%d}", "result": "已走访两次"}
    client.post(href("plan-measure", case, key), done)

    assert "已走访两次" in client.get(href("plan-detail", case)).content.decode()


def test_the_paper_holds_the_plan_its_measures_and_the_approval(client, case, teacher, head):
    approved(case, teacher, head)
    client.force_login(township_officer())

    word = client.get(href("plan-docx", case, 1))
    book = Document(io.BytesIO(word.content))
    words = [row.text for row in book.paragraphs]
    cells = [cell.text for grid in book.tables for row in grid.rows for cell in row.cells]

    assert "父母外出，无人照看" in words
    assert {"每周家访一次", "2026-12-10", case.student.full_name} <= set(cells)
    assert any(line.startswith("已批准：单文海") for line in words)
    pdf = client.get(href("plan-pdf", case, 1))
    assert pdf.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(action="plan.print").count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_first_versions_at_once_one_is_told_of_the_other():
    case = DropoutCaseFactory()
    users = [county_officer(), county_officer()]
    outcomes = []

    def attempt(user):
        from django.db import connection

        from core import tenancy

        try:
            with tenancy.inside(case.county):
                write(case, user, goal=user.username)
            outcomes.append("written")
        except PlanMoved:
            outcomes.append("moved")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["moved", "written"]
