"""Which pairs of records are put before a person, and why."""

import json
from datetime import date

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.scope import scope_for
from core import tenancy
from core.models import Job
from students.duplicates import finding, services
from students.models import DuplicatePair, Student
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
    school_head,
    seal_identifier,
)

pytestmark = pytest.mark.django_db
BORN = date(2016, 3, 7)
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


def child(name, *, n=None, born=BORN, sex="男", guardian=None, **fields):
    """`n` counts the numbers of one birthday; without it the child has none."""
    number = "" if n is None else id_number(born=born, number=n, sex=sex)
    fields.setdefault("has_no_number", n is None)
    made = StudentFactory(full_name=name, birth_date=born, sex=sex, number=number, **fields)
    if guardian:
        StudentGuardianFactory(student=made, guardian=guardian)
    return made


def father(name="张大民", phone="19900000001"):
    return GuardianFactory(full_name=name, phone=phone)


def found():
    with tenancy.inside(COUNTY):
        finding.find(county=COUNTY, now=timezone.now())
    pairs = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
    return {(pair.first_id, pair.second_id): pair for pair in pairs}


def only_pair(one, other):
    pairs = found()
    assert list(pairs) == [(one.pk, other.pk)]
    return pairs[one.pk, other.pk]


def test_the_child_without_papers_who_got_a_number():
    pair = only_pair(child("张小明"), child("张小明", n=1))

    assert {"same_name", "same_birth", "no_number"} <= set(pair.reasons)
    assert not pair.looks_like_twins


def test_many_of_one_name_and_birthday_are_defaults_and_no_pairs():
    for n in range(finding._MOST_ALIKE + 1):
        child("测试生", n=n)
    one, other = child("张小明"), child("张小明", n=60)

    assert list(found()) == [(one.pk, other.pk)]


def test_a_temporary_student_number_that_became_a_formal_one():
    one = child("张小明")
    seal_identifier(one, text="J620602201603070011", kind="student_no")
    other = child("张小明", n=1)
    seal_identifier(other, text="G" + id_number(born=BORN, number=1), kind="student_no")

    assert "number_changed" in only_pair(one, other).reasons


@pytest.mark.parametrize(
    "names, reason",
    [
        (("张小明", "张晓明"), "same_sound"),
        (("张小明", "张明小"), "swapped_name"),
        (("阿卜杜·热合曼", "阿卜杜热合曼"), "same_name"),
    ],
)
def test_names_that_a_clerk_wrote_otherwise(names, reason):
    one, other = (
        child(name, n=n, guardian=father()) for n, name in zip((None, 1), names, strict=True)
    )
    assert reason in only_pair(one, other).reasons


def test_a_changed_number_under_the_same_guardian():
    one, other = (child("张小明", n=n, guardian=father()) for n in (1, 40))

    assert "same_guardian" in only_pair(one, other).reasons


def test_a_birthday_one_digit_off_under_the_same_guardian():
    one = child("张小明", n=1, guardian=father())
    other = child("张小明", n=1, born=date(2016, 3, 17), guardian=father())

    assert "near_birth" in only_pair(one, other).reasons


def test_a_student_number_that_holds_the_number_of_another_record():
    holder = child("张小明", n=1)
    other = child("章晓鸣", born=date(2016, 3, 8))
    seal_identifier(other, text="G" + id_number(born=BORN, number=1), kind="student_no")

    assert "number_in_no" in only_pair(holder, other).reasons


def test_ones_own_number_in_the_student_number_says_nothing():
    one = child("张小明", n=1)
    seal_identifier(one, text="G" + id_number(born=BORN, number=1), kind="student_no")
    child("王磊", n=2)

    assert found() == {}


def test_twins_are_marked():
    group, home = ClassGroupFactory(), father()
    one = child("张梓涵", n=1, guardian=home, class_group=group)
    other = child("张梓萱", n=2, guardian=home, class_group=group)

    assert only_pair(one, other).looks_like_twins


def test_twins_whose_names_sound_alike_are_marked():
    group, home = ClassGroupFactory(), father()
    one = child("张佳怡", n=1, guardian=home, class_group=group)
    other = child("张嘉仪", n=2, guardian=home, class_group=group)

    assert only_pair(one, other).looks_like_twins


def test_namesakes_of_one_birthday_in_other_families_are_left_in_peace():
    child("张伟", n=1, guardian=father())
    child("张伟", n=2, guardian=father("李二", "19900000002"))
    child("张伟", n=3, born=date(2015, 1, 1))

    assert found() == {}


def test_a_rejected_pair_comes_back_only_with_other_facts():
    one, other = child("张小明"), child("张小明", n=1)
    pair = only_pair(one, other)
    officer = county_officer()
    services.reject(scope=scope_for(officer, on=TODAY), actor=officer, pair_id=pair.pk, now=NOW)

    assert found() == {}
    seal_identifier(one, text="G620602201603070022", kind="student_no")
    assert only_pair(one, other).pk == pair.pk


def test_what_was_mended_meanwhile_is_forgotten():
    one, other = child("张小明"), child("张小明", n=1)
    only_pair(one, other)
    Student.objects.filter(pk=one.pk).update(full_name="王磊", name_key="wang lei")

    assert found() == {}
    assert not DuplicatePair.objects.exists()


def test_the_search_is_one_job_of_the_county():
    officer = county_officer()
    scope = scope_for(officer, on=TODAY)

    job = services.start_finding(scope=scope, actor=officer)
    assert services.start_finding(scope=scope, actor=officer) == job
    assert Job.objects.get().task == "students.find_duplicates"


def test_only_the_county_searches():
    head = school_head(StudentFactory().school)

    with pytest.raises(services.MergeRefused, match="县教育局"):
        services.start_finding(scope=scope_for(head, on=TODAY), actor=head)


def test_the_command_says_how_many_in_words_and_as_json(capsys):
    child("张小明")
    child("张小明", n=1)

    call_command("find_duplicates", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["open"], said["twins"]) == (1, 0)
    call_command("find_duplicates")
    assert "待核对 1 对" in capsys.readouterr().out


def import_csv(folder, *rows):
    path = folder / "roster.csv"
    path.write_text("\n".join(["姓名,身份证号,性别,出生日期,是否无户口", *rows]), "utf-8")
    call_command("import_roster", str(path), "--school-year", "2026")


def test_a_roster_goes_on_and_opens_a_pair_for_a_likely_same_child(tmp_path):
    known = child("张小明", n=1)

    import_csv(
        tmp_path,
        f"张小明,{id_number(born=BORN, number=2)},男,2016-03-07,",
        f"王磊,{id_number(born=BORN, number=3)},男,2016-03-07,",
    )

    assert Student.objects.count() == 3
    pair = DuplicatePair.objects.get()
    assert pair.first == known
    assert (pair.state, pair.batch_id is not None) == (DuplicatePair.State.OPEN, True)
    # The county's own search finds too little in it, but a roster's doubt is a person's to end.
    assert list(found().values()) == [pair]


def test_the_same_roster_again_opens_nothing(tmp_path):
    child("张小明", n=1)
    row = f"张小明,{id_number(born=BORN, number=2)},男,2016-03-07,"
    import_csv(tmp_path, row)
    pair = DuplicatePair.objects.get()
    import_csv(tmp_path, row)

    assert DuplicatePair.objects.get() == pair


def import_with_student_no(folder, *rows):
    path = folder / "numbers.csv"
    path.write_text("\n".join(["姓名,身份证号,学籍号", *rows]), "utf-8")
    call_command("import_roster", str(path), "--school-year", "2026")


def test_a_roster_that_gives_a_child_anothers_student_number_says_so(tmp_path):
    owner, other = child("张小明", n=1), child("李红", n=2)
    number = "G629900201603070011"
    seal_identifier(owner, text=number, kind="student_no")
    row = f"李红,{id_number(born=BORN, number=2)},{number}"

    import_with_student_no(tmp_path, row)

    pair = DuplicatePair.objects.get()
    assert {pair.first, pair.second} == {owner, other}
    assert "shared_no" in pair.reasons
    assert pair.batch_id
    assert not other.identifiers.filter(kind="student_no").exists()
    # Looked at and found to be two children, it is not asked about again.
    officer = county_officer()
    services.reject(
        scope=scope_for(officer, on=TODAY), actor=officer, pair_id=pair.pk, note="", now=NOW
    )
    import_with_student_no(tmp_path, row, f"王磊,{id_number(born=BORN, number=3)},")
    pair.refresh_from_db()
    assert pair.state == DuplicatePair.State.REJECTED


def test_two_rows_of_one_roster_with_one_student_number_are_a_pair(tmp_path):
    number = "G629900201603070011"

    import_with_student_no(
        tmp_path,
        f"张小明,{id_number(born=BORN, number=1)},{number}",
        f"王磊,{id_number(born=BORN, number=2)},{number}",
    )

    pair = DuplicatePair.objects.get()
    assert "shared_no" in pair.reasons
    assert {pair.first.full_name, pair.second.full_name} == {"张小明", "王磊"}
