"""The addresses behind corrected cells: what a script is told, and the pages without script."""

import pytest
from django.urls import reverse

from core.models import AuditEntry
from students.models import ImportBatch, RosterCorrection
from students.rosters import services
from students.rosters.corrections import token
from tests.factories import COUNTY, SchoolFactory, county_officer
from tests.rosters import hand_in, line, number

pytestmark = pytest.mark.django_db
NUMBER, SEX, GRADE = 1, 2, 5
JSON = {"Accept": "application/json"}


@pytest.fixture
def officer(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    SchoolFactory(name="青林中心小学")
    user = county_officer(full_name="王建国")
    client.force_login(user)
    return user


def row(batch, row_no=2):
    return reverse("students:import-row", args=[batch.pk, 0, row_no])


def detail(batch):
    return reverse("students:import-detail", args=[batch.pk])


def place(batch):
    return reverse("students:import-cells", args=[batch.pk])


def told(client, batch, column, text, *, seen):
    """Of the one cell of a block of one."""
    cells = [{"row": "0-2", "column": column, "text": text, "seen": token(seen)}]
    answer = client.post(place(batch), cells, content_type="application/json")
    [cell] = answer.json()["cells"]
    return answer.status_code, cell


def test_a_kept_cell_is_told_as_it_may_be_shown(client, officer):
    batch = hand_in(officer, line(1, id_text="1234"))

    status, said = told(client, batch, NUMBER, number(1), seen="1234")

    masked = f"{number(1)[:3]}***********{number(1)[-4:]}"
    assert (status, said["shown"], said["seen"]) == (200, masked, token(number(1)))


def test_u019_a_clash_tells_what_stands_there_now_and_its_token(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    told(client, batch, GRADE, "四年级", seen="初四")

    status, said = told(client, batch, GRADE, "五年级", seen="初四")

    assert (status, said["shown"], said["seen"]) == (409, "四年级", token("四年级"))
    assert "王建国刚把这一格改成了“四年级”" in said["message"]


def test_u017_a_refused_cell_tells_the_remedy(client, officer):
    batch = hand_in(officer, line(1, id_text="1234"))

    status, said = told(client, batch, NUMBER, "1.10101E+17", seen="1234")

    assert status == 422
    assert "请把该列设为文本后重新复制" in said["message"]


def test_the_text_that_was_seen_is_no_correction(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))

    status, said = told(client, batch, GRADE, "初四", seen="初四")

    assert (status, said["shown"]) == (200, "初四")
    assert not RosterCorrection.objects.exists()


def test_the_page_of_a_row_keeps_what_was_typed_beside_the_other_persons_text(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    told(client, batch, GRADE, "四年级", seen="初四")
    posted = {f"c{GRADE}": "五年级", f"seen{GRADE}": token("初四")}

    answer = client.post(row(batch), posted)
    page = answer.content.decode()

    assert answer.status_code == 409
    assert 'value="五年级"' in page
    assert "王建国刚把这一格改成了“四年级”" in page
    # Saved once more, it overrules: the form now says what stands there.
    client.post(row(batch), {**posted, f"seen{GRADE}": token("四年级")})
    assert RosterCorrection.objects.latest("pk").texts() == [("四年级", "五年级")]


def test_the_page_of_a_row_leaves_an_empty_box_of_a_masked_cell_alone(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    page = client.get(row(batch)).content.decode()
    assert number(1) not in page
    assert "19912345678" not in page

    posted = {f"c{NUMBER}": "", f"masked{NUMBER}": "1", f"seen{NUMBER}": token(number(1))}
    client.post(row(batch), {**posted, f"c{GRADE}": "四年级", f"seen{GRADE}": token("初四")})

    assert RosterCorrection.objects.get().field == "grade"


def test_all_columns_are_shown_with_phones_masked(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))

    page = client.get(f"{detail(batch)}?verdict=rejected&columns=all").content.decode()

    assert "家长电话" in page
    assert "1*********8" in page
    assert "19912345678" not in page


def test_a_row_in_order_has_no_page(client, officer):
    batch = hand_in(officer, line(0), line(1, grade="初四"))

    assert client.get(row(batch, 2)).status_code == 404
    assert client.get(row(batch, 3)).status_code == 200


def test_a_number_is_shown_for_a_purpose_alone_and_the_trail_says_so(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    address = reverse("students:import-reveal", args=[batch.pk, 0, 2, NUMBER])

    refused = client.post(address, {"purpose": ""})
    shown = client.post(address, {"purpose": "与户口簿核对"}, headers={"HX-Request": "true"})

    assert refused.status_code == 422
    assert number(1) not in refused.content.decode()
    assert number(1) in shown.content.decode()
    entry = AuditEntry.objects.get(action="identity.reveal")
    assert (entry.purpose, entry.after["row"]) == ("与户口簿核对", 2)
    assert number(1) not in str(entry.after)


def same(batch, text):
    return {"code": "sex_unread", "field": "sex", "value": token("男性"), "text": text}


def test_u031_all_of_one_error_by_a_plain_form_with_the_count_before(client, officer):
    batch = hand_in(officer, *(line(n, sex="男性") for n in range(3)))
    page = client.get(detail(batch)).content.decode()
    assert "把 3 处“男性”改为" in page

    address = reverse("students:import-correct-all", args=[batch.pk])
    answer = client.post(address, same(batch, "男"), follow=True)
    again = client.post(address, same(batch, "女"))

    assert "3 处已改为“男”，正在重新核对" in answer.content.decode()
    assert again.status_code == 409
    assert 'value="女"' in again.content.decode()
    services.check(county=COUNTY, batch_id=batch.pk)
    assert "男性</span> → 男" in client.get(detail(batch)).content.decode()


def test_a_correction_is_taken_back_from_the_page(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    told(client, batch, GRADE, "四年级", seen="初四")
    correction = RosterCorrection.objects.get()

    address = reverse("students:import-uncorrect", args=[batch.pk, correction.pk])
    answer = client.post(address, follow=True)

    assert "已撤销对“年级”的改正" in answer.content.decode()
    services.check(county=COUNTY, batch_id=batch.pk)
    assert ImportBatch.objects.get().sheets[0]["rejected"] == 1


def test_u035_a_count_of_marked_rows_opens_exactly_these(client, officer):
    batch = hand_in(officer, *(line(n, grade="初四") for n in range(3)), line(5, grade="初五"))

    faults = client.get(detail(batch)).context["faults"]
    asked = {"code": "grade_unknown", "field": "grade", "value": token("初四")}
    shown = client.get(detail(batch), asked).context

    assert [(fault.code, fault.count) for fault in faults] == [("grade_unknown", 4)]
    assert [(value.seen, value.count) for value in faults[0].values] == [("初四", 3)]
    assert [row.row_no for block in shown["blocks"] for row in block.rows] == [2, 3, 4]


def test_while_it_is_judged_again_the_rows_stay_and_say_what_waits(client, officer):
    batch = hand_in(officer, line(1, grade="初四"))
    told(client, batch, GRADE, "四年级", seen="初四")

    page = client.get(detail(batch)).content.decode()

    assert "data-recheck" in page
    assert "待核对" in page
    assert "四年级" in page
    assert "提交：新增" not in page
