"""Columns of one's own, views with a name, and what an empty list offers."""

import json
from datetime import date

import pytest
from django.urls import reverse

from core.models import AuditEntry
from students.listing import columns
from students.models import Guardian, LeftBehindFact, SavedView
from tests.factories import (
    COUNTY,
    EnrolmentFactory,
    HouseholdMemberFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    division,
    school_head,
)

pytestmark = pytest.mark.django_db
LIST = reverse("students:student-list")
COLUMNS = reverse("students:list-columns")
SAVE = reverse("students:view-save")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def titles(answer):
    return [column.title for column in answer.context["headings"]]


def save(client, query="grade=14&sort=name_desc", name="四年级", sharing="private"):
    return client.post(f"{SAVE}?{query}", {"name": name, "sharing": sharing})


def view_url(name, view):
    return reverse(f"students:{name}", args=[view.pk])


# -- columns -----------------------------------------------------------------------------------


def test_u006_chosen_columns_stay_in_their_order_and_are_one_persons(client, officer):
    StudentFactory()
    client.post(COLUMNS, {"order": ["grade", "age", "sex"], "show": ["sex", "grade"]})

    assert titles(client.get(LIST)) == ["年级", "性别"]
    client.force_login(county_officer())
    assert "出生日期" in titles(client.get(LIST))


def test_a_column_is_moved_by_a_button_before_anything_is_saved(client, officer):
    asked = {"order": ["sex", "grade", "school"], "show": ["sex", "grade"]}

    answer = client.post(COLUMNS, asked | {"up": "grade"})

    order = [choice.column.code for choice in answer.context["choices"]]
    shown = [choice.column.code for choice in answer.context["choices"] if choice.is_shown]
    assert (order[:3], shown) == (["grade", "sex", "school"], ["grade", "sex"])
    assert titles(client.get(LIST))[0] == "性别"


def test_reset_brings_the_usual_columns_back(client, officer):
    usual = titles(client.get(LIST))
    client.post(COLUMNS, {"order": ["sex"], "show": ["sex"]})

    client.post(COLUMNS, {"reset": "1"})

    assert titles(client.get(LIST)) == usual


def test_every_column_shows_without_a_statement_for_each_row(
    client, officer, django_assert_max_num_queries
):
    child = StudentFactory()
    every = [choice.column.code for choice in client.get(COLUMNS).context["choices"]]
    client.post(COLUMNS, {"order": every, "show": every})
    with django_assert_max_num_queries(60) as few:
        answer = client.get(LIST)
    StudentFactory.create_batch(20, class_group=child.class_group)

    with django_assert_max_num_queries(len(few)):
        client.get(LIST)
    assert len(titles(answer)) == len(every)


# -- widths and peek ----------------------------------------------------------------------------

WIDTHS = reverse("students:list-widths")


def set_width(client, **asked):
    return client.post(WIDTHS, {"device": "desk", "column": "school", **asked}).status_code


def kept_widths(client):
    return json.loads(client.get(LIST).context["widths"])


def test_u006_a_width_is_one_persons_and_one_kind_of_devices(client, officer):
    usual = titles(client.get(LIST))
    assert set_width(client, width=240) == 204
    assert set_width(client, width=90, column="name") == 204
    assert set_width(client, width=320, device="wide") == 204

    assert kept_widths(client) == {"desk": {"school": 240, "name": 90}, "wide": {"school": 320}}
    assert titles(client.get(LIST)) == usual
    assert set_width(client) == 204
    assert kept_widths(client)["desk"] == {"name": 90}
    client.force_login(county_officer())
    assert kept_widths(client) == {}


def test_u006_resetting_the_columns_resets_their_widths(client, officer):
    set_width(client, width=240)

    client.post(COLUMNS, {"reset": "1"})

    assert kept_widths(client) == {}


@pytest.mark.parametrize(
    "asked",
    [{"width": 5}, {"width": 99999}, {"width": "x"}, {"device": "phone"}, {"column": "nothing"}],
)
def test_a_width_that_cannot_be_is_not_kept(client, officer, asked):
    assert set_width(client, **{"width": 240, **asked}) == 422
    assert kept_widths(client) == {}


def test_u009_the_peek_shows_masks_and_only_children_in_reach(client):
    child, other = StudentFactory(), StudentFactory()
    client.force_login(school_head(child.school))
    number = child.identifiers.get().reveal()

    shown = client.post(reverse("students:student-peek", args=[child.pk])).content.decode()

    assert child.full_name in shown
    assert child.identifiers.get().mask in shown
    assert number not in shown
    assert AuditEntry.objects.get(action="look.page").target_id == child.pk
    assert client.post(reverse("students:student-peek", args=[other.pk])).status_code == 404


def test_every_column_can_be_read_and_has_a_name_of_its_own():
    assert len(columns.ALL) >= 38
    assert len({column.code for column in columns.ALL}) == len(columns.ALL)
    assert len({column.title for column in columns.ALL}) == len(columns.ALL)


def test_columns_say_what_the_record_knows(client, officer):
    child = StudentFactory(hukou_division="620602100", has_no_number=True)
    tie = StudentGuardianFactory(student=child, relation_code="52")
    Guardian.objects.filter(pk=tie.guardian_id).update(work_place="兰州")
    HouseholdMemberFactory(student=child, household__head_name="张国民", relation_to_head="孙子")
    LeftBehindFact.objects.create(
        county=COUNTY, student=child, both_parents_away=True, valid_from=date(2026, 9, 1)
    )
    EnrolmentFactory(
        student=child,
        school=SchoolFactory(name="洪祥镇麦浪小学"),
        valid_from=date(2025, 9, 1),
        valid_to=date(2026, 8, 31),
    )

    shown = client.post(reverse("students:student-peek", args=[child.pk])).context["cells"]

    said = {cell.column.title: cell.plain for cell in shown}
    expected = {
        "户籍区划": "黄羊镇",
        "户籍所在": "本县",
        "无户口或无证件": "是",
        "监护人关系": "母亲",
        "监护人务工地": "兰州",
        "户主": "张国民",
        "与户主关系": "孙子",
        "父母外出": "父母双方",
        "上一所学校": "洪祥镇麦浪小学",
        "学段": "小学",
        "入学年份": "2023",
    }
    assert expected.items() <= said.items()


# -- views -------------------------------------------------------------------------------------


def test_a_view_keeps_filters_columns_and_order(client, officer):
    for name in ("白雪", "马兰"):
        StudentFactory(full_name=name)
    client.post(COLUMNS, {"order": ["sex"], "show": ["sex"]})

    address = save(client)["Location"]
    client.post(COLUMNS, {"reset": "1"})
    answer = client.get(address)

    assert titles(answer) == ["性别"]
    assert answer.context["filters"].chosen == {"grade": "14"}
    assert [student.full_name for student, _ in answer.context["lines"]] == ["马兰", "白雪"]


def test_what_was_searched_for_is_in_no_view(client, officer):
    child = StudentFactory(full_name="张小明")
    found = client.post(reverse("students:student-search"), {"words": "张小明"})["Location"]

    save(client, found.partition("?")[2])

    view = SavedView.objects.get()
    assert (view.filters, child.full_name in str(vars(view))) == ({}, False)


def test_a_private_view_is_nobody_elses(client, officer):
    save(client)
    view = SavedView.objects.get()
    client.force_login(county_officer())

    assert "四年级</a>" not in client.get(LIST).content.decode()
    assert client.get(view_url("view-edit", view)).status_code == 404
    assert client.post(view_url("view-change", view)).status_code == 404


@pytest.mark.parametrize(("sharing", "changed"), [("shared", True), ("locked", False)])
def test_u004_a_locked_view_is_changed_by_its_owner_only(client, officer, sharing, changed):
    save(client, sharing=sharing)
    view = SavedView.objects.get()
    client.force_login(county_officer())

    answer = client.post(f"{view_url('view-change', view)}?grade=15", follow=True)

    view.refresh_from_db()
    assert (view.filters["grade"] == "15") == changed
    if not changed:
        assert "锁定，您不能改动" in answer.content.decode()
    client.force_login(officer)
    client.post(f"{view_url('view-change', view)}?grade=16")
    view.refresh_from_db()
    assert view.filters["grade"] == "16"


def test_u002_a_shared_view_stays_in_the_county_and_within_the_scope(client, officer):
    own, _other = StudentFactory(), StudentFactory()
    save(client, query="", name="全部", sharing="shared")
    view = SavedView.objects.get()

    client.force_login(school_head(own.school))
    answer = client.get(f"{LIST}?view={view.pk}")
    assert [student.pk for student, _ in answer.context["lines"]] == [own.pk]
    client.force_login(county_officer("620621"))
    assert client.get(f"{LIST}?view={view.pk}").context["view"] is None


def test_u004_removing_a_shared_view_counts_its_users_and_tells_them(client, officer):
    save(client, sharing="shared")
    view = SavedView.objects.get()
    colleague = county_officer()
    client.force_login(colleague)
    client.get(f"{LIST}?view={view.pk}")
    assert client.post(view_url("view-remove", view)).status_code == 404
    client.force_login(officer)

    warned = client.get(view_url("view-edit", view)).content.decode()
    client.post(view_url("view-remove", view))

    assert "有 1 名同事用过这个视图" in warned
    client.force_login(colleague)
    assert f"“四年级”已由{officer.full_name}删除" in client.get(LIST).content.decode()
    assert "已由" not in client.get(LIST).content.decode()
    assert AuditEntry.objects.filter(action="view.remove").count() == 1


def test_a_name_taken_is_refused_in_words(client, officer):
    save(client)

    answer = client.post(SAVE, {"name": "四年级", "sharing": "private"}, follow=True)

    assert "您已有名为“四年级”的视图" in answer.content.decode()
    assert SavedView.objects.filter(county=COUNTY).count() == 1


# -- an empty list -----------------------------------------------------------------------------


def test_u007_an_empty_list_names_the_filter_that_empties_it(client, officer):
    StudentFactory()
    division("620602104")

    answer = client.get(f"{LIST}?grade=14&town=620602104").content.decode()

    assert "去掉“乡镇：双城镇”" in answer
    assert "去掉“年级：" not in answer
    assert 'href="?grade=14"' in answer
