"""The list of pairs and the page of one: filters, masks, joining, parting, saying no."""

import re
from datetime import date

import pytest
from django.core.management import call_command
from django.urls import reverse

from students.models import DuplicatePair, ImportBatch, Student
from tests.factories import (
    DropoutCaseFactory,
    GuardianFactory,
    HomeVisitFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    school_head,
)
from tests.students.test_duplicates_merge import pair_of, two_records

pytestmark = pytest.mark.django_db
LIST = reverse("students:duplicate-list")
FULL_NUMBER = re.compile(r"\d{17}[\dX]")


@pytest.fixture(autouse=True)
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


@pytest.fixture
def pair():
    one, other = two_records(residence_address="黄羊镇二坝村")
    Student.objects.filter(pk=one.pk).update(residence_address="黄羊镇一坝村")
    StudentGuardianFactory(student=other, guardian=GuardianFactory(full_name="张大民"))
    return pair_of(one, other)


def page(verb, pair):
    return reverse(f"students:duplicate-{verb}", args=[pair.pk])


def listed(client, query=""):
    return [pair.pk for pair, _ in client.get(f"{LIST}?{query}").context["lines"]]


def test_the_list_shows_what_waits_the_likeliest_first(client):
    pairs = [pair_of(*StudentFactory.create_batch(2)) for _ in range(4)]
    weak, strong, twins, said_no = pairs
    DuplicatePair.objects.filter(pk=strong.pk).update(score=95, reasons=["same_sound"])
    DuplicatePair.objects.filter(pk=twins.pk).update(looks_like_twins=True)
    client.post(page("reject", said_no))

    assert listed(client) == [strong.pk, weak.pk]
    assert listed(client, "state=twins") == [twins.pk]
    assert listed(client, "state=rejected") == [said_no.pk]
    assert listed(client, "reason=same_sound") == [strong.pk]
    assert listed(client, "reason=swapped_name") == []


def test_a_school_head_is_told_who_does_it(client):
    pair_of(*StudentFactory.create_batch(2))
    client.force_login(school_head(StudentFactory().school))

    answer = client.get(LIST)

    assert list(answer.context["lines"]) == []
    assert "由县教育局统一核对合并" in answer.content.decode()
    assert client.post(reverse("students:duplicate-find"))["Location"] == LIST


def test_the_two_stand_side_by_side_with_masked_numbers(client, pair):
    html = client.get(page("detail", pair)).content.decode()

    assert "629***********" in html
    assert not FULL_NUMBER.search(html)
    lines = {line.label: line for line in client.get(page("detail", pair)).context["lines"]}
    assert lines["姓名"].is_choice
    assert not lines["出生日期"].differs
    # Only one side says something: nothing to choose.
    assert lines["监护人"].is_one_sided
    assert lines["身份证件号"].is_one_sided
    assert not lines["身份证件号"].is_choice


def test_merge_with_a_choice_for_each_field_then_undo(client, pair):
    HomeVisitFactory(case=DropoutCaseFactory(student=pair.second))
    chosen = {"keep": "first", "field-full_name": "second", "field-residence_address": "first"}

    answer = client.post(page("merge", pair), {**chosen, "note": "户口簿为同一人"}, follow=True)

    kept = Student.objects.get(pk=pair.first_id)
    assert (kept.full_name, kept.residence_address) == ("张晓明", "黄羊镇一坝村")
    html = answer.content.decode()
    for words in (
        "已合并为一份记录",
        "户口簿为同一人",
        "控辍保学个案 1 条",
        "家访 1 条",
        "撤销合并",
    ):
        assert words in html
    # What stood in both before is still to be seen.
    assert "黄羊镇二坝村" in html

    answer = client.post(page("undo", pair), follow=True)
    assert "已撤销合并" in answer.content.decode()
    assert Student.objects.get(pk=pair.first_id).full_name == "张小明"


def test_the_other_record_may_stay(client, pair):
    client.post(page("merge", pair), {"keep": "second", "field-full_name": "second"})

    assert Student.objects.get(pk=pair.first_id).merged_into_id == pair.second_id
    assert Student.objects.get(pk=pair.second_id).full_name == "张晓明"


@pytest.mark.parametrize("keep", ["", "third"])
def test_without_a_record_to_keep_nothing_is_merged(client, pair, keep):
    answer = client.post(page("merge", pair), {"keep": keep})

    assert answer.status_code == 422
    assert "请选定两份记录中保留哪一份" in answer.content.decode()


def test_a_refusal_says_what_to_do_first(client, pair):
    for student in (pair.first, pair.second):
        DropoutCaseFactory(student=student)

    answer = client.post(page("merge", pair), {"keep": "first"})

    assert answer.status_code == 422
    assert "请先办结其中一个" in answer.content.decode()


def test_what_was_touched_since_is_listed(client, pair):
    client.post(page("merge", pair), {"keep": "first"})
    Student.objects.filter(pk=pair.first_id).update(former_name="张三")

    answer = client.post(page("undo", pair))

    assert answer.status_code == 422
    assert "学生资料：合并后有修改" in answer.content.decode()


def test_a_pair_whose_record_went_elsewhere_leaves_the_list(client, pair):
    third = StudentFactory(class_group=None)
    other = pair_of(pair.second, third)
    client.post(page("merge", pair), {"keep": "first"})

    assert listed(client) == []
    assert "不必再核对" in client.get(page("detail", other)).content.decode()
    answer = client.post(page("merge", other), {"keep": "first"})
    assert "已并入别的记录" in answer.content.decode()


def test_a_merged_pair_cannot_be_rejected(client, pair):
    client.post(page("merge", pair), {"keep": "first"})

    assert client.post(page("reject", pair)).status_code == 422
    pair.refresh_from_db()
    assert pair.state == DuplicatePair.State.MERGED


def test_the_page_of_a_roster_leads_to_the_pairs_it_opened(client, tmp_path):
    born = date(2016, 3, 7)
    StudentFactory(full_name="张小明", birth_date=born, number=id_number(born=born))
    pair_of(*StudentFactory.create_batch(2))
    path = tmp_path / "roster.csv"
    number = id_number(born=born, number=2)
    path.write_text(f"姓名,身份证号,性别,出生日期\n张小明,{number},男,2016-03-07", "utf-8")
    call_command("import_roster", str(path), "--school-year", "2026")
    batch = ImportBatch.objects.get()

    html = client.get(reverse("students:import-detail", args=[batch.pk])).content.decode()

    assert "有 1 对疑似与库中学生重复" in html
    assert f"{LIST}?batch={batch.pk}" in html
    assert listed(client, f"batch={batch.pk}") == [DuplicatePair.objects.get(batch=batch).pk]
