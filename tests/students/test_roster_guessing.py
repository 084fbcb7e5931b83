"""What heads probably mean: thirty variants, and what no guess may touch."""

import itertools
import json
from pathlib import Path

import pytest

from core.sheets import gate, reader
from core.sheets.text import clean
from students.rosters import fields, guessing, mapping
from students.rosters.header import bare_label, field_of, find_header
from students.rosters.labels import OTHER_PERSONS, Field
from tests.students.heads import VARIANTS, variant

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
GOOD = [f["file"] for f in json.loads((WORKBOOKS / "expected.json").read_text())["files"]]
GOOD = [file for file in GOOD if file[0] in "01"]


def proposed(heads, memory=None):
    rows = {3: [clean(head) for head in heads]}
    header = mapping.propose(rows, [], memory=memory or {})
    if header is None:
        return [None] * len(heads)
    by_index = {c.index: fields.code_of(c.field, c.category) for c in header.columns}
    return [by_index.get(index) for index in range(len(heads))]


def test_u028_of_thirty_real_heads_nineteen_columns_in_twenty_are_guessed():
    assert len(VARIANTS) == 30
    wrong, columns = [], 0
    for name, text in VARIANTS.items():
        heads, meant = variant(text)
        columns += len(heads)
        for head, code, guess in zip(heads, meant, proposed(heads), strict=True):
            if guess != code:
                wrong.append((name, head, guess, code))

    assert columns > 250
    assert len(wrong) <= 0.05 * columns, wrong


@pytest.mark.parametrize("name", VARIANTS)
def test_u028_the_name_and_a_number_are_found_in_every_variant(name):
    heads, meant = variant(VARIANTS[name])
    found = dict(zip(heads, proposed(heads), strict=True))

    assert "name" in found.values()
    assert not any(
        code == "name" and found[h] != "name" for h, code in zip(heads, meant, strict=True)
    )


@pytest.mark.parametrize("file", GOOD)
def test_what_is_proposed_for_the_files_of_the_contract_is_the_contract(file):
    with reader.sheets(gate.inspect(WORKBOOKS / file)) as sheets:
        for sheet in sheets:
            rows = dict(itertools.islice(sheet.rows(), 40))
            assert mapping.propose(rows, sheet.merged, memory={}) == find_header(rows, sheet.merged)


@pytest.mark.parametrize("word", OTHER_PERSONS)
@pytest.mark.parametrize("head", ["{}姓名", "{}身份证", "※{}身份证号码", "是否{}低保户"])
def test_another_persons_column_is_never_guessed(word, head):
    assert guessing.similar(bare_label(head.format(word))) is None


@pytest.mark.parametrize(
    "head", ["乡镇", "入学年月", "学籍辅号", "走读/寄宿", "户籍所在地", "是否独生子女", "类型"]
)
def test_what_the_contract_keeps_as_extra_stays_extra(head):
    assert guessing.similar(bare_label(head)) is None


@pytest.mark.parametrize(
    "head, category",
    [
        ("是否属于脱贫户家庭学生", "lifted_household"),
        ("是否原建档立卡贫困户", "lifted_household"),
        ("城乡低保户", "subsistence_allowance"),
        ("是否进城务工随迁子女", "migrant_child"),
        ("是否边缘易致贫户", "marginal_at_risk"),
        ("是否困境儿童", "child_in_difficulty"),
    ],
)
def test_a_category_in_any_dress_is_its_yes_no_column(head, category):
    assert guessing.similar(head) == (Field.CATEGORY, category)


def test_every_similar_head_means_a_field_and_is_none_of_the_contract():
    for label, known in guessing._heads().items():
        assert field_of(label) in (None, known)
    for root, category in guessing._roots().items():
        assert guessing.similar(f"是否{root}户") == (Field.CATEGORY, category)


@pytest.mark.parametrize(
    "code, values, unlike",
    [
        ("id_number", ["629900201308310018", "无户口"], False),
        ("id_number", ["张三", "李四"], True),
        ("sex", ["男", "1"], False),
        ("sex", ["三年级"], True),
        ("birth_date", ["2013.8.31"], False),
        ("birth_date", ["男"], True),
        ("name", ["13900000000"], True),
        ("school", ["什么都行"], False),
        ("id_number", [], False),
    ],
)
def test_values_that_do_not_look_like_their_field_are_doubtful(code, values, unlike):
    assert guessing.looks_unlike(code, values) is unlike


def test_every_field_can_be_chosen_and_comes_back_from_its_code():
    for field in set(Field) - {Field.CATEGORY}:
        assert fields.meaning_of(fields.code_of(field)) == (field, "")
    assert fields.meaning_of("category:orphan") == (Field.CATEGORY, "orphan")
    assert fields.meaning_of("") == (None, "")
    with pytest.raises(fields.UnknownField):
        fields.meaning_of("category")


def test_u028_what_an_office_said_before_goes_before_every_guess():
    memory = {"真名": (Field.NAME, ""), "身份证号": (None, ""), "证号": (Field.ID_NUMBER, "")}

    assert proposed(["真名", "性别", "身份证号", "证号", "学校"], memory) == [
        "name",
        "sex",
        "",
        "id_number",
        "school",
    ]


def test_what_an_office_said_of_its_name_column_does_not_hide_a_plain_header():
    memory = {"姓名": (None, ""), "真名": (Field.NAME, "")}

    assert proposed(["姓名", "性别", "身份证号"], memory) == ["name", "sex", "id_number"]


@pytest.mark.parametrize(
    "text, field, shown",
    [
        ("张三丰", Field.NAME, "张**"),
        ("629900201308310018", Field.ID_NUMBER, "629***********0018"),
        ("20130831", Field.BIRTH_DATE, "2013****"),
        ("2013年8月31日", Field.BIRTH_DATE, "2013年*月**日"),
        ("14000000098", None, "1*****"),
        ("男", None, "男"),
        ("七年级", Field.GRADE, "七年级"),
        ("黄羊镇云杉小学", Field.SCHOOL, "黄羊镇云杉小学"),
        ("甘肃省武威市凉州区黄羊镇", None, "甘*****"),
    ],
)
def test_samples_are_masked(text, field, shown):
    assert mapping.masked(text, field) == shown
