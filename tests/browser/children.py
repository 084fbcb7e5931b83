"""Three children on the list, by pinyin: what the journeys through it have in common."""

from datetime import date

from django.urls import reverse

from tests.browsing import sign_in
from tests.factories import (
    ClassGroupFactory,
    GuardianFactory,
    StudentFactory,
    StudentGuardianFactory,
    county_officer,
    id_number,
)

LIST = reverse("students:student-list")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=61)
PHONE = "19912345678"


def three_children():
    group = ClassGroupFactory()
    child = StudentFactory(
        full_name="张三", class_group=group, birth_date=BORN, sex="男", number=NUMBER
    )
    StudentGuardianFactory(student=child, guardian=GuardianFactory(phone=PHONE, full_name="张国民"))
    return [
        *(StudentFactory(full_name=name, class_group=group) for name in ("白雪", "马兰")),
        child,
    ]


def open_list(page, live_server):
    sign_in(page, live_server, county_officer())
    page.goto(live_server.url + LIST)
    return page
