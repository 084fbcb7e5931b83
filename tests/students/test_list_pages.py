"""Uploading a list, looking at it, applying it, comparing with it: in the browser's words."""

import io
from datetime import date

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from casework.models import DropoutCase
from core.models import Job
from students.comparison import services as comparison
from students.lists import services
from students.models import (
    FactConflict,
    MatchDifference,
    MatchRun,
    OfficeList,
    PersonCategory,
    Student,
)
from tests.factories import COUNTY, StudentFactory, county_officer, id_number, school_head

pytestmark = pytest.mark.django_db
NEW, LIST = reverse("students:list-new"), reverse("students:list-list")
COMPARE = reverse("students:comparison-new")
HEADER = ["姓名", "身份证号", "出生日期", "人员类别"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def officer(client):
    user = county_officer()
    client.force_login(user)
    return user


def row(student, says="低保"):
    number = student.identifiers.get(kind="id_number").reveal()
    return [student.full_name, number, f"{student.birth_date:%Y-%m-%d}", says]


def upload(client, *rows, **said):
    book = openpyxl.Workbook()
    for line in (HEADER, *rows):
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    asked = {
        "file": SimpleUploadedFile("低保名单.xlsx", content.getvalue()),
        "kind": "relief",
        "owning_body": "民政局",
        "list_date": "2026-09-15",
        **said,
    }
    return client.post(NEW, asked)


def read(client, *rows, **said):
    upload(client, *rows, **said)
    return services.read(county=COUNTY, list_id=OfficeList.objects.latest("pk").pk)


def page(name, thing):
    return reverse(f"students:{name}", args=[thing.pk])


def test_handing_in_shows_the_progress_of_its_one_job(client, officer):
    sent = upload(client, row(StudentFactory()))

    office_list = OfficeList.objects.get()
    assert sent["Location"] == page("list-detail", office_list)
    assert Job.objects.get().task == "students.read_list"
    assert 'hx-trigger="every 1s"' in client.get(sent["Location"]).content.decode()
    services.read(county=COUNTY, list_id=office_list.pk)
    ended = client.get(sent["Location"], headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    "said, words",
    [
        ({"file": ""}, "请选择名单文件"),
        ({"owning_body": ""}, "请填写提供单位"),
        ({"list_date": "2999-01-01"}, "名单日期晚于今天"),
        ({"list_date": "昨天"}, "名单日期请写成日期"),
        ({"covers": ["disabled"]}, "不属于这类名单的类别"),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, officer, said, words):
    assert words in upload(client, row(StudentFactory()), **said).content.decode()
    assert not OfficeList.objects.exists()


def test_the_page_tells_what_applying_would_do_and_then_does_it(client, officer):
    child = StudentFactory()
    office_list = read(client, row(child))
    answer = client.get(page("list-detail", office_list)).content.decode()
    assert "提交登记后将会" in answer
    assert "新登记类别" in answer
    assert "按身份证号找到" in answer

    client.post(page("list-apply", office_list))
    services.apply(county=COUNTY, list_id=office_list.pk)

    assert PersonCategory.objects.get().student == child
    assert "登记结果" in client.get(page("list-detail", office_list)).content.decode()


def test_every_tab_counts_its_rows(client, officer):
    child = StudentFactory()
    damaged = ["王五", "6.29900E+17", "2015-01-01", "低保"]
    office_list = read(client, row(child), row(child), damaged)
    shown = client.get(page("list-detail", office_list)).context["verdicts"]

    assert dict((value, count) for value, _, count in shown) == {
        "good": 1,
        "doubtful": 1,
        "duplicate": 1,
        "rejected": 0,
    }
    for value, _, count in shown:
        answer = client.get(f"{page('list-detail', office_list)}?verdict={value}")
        assert len(answer.context["lines"]) == count
    doubtful = client.get(f"{page('list-detail', office_list)}?verdict=doubtful")
    assert "身份证号已损坏" in doubtful.content.decode()


def test_an_older_list_asks_on_its_page(client, officer):
    newer = read(client, row(StudentFactory()), list_date="2026-10-15")
    client.post(page("list-apply", newer))
    services.apply(county=COUNTY, list_id=newer.pk)
    older = read(client, row(StudentFactory()))

    assert "这份名单比已登记的旧" in client.get(page("list-detail", older)).content.decode()
    client.post(page("list-apply", older))
    older.refresh_from_db()
    assert older.state == "needs_confirm"
    client.post(page("list-confirm", older))
    older.refresh_from_db()
    assert (older.state, older.confirmed_by_name) == ("ready", officer.full_name)


def test_discarding_leaves_nothing_behind(client, officer):
    office_list = read(client, row(StudentFactory()))
    answer = client.post(page("list-discard", office_list), follow=True)

    assert "学生资料没有变动" in answer.content.decode()
    assert not office_list.listentry_set.exists()


def test_a_school_does_not_see_the_lists(client):
    school = StudentFactory().school
    client.force_login(school_head(school))

    assert client.get(LIST).status_code == 403


def test_disputes_are_decided_on_their_page(client, officer):
    child = StudentFactory()
    PersonCategory.objects.create(
        county=COUNTY,
        student=child,
        type_id="subsistence_allowance",
        valid_from=date(2026, 9, 1),
        source="名册：一小",
    )
    office_list = read(client, row(StudentFactory()))
    client.post(page("list-apply", office_list))
    services.apply(county=COUNTY, list_id=office_list.pk)
    conflict = FactConflict.objects.get()

    queue = reverse("students:conflict-list")
    assert child.full_name in client.get(queue).content.decode()
    said = {"decision": "overruled", "note": "入户核实"}
    client.post(page("conflict-decide", conflict), said)

    conflict.refresh_from_db()
    assert (conflict.state, conflict.decided_by_name) == ("overruled", officer.full_name)
    assert child.full_name not in client.get(queue).content.decode()
    assert "入户核实" in client.get(f"{queue}?state=overruled").content.decode()


# -- comparisons -------------------------------------------------------------------------------


def stranger(name="欧阳远方"):
    born = date(2016, 5, 5)
    return [name, id_number(born=born, number=len(name) + 70, sex="男"), f"{born}", ""]


def compared(client, *rows, kind="population"):
    office_list = read(client, *rows, kind=kind, owning_body="公安局")
    today = timezone.localdate()
    asked = {"kind": kind, "office_list": office_list.pk, "as_of": f"{today}"}
    sent = client.post(COMPARE, asked)
    run = MatchRun.objects.latest("pk")
    assert sent["Location"] == page("comparison-detail", run)
    assert 'hx-trigger="every 1s"' in client.get(sent["Location"]).content.decode()
    return comparison.compare(county=COUNTY, run_id=run.pk)


def test_the_tabs_count_their_rows_and_begin_with_the_suspects(client, officer):
    run = compared(client, row(StudentFactory(), ""), stranger())
    answer = client.get(page("comparison-detail", run))

    assert answer.context["tab"].found == "only_theirs"
    for tab in answer.context["tabs"]:
        shown = client.get(f"{page('comparison-detail', run)}?found={tab.found}")
        assert len(shown.context["lines"]) == tab.count
        assert tab.open + tab.accepted + tab.rejected == tab.count


def test_from_accepting_to_the_case_in_three_clicks(client, officer):
    run = compared(client, stranger(), stranger("诸葛"))
    here = page("comparison-decide", run)
    first = MatchDifference.objects.filter(run=run).earliest("pk")

    client.post(here, {"difference": first.pk, "found": "only_theirs", "decision": "accepted"})
    told = client.get(page("comparison-detail", run)).content.decode()
    assert "为认可的新学生建立记录（1）" in told
    client.post(page("comparison-students", run))
    assert "按认可的线索建案（1 人）" in client.get(page("comparison-detail", run)).content.decode()
    opening = reverse("casework:cases-from-comparison", args=[run.pk])
    answer = client.post(opening, follow=True).content.decode()

    assert "已建疑似个案 1 个" in answer
    assert DropoutCase.objects.get().student == Student.objects.get(full_name=first.entry.full_name)


def test_all_of_a_class_with_an_old_count_is_refused(client, officer):
    run = compared(client, stranger(), stranger("诸葛"))
    said = {"found": "only_theirs", "expected": 5, "decision": "accepted"}
    answer = client.post(page("comparison-decide", run), said, follow=True).content.decode()

    assert "现在是 2 条" in answer
    assert not MatchDifference.objects.exclude(decision="open").exists()
    client.post(page("comparison-decide", run), said | {"expected": 2, "note": "逐户核过"})
    assert MatchDifference.objects.filter(decision="accepted", note="逐户核过").count() == 2


def test_a_button_without_a_choice_is_told_so(client, officer):
    run = compared(client, stranger())
    answer = client.post(page("comparison-decide", run), {"decision": "accepted"}, follow=True)

    assert "没有选中要处理的结果" in answer.content.decode()


def test_a_list_that_does_not_fit_is_told_beside_its_field(client, officer):
    office_list = read(client, row(StudentFactory()))
    asked = {"kind": "population", "office_list": office_list.pk, "as_of": "2026-10-01"}

    assert "公安户籍名单" in client.post(COMPARE, asked).content.decode()
    assert not MatchRun.objects.exists()


def test_differing_fields_show_both_words(client, officer):
    child = StudentFactory()
    said = row(child, "")
    run = compared(client, ["张改名", *said[1:]])
    answer = client.get(f"{page('comparison-detail', run)}?found=differs").content.decode()

    assert f'<span class="before">{child.full_name}</span> → 张改名' in answer
