"""Some children on record twice, as rosters of several offices bring them about."""

import uuid
from datetime import date, datetime

from core import crypto, names, tenancy
from students.duplicates import finding
from students.models import Guardian, Student, StudentGuardian

# As a clerk hears a name.
_HEARD = str.maketrans("明涵宇轩欣佳梓晨鑫博芳伟", "鸣晗雨宣新嘉子辰新勃方玮")


def tell_doubles(*, county: str, since: date, now: datetime, count: int = 6) -> None:
    """Second records without papers, and the search that finds them."""
    with tenancy.inside(county):
        heard = [child for child in _settled(county) if _misheard(child) != child.full_name]
        for place, child in enumerate(heard[:count]):
            _write(child, _misheard(child) if place % 3 else child.full_name, since=since)
        finding.find(county=county, now=now)


def _misheard(child: Student) -> str:
    return child.full_name[0] + child.full_name[1:].translate(_HEARD)


def _settled(county: str) -> list[Student]:
    """At school, with a number, and with a guardian whose name can be repeated."""
    rows = Student.objects.filter(county=county, cases=None, transfers=None, school__isnull=False)
    known = rows.filter(identifiers__kind="id_number", guardianships__isnull=False)
    return list(known.distinct().order_by("pk")[:2000])


def _write(child: Student, name: str, *, since: date) -> None:
    keys = names.search_keys(name)
    second = Student.objects.create(
        county=child.county,
        full_name=name,
        name_key=keys.pinyin,
        name_tokens=keys.tokens,
        sex=child.sex,
        birth_date=child.birth_date,
        ethnicity_code=child.ethnicity_code,
        has_no_number=True,
        residence_address=child.residence_address,
        township=child.township,
    )
    for tie in child.guardianships.select_related("guardian"):
        StudentGuardian.objects.create(
            county=child.county,
            student=second,
            guardian=_again(tie.guardian),
            relation_code=tie.relation_code,
            valid_from=since,
        )


def _again(person: Guardian) -> Guardian:
    """The same adult, taken down a second time."""
    pk, sealed = uuid.uuid4(), None
    if person.phone_sealed is not None:
        phone = crypto.unseal(person.phone_sealed, field=Guardian.PHONE_FIELD, row=person.pk)
        sealed = crypto.seal(phone, field=Guardian.PHONE_FIELD, row=pk)
    return Guardian.objects.create(
        id=pk,
        county=person.county,
        full_name=person.full_name,
        phone_sealed=sealed,
        phone_mask=person.phone_mask,
    )
