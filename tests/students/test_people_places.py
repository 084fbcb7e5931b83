"""Where a child comes from: villages, other counties, withdrawn places."""

from datetime import date

import pytest

from tests.factories import (
    StudentFactory,
    county_officer,
    division,
)
from tests.students.children import NEW, page, registered, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def test_u056_a_withdrawn_village_stays_on_the_old_record_with_a_note(client, officer):
    village = division("620602100201")
    type(village).objects.filter(pk=village.pk).update(
        name="红星村委会", valid_to=date(2024, 12, 31)
    )
    child = StudentFactory(hukou_division=village.pk)

    detail = client.get(page("student-detail", child)).content.decode()
    form = client.get(page("student-edit", child))
    fresh = client.get(NEW).content.decode()
    saved = client.post(
        page("student-edit", child),
        {name: value or "" for name, value in form.context["form"].initial.items()}
        | {
            "former_name": "狗蛋",
            "hukou_division_town": "620602100",
            "hukou_division_village": village.pk,
        },
    )

    child.refresh_from_db()
    assert "黄羊镇红星村委会（2024-12-31 撤销）" in detail
    assert "红星村委会（2024-12-31 撤销）</option>" in form.content.decode()
    assert "红星村" not in fresh
    assert (saved.status_code, child.former_name, child.hukou_division) == (
        302,
        "狗蛋",
        village.pk,
    )


def test_a_child_from_another_county_names_it(client, officer):
    there = division("620621")
    type(there).objects.filter(pk=there.pk).update(name="民勤县")
    child = registered(client, hukou_division_elsewhere="武威市民勤县")

    assert child.hukou_division == "620621"
    assert "甘肃省武威市民勤县" in client.get(page("student-detail", child)).content.decode()


def test_the_history_names_the_place_not_its_code(client, officer):
    division("620602101")
    child = StudentFactory()
    form = client.get(page("student-edit", child)).context["form"]
    said_before = {name: value or "" for name, value in form.initial.items()}

    client.post(page("student-edit", child), said_before | {"hukou_division_town": "620602101"})

    [deed] = client.get(page("student-detail", child)).context["entries"]
    assert deed.changes == [("户籍区划", "", "武南镇")]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"hukou_division_elsewhere": "无此县"}, "没有找到“无此县”"),
        ({"hukou_division_elsewhere": "620602"}, "就在本县，请从乡镇（街道）列表中选择"),
        (
            {"hukou_division_town": "620602101", "hukou_division_village": "620602100201"},
            "村（社区）不在所选乡镇",
        ),
        ({"hukou_division_town": "620602999"}, "没有这个选项"),
    ],
)
def test_a_place_that_cannot_be_is_told(client, officer, typed, words):
    division("620602100201")

    assert words in client.post(NEW, said(**typed)).content.decode()
