"""四查三比对: who is on both sides, who on one, and what accepting a finding leads to."""

import io
from collections import Counter
from datetime import date

import openpyxl
import pytest

from accounts.scope import scope_for
from casework.models import DropoutCase
from casework.services import comparisons as deeds
from casework.states import CaseState
from core.models import AuditEntry, Job
from students.comparison import services
from students.comparison.services import Asked, Chosen, ComparisonRefused
from students.lists import services as lists
from students.models import ListEntry, MatchDifference, MatchRun, Student, StudentIdentifier
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    DropoutCaseFactory,
    GuardianFactory,
    SchoolFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 8)
HEADER = ["姓名", "身份证号", "学籍号", "出生日期", "性别", "监护人", "就读学校", "人员类别"]
Found = MatchDifference.Found


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def said(name, number="", *, no="", born=None, sex="", guardian="", school="", types=""):
    return [name, number, no, f"{born:%Y-%m-%d}" if born else "", sex, guardian, school, types]


def of(student, **changed):
    number = student.identifiers.filter(kind="id_number").first()
    return said(
        changed.pop("name", student.full_name),
        changed.pop("number", number.reveal() if number else ""),
        **{"born": student.birth_date, **changed},
    )


def read(*rows, kind="other"):
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    office_list = lists.receive(
        county=COUNTY,
        described=lists.Described(kind, "公安局", date(2026, 10, 1)),
        file_name="名单.xlsx",
        content=content,
        actor=None,
    )
    return lists.read(county=COUNTY, list_id=office_list.pk)


def started(office_list, kind="any", **more):
    asked = Asked(kind, office_list.pk, DAY, **more)
    return services.start(county=COUNTY, asked=asked, actor=None)


def compared(*rows, kind="any", list_kind="other", **more):
    run = started(read(*rows, kind=list_kind), kind, **more)
    return services.compare(county=COUNTY, run_id=run.pk)


def findings(run):
    return Counter(MatchDifference.objects.filter(run=run).values_list("found", flat=True))


def of_student(run, student):
    row = MatchDifference.objects.get(run=run, student=student)
    return row.found, row.how


def stranger(name="欧阳远方", born=date(2015, 5, 5)):
    return said(name, id_number(born=born, number=77, sex="男"), born=born)


def test_the_five_classes_and_their_counts():
    exact, sounds, differs, ours = StudentFactory.create_batch(4)
    nameless = StudentFactory(number="")
    run = compared(
        of(exact),
        of(nameless),
        of(differs, name="张改名"),
        stranger(),
        of(sounds, number="", sex=sounds.sex),
    )

    assert of_student(run, exact) == (Found.EXACT, "number")
    assert of_student(run, nameless) == (Found.BY_OTHER, "name_birth")
    assert of_student(run, sounds) == (Found.BY_OTHER, "name_birth")
    assert of_student(run, differs) == (Found.DIFFERS, "number")
    assert of_student(run, ours) == (Found.ONLY_OURS, "")
    assert {k: n for k, n in run.counts.items() if k in Found and n} == dict(findings(run))
    assert run.counts["theirs"] == 5
    assert run.counts["theirs"] == sum(n for k, n in findings(run).items() if k != "only_ours")


def test_a_difference_names_the_field_with_both_words():
    school = SchoolFactory(name="黄羊镇云杉小学")
    student = StudentFactory()
    run = compared(of(student, name="张改名", school="黄羊镇云杉小学", types="低保"))

    fields = MatchDifference.objects.get(run=run).fields
    assert fields["name"] == [student.full_name, "张改名"]
    assert fields["school"] == [student.school.name, school.name]
    assert fields["categories"] == [[], ["subsistence_allowance"]]
    assert set(fields) == {"name", "school", "categories"}


def test_two_good_numbers_that_differ_are_two_children_whatever_their_names():
    student = StudentFactory()
    other = id_number(born=student.birth_date, number=88, sex=student.sex)
    run = compared(of(student, number=other))

    assert findings(run) == {Found.ONLY_THEIRS: 1, Found.ONLY_OURS: 1}


@pytest.mark.parametrize("where", ["theirs", "ours"])
def test_a_name_that_two_bear_on_one_side_decides_nothing(where):
    born = date(2016, 3, 3)
    StudentFactory(full_name="王伟", birth_date=born, number="", sex="男")
    if where == "ours":
        StudentFactory(full_name="王伟", birth_date=born, sex="男")
    rows = [said("王伟", born=born)]
    if where == "theirs":
        rows.append(said("王伟", id_number(born=born, number=5, sex="男"), born=born))
    run = compared(*rows)

    assert MatchDifference.objects.filter(run=run, found=Found.BY_OTHER).count() == 0


def test_one_sound_and_birthday_is_found_and_shown_as_differing_in_the_name():
    student = StudentFactory(full_name="张小明", birth_date=date(2016, 3, 3), number="")
    run = compared(said("张晓明", born=date(2016, 3, 3)))

    assert of_student(run, student) == (Found.DIFFERS, "sound_birth")


def test_the_guardian_tells_a_child_without_birth_date_apart():
    student = StudentFactory(full_name="王伟", number="")
    kin = GuardianFactory(full_name="王大民")
    StudentGuardianFactory(student=student, guardian=kin)
    StudentFactory(full_name="王伟", number="", birth_date=date(2014, 1, 1))
    run = compared(said("王伟", guardian="王大民"))

    assert of_student(run, student) == (Found.BY_OTHER, "name_guardian")


def test_population_against_enrolment_finds_the_children_out_of_school():
    enrolled, idle = StudentFactory(), StudentFactory(class_group=None)
    run = compared(
        *(of(enrolled), of(idle), stranger(), stranger("司马太小", date(2023, 1, 1))),
        kind="population",
        list_kind="population",
        born_from=date(2011, 9, 1),
        born_to=date(2020, 8, 31),
    )

    assert findings(run) == {Found.EXACT: 1, Found.ONLY_THEIRS: 2}
    assert of_student(run, idle) == (Found.ONLY_THEIRS, "number")
    assert run.counts["outside"] == 1


def test_in_class_asks_only_the_schools_the_list_names():
    first, second = SchoolFactory(name="第一小学"), SchoolFactory(name="第二小学")
    present, absent = (
        StudentFactory(class_group=ClassGroupFactory(school=first)) for _ in range(2)
    )
    StudentFactory(class_group=ClassGroupFactory(school=second))
    run = compared(of(present, school="第一小学"), kind="in_class", list_kind="in_class")

    assert of_student(run, absent) == (Found.ONLY_OURS, "")
    assert findings(run) == {Found.EXACT: 1, Found.ONLY_OURS: 1}


def test_dropouts_against_the_poverty_register_finds_the_poor_ones():
    poor = DropoutCaseFactory(state=CaseState.CONFIRMED).student
    DropoutCaseFactory(state=CaseState.CONFIRMED)
    office_list = read(of(poor), of(StudentFactory()), kind="poverty_register")
    run = started(office_list, "poor_dropouts")
    assert run.job.task == "casework.compare_dropouts"
    deeds.compare_dropouts_job(claimed(run))

    run.refresh_from_db()
    assert findings(run) == {Found.EXACT: 1, Found.ONLY_THEIRS: 1, Found.ONLY_OURS: 1}
    assert of_student(run, poor)[0] == Found.EXACT


def claimed(run):
    return Job.claim(run.job_id)


def test_the_job_says_how_far_it_is():
    said = []
    run = started(read(of(StudentFactory()), stranger()))
    services.compare(county=COUNTY, run_id=run.pk, report=said.append)

    assert [stage.split("，")[-1] for stage in said] == [
        "正在按证件号找人",
        "正在按学籍号找人",
        "正在按姓名、出生日期和监护人找人",
        "正在逐人比较并写入结果",
    ]
    assert "按号码找到 1 人" in said[2]


def test_the_disability_list_finds_who_is_not_enrolled():
    enrolled, idle = StudentFactory(), StudentFactory(class_group=None)
    run = compared(of(enrolled), of(idle), kind="disability", list_kind="disability")

    assert of_student(run, idle)[0] == Found.ONLY_THEIRS
    assert findings(run) == {Found.DIFFERS: 1, Found.ONLY_THEIRS: 1}  # 残疾 is not recorded here


def test_a_list_that_does_not_fit_the_question_is_refused_in_words():
    with pytest.raises(ComparisonRefused, match="公安户籍名单"):
        started(read(stranger()), "population")


def test_starting_twice_is_one_run():
    office_list = read(stranger())

    assert started(office_list).pk == started(office_list).pk


def test_a_second_delivery_finds_the_run_done():
    run = compared(stranger())
    services.compare(county=COUNTY, run_id=run.pk)

    assert MatchDifference.objects.filter(run=run).count() == 1


# -- decisions ---------------------------------------------------------------------------------


def decide(run, decision="accepted", **chosen):
    return services.decide(
        county=COUNTY,
        run_id=run.pk,
        chosen=Chosen(**chosen),
        decision=decision,
        note="已核",
        actor=county_officer(),
    )


def test_one_finding_is_decided_with_a_trail():
    run = compared(stranger(), stranger("诸葛远", date(2015, 6, 6)))
    first = MatchDifference.objects.filter(run=run).earliest("pk")
    decide(run, differences=(first.pk,))

    first.refresh_from_db()
    assert (first.decision, first.note) == ("accepted", "已核")
    assert first.decided_at
    assert first.decided_by_name
    assert MatchDifference.objects.filter(run=run, decision="open").count() == 1
    entry = AuditEntry.objects.get(action="comparison.decide")
    assert entry.after["differences"] == [first.pk]


def test_all_of_a_class_acts_on_what_is_open_and_only_on_the_shown_count():
    run = compared(stranger(), stranger("诸葛远", date(2015, 6, 6)), of(StudentFactory()))

    with pytest.raises(ComparisonRefused, match="现在是 2 条"):
        decide(run, found="only_theirs", expected=3)
    assert decide(run, found="only_theirs", expected=2).findings == 2
    assert MatchDifference.objects.filter(run=run, decision="open").count() == 1


def population(*rows):
    run = compared(*rows, kind="population", list_kind="population")
    decide(run, found="only_theirs")
    return run


def test_accepted_strangers_become_children_once_and_can_be_found_by_their_number():
    run = population(stranger())
    officer = county_officer()

    made = services.create_children(county=COUNTY, run_id=run.pk, actor=officer)
    again = services.create_children(county=COUNTY, run_id=run.pk, actor=officer)

    assert (made, again) == (1, 0)
    child = Student.objects.get()
    assert (child.full_name, child.school_id, child.sex) == ("欧阳远方", None, "男")
    number = StudentIdentifier.objects.get(student=child)
    assert number.reveal() == id_number(born=date(2015, 5, 5), number=77, sex="男")
    assert number.source == "名单：公安局"
    assert child.name_tokens
    assert AuditEntry.objects.filter(action="student.create", target_id=child.pk).count() == 1


def test_a_child_a_roster_brought_meanwhile_is_linked_and_not_made_twice():
    run = population(stranger())
    number = id_number(born=date(2015, 5, 5), number=77, sex="男")
    child = StudentFactory(number=number)

    assert services.create_children(county=COUNTY, run_id=run.pk, actor=county_officer()) == 0
    assert MatchDifference.objects.get(run=run, found="only_theirs").student == child


def opened(run, user=None):
    user = user or county_officer()
    return deeds.open_suspects(scope=scope_of(user), actor=user, run_id=run.pk, today=DAY)


def scope_of(user):
    return scope_for(user, county=COUNTY, on=DAY)


def test_accepted_suspects_open_cases_in_one_act_and_open_ones_are_told():
    idle = StudentFactory(class_group=None)
    known = DropoutCaseFactory(student=StudentFactory(class_group=None)).student
    run = population(of(idle), of(known), stranger())
    services.create_children(county=COUNTY, run_id=run.pk, actor=county_officer())

    first, again = opened(run), opened(run)

    assert (len(first.cases), first.already_open) == (2, 1)
    assert (len(again.cases), again.already_open) == (0, 3)
    case = DropoutCase.objects.get(student=idle)
    assert (case.source, case.state) == ("roster_match", "suspected")
    assert "户籍" in case.suspicion


def test_rejected_and_undecided_findings_open_nothing():
    run = compared(of(StudentFactory(class_group=None)), kind="population", list_kind="population")
    assert opened(run).cases == ()
    decide(run, "rejected", found="only_theirs")
    assert opened(run).cases == ()


def test_absent_pupils_open_cases_from_the_enrolment_comparison():
    school = SchoolFactory(name="第一小学")
    present, absent = (
        StudentFactory(class_group=ClassGroupFactory(school=school)) for _ in range(2)
    )
    run = compared(of(present, school="第一小学"), kind="in_class", list_kind="in_class")
    decide(run, found="only_ours")

    [case] = opened(run).cases
    assert (case.student, case.source) == (absent, "status_match")


def test_the_poor_dropouts_have_their_cases_already():
    with pytest.raises(ComparisonRefused, match="不是疑似线索"):
        opened(compared(stranger()))


def test_a_list_that_was_compared_is_not_thrown_away():
    run = compared(stranger())

    with pytest.raises(lists.ListRefused, match="做过比对"):
        lists.discard(county=COUNTY, list_id=run.office_list_id, actor=None)
    assert ListEntry.objects.count() == 1
    assert MatchRun.objects.count() == 1


def test_a_namesake_without_a_number_is_left_for_a_person_to_look_at():
    born = date(2016, 3, 3)
    for _ in range(2):
        StudentFactory(full_name="王伟", birth_date=born, number="", class_group=None)
    run = population(said("王伟", born=born))

    assert services.create_children(county=COUNTY, run_id=run.pk, actor=county_officer()) == 0
    assert Student.objects.count() == 2
