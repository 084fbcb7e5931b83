"""Acts on all that match: who is meant, the dry run, the job."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from casework.services.list_openings import LIST_TASK, openings_job
from core.models import AuditEntry, Job
from students.listing import bulk
from students.models import BulkAct, PersonCategory, Student
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    StudentFactory,
    class_teacher,
    county_officer,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST = reverse("students:student-list")
CATEGORIES = reverse("students:bulk-new")
OPENINGS = reverse("casework:cases-from-list")
LAST_WEEK = timezone.localdate() - timedelta(days=7)


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def all_of(client, query="", **more):
    selection = client.get(f"{LIST}?{query}").context["selection"]
    return {"selection": selection, "all": "1", **more}


def add_all(client, query=""):
    return client.post(CATEGORIES, all_of(client, query, kind="add_category"))["Location"]


def filled(client, address, **fields):
    asked = {"category": "migrant_child", "on": LAST_WEEK, "source": "教育局核查", **fields}
    return client.post(address, asked, follow=True)


def done(act, work=bulk.categories_job):
    """What a worker does with the act's job."""
    return work(Job.claim(act.job_id))


def test_u005_all_that_match_are_meant_although_a_page_holds_fifty(client, officer):
    group = ClassGroupFactory()
    StudentFactory.create_batch(120, class_group=group)
    outside = StudentFactory(class_group=None, grade=None)

    address = add_all(client, "grade=14")
    answer = filled(client, address)
    late = StudentFactory(class_group=group)
    client.post(address + "commit/")
    act = BulkAct.objects.select_related("job").get()
    done(act)

    assert answer.context["tally"].ready == 120
    assert PersonCategory.objects.filter(type="migrant_child", valid_from=LAST_WEEK).count() == 120
    assert not PersonCategory.objects.filter(student__in=[late, outside]).exists()
    assert bulk.tally(act).done == 120
    assert AuditEntry.objects.filter(action="category.add").count() == 120
    assert "年级：小学四年级" in client.get(address).content.decode()


def test_u022_the_dry_run_counts_and_names_who_cannot_be_treated(client, officer):
    free, has_it = StudentFactory(), StudentFactory(full_name="马兰")
    PersonCategory.objects.create(
        county=COUNTY, student=has_it, type_id="migrant_child", valid_from=date(2024, 9, 1)
    )

    answer = filled(client, add_all(client))
    shown = answer.content.decode()

    assert (answer.context["tally"].ready, answer.context["tally"].refused_total) == (1, 1)
    assert "该日期起已登记这一类别：1 名" in shown
    assert "马兰" in shown
    assert "为能办的 1 名办理" in shown
    assert PersonCategory.objects.filter(student=free).count() == 0


def test_u022_nothing_to_treat_keeps_the_button_shut(client, officer):
    StudentFactory()
    address = client.post(CATEGORIES, all_of(client, kind="end_category"))["Location"]

    shown = filled(client, address).content.decode()
    client.post(address + "commit/")

    assert "没有正在生效的这一类别：1 名" in shown
    assert 'class="btn btn-primary" disabled' in shown
    assert not Job.objects.exists()


def test_ending_a_category_keeps_the_row_and_sets_its_last_day(client, officer):
    child = StudentFactory()
    PersonCategory.objects.create(
        county=COUNTY, student=child, type_id="migrant_child", valid_from=date(2024, 9, 1)
    )
    address = client.post(CATEGORIES, all_of(client, kind="end_category"))["Location"]
    filled(client, address)
    client.post(address + "commit/")

    done(BulkAct.objects.get())

    assert PersonCategory.objects.get().valid_to == LAST_WEEK
    detail = client.get(reverse("students:student-detail", args=[child.pk])).content.decode()
    assert "结束类别" in detail


def test_what_changed_since_the_dry_run_is_left_out_and_counted(client, officer):
    first, second = StudentFactory.create_batch(2)
    address = add_all(client)
    filled(client, address)
    PersonCategory.objects.create(
        county=COUNTY, student=first, type_id="migrant_child", valid_from=LAST_WEEK
    )
    client.post(address + "commit/")

    result = done(act := BulkAct.objects.get())

    assert result == {"done": 1, "skipped": 1}
    assert bulk.tally(act).skipped == [("该日期起已登记这一类别", 1)]
    assert PersonCategory.objects.filter(student=second).count() == 1


def test_two_clicks_start_one_job_and_a_second_run_does_nothing(client, officer):
    StudentFactory()
    address = add_all(client)
    filled(client, address)
    client.post(address + "commit/")
    client.post(address + "commit/")

    act = BulkAct.objects.get()
    done(act)

    assert Job.objects.count() == 1
    assert Job.claim(act.job_id) is None or done(act) == {"done": 1, "skipped": 0}
    assert PersonCategory.objects.count() == 1


def test_a_started_act_takes_no_other_settings(client, officer):
    StudentFactory()
    address = add_all(client)
    filled(client, address)
    client.post(address + "commit/")

    answer = filled(client, address, category="left_behind")

    assert "已经开始办理" in answer.content.decode()
    assert BulkAct.objects.get().settings["category"] == "migrant_child"


def test_ticked_children_only_and_only_those_in_reach(client):
    own, other = StudentFactory(), StudentFactory()
    client.force_login(school_head(own.school))

    address = client.post(CATEGORIES, {"student": [own.pk, other.pk], "kind": "add_category"})

    act = BulkAct.objects.get()
    assert list(act.rows.values_list("student", flat=True)) == [own.pk]
    assert address["Location"] == reverse("students:bulk-detail", args=[act.pk])


def test_nobody_picked_says_how_to_pick(client, officer):
    answer = client.post(CATEGORIES, {"kind": "add_category"}, follow=True)

    assert "没有选中学生" in answer.content.decode()
    assert not BulkAct.objects.exists()


def test_a_selection_is_noise_to_another_person(client, officer):
    StudentFactory()
    asked = all_of(client, kind="add_category")
    client.force_login(county_officer())

    answer = client.post(CATEGORIES, asked, follow=True)

    assert "筛选条件已失效" in answer.content.decode()


def test_a_search_selects_what_it_shows(client, officer):
    sought, _ = StudentFactory(full_name="张小明"), StudentFactory(full_name="李建国")
    found = client.post(reverse("students:student-search"), {"words": "zxm"})["Location"]

    add_all(client, found.partition("?")[2])

    act = BulkAct.objects.get()
    assert list(act.rows.values_list("student", flat=True)) == [sought.pk]
    assert (act.words, "张小明" in act.words) == ("按姓名查找", False)


def test_cases_are_opened_for_all_that_match(client, officer):
    free = StudentFactory.create_batch(3)
    with_case = DropoutCaseFactory().student
    address = client.post(OPENINGS, all_of(client))["Location"]

    answer = client.post(
        address, {"opened_on": LAST_WEEK, "source": "school", "suspicion": ""}, follow=True
    )
    client.post(address + "commit/")
    act = BulkAct.objects.get()
    result = done(act, openings_job)

    assert (answer.context["tally"].ready, answer.context["tally"].refused) == (
        3,
        [("已有未结个案", 1)],
    )
    assert act.job.task == LIST_TASK
    assert result == {"done": 3, "skipped": 0}
    assert DropoutCase.objects.filter(student__in=free, opened_on=LAST_WEEK).count() == 3
    assert DropoutCase.objects.filter(student=with_case).count() == 1


def test_a_teacher_opens_cases_for_the_own_class_but_changes_no_category(client):
    child = StudentFactory()
    client.force_login(class_teacher(child.class_group))
    shown = client.get(LIST).content.decode()

    assert OPENINGS in shown
    assert CATEGORIES not in shown
    assert client.post(CATEGORIES, {"student": [child.pk]}).status_code == 403
    assert Student.objects.count() == 1


def test_a_killed_job_goes_on_behind_its_last_whole_chunk(client, officer, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK", 2)
    StudentFactory.create_batch(5, class_group=ClassGroupFactory())
    address = add_all(client)
    filled(client, address)
    client.post(address + "commit/")
    act = BulkAct.objects.get()
    chunks = []

    def breaks_down(act, scope, actor, ids):
        if chunks:
            raise RuntimeError("killed")
        chunks.append(ids)
        return bulk.change_categories(act, scope, actor, ids)

    job = Job.claim(act.job_id)
    with pytest.raises(RuntimeError):
        bulk.run(job, breaks_down)
    assert PersonCategory.objects.count() == 2
    job.put_back("killed")

    assert done(act) == {"done": 5, "skipped": 0}
    assert PersonCategory.objects.count() == 5
    assert AuditEntry.objects.filter(action="category.add").count() == 5
