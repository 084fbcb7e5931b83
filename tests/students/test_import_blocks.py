"""A block of cells corrected in one act: what is kept, what is named, taken back and made again."""

import pytest
from django.urls import reverse

from core.models import AuditEntry, Job
from students.models import RosterCorrection, RosterRow, Student
from students.rosters import blocks, services
from students.rosters.corrections import token
from tests.factories import COUNTY, SchoolFactory, county_officer
from tests.rosters import hand_in, line, number

pytestmark = pytest.mark.django_db
NUMBER, BORN, GRADE = 1, 3, 5
JSON = {"Accept": "application/json"}


@pytest.fixture
def officer(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    SchoolFactory(name="青林中心小学")
    user = county_officer(full_name="王建国")
    client.force_login(user)
    return user


@pytest.fixture
def batch(officer):
    return hand_in(officer, *(line(n, grade="初四") for n in range(3)))


def cell(row, column, text, *, seen):
    return {"row": f"0-{row}", "column": column, "text": text, "seen": token(seen)}


def send(client, batch, *cells):
    address = reverse("students:import-cells", args=[batch.pk])
    return client.post(address, list(cells), content_type="application/json")


def shown(answer):
    return {(cell["row"], cell["column"]): cell.get("shown") for cell in answer.json()["cells"]}


def grades(batch):
    services.check(county=COUNTY, batch_id=batch.pk)
    return list(RosterRow.objects.order_by("row_no").values_list("grade", flat=True))


def test_u018_a_block_of_several_columns_is_one_act_and_one_check(client, officer, batch):
    answer = send(
        client,
        batch,
        cell(2, GRADE, "三年级", seen="初四"),
        cell(3, GRADE, "四年级", seen="初四"),
        cell(3, BORN, "2016-03-07", seen=""),
    )

    assert answer.status_code == 200
    act = RosterCorrection.objects.get()
    assert (act.cells, act.label, act.field) == (3, "年级、出生日期", "")
    assert Job.objects.count() == 1
    assert AuditEntry.objects.get(action="roster.correct").after == {
        "column": "年级、出生日期",
        "cells": 3,
    }
    assert not Student.objects.exists()
    assert grades(batch) == [13, 14, None]


def test_u017_of_a_block_the_cell_that_cannot_stand_is_named_and_the_rest_is_kept(
    client, officer, batch
):
    answer = send(
        client,
        batch,
        cell(2, NUMBER, "1.10101E+17", seen=number(0)),
        cell(2, GRADE, "三年级", seen="初四"),
    )

    told = {each["column"]: each for each in answer.json()["cells"]}
    assert answer.status_code == 422
    assert told[NUMBER]["status"] == 422
    assert "请把该列设为文本后重新复制" in told[NUMBER]["message"]
    assert (told[GRADE]["status"], told[GRADE]["shown"]) == (200, "三年级")
    assert RosterCorrection.objects.get().cells == 1


def test_u019_of_a_block_the_cell_somebody_else_set_is_named_with_what_stands_there(
    client, officer, batch
):
    send(client, batch, cell(2, GRADE, "四年级", seen="初四"))

    answer = send(
        client,
        batch,
        cell(2, GRADE, "五年级", seen="初四"),
        cell(3, GRADE, "五年级", seen="初四"),
    )

    told = {each["row"]: each for each in answer.json()["cells"]}
    assert answer.status_code == 409
    assert (told["0-2"]["status"], told["0-2"]["shown"]) == (409, "四年级")
    assert "王建国刚把这一格改成了“四年级”" in told["0-2"]["message"]
    assert told["0-3"]["status"] == 200
    assert grades(batch) == [14, 15, None]


def test_a_block_of_masked_numbers_tells_masks_and_a_mask_is_no_number(client, officer, batch):
    mask = f"{number(0)[:3]}***********{number(0)[-4:]}"
    answer = send(
        client,
        batch,
        cell(2, NUMBER, number(5), seen=number(0)),
        cell(3, NUMBER, mask, seen=number(1)),
    )

    kept, refused = answer.json()["cells"]
    assert number(5) not in answer.content.decode()
    assert kept["masked"]
    assert "这是遮盖后的内容" in refused["message"]


def test_u018_a_block_is_taken_back_and_made_again_as_one(client, officer, batch):
    edits = [cell(row, GRADE, "三年级", seen="初四") for row in (2, 3)]
    act = send(client, batch, *edits).json()
    assert grades(batch) == [13, 13, None]

    undone = client.post(act["undo"], headers=JSON)
    # Their rows were in order and are judged anew: the page fetches them.
    assert undone.json() == {"cells": []}
    assert grades(batch) == [None, None, None]
    again = client.post(act["redo"], headers=JSON)

    assert shown(again) == {("0-2", GRADE): "三年级", ("0-3", GRADE): "三年级"}
    assert grades(batch) == [13, 13, None]
    assert RosterCorrection.objects.count() == 2


def test_taking_back_tells_what_stands_there_then(client, officer, batch):
    act = send(client, batch, cell(2, GRADE, "三年级", seen="初四")).json()

    undone = client.post(act["undo"], headers=JSON)

    assert shown(undone) == {("0-2", GRADE): "初四"}
    assert undone.json()["cells"][0]["seen"] == token("初四")


def test_making_again_overrules_nobody(client, officer, batch):
    act = send(client, batch, cell(2, GRADE, "三年级", seen="初四")).json()
    client.post(act["undo"], headers=JSON)
    send(client, batch, cell(2, GRADE, "五年级", seen="初四"))

    again = client.post(act["redo"], headers=JSON)

    assert (again.status_code, shown(again)) == (409, {("0-2", GRADE): "五年级"})


def test_what_stands_is_not_made_again(client, officer, batch):
    act = send(client, batch, cell(2, GRADE, "三年级", seen="初四")).json()

    again = client.post(act["redo"], headers=JSON)

    assert (again.status_code, again.json()["message"][:8]) == (422, "这次改正没有撤销")
    assert RosterCorrection.objects.count() == 1


def test_u018_the_history_shows_a_block_as_one_line_with_masks(client, officer, batch):
    send(
        client,
        batch,
        cell(2, NUMBER, number(5), seen=number(0)),
        cell(2, GRADE, "三年级", seen="初四"),
        cell(3, GRADE, "四年级", seen="初四"),
        cell(4, GRADE, "五年级", seen="初四"),
    )

    page = client.get(reverse("students:import-detail", args=[batch.pk])).content.decode()

    assert "4 处" in page
    assert "初四</span> → 三年级" in page
    assert "另有 1 种改动" in page
    assert number(5) not in page
    assert page.count("的改正</span></button>") == 1


@pytest.mark.parametrize(
    "body",
    ["", "{}", '[{"row": "0-2"}]', '[{"row": "x", "column": 5, "text": "", "seen": ""}]', "[5]"],
)
def test_what_is_no_block_is_refused_in_words(client, officer, batch, body):
    address = reverse("students:import-cells", args=[batch.pk])

    answer = client.post(address, body, content_type="application/json")

    assert answer.status_code == 400
    assert not RosterCorrection.objects.exists()


def test_a_block_beyond_the_limit_is_refused_whole(client, officer, batch, monkeypatch):
    monkeypatch.setattr(blocks, "MAX_CELLS", 1)

    edits = [cell(row, GRADE, "三年级", seen="初四") for row in (2, 3)]
    answer = send(client, batch, *edits)

    assert answer.status_code == 422
    assert "一次最多改 1 个单元格" in answer.json()["message"]
    assert not RosterCorrection.objects.exists()


def test_a_place_outside_the_file_is_refused_as_such(client, officer, batch):
    answer = send(
        client,
        batch,
        cell(99, GRADE, "三年级", seen=""),
        cell(2, 40, "三年级", seen=""),
        {**cell(2, GRADE, "三年级", seen="初四"), "row": "7-2"},
    )

    assert [each["status"] for each in answer.json()["cells"]] == [422, 422, 422]


def test_a_block_asks_a_bounded_number_of_questions(
    client, officer, batch, django_assert_max_num_queries
):
    edits = [cell(row, GRADE, "三年级", seen="初四") for row in (2, 3, 4)]
    with django_assert_max_num_queries(30):
        send(client, batch, *edits)
