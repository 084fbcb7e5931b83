"""Handing in a roster, looking at its verdicts, submitting or discarding it, in the browser."""

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from core.models import Job
from students.models import ImportBatch, RosterRow, Student
from students.queries import batches
from students.rosters import files, receiving, services
from tests.factories import COUNTY, SchoolFactory, county_officer, id_number, school_head

pytestmark = pytest.mark.django_db
WORKBOOKS = Path(__file__).parent.parent / "fixtures" / "workbooks"
LIST, NEW = reverse("students:import-list"), reverse("students:import-new")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def officer(client, capsys):
    call_command("import_schools", str(WORKBOOKS / "schools.xlsx"))
    capsys.readouterr()
    user = county_officer()
    client.force_login(user)
    return user


def upload(client, number="02", **more):
    [path] = WORKBOOKS.glob(f"{number}-*")
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(NEW, {"file": file, "school_year": "2026", **more})


def agreed(client, number="02"):
    """Handed in, and its columns confirmed as they were proposed."""
    upload(client, number)
    batch = ImportBatch.objects.latest("pk")
    receiving.read_columns(county=COUNTY, batch_id=batch.pk)
    client.post(page("columns", batch))
    return batch


def checked(client, number="02"):
    batch = agreed(client, number)
    return services.check(county=COUNTY, batch_id=batch.pk)


def page(name, batch):
    return reverse(f"students:import-{name}", args=[batch.pk])


def test_handing_in_twice_is_one_batch_and_one_job(client, officer):
    first, second = upload(client), upload(client)

    batch = ImportBatch.objects.get()
    assert first["Location"] == second["Location"] == page("columns", batch)
    assert Job.objects.count() == 1
    assert batch.created_by_name == officer.full_name


def test_no_file_and_an_unlikely_year_are_refused_in_words(client, officer):
    answer = client.post(NEW, {"school_year": "1999"}).content.decode()

    assert "请选择名册文件" in answer
    assert "学年没有这个选项" in answer
    assert not ImportBatch.objects.exists()


def pasted(rows):
    return "\r\n".join("\t".join(row) for row in rows) + "\r\n"


def block(school, *, children):
    heads = ["姓名", "身份证号", "性别", "学校", "年级", "班级", "是否住校", "家长电话"]
    numbers = (id_number(born=date(2016, 1, 1), number=n, sex="女") for n in range(children - 2))
    rows = [
        [f"张小{n}", number, "女", school, "四年级", "1班", "否", ""]
        for n, number in enumerate(numbers)
    ]
    rows += [["李大禾", "1.10101E+17", "女", school, "四年级", "1班", "否", ""]]
    rows += [["王小麦", rows[0][1][:17], "女", school, "四年级", "1班", "否", ""]]
    return [heads, *rows]


def verdicts(client, **given):
    client.post(NEW, {"school_year": "2026", **given})
    batch = ImportBatch.objects.latest("pk")
    receiving.read_columns(county=COUNTY, batch_id=batch.pk)
    client.post(page("columns", batch))
    services.check(county=COUNTY, batch_id=batch.pk)
    rows = RosterRow.objects.filter(batch=batch).order_by("row_no")
    return list(rows.values_list("row_no", "verdict", "reason", "full_name"))


def test_u016_a_pasted_block_gets_the_verdicts_of_its_file(client, officer):
    rows = block(SchoolFactory().name, children=200)
    content = "\n".join(",".join(row) for row in rows).encode()

    by_file = verdicts(client, file=SimpleUploadedFile("表.csv", content))
    by_paste = verdicts(client, pasted=pasted(rows))

    assert by_paste == by_file
    assert len(by_paste) == 200
    assert [row[1:3] for row in by_paste[-2:]] == [
        ("rejected", "id_damaged"),
        ("rejected", "id_format"),
    ]
    assert not Student.objects.exists()


@pytest.mark.parametrize(
    "given, says",
    [
        ({"pasted": "  \n\t\n"}, "请选择名册文件，或把表格粘贴到下面的框里"),
        ({"pasted": "x" * 600_001}, "最多 600000 个字"),
        ({"pasted": '"' + "x" * 200_000}, "引号没有配对"),
        ({"pasted": "姓名", "file": SimpleUploadedFile("表.csv", b"x")}, "请只留一样"),
    ],
)
def test_what_cannot_be_pasted_is_refused_in_words(client, officer, given, says):
    answer = client.post(NEW, {"school_year": "2026", **given}).content.decode()

    assert says in answer
    assert not ImportBatch.objects.exists()


def test_a_file_beyond_the_limit_is_refused_with_its_size(client, officer, settings):
    settings.ROSTER_MAX_BYTES = 10

    assert "请按学校分成几个文件" in upload(client).content.decode()
    assert not ImportBatch.objects.exists()


def test_while_it_is_checked_the_page_polls_and_then_becomes_another(client, officer):
    batch = agreed(client)
    polled = client.get(page("detail", batch), headers={"HX-Request": "true"})

    assert 'hx-trigger="every 1s"' in client.get(page("detail", batch)).content.decode()
    assert "HX-Refresh" not in polled
    assert "<html" not in polled.content.decode()

    services.check(county=COUNTY, batch_id=batch.pk)

    ended = client.get(page("detail", batch), headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"


def test_the_counts_add_up_and_each_is_that_of_its_rows(client, officer):
    batch = checked(client)
    totals = batches.totals(batch)
    answer = client.get(page("detail", batch))

    assert totals.data_rows == sum(totals.verdicts.values()) > 0
    assert answer.context["verdict"] == "rejected"
    for verdict, _, count in totals.tabs:
        rows, query = 0, f"verdict={verdict}"
        while query is not None:
            shown = client.get(f"{page('detail', batch)}?{query}")
            rows, query = rows + len(shown.context["page"].rows), shown.context["page"].next_query
        assert (verdict, rows) == (verdict, count)


def test_a_rejected_row_says_why_and_what_to_do(client, officer):
    answer = client.get(page("detail", checked(client))).content.decode()

    assert "身份证号校验位不符" in answer
    assert "请按户口簿核对后改正" in answer


def test_the_rejected_rows_go_back_as_a_workbook(client, officer):
    batch = checked(client)

    sent = client.get(page("rejected", batch))
    content = b"".join(sent.streaming_content)

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    text = "".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "处理办法" in text
    assert sheet.max_row >= batches.totals(batch).verdicts["rejected"]
    assert "attachment" in sent["Content-Disposition"]


def test_nothing_is_written_before_it_is_submitted(client, officer):
    batch = checked(client)
    assert not Student.objects.exists()

    client.post(page("commit", batch))
    client.post(page("commit", batch))  # a double click
    assert Job.objects.filter(task=services.COMMIT_TASK).count() == 1
    services.commit(county=COUNTY, batch_id=batch.pk)

    assert Student.objects.count() == batches.totals(batch).verdicts["created"]
    assert "已写入" in client.get(page("detail", batch)).content.decode()


def test_what_changes_is_shown_before_and_after(client, officer):
    batch = checked(client)
    client.post(page("commit", batch))
    services.commit(county=COUNTY, batch_id=batch.pk)
    child = Student.objects.filter(identifiers__kind="id_number").first()
    name = child.full_name
    Student.objects.filter(pk=child.pk).update(full_name="旧名")

    answer = client.get(f"{page('detail', checked(client))}?verdict=changed").content.decode()

    change = f'姓名：<span class="before">旧名</span> → {name}'
    assert change in answer

    batch = ImportBatch.objects.latest("pk")
    client.post(page("commit", batch))
    services.commit(county=COUNTY, batch_id=batch.pk)
    history = client.get(reverse("students:student-detail", args=[child.pk])).content.decode()
    assert "随名册建档，来源：名册：02-黄羊镇学生花名册.xlsx" in history
    assert f'<span class="before">旧名</span></td><td data-label="改为">{name}</td>' in history


def test_discarding_leaves_nothing_behind(client, officer, django_capture_on_commit_callbacks):
    batch = checked(client)
    stored = files.stored_path(batch.stored_as)
    assert stored.exists()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(page("discard", batch), follow=True)

    assert "库中学生没有变动" in answer.content.decode()
    assert not stored.exists()
    assert not batches.rows_of(batch, verdict="created").exists()


def test_a_written_roster_cannot_be_discarded(client, officer):
    batch = checked(client)
    client.post(page("commit", batch))

    answer = client.post(page("discard", batch), follow=True)

    assert "不能放弃" in answer.content.decode()


def test_a_file_that_is_not_read_says_why_and_what_to_do(client, officer):
    answer = client.get(page("detail", checked(client, "27"))).content.decode()

    assert "文件未受理" in answer
    assert "没有找到表头" in answer
    assert "请补上表头后重新导入" in answer


def test_a_check_that_broke_down_says_so_and_offers_the_way_on(client, officer):
    batch = agreed(client)
    batch.refresh_from_db()
    Job.objects.filter(pk=batch.check_job_id).update(
        state="failed", error="试了 5 次仍未完成。", finished_at=batch.created_at
    )

    answer = client.get(page("detail", batch)).content.decode()
    upload(client)

    assert "试了 5 次仍未完成。" in answer
    assert "请重新导入同一个文件" in answer
    batch.refresh_from_db()
    assert batch.check_job.state == "queued"


def test_the_list_narrows_by_state(client, officer):
    checked(client, "02")
    checked(client, "27")

    answer = client.get(f"{LIST}?state=checked")

    assert [batch.state for batch, _ in answer.context["lines"]] == ["checked"]
    assert answer.context["page"].count == 1


def test_a_school_has_no_part_in_it(client, officer):
    batch = checked(client)
    client.force_login(school_head(SchoolFactory()))

    assert client.get(LIST).status_code == 403
    assert client.get(page("detail", batch)).status_code == 403
    assert client.post(page("commit", batch)).status_code == 403
