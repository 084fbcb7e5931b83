"""下载所见: the workbook says what the screen says."""

from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse

from core.models import AuditEntry, Job
from students.listing import download
from students.models import ExportedStudent
from tests.factories import (
    ClassGroupFactory,
    StudentFactory,
    auditor,
    class_teacher,
    county_officer,
)

pytestmark = pytest.mark.django_db
LIST = reverse("students:student-list")
NEW = reverse("students:download-new")


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def sheet(answer):
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    return [["" if cell is None else cell for cell in row] for row in book.active.values]


def on_screen(client, query):
    rows, titles, asked = [], None, query
    while asked is not None:
        answer = client.get(f"{LIST}?{asked}")
        titles = ["姓名", *(column.title for column in answer.context["headings"])]
        for student, cells in answer.context["lines"]:
            rows.append([student.full_name, *(cell.plain for cell in cells)])
        asked = answer.context["page"].next_query
    return titles, rows


@pytest.mark.parametrize("query", ["", "grade=14&sort=name_desc", "state=none", "sort=town"])
def test_u010_the_file_has_the_rows_columns_and_order_of_the_screen(client, officer, query):
    StudentFactory.create_batch(70, class_group=ClassGroupFactory())
    StudentFactory(class_group=None, grade=None)
    columns = {"order": ["grade", "id_number", "categories"], "show": ["grade", "id_number"]}
    client.post(reverse("students:list-columns"), columns)

    title, head, titles, *rows = sheet(client.post(f"{NEW}?{query}"))

    assert (titles, rows) == on_screen(client, query)
    assert title[0] == "学生名单"
    assert f"共 {len(rows)} 名" in head[0]
    assert officer.full_name in head[0]
    assert all(row[2][3:14] == "*" * 11 for row in rows)


def test_u055_long_dotted_and_four_byte_names_are_exported_as_they_stand(client, officer):
    names = ["古丽米热·" * 10 + "依明江", "李𠮷", "阿依古丽·买买提"]
    for name in names:
        StudentFactory(full_name=name)

    *_, one, two, three = sheet(client.post(NEW))

    assert sorted([one[0], two[0], three[0]]) == sorted(names)


def test_u010_the_head_line_states_the_conditions(client, officer):
    StudentFactory(full_name="张小明")
    found = client.post(reverse("students:student-search"), {"words": "zxm"})["Location"]

    _, head, *_ = sheet(client.post(f"{NEW}?grade=14&{found.partition('?')[2]}"))

    assert "年级：小学四年级" in head[0]
    assert "“zxm”" in head[0]


def test_a_download_is_noted_and_told_on_the_page_of_the_child(client, officer):
    child = StudentFactory()
    client.post(NEW)

    entry = AuditEntry.objects.get(action="student.export")
    assert (entry.after["rows"], entry.actor_name) == (1, officer.full_name)
    assert ExportedStudent.objects.get().student == child
    client.force_login(auditor())
    detail = client.get(reverse("students:student-detail", args=[child.pk])).content.decode()
    assert "谁看过该生" in detail
    assert "下载名单" in detail
    assert officer.full_name in detail


def test_only_what_one_may_see_is_in_the_file(client):
    own, other = StudentFactory(full_name="马兰"), StudentFactory(full_name="白雪")
    client.force_login(class_teacher(own.class_group))

    rows = sheet(client.post(NEW))[3:]

    assert [row[0] for row in rows] == ["马兰"]
    assert other.full_name == "白雪"


def test_a_long_list_is_written_by_a_job_for_its_owner(client, officer, monkeypatch, settings):
    monkeypatch.setattr(download, "AT_ONCE", 1)
    StudentFactory.create_batch(3, class_group=ClassGroupFactory())

    address = client.post(f"{NEW}?sort=name_desc")["Location"]
    job = Job.objects.get()
    claimed = Job.claim(job.pk)
    claimed.finish(**download.download_job(claimed))
    page = client.get(address).content.decode()
    file = client.get(reverse("students:download-file", args=[job.pk]))

    assert "已写好 3 名学生" in page
    assert sheet(file)[3:] == on_screen(client, "sort=name_desc")[1]
    client.force_login(county_officer())
    assert client.get(address).status_code == 404


def test_a_file_past_its_time_is_gone_and_says_so(client, officer, monkeypatch):
    monkeypatch.setattr(download, "AT_ONCE", 0)
    StudentFactory()
    client.post(NEW)
    job = Job.claim(Job.objects.get().pk)
    job.finish(**download.download_job(job))
    from django.utils import timezone

    assert download.purge(before=timezone.now() - download.KEEP) == 0
    assert download.purge(before=timezone.now() + download.KEEP) >= 1

    answer = client.get(reverse("students:download-file", args=[job.pk]), follow=True)
    assert "已过期" in answer.content.decode()
