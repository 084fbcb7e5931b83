"""The fixtures of the import contract through the pure part: no database, no store."""

import json
from pathlib import Path

import pytest

from core.sheets import gate, reader
from core.sheets.gate import FileRefused
from students.rosters.reading import open_roster
from students.rosters.schools import KnownSchool, SchoolFinder
from students.rosters.verdict import Rejected, Setting

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
STAGES = {"小学": "primary", "初中": "junior", "中职": "vocational", "特殊教育": "special"}


@pytest.fixture(scope="module")
def setting():
    with reader.sheets(gate.inspect(WORKBOOKS / "schools.xlsx")) as sheets:
        [rows] = [list(sheet.rows()) for sheet in sheets]
    schools = [
        KnownSchool(
            id=number,
            code=row[0],
            name=row[1],
            stages=tuple(STAGES[stage] for stage in row[3].split("、")),
            township=row[4],
        )
        for number, row in rows[1:]
    ]
    assert len(schools) == EXPECTED["schools"]["count"]
    return Setting(SchoolFinder(schools, places=["甘肃省", "武威市", "凉州区"]), school_year=2026)


def read(path, setting):
    """What expected.json says of a file that the pure part can know."""
    rejected = []
    try:
        with open_roster(path, setting=setting) as roster:
            for judged in roster.rows():
                if isinstance(judged.verdict, Rejected):
                    sheet = roster.sheets[judged.sheet].name
                    rejected.append([sheet, judged.row, judged.verdict.reason])
    except FileRefused as refused:
        return {"refused": refused.code}
    return {
        "refused": None,
        "sheets": [[s.name, list(s.header_rows), s.data_rows] for s in roster.sheets],
        "ignored_sheets": roster.ignored_sheets,
        "rejected_rows": rejected,
    }


@pytest.mark.parametrize("entry", EXPECTED["files"], ids=lambda entry: entry["file"][:2])
def test_headers_rows_and_rejections(entry, setting):
    wanted = {"refused": entry["refused"]}
    if entry["refused"] is None:
        wanted |= {
            "sheets": [[s["sheet"], s["header_rows"], s["data_rows"]] for s in entry["sheets"]],
            "ignored_sheets": entry["ignored_sheets"],
            "rejected_rows": entry["rejected_rows"],
        }

    assert read(WORKBOOKS / entry["file"], setting) == wanted


def csv(path, *lines):
    path.write_text("\n".join(lines))
    return path


def judged(path, setting):
    with open_roster(path, setting=setting) as roster:
        return [row.verdict for row in roster.rows()]


def test_a_rejected_row_shows_its_cell_but_no_whole_number(tmp_path, setting):
    path = csv(
        tmp_path / "a.csv",
        "姓名,身份证号,学校",
        "张三,629900201308310019,",
        "李四,629900201308310018,云山小学校",
    )

    first, second = judged(path, setting)

    assert (first.reason, first.cell, first.name) == ("id_checksum", "629***********0019", "张三")
    assert (second.reason, second.cell) == ("school_unknown", "云山小学校")


def test_the_first_fault_of_the_order_is_told(tmp_path, setting):
    path = csv(
        tmp_path / "a.csv",
        "姓名,身份证号,学校,出生日期,年级",
        ",629900201308310019,无此学校啊,不详,幼儿班",
        ",629900201308310018,无此学校啊,不详,幼儿班",
        "张三,629900201308310018,无此学校啊,不详,幼儿班",
        "张三,629900201308310018,,不详,幼儿班",
        "张三,629900201308310018,,2013-08-30,幼儿班",
        "张三,629900201308310018,,2013-08-31,幼儿班",
    )

    assert [row.reason for row in judged(path, setting)] == [
        "id_checksum",
        "name_missing",
        "school_unknown",
        "birth_date_invalid",
        "birth_date_conflict",
        "grade_unknown",
    ]


def test_a_rejected_row_is_no_earlier_row(tmp_path, setting):
    path = csv(
        tmp_path / "a.csv",
        "姓名,身份证号,年级",
        "张三,629900201308310018,幼儿班",
        "张三,629900201308310018,三年级",
        "张三,629900201308310018,三年级",
    )

    first, second, third = judged(path, setting)

    assert first.reason == "grade_unknown"
    assert second.grade == 13
    assert third.reason == "duplicate_in_file"


def test_a_yes_beside_a_no_of_the_same_category_stands(tmp_path, setting):
    path = csv(
        tmp_path / "a.csv",
        "姓名,身份证号,是否低保,困难类型",
        "张三,629900201308310018,否,低保、脱贫户",
    )

    [said] = judged(path, setting)

    assert said.added == {"subsistence_allowance", "lifted_household"}
    assert said.dropped == set()


def test_what_no_list_knows_is_kept(tmp_path, setting):
    path = csv(
        tmp_path / "a.csv",
        "序号,姓名,身份证号,性别,民族,困难类型,残疾类别,家长电话",
        "1,张三,629900201308310018,,火星族,低保、其他困难,视力,14000000000",
    )

    [said] = judged(path, setting)

    assert said.ethnicity == ""
    assert said.added == {"subsistence_allowance", "disabled"}
    assert said.extra == {
        "民族": "火星族",
        "困难类型": "其他困难",
        "残疾类别": "视力",
        "家长电话": "14000000000",
    }
