"""Identity numbers: GB 11643-1999 (check character by ISO 7064 MOD 11-2) and 全国学籍号.

Pure functions on text. A number is "normal" when it has no blanks and its letter is upper-case.
Residence permits of 港澳台 residents (810000, 820000, 830000) follow the same rules. The first
six digits say where a person was first registered; they are never checked against a list,
because codes are withdrawn every year and a child's number is not.
"""

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from operator import mul

from core.sheets.text import half_width, squeeze

# 2 ** (17 - i) mod 11 for i = 0..16, and the character for each remainder.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"

_SHAPE = re.compile(r"[0-9]{17}[0-9X]").fullmatch
# G formal, J for pupils without a usable ID number, L temporary; L and J numbers look like ID
# numbers after their letter and are none (教育部学籍管理办法).
_STUDENT_NUMBER = re.compile(r"[GJL][0-9]{17}[0-9X]").fullmatch

RESIDENCE_PERMITS = frozenset({"810000", "820000", "830000"})
# Dashes of every kind that people put between the parts of a number.
_DASHES = dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"))


class Fault(StrEnum):
    FORMAT = "id_format"
    CHECKSUM = "id_checksum"
    DATE = "id_date"


def normal(typed: str) -> str:
    """As it is stored: half-width, without blanks and dashes, letters upper-case."""
    return squeeze(half_width(typed)).translate(_DASHES).upper()


def check_character(body: str) -> str:
    """The 18th character that belongs to 17 digits."""
    return _CHECKS[sum(map(mul, _WEIGHTS, map(int, body))) % 11]


def fault_in(number: str) -> Fault | None:
    """What is wrong with a normal number: its shape, its check character or its day."""
    if not _SHAPE(number):
        return Fault.FORMAT
    if check_character(number[:17]) != number[17]:
        return Fault.CHECKSUM
    return None if day(number[6:14]) else Fault.DATE


def is_valid(number: str) -> bool:
    return fault_in(number) is None


def birth_date(number: str) -> date | None:
    """The day a number of the right shape carries; None if there is no such day."""
    return day(number[6:14]) if _SHAPE(number) else None


def sex(number: str) -> str:
    """The 17th digit is odd for 男 and even for 女."""
    return "男" if number[16] in "13579" else "女"


def is_residence_permit(number: str) -> bool:
    return number[:6] in RESIDENCE_PERMITS and bool(_SHAPE(number))


def is_student_number(text: str) -> bool:
    """A 学籍号 of the usual form. Never an ID number, whatever its letter."""
    return bool(_STUDENT_NUMBER(text))


def mask(number: str) -> str:
    """629***********0018; a 学籍号 keeps its letter as well; short papers keep two characters."""
    if _STUDENT_NUMBER(number):
        return number[0] + mask(number[1:])
    if len(number) < 15:
        return number[:1] + "*" * max(len(number) - 2, 2) + number[-1:]
    return number[:3] + "*" * (len(number) - 7) + number[-4:]


@lru_cache(maxsize=1 << 15)
def day(digits: str) -> date | None:
    """20130831 as a date, None if the calendar has no such day."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
