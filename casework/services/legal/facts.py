"""The facts that fill the text of a kind of paper, in words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from casework.models import DropoutCase, FineRule, LegalKind, LegalPaper
from casework.queries.bodies import IssuingBody
from casework.services.legal.words import BLANK
from core.papers import day_in_words
from schools.deadlines import Deadline, deadline
from schools.models import Division
from students.models import StudentIdentifier


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wrote into the form of a paper."""

    issued_on: date
    addressee: str
    relation: str = ""
    address: str = ""
    facts: str = ""
    deadline_on: date | None = None
    amount: Decimal | None = None


def facts_of(
    case: DropoutCase,
    kind: LegalKind,
    asked: Asked,
    *,
    body: IssuingBody,
    number: str,
    days: int | None,
    earlier: LegalPaper | None,
    rule: FineRule | None,
) -> dict[str, str]:
    return {
        **_child(case),
        **_law(case.county, on=asked.issued_on),
        **_before(earlier),
        "addressee": asked.addressee,
        "relation": asked.relation or "监护人",
        "address": asked.address or BLANK,
        "facts": asked.facts,
        "body": body.name,
        "number": number,
        "day": day_in_words(asked.issued_on),
        "deadline": day_in_words(asked.deadline_on) if asked.deadline_on else BLANK,
        "days": f"{days}{'个工作日' if kind.in_working_days else '日'}" if days else "",
        "amount": _money(asked.amount),
        "rule": f"《{rule.name}》{rule.article}" if rule else "",
    }


def _child(case: DropoutCase) -> dict[str, str]:
    student = case.student
    number = StudentIdentifier.objects.filter(
        student=student, kind=StudentIdentifier.Kind.ID_NUMBER, valid_to=None
    ).first()
    born = day_in_words(student.birth_date) + "出生" if student.birth_date else "出生日期不详"
    school = student.school or case.school_at_opening
    return {
        "child": student.full_name,
        "sex": student.sex or "性别不详",
        "born": born,
        "id_mask": number.mask if number else BLANK,
        "school": school.name if school else "户籍所在地指定学校",
    }


def _law(county: str, *, on: date) -> dict[str, str]:
    name = Division.objects.get(pk=county).name
    return {
        "review_days": str(deadline(Deadline.LEGAL_REVIEW, county=county, on=on)),
        "suit_months": str(deadline(Deadline.LEGAL_SUIT, county=county, on=on)),
        "court": f"{name}人民法院",
    }


def _before(earlier: LegalPaper | None) -> dict[str, str]:
    """{earlier} is the paper the new one rests on, {root} the decision that one pressed."""
    if earlier is None:
        return dict.fromkeys(("earlier", "earlier_day", "root", "root_day", "and_fine"), "")
    root = earlier.follows or earlier
    fine = earlier.amount or root.amount
    return {
        "earlier": str(earlier),
        "earlier_day": _day(earlier),
        "root": str(root),
        "root_day": _day(root),
        "and_fine": f"，并缴纳罚款{_money(fine)}元" if fine else "",
    }


def _day(paper: LegalPaper) -> str:
    return day_in_words(paper.served_on or paper.issued_on)


def _money(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    return f"{amount:f}".rstrip("0").rstrip(".") if amount % 1 else f"{int(amount)}"
