import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from core.models import AuditEntry
from schools.imports import import_schools
from schools.models import Division, School, Stage

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
SCHOOLS = WORKBOOKS / "schools.xlsx"
HEAD = "学校标识码,学校名称,学校类别,学段,所在乡镇,乡镇代码,是否寄宿制,是否小规模,是否教学点"
ROW = "2162990001,黄羊镇云杉小学,小学,小学,黄羊镇,620602100,否,否,否"

pytestmark = pytest.mark.django_db


@pytest.fixture
def school_list(tmp_path):
    def write(*lines):
        path = tmp_path / "学校.csv"
        path.write_text("\n".join([HEAD, *lines]))
        return path

    return write


def test_the_list_of_the_county_makes_its_divisions_too():
    Division.objects.filter(code__startswith="620602").delete()

    outcome = import_schools(SCHOOLS)

    assert (outcome.created, outcome.changed, outcome.unchanged) == (41, 0, 0)
    assert not outcome.rejected
    school = School.objects.get(code="3162990029")
    assert school.stages == [Stage.PRIMARY, Stage.JUNIOR]
    assert school.is_boarding
    assert (school.county, school.township.name) == ("620602", "西营镇")
    names = Division.objects.filter(code__in=["62", "6206", "620602"]).order_by("code")
    assert [division.name for division in names] == ["甘肃省", "武威市", "凉州区"]
    assert AuditEntry.objects.filter(action="school.create").count() == 41


def test_the_same_list_again_changes_nothing(school_list):
    import_schools(SCHOOLS)

    again = import_schools(SCHOOLS)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 41)

    renamed = import_schools(school_list(ROW.replace("云杉小学", "云杉中心小学")))
    assert (renamed.created, renamed.changed) == (0, 1)
    assert School.objects.get(code="2162990001").name == "黄羊镇云杉中心小学"
    entry = AuditEntry.objects.get(action="school.change")
    assert entry.before["name"] == "黄羊镇云杉小学"


@pytest.mark.parametrize(
    "wrong, told",
    [
        (ROW.replace("2162990001", "21629"), "应为10位数字"),
        (ROW.replace("黄羊镇云杉小学", ""), "没有学校名称"),
        (ROW.replace("小学,黄羊镇", "大学,黄羊镇"), "学段“大学”不在名录中"),
        (ROW.replace("620602100", "620602"), "乡镇代码"),
        (ROW.replace("620602100", "620603100"), "乡镇代码"),
        (ROW.replace("否,否,否", "也许,否,否"), "请写“是”或“否”"),
    ],
)
def test_a_wrong_row_is_told_and_the_others_are_stored(school_list, wrong, told):
    good = ROW.replace("2162990001", "2162990002").replace("云杉", "松柏")

    outcome = import_schools(school_list(good, wrong))

    assert outcome.created == 1
    [(number, reason)] = outcome.rejected
    assert number == 3
    assert told in reason


def test_the_command_tells_a_program(capsys):
    call_command("import_schools", str(SCHOOLS), str(WORKBOOKS / "22-加密.xlsx"), "--json")

    first, second = json.loads(capsys.readouterr().out)
    assert (first["file"], first["refused"], first["created"]) == ("schools.xlsx", None, 41)
    assert (second["refused"], second["schools_after"]) == ("encrypted", 41)


def test_the_command_tells_a_person(capsys, school_list):
    call_command("import_schools", str(school_list(ROW, ROW.replace("2162990001", "1"))))

    told = capsys.readouterr().out
    assert "新增学校 1 所" in told
    assert "第 3 行：学校标识码“1”应为10位数字" in told


@pytest.mark.parametrize(
    "text", ["姓名,性别\n张三,男\n", "学校标识码,学校名称\n2162990001,黄羊镇云杉小学\n"]
)
def test_a_file_without_the_needed_columns_is_no_school_list(tmp_path, capsys, text):
    path = tmp_path / "a.csv"
    path.write_text(text)

    call_command("import_schools", str(path))

    assert "表头须有“学校标识码”" in capsys.readouterr().out
    assert not School.objects.exists()


def test_a_county_may_be_named_instead_of_township_codes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("学校标识码,学校名称,所在乡镇\n2162990001,黄羊镇云杉小学,黄羊镇\n")

    assert import_schools(path, county="620602").created == 1
    assert School.objects.get().township_id == "620602100"


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="找不到文件"):
        call_command("import_schools", str(tmp_path / "no.xlsx"))
