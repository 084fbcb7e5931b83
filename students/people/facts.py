"""What may be said of a child by hand, and what its number says beside it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core import idnumber, names
from core.idnumber import Fault

# What a person may correct on a child's page; numbers, school and class have acts of their own.
EDITABLE = (
    "full_name",
    "former_name",
    "sex",
    "birth_date",
    "ethnicity_code",
    "hukou_division",
    "hukou_address",
    "residence_address",
)
OLDEST = 30  # years: beyond them a birth date is a slip of the pen

ID_CARD, RESIDENCE_PERMIT, NO_PAPER = "1", "permit", "Z"
# 身份证件类型 of the 学籍 form (教基一司 2013), and the two that are asked for by themselves.
PAPERS = [
    (ID_CARD, "居民身份证（户口簿上的公民身份号码）"),
    (RESIDENCE_PERMIT, "港澳台居民居住证"),
    ("8", "台湾居民来往大陆通行证"),
    ("9", "外国人永久居留身份证"),
    ("A", "护照"),
    (NO_PAPER, "暂无证件"),
]
CHECKED = (ID_CARD, RESIDENCE_PERMIT)
# Kept among the columns nobody asked for, until a number comes.
WHY_NO_PAPER = "暂无证件原因"


class Refused(Exception):
    """The record would contradict itself; `field` says where, the text what to do."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Paper:
    """A number in its normal form and the kind of paper it stands on."""

    id_type: str
    number: str

    @property
    def stored_type(self) -> str:
        # A residence permit carries a citizen's number of its own range (810000, 820000, 830000).
        return ID_CARD if self.id_type == RESIDENCE_PERMIT else self.id_type

    @property
    def is_checked(self) -> bool:
        return self.id_type in CHECKED

    @property
    def birth_date(self) -> date | None:
        return idnumber.birth_date(self.number) if self.is_checked else None

    @property
    def sex(self) -> str:
        return idnumber.sex(self.number) if self.is_checked else ""


def fault_words(paper: Paper) -> str:
    """What is wrong with the number and what to do; empty if nothing is."""
    if not paper.is_checked:
        return _other_fault(paper.number)
    number, fault = paper.number, idnumber.fault_in(paper.number)
    if fault is Fault.FORMAT:
        return _shape_words(number)
    if fault is Fault.CHECKSUM:
        return "身份证件号最后一位与前 17 位对不上，有数字录错，请对照户口簿逐位核对"
    if fault is Fault.DATE:
        return f"身份证件号里的出生日期 {number[6:14]} 不存在，请对照户口簿核对第 7 至 14 位"
    if paper.id_type == RESIDENCE_PERMIT and not idnumber.is_residence_permit(number):
        return "港澳台居民居住证的号码以 810000、820000 或 830000 开头，请核对号码或改选证件类型"
    return ""


def _shape_words(number: str) -> str:
    if idnumber.is_student_number(number):
        return "这是学籍号，不是身份证件号，请填户口簿上的公民身份号码"
    if len(number) == 15 and number.isdecimal():
        return "这是 15 位旧号码，现在的身份证件号是 18 位，请对照户口簿填写 18 位号码"
    if len(number) != 18:
        return f"身份证件号应为 18 位，现在是 {len(number)} 位，请对照户口簿核对"
    return "身份证件号应为 17 位数字加 1 位数字或 X，请对照户口簿核对"


def _other_fault(number: str) -> str:
    if not 4 <= len(number) <= 30:
        return "证件号应为 4 至 30 位，请对照证件核对"
    if number.isascii() and number.replace("(", "").replace(")", "").isalnum():
        return ""
    return "证件号只有字母和数字，请对照证件核对"


def refuse_contradiction(paper: Paper, *, birth_date: date | None, sex: str) -> None:
    """A record and its number must not say two days, nor two sexes. Errors: Refused."""
    born = paper.birth_date
    if born and birth_date not in (None, born):
        raise Refused(
            "birth_date",
            f"出生日期与证件号不一致：证件号显示 {born:%Y-%m-%d}，请核对户口簿后改正其中一处",
        )
    if paper.sex and sex not in ("", paper.sex):
        raise Refused(
            "sex", f"性别与证件号不一致：证件号显示{paper.sex}，请核对户口簿后改正其中一处"
        )


def refuse_day(born: date | None, *, today: date) -> None:
    """Errors: Refused, for a number that carries a day nobody in school was born on."""
    if born and not today - timedelta(days=OLDEST * 366) <= born <= today:
        raise Refused(
            "number", f"身份证件号显示 {born:%Y-%m-%d} 出生，不是在校年龄的孩子，请核对号码"
        )


def name_columns(full_name: str) -> dict[str, Any]:
    """A name in its one spelling, with the keys it is sorted and searched by."""
    name = names.normalise(full_name)
    keys = names.search_keys(name)
    return {"full_name": name, "name_key": keys.pinyin[:200], "name_tokens": keys.tokens}


def plain(value: Any) -> Any:
    """For JSON."""
    return value.isoformat() if isinstance(value, date) else value
