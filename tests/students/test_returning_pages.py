"""订正表 and 撤销本批 as pages: asked for, waited for, fetched, and refused in words."""

import io
from pathlib import Path

import openpyxl
import pytest
from django.db import transaction
from django.urls import reverse

from core.models import AuditEntry, Job
from schools.imports import import_schools
from schools.models import School
from students import tasks
from students.models import ImportBatch, RosterMark, Student
from students.rosters import corrections, errorbook, files, services, takeback
from tests.factories import COUNTY, DropoutCaseFactory, county_officer, school_head

pytestmark = pytest.mark.django_db(transaction=True)
WORKBOOKS = Path(__file__).parent.parent / "fixtures" / "workbooks"
ROSTER = "02-黄羊镇学生花名册.xlsx"
BAD_ROWS = 32


@pytest.fixture(autouse=True)
def media(settings, tmp_path, _worker):
    """Files of this test alone; a worker that another test left running would look elsewhere."""
    _worker.kill()
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def officer(client):
    import_schools(WORKBOOKS / "schools.xlsx")
    user = county_officer(full_name="王建国")
    client.force_login(user)
    return user


def hand_in(content, name=ROSTER):
    """Received and checked, as the pages do it; the columns are those of the contract."""
    stored_as, sha256 = files.store(io.BytesIO(content))
    batch, _ = services.open_batch(
        county=COUNTY,
        school_year=2026,
        file_name=name,
        stored_as=stored_as,
        sha256=sha256,
        actor=None,
    )
    return services.check(county=COUNTY, batch_id=batch.pk)


def commit(batch):
    ImportBatch.objects.filter(pk=batch.pk).update(state="committing")
    return services.commit(county=COUNTY, batch_id=batch.pk)


def run(job, work):
    job = Job.claim(job.pk)
    job.finish(**work(job))


def page(name, batch):
    return reverse(f"students:import-{name}", args=[batch.pk])


def book_of(client, batch):
    client.post(page("book", batch))
    batch.refresh_from_db()
    run(batch.book_job, errorbook.build_job)
    answer = client.get(page("book-file", batch))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_book_is_built_once_and_fetched_with_a_trace(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    assert f"制作订正表（退回 {BAD_ROWS} 行）" in client.get(page("book", batch)).content.decode()
    for _ in range(2):
        client.post(page("book", batch))
    assert Job.objects.filter(task=errorbook.TASK).count() == 1
    assert 'hx-trigger="every 1s"' in client.get(page("book", batch)).content.decode()

    book = openpyxl.load_workbook(io.BytesIO(book_of(client, batch)))

    assert book.sheetnames == ["Sheet1", "汇总"]
    batch.refresh_from_db()
    sealed = files.stored_path(batch.book_job.result["file"])
    assert b"PK" not in sealed.read_bytes()[:64]
    taken = AuditEntry.objects.get(action="roster.error_book_taken")
    assert taken.actor_name == "王建国"
    again = client.get(page("book-file", batch))
    assert "%E8%AE%A2%E6%AD%A3%E8%A1%A8.xlsx" in again["Content-Disposition"]


def test_files_go_after_the_days_that_are_set(client, officer, settings):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    book_of(client, batch)
    batch.refresh_from_db()
    kept = [batch.stored_as, batch.book_job.result["file"]]
    tasks.purge_rosters()
    assert all(files.is_kept(name) for name in kept)

    settings.ROSTER_KEEP_DAYS = -1
    tasks.purge_rosters()

    assert not any(files.is_kept(name) for name in kept)


def test_without_the_file_the_page_says_what_is_left_to_do(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    files.forget(batch.stored_as)

    assert "原文件已过保存期" in client.get(page("book", batch)).content.decode()
    assert "请下载“退回行”" in client.post(page("book", batch), follow=True).content.decode()
    assert client.get(page("book-file", batch), follow=True).redirect_chain


def test_u032_a_corrected_book_names_the_batch_it_came_from(client, officer):
    first = commit(hand_in((WORKBOOKS / ROSTER).read_bytes()))
    content = book_of(client, first)

    second = hand_in(content, "改好.xlsx")

    assert (second.corrects_id, second.summary_sheet) == (first.pk, "汇总")
    [sheet] = second.sheets
    assert (sheet["created"], sheet["changed"]) == (0, 0)
    assert sheet["rejected"] == BAD_ROWS
    answer = client.get(page("detail", second)).content.decode()
    assert f"批次 {first.pk}：{ROSTER}" in answer
    assert "退回原因" not in str(Student.objects.values_list("extra", flat=True))


def test_a_book_of_a_book_has_one_column_of_reasons_and_one_summary(client, officer):
    first = hand_in((WORKBOOKS / ROSTER).read_bytes())
    second = hand_in(book_of(client, first), "第二次.xlsx")

    book = openpyxl.load_workbook(io.BytesIO(book_of(client, second)))

    assert book.sheetnames == ["Sheet1", "汇总"]
    heads = [cell.value for cell in book["Sheet1"][4]]
    assert heads.count("退回原因") == 1
    assert str(book["汇总"]["A2"].value) == f"批次编号：{second.pk}"
    assert len([c for row in book["Sheet1"].iter_rows() for c in row if c.comment]) == BAD_ROWS


def test_what_was_corrected_in_the_preview_stands_in_the_book(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    mark = RosterMark.objects.filter(batch=batch, code="grade_unknown").first()
    with transaction.atomic():
        corrections.correct(
            county=COUNTY,
            batch_id=batch.pk,
            place=corrections.Place(mark.sheet_no, mark.row_no, mark.column),
            text="三年级",
            seen=corrections.token(mark.cells()[mark.column]),
            actor=officer,
        )
    services.check(county=COUNTY, batch_id=batch.pk)

    sheet = openpyxl.load_workbook(io.BytesIO(book_of(client, batch)))["Sheet1"]

    cell = sheet.cell(mark.row_no, mark.column + 1)
    assert (cell.value, cell.comment) == ("三年级", None)
    assert sum(bool(c.comment) for row in sheet.iter_rows() for c in row) == BAD_ROWS - 1


def test_a_book_of_another_county_is_nobodys_here(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    content = book_of(client, batch)
    ImportBatch.objects.filter(pk=batch.pk).delete()

    assert hand_in(content).corrects_id is None


def test_u037_the_page_counts_before_the_button_and_lists_after_it(client, officer):
    batch = commit(hand_in((WORKBOOKS / ROSTER).read_bytes()))
    child = Student.objects.order_by("pk").first()
    DropoutCaseFactory(student=child)
    asked = client.get(page("undo", batch))
    assert asked.context["counts"] == takeback.Counts(removed=113, restored=0, left=1)

    client.post(page("undo", batch))
    client.post(page("undo", batch))
    batch.refresh_from_db()
    assert Job.objects.filter(task=takeback.TASK).count() == 1
    polled = client.get(page("undo", batch), headers={"HX-Request": "true"})
    assert "HX-Refresh" not in polled
    run(batch.undo_job, takeback.undo_job)

    ended = client.get(page("undo", batch), headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"
    answer = client.get(page("undo", batch)).content.decode()
    assert "删除 113 名，恢复 0 名，保持现状 1 名" in answer
    link = reverse("students:student-detail", args=[child.pk])
    assert f'<a href="{link}">{child.full_name}</a>' in answer
    assert "控辍保学个案" in answer
    assert "撤销了本批" in client.get(page("detail", batch)).content.decode()
    told = AuditEntry.objects.get(action="roster.undo")
    assert told.after == {"removed": 113, "restored": 0, "left": 1}


def test_what_is_not_written_has_no_undo(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())

    assert "没有可以撤销的内容" in client.get(page("undo", batch)).content.decode()
    assert "没有可以撤销的内容" in client.post(page("undo", batch), follow=True).content.decode()


def test_an_undone_batch_is_not_discarded(client, officer):
    batch = commit(hand_in((WORKBOOKS / ROSTER).read_bytes()))
    takeback.undo(county=COUNTY, batch_id=batch.pk, actor=officer)

    client.post(page("discard", batch))

    batch.refresh_from_db()
    assert batch.state == "undone"


def test_a_school_has_no_part_in_it(client, officer):
    batch = hand_in((WORKBOOKS / ROSTER).read_bytes())
    client.force_login(school_head(School.objects.first()))

    for name in ("book", "book-file", "undo"):
        assert client.get(page(name, batch)).status_code == 403
