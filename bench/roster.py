"""A synthetic county roster as xlsx: N rows of 20 columns, about 0.7 % of them to be rejected.

All people are made up; their numbers bear the unassigned county code 629900. Beside the workbook
stands what must be in the database afterwards, one JSON list a line, so that every variant is
compared with the same truth.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rustpy_xlsxwriter import FastExcel

from core.idnumber import check_character

COUNTY = "620602"
SCHOOL_YEAR = 2026
HEADERS = [
    "序号",
    "姓名",
    "身份证号",
    "学籍号",
    "性别",
    "出生日期",
    "民族",
    "学校标识码",
    "学校名称",
    "年级",
    "班级",
    "是否住校",
    "是否脱贫户",
    "是否监测户",
    "是否低保",
    "是否留守儿童",
    "是否残疾学生",
    "家长姓名",
    "联系电话",
    "家庭住址",
]
CATEGORIES = {
    "是否脱贫户": "lifted_household",
    "是否监测户": "monitored_household",
    "是否低保": "subsistence_allowance",
    "是否留守儿童": "left_behind_edu",
    "是否残疾学生": "disabled",
}
_SHARES = {
    "是否脱贫户": 0.18,
    "是否监测户": 0.03,
    "是否低保": 0.08,
    "是否留守儿童": 0.12,
    "是否残疾学生": 0.01,
}
GRADES = {
    "一年级": 11,
    "二年级": 12,
    "三年级": 13,
    "四年级": 14,
    "五年级": 15,
    "六年级": 16,
    "七年级": 21,
    "八年级": 22,
    "九年级": 23,
}
_PEOPLES = [("汉族", "01"), ("藏族", "04"), ("回族", "03"), ("蒙古族", "02"), ("土族", "30")]
_PEOPLE_WEIGHTS = [90, 4, 3, 2, 1]
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
_GIVEN = (
    "梓涵子轩浩宇欣怡雨桐一诺晨曦佳琪俊杰思远文博嘉怡若曦静宜志强晓明雪梅建国海燕春玲"
    "天佑婷婷丽娜伟东永福玉兰秀英凯旋明哲诗涵可馨梦瑶睿阳泽宇皓轩雅静彤彤小龙金凤银花"
)
BAD_SHARE = 0.007


@dataclass(frozen=True)
class School:
    code: str
    name: str
    stages: tuple
    township: str


@dataclass(frozen=True)
class Roster:
    """Paths of the workbook and of the truth, and how many rows each holds."""

    workbook: Path
    truth: Path
    rows: int
    accepted: int


def schools(rows):
    """One school for about 400 children, in a few townships of the county."""
    count = max(4, rows // 400)
    return [_school(number) for number in range(count)]


def _school(number):
    is_primary = number % 4 != 3
    kind, stages = ("小学", ("primary",)) if is_primary else ("初级中学", ("junior",))
    # Under a made-up prefix, so that no code belongs to a real school.
    return School(
        code=f"99{number:08d}",
        name=f"凉州区试验{number + 1:04d}{kind}",
        stages=stages,
        township=f"{COUNTY}{100 + number % 19:03d}",
    )


def make(folder, *, rows, seed=20261121, places=None):
    """Write `roster-N.xlsx` and its truth below a folder; the same seed gives the same file."""
    chance = random.Random(seed)
    places = places or schools(rows)
    taken = Counter()
    pupils = [_pupil(number, places, taken, chance) for number in range(1, rows + 1)]
    truth = Path(folder) / f"roster-{rows}.jsonl"
    good = []
    for pupil in pupils:
        if good and chance.random() < BAD_SHARE:
            _spoil(pupil, chance.choice(good), chance)
        else:
            good.append(pupil)
    with truth.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_truth(one), ensure_ascii=False) + "\n" for one in good)
    workbook = Path(folder) / f"roster-{rows}.xlsx"
    # Repeated texts in one table, as office programs write them.
    FastExcel(workbook).sheet("全区学生花名册", pupils, dedupe_strings=True).save()
    return Roster(workbook, truth, rows, len(good))


def _pupil(number, places, taken, chance):
    place = places[number % len(places)]
    first, names = (11, 6) if "primary" in place.stages else (21, 3)
    year = chance.randrange(names)
    grade = next(name for name, code in GRADES.items() if code == first + year)
    age = year + (6 if first == 11 else 12)
    born = date(SCHOOL_YEAR - age, 9, 1) - timedelta(days=chance.randrange(1, 366))
    sex = chance.choice("男女")
    identity = _identity(born, sex, taken)
    pupil = {
        "序号": str(number),
        "姓名": _name(chance),
        "身份证号": identity,
        "学籍号": "G" + identity,
        "性别": sex,
        "出生日期": born.isoformat(),
        "民族": chance.choices(_PEOPLES, _PEOPLE_WEIGHTS)[0][0],
        "学校标识码": place.code,
        "学校名称": place.name,
        "年级": grade,
        "班级": f"{chance.randrange(1, 5)}班",
        "是否住校": chance.choice(["是", "否", "否"]),
    }
    pupil |= {label: "是" if chance.random() < p else "否" for label, p in _SHARES.items()}
    pupil |= {
        "家长姓名": pupil["姓名"][0] + chance.choice(_GIVEN),
        "联系电话": f"1990000{number % 10000:04d}",
        "家庭住址": f"{chance.randrange(1, 30)}村{chance.randrange(1, 12)}组{number % 97 + 1}号",
    }
    return pupil


def _identity(born, sex, taken):
    """The next free number of this day: 500 for each sex."""
    order = taken[born, sex] * 2 + (sex == "男")
    taken[born, sex] += 1
    body = f"629900{born:%Y%m%d}{order:03d}"
    return body + check_character(body)


def _name(chance):
    given = "".join(chance.choices(_GIVEN, k=chance.choices([1, 2], [13, 87])[0]))
    return chance.choice(SURNAMES) + given


def _spoil(pupil, other, chance):
    """One of the faults that rosters really have; each rejects the row."""
    number = pupil["身份证号"]
    faults = [
        {"身份证号": number[:17] + ("1" if number[17] != "1" else "2")},
        {"身份证号": number[:15]},
        {"身份证号": other["身份证号"], "性别": other["性别"], "出生日期": other["出生日期"]},
        {"学校标识码": "9999999999"},
        {"姓名": ""},
        {"性别": "女" if pupil["性别"] == "男" else "男"},
        {"出生日期": "2001-01-01"},
        {"年级": "中班"},
    ]
    pupil |= chance.choice(faults)


def _truth(pupil):
    said = [code for label, code in CATEGORIES.items() if pupil[label] == "是"]
    return [
        pupil["身份证号"],
        pupil["学籍号"],
        pupil["姓名"],
        pupil["性别"],
        pupil["出生日期"],
        dict(_PEOPLES)[pupil["民族"]],
        pupil["学校标识码"],
        GRADES[pupil["年级"]],
        pupil["班级"].removesuffix("班"),
        "boarding" if pupil["是否住校"] == "是" else "day",
        sorted(said),
    ]
