"""撤销本批: what a roster wrote is taken back, what somebody touched since stays and is named."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from core import tenancy
from core.models import AuditEntry
from schools.imports import import_schools
from schools.models import ClassGroup
from students.models import (
    DuplicatePair,
    Enrolment,
    ImportBatch,
    PersonCategory,
    RosterTrace,
    SealedExtra,
    Student,
    StudentIdentifier,
)
from students.rosters import services, takeback
from students.rosters.takeback import Counts
from tests.factories import COUNTY, DropoutCaseFactory, SchoolFactory, county_officer

# Each import is a transaction of its own, as in life: an undo tells them apart by their instants.
pytestmark = pytest.mark.django_db(transaction=True)
WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
FACTS = (StudentIdentifier, Enrolment, PersonCategory, SealedExtra, ClassGroup, DuplicatePair)

HEAD = "姓名,身份证号,学籍号,学校标识码,年级,班级,是否住校,是否低保,联系电话,备注"
ROW = "张三,629900201308310018,G629900201308310018,2162990001,六年级,2班,否,是,14000000098,"
OTHER = "李四,629900201309010025,,2162990001,六年级,7班,是,否,,"


@pytest.fixture
def roster(tmp_path, capsys):
    for number in (1, 2):
        SchoolFactory(code=f"216299000{number}")
    calls = iter(range(100))

    def run(*lines):
        path = tmp_path / f"{next(calls)}.csv"
        path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
        return imported(capsys, path)

    return run


def imported(capsys, path):
    capsys.readouterr()
    call_command("import_roster", str(path), "--json", "--school-year", "2026")
    [outcome] = json.loads(capsys.readouterr().out)
    assert not outcome["refused"]
    return ImportBatch.objects.latest("pk")


def county():
    """Everything a roster writes."""
    return [list(model.objects.order_by("pk").values()) for model in (Student, *FACTS)]


def undo(batch):
    return takeback.undo(county=COUNTY, batch_id=batch.pk, actor=None)


def preview(batch):
    batch.refresh_from_db()
    with tenancy.inside(COUNTY):
        return takeback.preview(batch)


def test_what_was_created_goes_and_the_same_file_can_come_again(roster):
    before = county()
    batch = roster(ROW, OTHER)
    assert preview(batch) == Counts(removed=2, restored=0, left=0)

    assert undo(batch) == Counts(removed=2, restored=0, left=0)

    assert county() == before
    batch.refresh_from_db()
    assert batch.state == "undone"
    again = roster(ROW, OTHER)
    assert again.sheets[0]["created"] == 2
    assert Student.objects.count() == 2


def test_u037_former_values_come_back_to_the_letter(roster):
    roster(ROW, OTHER)
    # The facts are older than today, so a change ends them and begins others.
    Enrolment.objects.update(valid_from=date(2026, 9, 1))
    PersonCategory.objects.update(valid_from=date(2026, 9, 1))
    before = county()
    changed = (
        "张三丰,629900201308310018,J629900201308310018,2162990002,五年级,9班,是,否,14000000099,新"
    )
    batch = roster(changed, OTHER)
    assert batch.sheets[0]["changed"] == 1
    assert county() != before

    assert preview(batch) == undo(batch) == Counts(removed=0, restored=1, left=0)

    assert county() == before
    told = AuditEntry.objects.get(action="student.restore")
    assert (told.before["name"], told.after["name"]) == ("张三丰", "张三")
    assert not ClassGroup.objects.filter(number="9").exists()


def test_facts_of_the_same_day_are_as_they_were(roster):
    roster(ROW)
    for model in (Enrolment, PersonCategory):
        model.objects.update(valid_from=timezone.localdate())
    before = county()
    batch = roster(ROW.replace("六年级,2班,否,是", "五年级,3班,是,否"))

    undo(batch)

    assert county() == before


def test_u037_what_was_touched_since_is_named_and_left(roster):
    roster(ROW)
    batch = roster(ROW.replace("2班", "3班"), OTHER)
    zhang, li = Student.objects.order_by("pk")
    Student.objects.filter(pk=zhang.pk).update(residence_address="新址")
    DropoutCaseFactory(student=li)
    before = county()

    assert preview(batch) == undo(batch) == Counts(removed=0, restored=0, left=2)

    assert county() == before
    left = dict(RosterTrace.objects.exclude(touched=[]).values_list("student_id", "touched"))
    assert left == {zhang.pk: ["students_student"], li.pk: ["casework_dropoutcase"]}


@pytest.mark.parametrize(
    "touch",
    [
        lambda child: Student.objects.update(updated_at=timezone.now()),
        lambda child: Enrolment.objects.update(valid_to=timezone.localdate()),
        lambda child: PersonCategory.objects.update(valid_to=timezone.localdate()),
        lambda child: PersonCategory.objects.create(
            county=COUNTY, student=child, type_id="orphan", valid_from=timezone.localdate()
        ),
        lambda child: StudentIdentifier.objects.update(source="手工登记"),
    ],
    ids=["edited", "left school", "category ended", "category added", "number added"],
)
def test_a_created_child_with_another_fact_stays(roster, touch):
    batch = roster(ROW)
    touch(Student.objects.get())

    assert undo(batch) == Counts(removed=0, restored=0, left=1)
    assert Student.objects.exists()


def test_a_child_of_a_later_roster_stays_until_that_is_undone(roster):
    first = roster(ROW)
    second = roster(ROW, OTHER)

    assert preview(first) == Counts(removed=0, restored=0, left=1)
    assert undo(second) == Counts(removed=1, restored=0, left=0)
    assert undo(first) == Counts(removed=1, restored=0, left=0)
    assert not Student.objects.exists()


def test_batches_are_undone_newest_first(roster):
    empty = county()
    first = roster(ROW)
    one = county()
    second = roster(ROW.replace("2班", "3班"))

    undo(second)
    assert county() == one
    assert undo(first) == Counts(removed=1, restored=0, left=0)
    assert county() == empty


def test_a_second_undo_changes_nothing(roster):
    batch = roster(ROW)
    undo(batch)
    entries = AuditEntry.objects.count()

    assert undo(batch) == Counts(removed=0, restored=0, left=0)
    assert AuditEntry.objects.count() == entries


def test_what_was_not_written_cannot_be_taken_back(roster):
    batch = roster(ROW)
    ImportBatch.objects.update(state="checked")
    with pytest.raises(takeback.UndoRefused, match="待提交，没有可以撤销的内容"):
        takeback.ask(county=COUNTY, batch_id=batch.pk, actor=None)

    ImportBatch.objects.update(state="committed", made={})
    with pytest.raises(takeback.UndoRefused, match="没有留存原值"):
        undo(batch)


def test_an_undo_that_breaks_down_leaves_all_as_it_was(roster):
    batch = roster(ROW)
    before = county()

    class Cancelled:
        def advance(self, by):
            raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError):
        takeback.undo(county=COUNTY, batch_id=batch.pk, actor=None, job=Cancelled())

    assert county() == before


@pytest.fixture
def no_worker(_worker):
    """None that another test left running takes the job."""
    _worker.kill()


@pytest.mark.usefixtures("no_worker")
def test_a_whole_term_is_taken_back(capsys):
    """The roster of a township, and the one of the term after it."""
    import_schools(WORKBOOKS / "schools.xlsx")
    autumn = imported(capsys, WORKBOOKS / "02-黄羊镇学生花名册.xlsx")
    for model in (Enrolment, PersonCategory):
        model.objects.update(valid_from=timezone.localdate() - timedelta(days=60))
    before = county()
    spring = imported(capsys, WORKBOOKS / "12-黄羊镇学生花名册-2027年春季.xlsx")
    sheet = spring.sheets[0]
    assert sheet["changed"] > 10
    assert sheet["created"] > 10
    told = takeback.ask(county=COUNTY, batch_id=spring.pk, actor=county_officer())
    assert told.undo_job.state == "queued"

    counts = undo(spring)

    assert counts == Counts(removed=sheet["created"], restored=sheet["changed"], left=0)
    assert county() == before
    assert autumn.pk < spring.pk


def test_after_some_time_nothing_is_kept_to_take_back(roster):
    roster(ROW)
    batch = roster(ROW.replace("2班", "3班"))
    assert RosterTrace.objects.filter(batch=batch).exists()

    services.purge(before=timezone.localdate())
    assert preview(batch) == Counts(removed=0, restored=1, left=0)
    services.purge(before=timezone.localdate() + timedelta(days=1))

    assert not RosterTrace.objects.exists()
    with pytest.raises(takeback.UndoRefused, match="没有留存原值"):
        preview(batch)
