"""What a column may mean: a code to store, a title to show, in an order to choose from."""

from collections.abc import Iterable

from students.rosters.labels import CATEGORY_WORDS, Field

Means = tuple[Field | None, str]
EXTRA = ""
_CATEGORY = f"{Field.CATEGORY}:"

TITLES: dict[Field, str] = {
    Field.NAME: "姓名",
    Field.ID_NUMBER: "身份证件号",
    Field.ID_TYPE: "身份证件类型",
    Field.STUDENT_NO: "学籍号",
    Field.NO_NUMBER: "无户口或无证件（是/否）",
    Field.REGISTERED: "已登记户口（是/否）",
    Field.SEX: "性别",
    Field.BIRTH_DATE: "出生日期",
    Field.ETHNICITY: "民族",
    Field.SCHOOL_CODE: "学校标识码",
    Field.SCHOOL: "学校名称",
    Field.SCHOOL_TOWNSHIP: "学校所在乡镇",
    Field.STAGE: "学段",
    Field.GRADE: "年级",
    Field.CLASS: "班级",
    Field.GRADE_AND_CLASS: "年级和班级（一栏）",
    Field.BOARDING: "是否住校（是/否）",
    Field.BOARDING_MODE: "就读方式（走读、住校）",
    Field.CATEGORY_LIST: "类别名称（如脱贫户、低保）",
    Field.DISABILITY: "残疾类别、等级或证号",
}
CATEGORY_TITLES: dict[str, str] = {
    "lifted_household": "脱贫户",
    "monitored_household": "监测户",
    "lifted_unstable": "脱贫不稳定户",
    "marginal_at_risk": "边缘易致贫户",
    "sudden_severe_hardship": "突发严重困难户",
    "subsistence_allowance": "低保",
    "extreme_hardship": "特困供养",
    "orphan": "孤儿",
    "de_facto_unsupported": "事实无人抚养",
    "resettled": "易地搬迁",
    "migrant_child": "随迁子女",
    "left_behind_edu": "留守儿童",
    "left_behind_civil": "农村留守儿童（民政）",
    "child_in_difficulty": "困境儿童",
    "disabled": "残疾",
}
EXTRA_TITLE = "其他信息（照原样保存）"
_FACTS = [Field.CATEGORY_LIST, Field.DISABILITY]
_WHERE = [Field.SCHOOL, Field.SCHOOL_CODE, Field.SCHOOL_TOWNSHIP, Field.STAGE, Field.GRADE]
_WHERE += [Field.CLASS, Field.GRADE_AND_CLASS, Field.BOARDING_MODE, Field.BOARDING]
_WHO = [field for field in TITLES if field not in _WHERE + _FACTS]


class UnknownField(ValueError):
    """No field has this code."""


def code_of(field: Field | None, category: str = "") -> str:
    if field is None:
        return EXTRA
    return f"{_CATEGORY}{category}" if field is Field.CATEGORY else str(field)


def meaning_of(code: str) -> Means:
    """Errors: UnknownField."""
    if code == EXTRA:
        return None, ""
    if code not in CODES:
        raise UnknownField(code)
    if code.startswith(_CATEGORY):
        return Field.CATEGORY, code.removeprefix(_CATEGORY)
    return Field(code), ""


def title_of(code: str) -> str:
    return CODES.get(code, EXTRA_TITLE)


def _pairs(chosen: Iterable[Field]) -> list[tuple[str, str]]:
    return [(str(field), TITLES[field]) for field in chosen]


_YES_NO = [(f"{_CATEGORY}{code}", f"{CATEGORY_TITLES[code]}（是/否）") for code in CATEGORY_WORDS]
CHOICES: list[tuple[str, list[tuple[str, str]]]] = [
    ("学生本人", _pairs(_WHO)),
    ("就读", _pairs(_WHERE)),
    ("类别", [*_pairs(_FACTS), *_YES_NO]),
]
CODES: dict[str, str] = {code: title for _, pairs in CHOICES for code, title in pairs}
