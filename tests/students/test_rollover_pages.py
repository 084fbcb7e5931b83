"""The preview, the promised schools and the gap list in the browser."""

import time
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from core.models import Job
from schools.models import Stage
from students.models import Enrolment, RollOver, RollOverRow, SchoolPromise
from students.rollover import queries, services
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    EnrolmentFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
)

pytestmark = pytest.mark.django_db
LAST_YEAR = 2025  # a year whose end has passed, so that it may be written
LIST, NEW = reverse("students:rollover-list"), reverse("students:rollover-new")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


@pytest.fixture
def primary():
    return SchoolFactory(name="黄羊镇中心小学")


@pytest.fixture
def junior():
    return SchoolFactory(name="黄羊镇初级中学", stages=[Stage.JUNIOR])


def pupils(school, grade, number):
    group = ClassGroupFactory(school=school, entry_year=None)
    return StudentFactory.create_batch(
        number,
        class_group=group,
        grade=grade,
        number="",
        enrolment__valid_from=date(LAST_YEAR, 9, 1),
    )


def previewed():
    roll_over = services.open_roll_over(county=COUNTY, from_year=LAST_YEAR, actor=None)
    return services.preview(county=COUNTY, roll_over_id=roll_over.pk)


def written():
    return services.commit(county=COUNTY, roll_over_id=previewed().pk, actor=None)


def page(name, roll_over):
    return reverse(f"students:rollover-{name}", args=[roll_over.pk])


def test_asking_for_a_preview_starts_one_job_and_shows_its_progress(client, officer):
    first = client.post(NEW, {"from_year": LAST_YEAR}, follow=True)
    client.post(NEW, {"from_year": LAST_YEAR})

    assert "正在测算，学生还没有变动" in first.content.decode()
    assert Job.objects.get().task == services.PREVIEW_TASK
    assert RollOver.objects.get().created_by_name == officer.full_name


def test_a_year_that_is_not_offered_is_refused_in_words(client, officer):
    answer = client.post(NEW, {"from_year": "1999"})

    assert "结束的学年没有这个选项" in answer.content.decode()


def test_every_count_opens_as_many_rows(client, officer, primary):
    pupils(primary, 13, 3)
    pupils(primary, 16, 2)
    pupils(primary, None, 1)
    roll_over = previewed()

    for group, count in [("advance", 3), ("primary_leaver", 2), ("not_advanced", 1)]:
        answer = client.get(page("detail", roll_over), {"group": group})
        assert answer.context["page"].count == len(answer.context["lines"]) == count
        assert dict((value, n) for value, _, n in answer.context["tabs"])[group] == count
    for step in answer.context["steps"]:
        rows = client.get(f"{page('detail', roll_over)}?{step.query}").context["lines"]
        assert len(rows) == step.count
    assert "没有年级，请在名册中补报年级" in answer.content.decode()


def test_submitting_starts_the_writing(client, officer, primary):
    pupils(primary, 13, 1)
    roll_over = previewed()

    client.post(page("commit", roll_over))
    client.post(page("commit", roll_over))

    roll_over.refresh_from_db()
    assert roll_over.state == RollOver.State.COMMITTING
    assert Job.objects.get().task == services.COMMIT_TASK


def test_taking_back_what_was_never_written_is_refused_in_words(client, officer):
    answer = client.post(page("undo", previewed()), follow=True)

    assert "没有可以撤回的内容" in answer.content.decode()


def test_leavers_are_promised_by_school_and_a_later_word_replaces_only_if_asked(
    client, officer, primary, junior
):
    pupils(primary, 16, 2)
    other = SchoolFactory(stages=[Stage.JUNIOR])
    roll_over = previewed()
    asked = {"from_school": primary.pk, "to_school": junior.pk}

    first = client.post(page("promise", roll_over), asked, follow=True)
    again = client.post(page("promise", roll_over), asked | {"to_school": other.pk}, follow=True)
    assert set(SchoolPromise.objects.values_list("school", flat=True)) == {junior.pk}
    client.post(page("promise", roll_over), asked | {"to_school": other.pk, "replace": "on"})

    assert "已为 2 名毕业生设置应升初中" in first.content.decode()
    assert "已为 0 名毕业生设置应升初中" in again.content.decode()
    assert set(SchoolPromise.objects.values_list("school", flat=True)) == {other.pk}


def test_a_primary_school_is_no_destination(client, officer, primary):
    pupils(primary, 16, 1)
    asked = {"from_school": primary.pk, "to_school": primary.pk}

    answer = client.post(page("promise", previewed()), asked, follow=True)

    assert "应升初中没有这个选项" in answer.content.decode()
    assert not SchoolPromise.objects.exists()


def enter(student, school):
    Enrolment.objects.filter(student=student).update(valid_to=date(LAST_YEAR + 1, 8, 31))
    EnrolmentFactory(
        student=student,
        school=school,
        class_group=None,
        grade=21,
        valid_from=date(LAST_YEAR + 1, 9, 1),
    )


def test_the_gap_lists_who_is_nowhere_and_who_went_elsewhere(client, officer, primary, junior):
    missing, elsewhere, arrived = pupils(primary, 16, 3)
    roll_over = written()
    SchoolPromise.objects.bulk_create(
        SchoolPromise(county=COUNTY, student=student, school_year=roll_over.to_year, school=junior)
        for student in (missing, elsewhere, arrived)
    )
    enter(elsewhere, SchoolFactory(stages=[Stage.JUNIOR]))
    enter(arrived, junior)

    for gap, student in [("nowhere", missing), ("elsewhere", elsewhere), ("arrived", arrived)]:
        answer = client.get(page("detail", roll_over), {"gap": gap})
        assert [row.student for row, _, _ in answer.context["lines"]] == [student]
        assert {str(g): n for g, n in answer.context["gaps"]}[gap] == 1


def test_the_missing_get_suspected_cases_in_one_act_and_only_once(client, officer, primary):
    missing = pupils(primary, 16, 2)
    roll_over = written()
    act = reverse("casework:cases-from-leavers", args=[roll_over.pk])

    first = client.post(act, follow=True)
    again = client.post(act, follow=True)

    assert "已建疑似个案 2 个" in first.content.decode()
    assert "2 人已有未结个案，未重复建案" in again.content.decode()
    cases = DropoutCase.objects.all()
    assert {case.student_id for case in cases} == {student.pk for student in missing}
    assert {case.source for case in cases} == {"stage_gap"}


def test_before_the_writing_nobody_is_missing(client, officer, primary):
    pupils(primary, 16, 1)
    act = reverse("casework:cases-from-leavers", args=[previewed().pk])

    answer = client.post(act, follow=True)

    assert "这次升级还没有写入" in answer.content.decode()
    assert not DropoutCase.objects.exists()


def test_the_list_names_each_year_once(client, officer, primary):
    pupils(primary, 13, 2)
    previewed()

    text = client.get(LIST).content.decode()

    assert "2025—2026学年升入2026—2027学年" in text
    assert RollOver.objects.count() == 1


def test_the_years_offered_are_the_running_one_and_the_one_before():
    assert [year for year, _ in queries.years_to_leave(on=date(2027, 7, 1))] == [2026, 2025]
    assert [year for year, _ in queries.years_to_leave(on=date(2027, 9, 1))] == [2027, 2026]


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_measures_writes_and_takes_back(client, worker, wait_for_job):
    client.force_login(county_officer())
    school = SchoolFactory()
    [student] = pupils(school, 13, 1)
    client.post(NEW, {"from_year": LAST_YEAR})
    roll_over = RollOver.objects.get()
    wait_for_job(roll_over)
    assert RollOverRow.objects.get().group == "advance"

    client.post(page("commit", roll_over))
    wait_for_job(roll_over)
    student.refresh_from_db()
    assert (roll_over.state, student.grade) == (RollOver.State.COMMITTED, 14)
    assert roll_over.committed_at <= timezone.now()

    client.post(page("undo", roll_over))
    wait_for_job(roll_over)
    student.refresh_from_db()
    assert (roll_over.state, student.grade) == (RollOver.State.UNDONE, 13)


@pytest.fixture
def wait_for_job():
    def wait(roll_over):
        end = time.monotonic() + 60
        while True:
            roll_over.refresh_from_db()
            job = Job.objects.get(pk=roll_over.job_id)
            if job.is_over:
                assert job.state == Job.State.DONE, job.error
                return
            assert time.monotonic() < end
            time.sleep(0.1)

    return wait
