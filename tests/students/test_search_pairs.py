"""Sixty ways a person types a child's name or number: the child is among the first five."""

from datetime import date

import pytest
from django.urls import reverse

from core import names
from students.models import StudentIdentifier
from tests.factories import (
    ClassGroupFactory,
    StudentFactory,
    county_officer,
    id_number,
    seal_identifier,
)

pytestmark = pytest.mark.django_db
SEARCH = reverse("students:student-search")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=61)
STUDENT_NO = f"G{id_number(born=BORN, number=77)}"

PAIRS = [
    # Chinese: whole, a part, one character
    ("张小明", "张小明"),
    ("小明", "张小明"),
    ("张小", "张小明"),
    ("欧阳娜", "欧阳娜"),
    ("阳娜", "欧阳娜"),
    ("珍", "解珍"),
    ("诸葛明月", "诸葛明月"),
    ("司马", "司马建国"),
    ("𠮷", "李𠮷"),
    ("李𠮷", "李𠮷"),
    # full pinyin, in any case and spacing
    ("zhangxiaoming", "张小明"),
    ("ZhangXiaoMing", "张小明"),
    ("zhang xiao ming", "张小明"),
    ("ZHANGXIAOMING", "张小明"),
    ("xiaoming", "张小明"),
    ("ouyangna", "欧阳娜"),
    ("zhugemingyue", "诸葛明月"),
    ("simajianguo", "司马建国"),
    ("lvhaiyan", "吕海燕"),
    # initials
    ("zxm", "张小明"),
    ("ZXM", "张小明"),
    ("xm", "张小明"),
    ("oyn", "欧阳娜"),
    ("zgmy", "诸葛明月"),
    ("smjg", "司马建国"),
    ("lhy", "吕海燕"),
    # mixed
    ("张xm", "张小明"),
    ("zhang小明", "张小明"),
    ("zhangxm", "张小明"),
    ("张xiaoming", "张小明"),
    ("ouy娜", "欧阳娜"),
    ("欧阳n", "欧阳娜"),
    ("zhuge明月", "诸葛明月"),
    ("吕hy", "吕海燕"),
    # surnames that are read otherwise than the character
    ("shanxiong", "单雄"),
    ("xiezhen", "解珍"),
    ("qiuhe", "仇和"),
    ("zengguang", "曾光"),
    ("oujianmin", "区建民"),
    ("zhaliang", "查良"),
    ("piaozhi", "朴智"),
    ("qinhao", "覃昊"),
    ("yuchilin", "尉迟琳"),
    ("jixiaofang", "纪晓芳"),
    # dots of every kind, blanks, none
    ("阿依古丽·买买提", "阿依古丽·买买提"),
    ("阿依古丽•买买提", "阿依古丽·买买提"),
    ("阿依古丽・买买提", "阿依古丽·买买提"),
    ("阿依古丽．买买提", "阿依古丽·买买提"),
    ("阿依古丽‧买买提", "阿依古丽·买买提"),
    ("阿依古丽.买买提", "阿依古丽·买买提"),
    ("买买提", "阿依古丽·买买提"),
    ("aygl", "阿依古丽·买买提"),
    # full-width letters and blanks
    ("ｚｘｍ", "张小明"),
    ("ｚｈａｎｇｘｉａｏｍｉｎｇ", "张小明"),
    ("　张小明　", "张小明"),
    # numbers: whole, spaced, full-width, the last four, 学籍号
    (NUMBER, "证件号"),
    (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", "证件号"),
    ("".join(chr(ord(sign) + 0xFEE0) for sign in NUMBER), "证件号"),
    (NUMBER[-4:], "证件号"),
    (NUMBER[-4:].lower(), "证件号"),
    (STUDENT_NO, "学籍号"),
    (STUDENT_NO.lower(), "学籍号"),
    (STUDENT_NO[-4:], "学籍号"),
]
NAMED = sorted({name for typed, name in PAIRS if name not in ("证件号", "学籍号")})


@pytest.fixture
def children():
    """Every child of the table, among many others of common names."""
    group = ClassGroupFactory()
    found = {name: StudentFactory(full_name=name, class_group=group).pk for name in NAMED}
    by_number = StudentFactory(full_name="安宁", birth_date=BORN, number=NUMBER, class_group=group)
    by_file = StudentFactory(full_name="安康", number="", class_group=group)
    seal_identifier(by_file, text=STUDENT_NO, kind=StudentIdentifier.Kind.STUDENT_NO)
    for at in range(60):
        name = "张王李赵刘陈杨黄周吴"[at % 10] + "伟芳强丽军静"[at // 10] + "国"
        StudentFactory(full_name=name, class_group=group)
    return found | {"证件号": by_number.pk, "学籍号": by_file.pk}


def first_five(client, typed):
    answer = client.get(client.post(SEARCH, {"words": typed})["Location"])
    return [student.pk for student, _ in answer.context["lines"]][:5]


def test_u060_the_child_is_among_the_first_five(client, children):
    client.force_login(county_officer())

    missed = [pair for pair in PAIRS if children[pair[1]] not in first_five(client, pair[0])]

    assert len(PAIRS) >= 60
    assert missed == []


def test_a_phone_finds_nobody(client, children):
    client.force_login(county_officer())

    assert first_five(client, "19900000000") == []


def test_the_last_four_find_within_the_county_only(client, children):
    client.force_login(county_officer("620621"))

    assert first_five(client, NUMBER[-4:]) == []


def test_the_tail_is_what_the_mask_shows(children):
    identifier = StudentIdentifier.objects.get(student=children["证件号"])

    assert identifier.mask[-4:] == NUMBER[-4:]
    assert NUMBER not in identifier.mask
    assert names.normalise("ｚｘｍ") == "zxm"
