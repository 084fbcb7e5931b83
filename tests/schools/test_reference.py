from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from schools import reference
from schools.models import CalendarDay, Division, SchoolYear, Term

pytestmark = pytest.mark.django_db


def write(folder, text, *, name="区划.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def codes():
    return set(Division.objects.values_list("code", flat=True))


def test_the_project_loads_the_country_and_the_villages_of_one_county(capsys):
    call_command("load_divisions")

    levels = Division.objects.values_list("level", flat=True)
    assert {level: list(levels).count(level) for level in set(levels)} == {
        "province": 31,
        "city": 342,
        "county": 2978,
        "township": 41352,
        "village": 550,
    }
    village = Division.objects.get(pk="620602100201")
    assert village.parent.name == "黄羊镇"
    assert village.parent.parent.name == "凉州区"
    assert "45253" in capsys.readouterr().out


def test_a_second_file_renames_adds_and_deletes_nothing(tmp_path):
    first = write(tmp_path, "code,name\n62,甘肃\n6206,武威市\n")
    reference.load_divisions([first])
    second = write(tmp_path, "name,code,provinceCode\n甘肃省,62,\n凉州区,620602,62\n", name="2.csv")

    stored = reference.load_divisions([second])

    assert stored == 2
    assert codes() == {"62", "6206", "620602"}
    assert Division.objects.get(pk="62").name == "甘肃省"
    assert Division.objects.get(pk="620602").parent_id == "6206"
    assert reference.load_divisions([second, first]) == 1, "the last file has the last word"


def test_u056_a_file_says_until_when_a_unit_stood(tmp_path):
    head = "code,name,valid_to\n62,甘肃省,\n6206,武威市,\n620602,凉州区,\n"
    villages = "620602100,黄羊镇,\n620602100201,红星村委会,2024-12-31\n"
    path = write(tmp_path, head + villages)
    assert reference.load_divisions([path]) == 5
    assert reference.load_divisions([path]) == 0
    assert Division.objects.get(pk="620602100201").valid_to == date(2024, 12, 31)

    # A file that does not say it takes nothing back; a day that is none is refused.
    renamed = write(tmp_path, "code,name\n620602100201,红星村\n", name="2.csv")
    assert reference.load_divisions([renamed]) == 1
    assert Division.objects.get(pk="620602100201").valid_to == date(2024, 12, 31)
    with pytest.raises(reference.FileRefused, match="撤销日期“去年”应写作 2024-12-31"):
        reference.load_divisions([write(tmp_path, head + "620602101,武南镇,去年\n", name="3.csv")])


def test_a_file_as_excel_saves_it_is_read(tmp_path):
    reference.load_divisions([write(tmp_path, "code,name\r\n62,甘肃省\r\n", encoding="utf-8-sig")])

    assert codes() == {"62"}


@pytest.mark.parametrize(
    "text, says",
    [
        ("代码,名称\n62,甘肃省\n", "code、name"),
        ("", "code、name"),
        ("code,name\n62,甘肃省\n62060,某地\n", "第 3 行：区划代码“62060”"),
        ("code,name\n62\n", "区划 62 的名称"),
        ("code,name\n62,甘肃\t省\n", "区划 62 的名称"),
        ("code,name\n620602,凉州区\n", "区划 620602 的上级不在库中"),
    ],
)
def test_a_faulty_file_is_refused_as_a_whole(tmp_path, text, says):
    good = write(tmp_path, "code,name\n11,北京市\n", name="good.csv")
    bad = write(tmp_path, text)

    with pytest.raises(CommandError, match=says):
        call_command("load_divisions", str(good), str(bad))

    assert codes() == set()


def test_a_file_in_another_encoding_or_no_file_is_refused(tmp_path):
    gbk = write(tmp_path, "code,name\n62,甘肃省\n", encoding="gb18030")

    with pytest.raises(CommandError, match="UTF-8"):
        call_command("load_divisions", str(gbk))
    with pytest.raises(CommandError, match="无法打开"):
        call_command("load_divisions", str(tmp_path / "none.csv"))


def test_migrations_know_the_years_and_terms():
    year = SchoolYear.objects.on(date(2027, 2, 28))

    assert str(year) == "2026—2027学年"
    spring = Term.objects.get(
        school_year=year, first_day__lte="2027-02-28", last_day__gte="2027-02-28"
    )
    assert (spring.code, str(spring)) == ("2026-2027-2", "2027年春季学期")
    assert SchoolYear.objects.count() == 12


def test_every_holiday_names_its_notice():
    path = Path(reference.__file__).with_name("data") / "calendar.csv"
    sources = {row["source"] for _, row in reference._rows(path, columns=("day", "source"))}

    assert sources == {
        "国务院办公厅关于2025年部分节假日安排的通知",
        "国务院办公厅关于2026年部分节假日安排的通知",
    }
    # The notices of both years: days off and days moved to be worked.
    assert CalendarDay.objects.filter(day__year=2025, is_working=True).count() == 5
    assert CalendarDay.objects.filter(day__year=2026, is_working=True).count() == 6
    assert CalendarDay.objects.filter(day__year=2025, is_working=False).count() == 28
    assert CalendarDay.objects.filter(day__year=2026, is_working=False).count() == 33


def test_the_notice_of_a_new_year_is_loaded_and_corrected(tmp_path, capsys):
    path = write(
        tmp_path, "day,is_working,name,source\n2027-01-01,0,元旦,通知\n2027-01-03,0,元旦,通知\n"
    )
    call_command("load_calendar", str(path))
    path = write(tmp_path, "day,is_working,name,source\n2027-01-03,1,元旦调休上班,更正\n")

    call_command("load_calendar", str(path))

    found = CalendarDay.objects.filter(day__year=2027).order_by("day")
    assert list(found.values_list("is_working", "name")) == [
        (False, "元旦"),
        (True, "元旦调休上班"),
    ]
    assert "1 天" in capsys.readouterr().out


def test_a_calendar_with_a_strange_day_is_refused(tmp_path):
    path = write(tmp_path, "day,is_working,name\n2027-01-01,0,元旦\n2027年1月2日,0,元旦\n")

    with pytest.raises(CommandError, match="第 3 行"):
        call_command("load_calendar", str(path))

    assert not CalendarDay.objects.filter(day__year=2027).exists()
