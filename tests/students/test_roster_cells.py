from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from students.rosters import cells, grades, secrets
from students.rosters.schools import KnownSchool, SchoolFault, SchoolFinder

AUGUST = date(2013, 8, 31)


@pytest.mark.parametrize(
    "text",
    [
        "20130831",
        "2013-8-31",
        "2013-08-31",
        "2013/08/31",
        "2013.08.31",
        "2013年8月31日",
        "2013 年 08 月 31 日",
        "2013-08-31 00:00:00",
        "41517",
    ],
)
def test_a_day_is_read_however_it_is_written(text):
    assert cells.day(text, False) == AUGUST


def test_serials_follow_the_system_of_the_workbook():
    assert cells.day("40055", True) == AUGUST
    assert cells.day("9999", False) is None
    assert cells.day("60001", False) is None


@pytest.mark.parametrize("text", ["2013-02-30", "不详", "2013", "2013-08", "20130230", "13.8.31"])
def test_what_is_no_day(text):
    assert cells.day(text, False) is None


@given(st.dates(date(1950, 1, 1), date(2060, 1, 1)))
def test_every_day_survives_every_spelling(day):
    for text in (f"{day:%Y%m%d}", f"{day:%Y-%m-%d}", f"{day.year}年{day.month}月{day.day}日"):
        assert cells.day(text, False) == day


@pytest.mark.parametrize(
    "text, damaged",
    [
        ("6.29900E+17", True),
        ("6.29900201902174E+17", True),
        ("629900201909281536.0", True),
        ("629900202005244000", True),
        ("629900201308310018", False),
        ("629900201308310019", False),
        ("P00000017", False),
    ],
)
def test_damaged_numbers(text, damaged):
    assert cells.is_damaged(text) is damaged


@pytest.mark.parametrize(
    "text, context, code",
    [
        ("七年级", {}, 21),
        ("7年级", {}, 21),
        ("初一", {}, 21),
        ("7", {}, 21),
        ("小学三年级", {"school_stages": ("junior",)}, 13),
        ("初中一年级", {}, 21),
        ("一年级", {"school_stages": ("vocational",)}, 41),
        ("中职一年级", {}, 41),
        ("一年级", {"school_stages": ("primary", "junior")}, 11),
        ("2", {}, 12),
        ("2026级", {"school_stages": ("primary",)}, 11),
        ("2025级", {"stage": "初中", "school_stages": ("primary", "junior")}, 22),
        ("初中2025级", {}, 22),
        ("2026级", {"school_stages": ("primary", "junior")}, None),
        ("2019级", {"school_stages": ("primary",)}, None),
        ("混龄班", {}, None),
        ("预备班", {"school_stages": ("junior",)}, None),
    ],
)
def test_grades(text, context, code):
    found = grades.placed(text, "", "", school_year=2026, class_tells_grade=False, **context)

    assert found.grade == code
    assert found.is_unknown == (code is None)


@pytest.mark.parametrize(
    "text, grade, number",
    [
        ("七(3)班", 21, "3"),
        ("三年级2班", 13, "2"),
        ("三年级二班", 13, "2"),
        ("2026级3班", 11, "3"),
        ("五(4)班", 15, "4"),
        ("三年级宏志班", 13, "宏志班"),
    ],
)
def test_grade_and_class_in_one_cell(text, grade, number):
    found = grades.placed(
        "", "", text, school_stages=("primary",), school_year=2026, class_tells_grade=True
    )

    assert found == (grade, number, False)


def test_a_class_cell_may_name_the_grade_only_where_no_column_does():
    asked = {"school_stages": ("primary",), "school_year": 2026}

    assert grades.placed("", "二(4)班", "", class_tells_grade=True, **asked) == (12, "4", False)
    assert grades.placed("", "3班", "", class_tells_grade=True, **asked) == (None, "3", False)
    assert grades.placed("", "二(4)班", "", class_tells_grade=False, **asked) == (None, "4", False)


@pytest.mark.parametrize(
    "text, number",
    [("03", "3"), ("十二班", "12"), ("(四)班", "4"), ("2 班", "2"), ("宏志班", "宏志班")],
)
def test_class_numbers(text, number):
    assert grades.class_number(text) == number


@pytest.mark.parametrize(
    "code, key",
    [(11, ("primary", 2026)), (16, ("primary", 2021)), (22, ("junior", 2025)), (None, ("", None))],
)
def test_a_class_is_keyed_by_its_entry_year(code, key):
    assert grades.stage_and_entry_year(code, school_year=2026) == key


SCHOOLS = SchoolFinder(
    [
        KnownSchool(1, "2162990001", "黄羊镇云杉小学", ("primary",), "黄羊镇"),
        KnownSchool(2, "2162990004", "凉州区育苗小学", ("primary",), "张义镇"),
        KnownSchool(3, "2162990005", "凉州区育苗小学", ("primary",), "西营镇"),
    ],
    places=["甘肃省", "武威市", "凉州区"],
)


@pytest.mark.parametrize(
    "code, name, township, found",
    [
        ("2162990001", "别的名称", "", 1),
        ("9999999999", "黄羊镇云杉小学", "", SchoolFault.UNKNOWN),
        ("", "甘肃省武威市凉州区黄羊镇 云杉小学", "", 1),
        ("", "黄羊镇云杉小学（小学部）", "", 1),
        ("", "云杉小学", "", 1),
        ("", "小学", "", SchoolFault.UNKNOWN),
        ("", "育苗小学", "", SchoolFault.AMBIGUOUS),
        ("", "育苗小学", "西营镇", 3),
        ("", "育苗小学", "黄羊镇", SchoolFault.AMBIGUOUS),
        ("", "云山小学", "", SchoolFault.UNKNOWN),
        ("", "/", "黄羊镇", None),
    ],
)
def test_schools(code, name, township, found):
    school = SCHOOLS.find(code=code, name=name, township=township)

    assert (school.id if isinstance(school, KnownSchool) else school) == found


def test_numbers_in_extra_columns_are_masked_and_kept_apart():
    shown, secret = secrets.open_part(
        {
            "父亲身份证号": "629900197809221209",
            "母亲身份证号": "629900 19780922 120X",
            "残疾人证号": "62990020180513324X51",
            "电话": "家里14000000098",
            "户籍": "620602125001",
            "日期": "2026-09-01",
        }
    )

    assert shown == {
        "父亲身份证号": "629***********1209",
        "母亲身份证号": "629*************120X",
        "残疾人证号": "629*************4X51",
        "电话": "家里1*********8",
        "户籍": "620602125001",
        "日期": "2026-09-01",
    }
    assert set(secret) == {"父亲身份证号", "母亲身份证号", "残疾人证号", "电话"}
    assert secret["电话"] == "家里14000000098"
