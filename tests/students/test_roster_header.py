"""Headers and kinds of rows, on sheets smaller than any fixture."""

import pytest

from core.sheets.reader import Merged
from students.rosters.header import bare_label, field_of, find_header
from students.rosters.labels import CATEGORY_LABELS, LABELS, Field
from students.rosters.rows import RowKind, RowSorter, with_merged

PLAIN = ["序号", "姓名", "性别", "身份证号", "备注"]


def header_of(*rows, merged=()):
    return find_header(dict(enumerate(rows, start=1)), merged)


def fields(header):
    return [column.field for column in header.columns]


@pytest.mark.parametrize(
    "text, label",
    [
        ("姓 名", "姓名"),
        ("*学生姓名（必填）".replace("（", "(").replace("）", ")"), "学生姓名"),
        ("出生\n年月日:", "出生年月日"),
        ("【残疾】类别(一[二])", "类别"),
    ],
)
def test_labels_lose_what_is_no_word(text, label):
    assert bare_label(text) == label


def test_every_label_of_the_tables_is_one():
    for field, labels in LABELS.items():
        for label in labels.split():
            assert field_of(label) == (field, "")
            assert field_of(f"儿童{label}") == (field, "")
    for category, labels in CATEGORY_LABELS.items():
        for label in labels.split():
            assert field_of(label) == (Field.CATEGORY, category)


@pytest.mark.parametrize("label", ["乡镇", "入学年月", "学籍辅号", "成员1姓名", "家长电话"])
def test_other_labels_are_extra(label):
    assert field_of(label) is None


def test_a_header_may_begin_late_and_aside():
    title = ["", "", "某镇花名册"]
    header = header_of(title, [], ["", "", *PLAIN])

    assert (header.first_row, header.last_row) == (3, 3)
    assert header.first(Field.NAME).index == 3


def test_a_name_alone_makes_no_header():
    assert header_of(["姓名", "性别", "人数"]) is None


def test_a_form_is_no_roster():
    assert header_of(["姓名", "张芳翠", "性别", "女", "身份证号", ""]) is None


def test_headings_of_other_persons_take_their_columns_away():
    merged = [Merged(1, 3, 1, 4), Merged(1, 0, 2, 0), Merged(1, 1, 2, 1), Merged(1, 2, 2, 2)]
    header = header_of(
        ["姓名", "性别", "身份证号", "父亲信息", "", "残疾"],
        ["", "", "", "姓名", "身份证号", "类别"],
        merged=[*merged, Merged(1, 5, 1, 5)],
    )

    assert fields(header)[:5] == [Field.NAME, Field.SEX, Field.ID_NUMBER, None, None]
    assert [column.label for column in header.columns][3:5] == ["父亲信息姓名", "父亲信息身份证号"]
    assert (header.columns[5].field, header.columns[5].label) == (Field.DISABILITY, "残疾类别")


def test_a_title_above_is_no_heading():
    header = header_of(["家长信息及学生名单", "", "", "", ""], PLAIN, merged=[Merged(1, 0, 1, 4)])

    assert header.first(Field.ID_NUMBER).index == 3


def test_lower_labels_under_a_wide_heading_without_other_merges():
    header = header_of(
        ["姓名", "性别", "身份证号", "残疾", ""],
        ["", "", "", "类别", "等级"],
        ["张三", "男", "", "", ""],
        merged=[Merged(1, 3, 1, 4)],
    )

    assert (header.first_row, header.last_row) == (1, 2)
    assert len(header.all(Field.DISABILITY)) == 2


def test_a_row_that_numbers_the_columns_belongs_to_the_header():
    assert header_of(PLAIN, ["甲", "1", "2", "3", "4"]).last_row == 2
    assert header_of(PLAIN, ["1", "", "", "", ""]).last_row == 1


def test_of_two_columns_the_leftmost_counts_and_the_other_keeps_its_name():
    header = header_of(["姓名", "性别", "身份证号", "姓名"])

    assert header.first(Field.NAME).index == 0
    assert header.columns[3].label == "姓名2"


@pytest.mark.parametrize(
    "row, kind",
    [
        (["1", "张三", "男", "", ""], RowKind.DATA),
        (["1", "", "", "629900201308310018", ""], RowKind.DATA),
        (["9", "", "", "", ""], RowKind.BLANK),
        (["9", "/", "", "—", ""], RowKind.BLANK),
        (["", "", "", "", ""], RowKind.BLANK),
        (PLAIN, RowKind.HEADER),
        (["序号", "姓 名", "", "", ""], RowKind.HEADER),
        (["", "合 计", "", "", "40人"], RowKind.TOTAL),
        (["小计:12", "", "", "", ""], RowKind.TOTAL),
        (["填表人:李某", "", "", "", ""], RowKind.FOOTER),
        (["", "备注:以上为准", "", "", ""], RowKind.FOOTER),
        (["3.身份证号为18位", "", "", "", ""], RowKind.BLANK),
    ],
)
def test_kinds_of_rows(row, kind):
    assert RowSorter(header_of(PLAIN)).kind(row) is kind


def test_a_cell_merged_downwards_holds_for_each_row_one_merged_sideways_for_its_first_column():
    rows = [(1, ["户甲", "x", "y"]), (2, ["", "x", ""]), (3, ["户乙", "x", ""])]
    merged = [Merged(1, 0, 2, 0), Merged(1, 2, 1, 3)]

    assert list(with_merged(rows, merged)) == [
        (1, ["户甲", "x", "y"]),
        (2, ["户甲", "x", ""]),
        (3, ["户乙", "x", ""]),
    ]
