"""What the text of a cell means (contract 3.5). Pure, and quick where values repeat."""

import re
from datetime import date, timedelta
from functools import lru_cache

from core import idnumber
from core.sheets.text import squeeze
from students.rosters.labels import (
    BLANK_VALUES,
    BOARDING_MODES,
    BOARDING_YES_NO,
    CATEGORY_OF_WORD,
    NO,
    NOT_DISABLED,
    YES,
)

_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?(?:[ T]?\d.*)?"
).fullmatch
_EIGHT_DIGITS = re.compile(r"\d{8}").fullmatch
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?").fullmatch
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 60_000
_DAY_ZERO = {False: date(1899, 12, 30), True: date(1904, 1, 1)}

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d*)?E[+-]?\d+").fullmatch
_DECIMAL = re.compile(r"\d+\.\d*").fullmatch
_ID_SHAPE = re.compile(r"\d{17}[\dX]", re.IGNORECASE).fullmatch
_PHONE = re.compile(r"1\d{10}").fullmatch
_SEPARATORS = re.compile(r"[、,;/+\s]+")


def blank(text: str) -> str:
    """The text, or nothing if it only says that there is none."""
    return "" if text in BLANK_VALUES else text


def number(text: str) -> str:
    """An ID number or 学籍号: no blanks inside, letters upper-case."""
    if text.isascii() and " " not in text:
        return blank(text).upper()
    return squeeze(blank(text)).upper()


def is_damaged(text: str) -> bool:
    """Rounded by Excel, and never to be repaired: 6.29900E+17, or …000 with a wrong check."""
    if _SCIENTIFIC(text) or _DECIMAL(text):
        return True
    return (
        len(text) == 18
        and text.isdecimal()
        and text.endswith("000")
        and idnumber.fault_in(text) is idnumber.Fault.CHECKSUM
    )


@lru_cache(maxsize=1 << 15)
def day(text: str, date1904: bool) -> date | None:
    """2013-8-31, 2013年8月31日, 20130831, or a serial of the workbook's date system."""
    if _EIGHT_DIGITS(text):
        return idnumber.day(text)
    if _SERIAL(text):
        return _serial(float(text), date1904)
    found = _DATE(text) or _DATE(squeeze(text))
    if not found:
        return None
    year, *months, of_month = found.groups()
    month = next(filter(None, months))
    return idnumber.day(f"{year}{month:0>2}{of_month:0>2}")


def _serial(serial: float, date1904: bool) -> date | None:
    if not _FIRST_SERIAL <= serial <= _LAST_SERIAL:
        return None
    return _DAY_ZERO[date1904] + timedelta(days=int(serial))


def looks_like_value(text: str) -> bool:
    """An ID number, a whole date, a sex or a phone number: no header row holds one."""
    if text in ("男", "女"):
        return True
    bare = squeeze(text)
    if _ID_SHAPE(bare) or _PHONE(bare):
        return True
    return not _SERIAL(bare) and day(text, False) is not None


def boarding(text: str, *, is_mode: bool) -> str:
    return (BOARDING_MODES if is_mode else BOARDING_YES_NO).get(text, "")


def says_yes(text: str) -> bool | None:
    """None: it does not say."""
    return True if text in YES else False if text in NO else None


@lru_cache(maxsize=1 << 12)
def listed(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The categories named in a list, and the words that are none."""
    words = [word for word in _SEPARATORS.split(blank(text)) if word]
    known = [CATEGORY_OF_WORD[word] for word in words if word in CATEGORY_OF_WORD]
    other = [word for word in words if word not in CATEGORY_OF_WORD and says_yes(word) is None]
    return tuple(dict.fromkeys(known)), tuple(other)


def says_disabled(text: str) -> bool:
    return bool(blank(text)) and text not in NOT_DISABLED
