"""Places as people name them, and the choices of township and village."""

from datetime import date

import pytest

from schools import divisions
from schools.divisions import PlaceUnknown, place_named, place_words
from schools.forms import DivisionField, Typed
from schools.models import Division
from schools.reference import load_divisions, project_divisions

pytestmark = pytest.mark.django_db
COUNTY, ON = "620602", date(2026, 11, 22)


@pytest.fixture
def china():
    load_divisions(project_divisions())


def test_every_village_of_the_county_is_offered_with_its_sounds(china):
    places = divisions.places_below(COUNTY, on=ON)
    villages = {one.code: one for one in places if len(one.code) == 12}

    assert len(villages) > 500
    assert villages["620602001001"].name == "南苑社区居委会"
    assert villages["620602001001"].keys == "nanyuanshequjuweihui nysqjwh"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("620602001001", "东大街街道南苑社区居委会"),
        ("620602001", "东大街街道"),
        ("620602", "甘肃省武威市凉州区"),
        ("110101", "北京市东城区"),
        ("620602001999", "东大街街道（区划代码 620602001999）"),
        ("", ""),
    ],
)
def test_a_place_is_told_by_its_whole_name(china, code, words):
    assert place_words(code, county=COUNTY, on=ON) == words


def test_u056_a_withdrawn_place_says_since_when(china):
    Division.objects.filter(pk="620602001001").update(valid_to=date(2024, 12, 31))

    words = place_words("620602001001", county=COUNTY, on=ON)

    assert words == "东大街街道南苑社区居委会（2024-12-31 撤销）"
    assert "620602001001" not in {one.code for one in divisions.places_below(COUNTY, on=ON)}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("古浪县", "620622"),
        ("武威市古浪县", "620622"),
        ("甘肃省武威市古浪县", "620622"),
        ("甘肃省 武威市 古浪县", "620622"),
        ("620622", "620622"),
        ("北京市东城区", "110101"),
    ],
)
def test_a_place_elsewhere_is_found_by_name_or_code(china, typed, code):
    assert place_named(typed).pk == code


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("朝阳区", "名为“朝阳区”的地方不止一处"),
        ("浪县", "没有找到“浪县”"),
        ("999999", "没有区划代码 999999"),
    ],
)
def test_a_place_that_is_none_or_several_is_told(china, typed, words):
    with pytest.raises(PlaceUnknown, match=words):
        place_named(typed)


def test_the_field_stores_the_finest_code_that_is_known(china):
    field = DivisionField(label="户籍所在地", required=False)
    field.offer(county=COUNTY, on=ON)

    assert field.clean(Typed()) == ""
    assert field.clean(Typed("620602001")) == "620602001"
    assert field.clean(Typed("620602001", "620602001001")) == "620602001001"
    assert field.clean(Typed(elsewhere="古浪县")) == "620622"
