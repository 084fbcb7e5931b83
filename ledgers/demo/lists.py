"""A police list of one school's children, read and compared: what officers begin with."""

import csv
import io
from datetime import date, timedelta

from accounts.models import User
from core import idnumber
from students.comparison import services as comparison
from students.comparison.services import Asked
from students.lists import services
from students.lists.services import Described
from students.models import MatchRun, OfficeList, Student

_BODY, _FILE = "公安局", "公安户籍名单.csv"
_HEADER = ("姓名", "身份证号", "性别", "民族")
# As a clerk hears a name.
_HEARD = str.maketrans("明涵宇轩欣佳梓晨鑫博芳伟", "鸣晗雨宣新嘉子辰新勃方玮")
_MISSING = 3  # at school, and not on the list
_STRANGERS = (("欧阳远方", date(2017, 5, 5)), ("司马静", date(2016, 3, 12)))


def tell_list(*, county: str, today: date) -> None:
    """The list and its comparison with the children at school; nothing is decided yet."""
    children = _children(county)
    schools = tuple({child.school_id for child in children if child.school_id})
    officer = User.objects.filter(username="county").first()
    listed_on = today - timedelta(days=7)
    office_list = services.receive(
        county=county,
        described=Described(OfficeList.Kind.POPULATION, _BODY, listed_on, schools=schools),
        file_name=_FILE,
        content=io.BytesIO(_file(children[_MISSING:]).encode()),
        actor=officer,
    )
    services.read(county=county, list_id=office_list.pk)
    asked = Asked(MatchRun.Kind.POPULATION, office_list.pk, today)
    run = comparison.start(county=county, asked=asked, actor=officer)
    comparison.compare(county=county, run_id=run.pk)


def _children(county: str) -> list[Student]:
    """Of the first school, those with a number."""
    rows = Student.objects.filter(county=county, school__isnull=False, merged_into=None)
    known = rows.filter(identifiers__kind="id_number", identifiers__valid_to=None)
    first = known.order_by("pk").first()
    return list(known.filter(school=first.school_id).order_by("pk")) if first else []


def _file(children: list[Student]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for place, child in enumerate(children):
        name = child.full_name if place % 2 else child.full_name.translate(_HEARD)
        number = child.identifiers.filter(kind="id_number", valid_to=None).get().reveal()
        writer.writerow([name, number, child.sex, "" if place % 9 else "藏族"])
    for place, (name, born) in enumerate(_STRANGERS):
        body = f"629900{born:%Y%m%d}97{place}"
        number = body + idnumber.check_character(body)
        writer.writerow([name, number, idnumber.sex(number), "汉族"])
    return text.getvalue()
