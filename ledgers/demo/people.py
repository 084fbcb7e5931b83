"""Invented names, numbers and phones, the same for the same seed."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from uuid import UUID

from core import idnumber

# Commonest surnames of the north-west first; the last two lines are read otherwise as surnames.
_SURNAMES = (
    "王李张刘陈杨赵马周吴徐孙胡朱高林何郭罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏"
    "薛叶阎余潘杜戴夏钟汪田姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎常"
    "单曾解仇查盖朴任区冼翟乐缪宁瞿宓晁种"
)
_COMPOUND = ("欧阳", "司马", "上官", "尉迟", "万俟", "长孙", "单于", "澹台")
_BOYS = "伟强磊军勇杰涛超明刚平辉健俊峰浩宇轩博文泽瑞子豪嘉鑫晨阳旭东海波宏志国华建龙飞鹏毅斌凯帆航"
_GIRLS = "芳娜敏静丽艳娟霞秀英玲燕红梅雪婷慧欣怡雨涵梓萱诗琪佳颖晓蕾月琴兰珍凤洁倩莉蓉瑶悦彤妍"
# Rare characters beyond the basic plane, of four bytes in UTF-8, as they do stand in hukou books.
_RARE = "𬭎𬬭𬍛𬀩𬸚𫍯𬱖𬯎𫖮𬘭"
_TIBETAN = ("扎西", "卓玛", "才让", "央金", "多杰", "拉姆", "索南", "达娃", "旦增", "白玛", "桑吉")
_UYGHUR_GIVEN = ("阿依古丽", "买买提江", "热孜万古丽", "吐尔逊", "古丽米热", "艾力亚尔", "帕提古丽")
_UYGHUR_FATHER = ("买买提", "阿卜杜热合曼", "吐尔洪", "艾合买提", "依明", "卡德尔", "玉苏普")
_MONGOL = ("巴特尔", "其其格", "乌兰", "苏日娜", "阿拉腾")
_FAMILY_ETHNICITIES = (
    ("01", 960),
    ("03", 16),
    ("04", 12),
    ("30", 4),
    ("26", 3),
    ("02", 3),
    ("05", 2),
)
_BY_OWN_CUSTOM = ("02", "04", "05")

# The lower half of the sequence numbers is left to real-looking test files.
_FIRST_SEQUENCE, _SEQUENCES = 500, 245


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a child's name follows from."""

    ethnicity: str
    surname: str
    father_name: str


class Invention:
    """One stream of invented people; `rng` alone decides, so a seed repeats them."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._surnames = [*_SURNAMES, *_COMPOUND]
        # Falling weights: the first surname is some thirty times as common as the last.
        self._weights = list(accumulate(1000 / (8 + place) for place in range(len(self._surnames))))
        self._ethnicities = [code for code, _ in _FAMILY_ETHNICITIES]
        self._shares = list(accumulate(share for _, share in _FAMILY_ETHNICITIES))
        self._born: Counter[tuple[date, str]] = Counter()
        self._running = 0

    def lineage(self) -> Lineage:
        (ethnicity,) = self.rng.choices(self._ethnicities, cum_weights=self._shares)
        (surname,) = self.rng.choices(self._surnames, cum_weights=self._weights)
        if ethnicity == "03" and self.rng.random() < 0.5:
            surname = "马"
        father = self.rng.choice(_UYGHUR_FATHER) if ethnicity == "05" else ""
        return Lineage(ethnicity, surname, father)

    def name(self, lineage: Lineage, sex: str) -> str:
        if lineage.ethnicity in _BY_OWN_CUSTOM:
            return self._name_by_custom(lineage)
        characters = _BOYS if sex == "男" else _GIRLS
        given = self.rng.choice(characters)
        if self.rng.random() < 0.8:
            given += self.rng.choice(characters)
        if self.rng.random() < 0.004:
            given = given[:-1] + self.rng.choice(_RARE)
        return lineage.surname + given

    def _name_by_custom(self, lineage: Lineage) -> str:
        if lineage.ethnicity == "05":
            return f"{self.rng.choice(_UYGHUR_GIVEN)}·{lineage.father_name}"
        if lineage.ethnicity == "02":
            return self.rng.choice(_MONGOL)
        return self.rng.choice(_TIBETAN) + self.rng.choice(_TIBETAN)

    def adult_number(self, sex: str) -> str:
        """A number of somebody aged 30 to 50 in 2026; two adults may share one, which is odd but
        harmless: an adult's number identifies nobody here."""
        born = date(1976, 1, 1) + timedelta(days=self.rng.randrange(20 * 365))
        return _number(born, self.rng.randrange(499) * 2 + (1 if sex == "男" else 2))

    def child_number(self, born: date, sex: str) -> str:
        """Never twice the same."""
        place = self._born[born, sex]
        if place >= _SEQUENCES:
            raise ValueError(f"more than {_SEQUENCES} children of one sex born on {born}")
        self._born[born, sex] += 1
        return _number(born, _FIRST_SEQUENCE + 2 * place + (1 if sex == "男" else 0))

    def provisional_number(self, letter: str, year: int) -> str:
        """A 学籍号 of the kinds L and J, which look like ID numbers behind their letter."""
        self._running += 1
        return f"{letter}620602{year}{self._running:08d}"

    def phone(self) -> str:
        return f"199000{self.rng.randrange(100_000):05d}"

    def uuid(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def birthday(self, start_year: int, years_in: int) -> date:
        """Of a child in the years_in-th year after entry (0 for the entrants) of the school year:
        six years old by 31 August, no older than seven."""
        first = date(start_year - 7 - years_in, 9, 1)
        return first + timedelta(days=self.rng.randrange(365))


def _number(born: date, sequence: int) -> str:
    body = f"629900{born:%Y%m%d}{sequence:03d}"
    return body + idnumber.check_character(body)
