"""Accepting a differing field takes the list's word over; a decision can be taken back."""

import io
from datetime import date

import openpyxl
import pytest

from accounts.scope import scope_for
from casework.services import comparisons as deeds
from core.models import AuditEntry, Job
from students.comparison import services
from students.comparison.services import Asked, Chosen, ComparisonRefused
from students.consistency import differing_students
from students.lists import services as lists
from students.models import (
    Enrolment,
    FactConflict,
    MatchDifference,
    PersonCategory,
    Student,
)
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    TransferFactory,
    county_officer,
    id_number,
)

pytestmark = pytest.mark.django_db
DAY, LISTED = date(2026, 10, 8), date(2026, 10, 1)
HEADER = ["姓名", "身份证号", "学籍号", "出生日期", "性别", "民族", "就读学校", "年级", "人员类别"]
LOW = "subsistence_allowance"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def of(student, *, name=None, number=None, born="", people="", school="", grade="", types=""):
    held = student.identifiers.filter(kind="id_number").first()
    number = (held.reveal() if held else "") if number is None else number
    born = f"{born:%Y-%m-%d}" if born else ""
    return [name or student.full_name, number, "", born, "", people, school, grade, types]


def read(*rows, kind="other", body="公安局", on=LISTED):
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    described = lists.Described(kind, body, on)
    office_list = lists.receive(
        county=COUNTY, described=described, file_name="名单.xlsx", content=content, actor=None
    )
    return lists.read(county=COUNTY, list_id=office_list.pk)


def compared(*rows, kind="any", list_kind="other", **more):
    office_list = read(*rows, kind=list_kind, **more)
    run = services.start(county=COUNTY, asked=Asked(kind, office_list.pk, DAY), actor=None)
    return services.compare(county=COUNTY, run_id=run.pk)


def accept(run, decision="accepted", **chosen):
    chosen = Chosen(**(chosen or {"found": "differs"}))
    return services.decide(
        county=COUNTY,
        run_id=run.pk,
        chosen=chosen,
        decision=decision,
        note="",
        actor=county_officer(),
    )


def undo(run, *findings):
    pks = [one.pk for one in findings or MatchDifference.objects.filter(run=run)]
    return services.undo(
        county=COUNTY, run_id=run.pk, differences=tuple(pks), actor=county_officer()
    )


def image(student):
    return Student.objects.filter(pk=student.pk).values(
        "full_name", "name_key", "name_tokens", "sex", "birth_date", "ethnicity_code"
    )[0] | {
        "place": Student.objects.values_list("school", "class_group", "grade", "township").get(
            pk=student.pk
        ),
        "stays": list(Enrolment.objects.filter(student=student).values()),
        "categories": list(PersonCategory.objects.filter(student=student).values()),
    }


def test_the_name_and_ethnicity_of_the_list_become_the_childs_with_source_and_date():
    student = StudentFactory()
    run = compared(of(student, name="张改名", people="藏族"))
    before = student.full_name

    assert accept(run).partly == 0

    student.refresh_from_db()
    assert (student.full_name, student.ethnicity_code) == ("张改名", "04")
    assert student.name_key == "zhang gai ming"
    assert "改名" in student.name_tokens
    entry = AuditEntry.objects.get(action="student.take_over")
    assert entry.target_id == student.pk
    assert entry.before == {"full_name": before, "ethnicity_code": "01"}
    assert entry.after == {"full_name": "张改名", "ethnicity_code": "04"}
    assert entry.purpose == "名单：公安局，2026-10-01"
    assert entry.actor_name == MatchDifference.objects.get(run=run).decided_by_name


def test_rejecting_leaves_the_child_and_a_trail():
    student = StudentFactory()
    was = image(student)
    run = compared(of(student, name="张改名"))

    accept(run, "rejected")

    assert image(student) == was
    finding = MatchDifference.objects.get(run=run)
    assert (finding.decision, finding.outcome) == ("rejected", None)
    assert finding.decided_by_name
    assert AuditEntry.objects.filter(action="comparison.decide").count() == 1


def test_a_birth_date_that_the_childs_number_contradicts_is_left():
    student = StudentFactory(full_name="司马光远")
    born = student.birth_date
    Student.objects.filter(pk=student.pk).update(birth_date=date(2010, 1, 1))
    by_number = compared(of(student))
    accept(by_number)
    student.refresh_from_db()
    assert student.birth_date == born

    Student.objects.filter(pk=student.pk).update(birth_date=None)
    other = compared(of(student, name="司马光远", number="", born=date(2011, 2, 2)), on=DAY)
    finding = MatchDifference.objects.filter(run=other, found="differs").first()
    assert finding is None or accept(other).partly == 1
    student.refresh_from_db()
    assert student.birth_date is None


def test_what_changed_since_the_comparison_is_left_with_its_reason():
    student = StudentFactory()
    run = compared(of(student, name="张改名", people="藏族"))
    Student.objects.filter(pk=student.pk).update(full_name="张已改")

    assert accept(run).partly == 1

    student.refresh_from_db()
    assert (student.full_name, student.ethnicity_code) == ("张已改", "04")
    assert MatchDifference.objects.get(run=run).outcome["left"] == {"name": "changed"}


def test_a_category_becomes_a_fact_from_the_lists_date():
    student = StudentFactory()
    run = compared(of(student, types="低保"), list_kind="relief", body="民政局")

    accept(run)

    fact = PersonCategory.objects.get()
    assert (fact.student, fact.type_id, fact.valid_from) == (student, LOW, LISTED)
    assert (fact.source, fact.valid_to) == ("名单：民政局", None)


def test_the_owning_bodys_newest_list_wins_and_the_claim_goes_to_the_queue():
    student, listed = StudentFactory(), StudentFactory()
    owner = read(of(listed, types="低保"), kind="relief", body="民政局", on=date(2026, 9, 15))
    lists.submit(county=COUNTY, list_id=owner.pk, actor=None)
    lists.apply(county=COUNTY, list_id=owner.pk)
    run = compared(of(student, types="低保"), body="残联")

    assert accept(run).partly == 1

    assert not PersonCategory.objects.filter(student=student).exists()
    conflict = FactConflict.objects.get()
    assert (conflict.student, conflict.kind, conflict.state) == (student, "claimed", "open")
    assert MatchDifference.objects.get(run=run, student=student).outcome["left"] == {
        "categories": "claimed"
    }


def sitting(student, school, **more):
    return compared(
        of(student, school=school.name, **more),
        kind="in_class",
        list_kind="in_class",
        body="教育局",
    )


def test_who_sits_in_class_elsewhere_is_enrolled_there_from_the_lists_date():
    student, school = StudentFactory(), SchoolFactory(name="第二中心小学")
    run = sitting(student, school, grade="五年级")

    assert accept(run).partly == 0

    student.refresh_from_db()
    assert (student.school, student.class_group, student.grade) == (school, None, 15)
    old, new = student.enrolments.order_by("valid_from")
    assert (old.valid_to, new.valid_from, new.valid_to) == (date(2026, 9, 30), LISTED, None)
    assert (new.school, new.grade, new.source) == (school, 15, "名单：教育局")
    assert not any(one.any for one in differing_students())


def test_another_offices_school_and_an_open_transfer_move_nobody():
    student, school = StudentFactory(), SchoolFactory(name="第二中心小学")
    hearsay = compared(of(student, school=school.name))
    accept(hearsay)
    TransferFactory(student=student)
    accept(run := sitting(student, school))

    made = MatchDifference.objects.filter(run__in=[hearsay, run]).order_by("run_id")
    left = [finding.outcome["left"] for finding in made]
    assert left == [{"school": "elsewhere"}, {"school": "transfer"}]
    assert Enrolment.objects.filter(student=student).count() == 1


def test_many_selected_rows_are_one_act():
    students = StudentFactory.create_batch(3)
    run = compared(*(of(student, name=f"{student.full_name}儿") for student in students))
    findings = list(MatchDifference.objects.filter(run=run, found="differs").order_by("pk"))

    done = accept(run, differences=tuple(one.pk for one in findings[:2]))

    assert done.findings == 2
    renamed = Student.objects.filter(full_name__endswith="儿")
    assert renamed.count() == 2
    assert AuditEntry.objects.filter(action="comparison.decide").count() == 1
    assert AuditEntry.objects.filter(action="student.take_over").count() == 2


def test_above_a_size_a_worker_writes_chunk_by_chunk_and_shows_progress(monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 2)
    monkeypatch.setattr(services, "CHUNK", 2)
    students = StudentFactory.create_batch(5)
    run = compared(*(of(student, name=f"{student.full_name}儿") for student in students))

    job = accept(run).job
    assert not Student.objects.filter(full_name__endswith="儿").exists()
    with pytest.raises(ComparisonRefused, match="正在写入"):
        undo(run)
    job = Job.claim(job.pk)
    result = services.take_job(job)

    assert (result["findings"], result["partly"]) == (5, 0)
    job.refresh_from_db()
    assert (job.total, job.done) == (5, 5)
    assert Student.objects.filter(full_name__endswith="儿").count() == 5
    assert services.take_job(job)["findings"] == 0


def test_what_is_decided_is_decided_again_only_after_undoing():
    run = compared(of(StudentFactory(), name="张改名"))
    finding = MatchDifference.objects.get(run=run)
    accept(run)

    with pytest.raises(ComparisonRefused, match="请先撤销"):
        accept(run, "rejected", differences=(finding.pk,))
    assert undo(run) == 1
    accept(run, "rejected", differences=(finding.pk,))
    finding.refresh_from_db()
    assert finding.decision == "rejected"


@pytest.mark.parametrize("list_kind", ["relief", "in_class"])
def test_undoing_leaves_the_child_as_before(list_kind):
    student, school = StudentFactory(), SchoolFactory(name="第二中心小学")
    was = image(student)
    run = compared(
        of(student, name="张改名", people="藏族", school=school.name, grade="五年级", types="低保"),
        kind="in_class" if list_kind == "in_class" else "any",
        list_kind=list_kind,
    )
    accept(run)
    assert image(student) != was

    undo(run)

    assert image(student) == was
    finding = MatchDifference.objects.get(run=run)
    assert (finding.decision, finding.outcome, finding.decided_by_name) == ("open", None, "")
    entry = AuditEntry.objects.get(action="student.take_back")
    assert entry.after["full_name"] == was["full_name"]


@pytest.mark.parametrize("touched", ["name", "stay", "category"])
def test_a_child_touched_since_is_not_put_back(touched):
    student, school = StudentFactory(), SchoolFactory(name="第二中心小学")
    run = sitting(student, school, name="张改名", types="低保")
    accept(run)
    if touched == "name":
        Student.objects.filter(pk=student.pk).update(full_name="张再改")
    elif touched == "stay":
        group = ClassGroupFactory(school=school)
        Enrolment.objects.filter(student=student, valid_to=None).update(class_group=group)
    else:
        PersonCategory.objects.filter(student=student).update(valid_to=DAY)
    was = image(student)

    with pytest.raises(ComparisonRefused, match="又有变动"):
        undo(run)

    assert image(student) == was
    assert MatchDifference.objects.get(run=run).decision == "accepted"


def test_a_decision_that_made_a_child_or_a_case_stands():
    stranger = ["欧阳远方", id_number(born=date(2015, 5, 5), number=77), *[""] * 7]
    idle = StudentFactory(class_group=None)
    run = compared(stranger, of(idle), kind="population", list_kind="population")
    officer = county_officer()
    accept(run, found="only_theirs")
    services.create_children(county=COUNTY, run_id=run.pk, actor=officer)
    newcomer = MatchDifference.objects.exclude(student=idle).get(run=run)

    with pytest.raises(ComparisonRefused, match="学生记录"):
        undo(run, newcomer)
    suspect = MatchDifference.objects.get(run=run, student=idle)
    undo(run, suspect)
    accept(run, differences=(suspect.pk,))
    deeds.open_suspects(
        scope=scope_for(officer, county=COUNTY, on=DAY), actor=officer, run_id=run.pk, today=DAY
    )
    with pytest.raises(ComparisonRefused, match="个案"):
        undo(run, suspect)
