"""What an unfamiliar column head probably means: a proposal for a person, never taken without one.

Beside the contract's labels (students.rosters.labels) there are heads as schools write them
(data/similar_heads.csv), and the words of a category in every dress: 是否属于脱贫户家庭学生.
"""

import csv
import re
from functools import lru_cache
from pathlib import Path

from students.rosters import cells, fields
from students.rosters.header import field_of
from students.rosters.labels import OTHER_PERSONS, SEXES, Field

_HEADS = Path(__file__).with_name("data") / "similar_heads.csv"
_NUMBERING = re.compile(r"^(?:\d{1,2}[.、:)]|[①-⑳㈠-㈩])")
_ADVICE = re.compile(r"(?:必填|选填|下拉选择|下拉|请选择|不能为空|[如例格][如:式].*)$")
_SIGNS = dict.fromkeys(map(ord, "※★☆#▲△●◆√✱﹡"))
_JOINING = dict.fromkeys(map(ord, "、/,;·.+-—–_和与及"))
# Whose column it is, beyond the leading words of the contract.
_WHOSE = re.compile("^(?:受助学生|被资助学生|适龄儿童少年|适龄儿童|留守儿童|随迁子女|新生|本人)")
_BEFORE = ("是否属于", "是否享受", "是否为", "是否是", "是否有", "是否", "属于", "享受")
_AFTER = ("家庭", "户", "学生", "子女", "儿童", "少年", "人口", "人员", "对象")
_ID_SHAPE = re.compile(r"[\dX ]{15,20}|[\d.]+E\+?\d+", re.IGNORECASE).fullmatch

Known = tuple[Field, str]


def similar(label: str) -> Known | None:
    """The field of a head that is near to one we know."""
    if any(word in label for word in OTHER_PERSONS):
        return None
    bare = _stripped(label)
    tight = _WHOSE.sub("", bare.translate(_JOINING))
    return field_of(bare) or _heads().get(tight) or _category(bare) or field_of(tight)


def _stripped(label: str) -> str:
    return _ADVICE.sub("", _NUMBERING.sub("", label.translate(_SIGNS)))


@lru_cache(maxsize=1)
def _heads() -> dict[str, Known]:
    found: dict[str, Known] = {}
    with _HEADS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            field, category = fields.meaning_of(row["field"])
            if field is not None and field is not Field.CATEGORY:
                found[row["label"].translate(_JOINING)] = (field, category)
    return found


@lru_cache(maxsize=1)
def _roots() -> dict[str, str]:
    with _HEADS.open(encoding="utf-8", newline="") as file:
        return {
            row["label"]: fields.meaning_of(row["field"])[1]
            for row in csv.DictReader(file)
            if row["field"].startswith(f"{Field.CATEGORY}:")
        }


def _category(label: str) -> Known | None:
    """是否 … 户: a yes/no column of a category. A bare 残疾 or 低保 is one of the contract's."""
    before = next((word for word in _BEFORE if label.startswith(word)), "")
    core, is_dressed = label.removeprefix(before), bool(before)
    while core:
        if is_dressed and core in _roots():
            return Field.CATEGORY, _roots()[core]
        after = next((word for word in _AFTER if core.endswith(word)), "")
        if not after:
            return None
        core, is_dressed = core.removesuffix(after), True
    return None


def looks_unlike(code: str, values: list[str]) -> bool:
    """Not one of the values is of the shape that this field has."""
    fits = _SHAPES.get(code)
    return bool(fits and values) and not any(fits(value) for value in values if fits)


_SHAPES = {
    str(Field.ID_NUMBER): lambda text: bool(_ID_SHAPE(text)) or text in ("无户口", "无证件"),
    str(Field.SEX): lambda text: text in SEXES,
    str(Field.BIRTH_DATE): lambda text: cells.day(text, False) is not None,
    str(Field.NAME): lambda text: not any(sign.isdecimal() for sign in text),
}
