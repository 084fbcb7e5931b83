"""Lists that speak of some townships or schools only: elsewhere they say nothing."""

import io
from datetime import date

import openpyxl
import pytest

from students.comparison import services as comparisons
from students.lists import services
from students.lists.services import Described, ListRefused
from students.models import HouseholdCategory, MatchDifference, PersonCategory
from tests.factories import (
    COUNTY,
    ClassGroupFactory,
    SchoolFactory,
    StudentFactory,
    county_officer,
    division,
)

pytestmark = pytest.mark.django_db
AUTUMN, SPRING = date(2026, 9, 15), date(2027, 3, 15)
HERE, THERE = "620602100", "620602101"
LOW = "subsistence_allowance"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def pupil(township):
    school = SchoolFactory(township=division(township))
    return StudentFactory(class_group=ClassGroupFactory(school=school))


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in (["姓名", "身份证号", "人员类别", "户编号"], *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def sent(content, kind="relief", body="民政局", on=AUTUMN, **places):
    return services.receive(
        county=COUNTY,
        described=Described(kind, body, on, **places),
        file_name="名单.xlsx",
        content=io.BytesIO(content),
        actor=None,
    )


def given(*rows, **described):
    return services.read(county=COUNTY, list_id=sent(workbook(*rows), **described).pk)


def applied(*rows, **more):
    office_list = given(*rows, **more)
    if office_list.state == "needs_confirm":
        services.confirm(county=COUNTY, list_id=office_list.pk, actor=county_officer())
    services.submit(county=COUNTY, list_id=office_list.pk, actor=None)
    return services.apply(county=COUNTY, list_id=office_list.pk)


def row(student, says="低保", household=""):
    number = student.identifiers.get(kind="id_number").reveal()
    return [student.full_name, number, says, household]


def ends(*students):
    held = dict(PersonCategory.objects.filter(type=LOW).values_list("student", "valid_to"))
    return [held[student.pk] for student in students]


@pytest.mark.parametrize("narrowed_by", ["townships", "schools"])
def test_a_list_of_one_place_ends_nothing_elsewhere(narrowed_by):
    gone, stays, elsewhere = pupil(HERE), pupil(HERE), pupil(THERE)
    applied(row(gone), row(stays), row(elsewhere))

    places = {
        "townships": {"townships": (HERE,)},
        "schools": {"schools": (gone.school_id, stays.school_id)},
    }
    applied(row(stays), on=SPRING, **places[narrowed_by])

    assert ends(gone, stays, elsewhere) == [SPRING, None, None]


def test_a_household_of_another_township_keeps_its_category():
    child, elsewhere = pupil(HERE), pupil(THERE)
    register = {"kind": "poverty_register", "body": "农业农村局"}
    applied(row(child, "监测户", "1"), row(elsewhere, "监测户", "2"), **register)

    applied(row(pupil(HERE), "监测户", "3"), on=SPRING, townships=(HERE,), **register)

    held = dict(HouseholdCategory.objects.values_list("household__household_no", "valid_to"))
    assert held == {"1": SPRING, "2": None, "3": None}


def test_a_list_of_another_place_is_not_the_owners_word_against_a_claim():
    applied(row(pupil(HERE)), townships=(HERE,))
    child = pupil(THERE)

    applied(row(child, "脱贫户、低保", "1"), kind="poverty_register", body="农业农村局", on=SPRING)

    assert ends(child) == [None]


def test_an_older_list_of_another_place_is_not_asked_about():
    applied(row(pupil(HERE)), on=SPRING, townships=(HERE,))
    child = pupil(THERE)

    assert given(row(child), townships=(THERE,)).state == "ready"
    assert given(row(child), row(pupil(THERE))).state == "needs_confirm"


def test_the_same_file_with_another_range_is_no_second_list_and_not_the_first():
    content = workbook(row(pupil(HERE)))
    sent(content, townships=(HERE,))

    assert sent(content, townships=(HERE,)).townships == [HERE]
    with pytest.raises(ListRefused, match="已经上传过"):
        sent(content)


def test_an_older_list_of_more_places_than_the_newer_is_refused_in_words():
    applied(row(pupil(HERE)), on=SPRING, townships=(HERE,))

    with pytest.raises(ListRefused, match="分成两个文件"):
        applied(row(pupil(THERE)))


def test_an_older_list_within_a_newer_ones_places_fills_the_days_before():
    child = pupil(HERE)
    applied(row(pupil(HERE)), on=SPRING, townships=(HERE,))

    applied(row(child), schools=(child.school_id,))

    assert ends(child) == [SPRING]


def test_a_comparison_expects_nobody_elsewhere():
    listed, missing, elsewhere = pupil(HERE), pupil(HERE), pupil(THERE)
    office_list = given(row(listed, ""), kind="in_class", body="教育局", townships=(HERE,))
    asked = comparisons.Asked("in_class", office_list.pk, date(2026, 10, 8))
    run = comparisons.start(county=COUNTY, asked=asked, actor=None)

    comparisons.compare(county=COUNTY, run_id=run.pk)

    absent = MatchDifference.objects.filter(run=run, found="only_ours")
    assert list(absent.values_list("student", flat=True)) == [missing.pk]
    assert elsewhere.pk not in MatchDifference.objects.values_list("student", flat=True)
