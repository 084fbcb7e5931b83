"""Grades and classes as rosters write them (contract 3.5)."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from core.sheets.text import squeeze
from students.rosters.cells import blank

# Stage -> first grade code, number of grades. A stage is called as schools.Stage calls it.
STAGES = {"primary": (11, 6), "junior": (21, 3), "vocational": (41, 3)}
STAGE_NAMES = {
    "小学": "primary",
    "初中": "junior",
    "初级中学": "junior",
    "中职": "vocational",
    "中等职业": "vocational",
}
_WORDS = {"小学": "primary", "初中": "junior", "初": "junior", "中职": "vocational"}

MAX_CLASS = 20

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_COUNT = r"\d{1,3}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]"
_GRADE = r"(小学|初中|初|中职)?(?:(20\d\d)级|([一二三四五六七八九]|\d)"
_GRADE_ALONE = re.compile(_GRADE + r"(?:年级)?)").fullmatch
_GRADE_AHEAD = re.compile(_GRADE + r"(?:年级|(?=\()))").match
_CLASS = re.compile(rf"(?:\(({_COUNT})\)|({_COUNT}))班$").search
_BARE_CLASS = re.compile(_COUNT).fullmatch


class Placed(NamedTuple):
    """Where a row puts the child; unknown if it names a grade that cannot be read."""

    grade: int | None
    class_number: str
    is_unknown: bool


@lru_cache(maxsize=1 << 14)
def placed(
    grade: str,
    class_: str,
    grade_and_class: str,
    *,
    stage: str = "",
    school_stages: tuple[str, ...] = (),
    school_year: int,
    class_tells_grade: bool,
) -> Placed:
    """The cells 年级, 班级 and 年级班级 of one row; `stage` is what its column 学段 says.

    Where a sheet has no grade column (`class_tells_grade`), 班级 may name the grade, but need not.
    """
    other_stage = _other_stage(STAGE_NAMES.get(squeeze(stage), ""), school_stages)
    code, number = None, ""
    if text := blank(class_):
        code, number = _both(text, other_stage, school_year)
        if not class_tells_grade:
            code, number = None, class_number(text)
    if text := blank(grade_and_class):
        code, joint_number = _both(text, other_stage, school_year)
        number = joint_number or number
    if alone := blank(grade):
        found = _GRADE_ALONE(squeeze(alone))
        code = _code(found, other_stage, school_year) if found else None
    return Placed(code, number, bool(text or alone) and code is None)


def _both(text: str, other_stage: str, school_year: int) -> tuple[int | None, str]:
    """七(3)班, 三年级2班, 2026级3班; the class alone if no grade is named."""
    bare = squeeze(text)
    found = _GRADE_AHEAD(bare)
    if not found:
        return None, class_number(bare)
    rest = bare[found.end() :]
    return _code(found, other_stage, school_year), class_number(rest) if rest else ""


@lru_cache(maxsize=1 << 12)
def class_number(text: str) -> str:
    """七(3)班 -> 3, 三年级二班 -> 2, 03 -> 3, 宏志班 as it is."""
    bare = squeeze(text)[:MAX_CLASS]
    if _BARE_CLASS(bare):
        return str(_value(bare))
    found = _CLASS(bare)
    return str(_value(found[1] or found[2])) if found else bare


def _other_stage(stage: str, school_stages: Collection[str]) -> str:
    possible = [known for known in school_stages if known in STAGES]
    return stage or (possible[0] if len(possible) == 1 else "")


def _code(found: re.Match[str], other_stage: str, school_year: int) -> int | None:
    """七年级, 初一, 小学三年级, 2026级 … as a code, None if it cannot be told.

    A plain 一年级 to 六年级 without any stage is 小学: those names belong to it, as 七年级 to
    九年级 belong to 初中.
    """
    word, entry, digit = found.groups()
    stage = _WORDS.get(word or "", "") or other_stage
    if entry:
        return _in_stage(stage, school_year - int(entry) + 1)
    year = _value(digit)
    if year > 6 and word is None:
        return _in_stage("junior", year - 6)
    return _in_stage(stage or "primary", year)


def _in_stage(stage: str, year: int) -> int | None:
    if stage not in STAGES:
        return None
    first, count = STAGES[stage]
    return first + year - 1 if 1 <= year <= count else None


def stage_and_entry_year(grade_code: int | None, *, school_year: int) -> tuple[str, int | None]:
    """What a class is keyed by: 22 in 2026 is a junior class that entered in 2025."""
    for stage, (first, count) in STAGES.items():
        if grade_code is not None and first <= grade_code < first + count:
            return stage, school_year - (grade_code - first)
    return "", None


def _value(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if "十" not in text:
        return _DIGITS[text]
    tens, ones = text.split("十")
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
