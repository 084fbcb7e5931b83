"""Changed facts of a child as people say them: labels, codes, lists of categories."""

from typing import Any

from core import codes
from students.models import CategoryType, Enrolment, Student

# What a roster calls the facts it changes, and what the columns are called where people edit.
_LABELS = {field.name: str(field.verbose_name) for field in Student._meta.fields} | {
    "name": "姓名",
    "id_number": "身份证件号",
    "student_no": "学籍号",
    "sex": "性别",
    "birth_date": "出生日期",
    "ethnicity": "民族",
    "school": "学校",
    "grade": "年级",
    "class": "班级",
    "boarding": "就读方式",
    "categories": "类别",
    "office_facts": "名单登记",
    "guardian": "监护人",
    "relation": "与学生关系",
    "guardian_phone": "监护人电话",
    "guardian_number": "监护人证件号",
    "work_place": "务工地",
    "household": "户籍",
    "promised_school": "应升初中",
}
_LISTS = {"ethnicity": "ethnicity", "ethnicity_code": "ethnicity", "grade": "grade"}


def category_names() -> dict[str, str]:
    return dict(CategoryType.objects.values_list("code", "short_name"))


def change(
    name: str, before: Any, after: Any, *, categories: dict[str, str]
) -> tuple[str, str, str]:
    """Label, before and after in words."""
    return label(name), said(name, before, categories), said(name, after, categories)


def label(name: str) -> str:
    return _LABELS.get(name, name)


def said(name: str, value: Any, categories: dict[str, str]) -> str:
    if name == "categories":
        return "、".join(categories.get(code, code) for code in value or [])
    if value in (None, ""):
        return ""
    if name == "boarding":
        return str(dict(Enrolment.Mode.choices).get(value, value))
    return _code(_LISTS[name], str(value)) if name in _LISTS else str(value)


def _code(kind: str, code: str) -> str:
    try:
        return codes.name(kind, code)
    except codes.UnknownCode:
        return code
