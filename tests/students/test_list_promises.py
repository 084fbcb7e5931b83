"""小升初: a list of promised junior schools feeds the gap list of the roll-over."""

import io
from datetime import date

import openpyxl
import pytest

from core.models import AuditEntry
from schools.models import Stage
from students.lists import services
from students.lists.services import Described
from students.models import ListEntry, RollOverRow, SchoolPromise
from students.rollover import queries
from students.rollover import services as rollover
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
)

pytestmark = pytest.mark.django_db
SUMMER = date(2027, 7, 10)
HEADER = ["姓名", "身份证号", "毕业小学", "录取初中"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def junior():
    return SchoolFactory(name="黄羊镇第一初级中学", stages=[Stage.JUNIOR])


@pytest.fixture
def leaver():
    return StudentFactory(class_group=ClassGroupFactory(entry_year=2021))


def given(*rows, header=HEADER, on=SUMMER):
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    office_list = services.receive(
        county=COUNTY,
        described=Described("promises", "教育局", on),
        file_name="派位.xlsx",
        content=content,
        actor=None,
    )
    return services.read(county=COUNTY, list_id=office_list.pk)


def applied(*rows, **more):
    office_list = given(*rows, **more)
    services.submit(county=COUNTY, list_id=office_list.pk, actor=county_officer())
    return services.apply(county=COUNTY, list_id=office_list.pk)


def row(student, school):
    number = student.identifiers.get(kind="id_number").reveal()
    return [student.full_name, number, "黄羊镇小学", school]


def test_the_list_promises_a_junior_school_for_the_autumn(junior, leaver):
    done = applied(row(leaver, junior.name))

    promise = SchoolPromise.objects.get()
    assert (promise.student, promise.school, promise.school_year) == (leaver, junior, 2027)
    assert promise.set_by_name
    assert (done.result["promised"], done.result["matched"]) == (1, 1)
    assert done.result == done.plan
    entry = AuditEntry.objects.get(action="student.change")
    assert entry.after == {"promised_school": junior.name}


def test_a_later_list_replaces_the_promise_and_the_same_one_changes_nothing(junior, leaver):
    other = SchoolFactory(name="武南镇初级中学", stages=[Stage.JUNIOR])
    applied(row(leaver, junior.name))

    again = applied(row(leaver, junior.name), on=date(2027, 7, 11))
    moved = applied(row(leaver, other.name), on=date(2027, 7, 12))

    assert (again.result["promise_same"], again.result["children"]) == (1, 0)
    assert moved.result["promise_changed"] == 1
    assert SchoolPromise.objects.get().school == other


def test_what_is_no_junior_school_is_marked_and_promises_nothing(junior, leaver):
    primary = SchoolFactory(name="双城镇中心小学")
    children = [leaver, StudentFactory(), StudentFactory()]
    schools = [primary.name, "没有这所中学", ""]
    applied(*map(row, children, schools))

    reasons = ListEntry.objects.order_by("row_no").values_list("verdict", "reason")
    assert list(reasons) == [
        ("doubtful", "not_junior"),
        ("doubtful", "school_unknown"),
        ("doubtful", "no_promise"),
    ]
    assert not SchoolPromise.objects.exists()


def test_a_leaver_who_is_not_at_the_promised_school_is_in_the_gap_list(junior, leaver):
    applied(row(leaver, junior.name))
    made = rollover.ask_preview(county=COUNTY, from_year=2026, actor=None)
    rollover.preview(county=COUNTY, roll_over_id=made.pk)
    rollover.submit(county=COUNTY, roll_over_id=made.pk, actor=None, today=date(2027, 9, 1))
    done = rollover.commit(county=COUNTY, roll_over_id=made.pk, actor=None)

    [line] = queries.leavers(done, on=date(2027, 9, 20), gap=queries.Gap.NOWHERE)

    assert line.student == leaver
    assert line.promised_to == junior.pk
    assert RollOverRow.objects.get(student=leaver).group == "primary_leaver"
