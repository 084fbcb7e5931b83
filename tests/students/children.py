"""What the pages of a child are sent, and where they stand."""

import re
from datetime import date

from django.urls import reverse

from students.models import Student
from tests.factories import StudentFactory, id_number

NEW = reverse("students:student-new")
BORN = date(2016, 3, 7)
NUMBER = id_number(born=BORN, number=40)
FULL_NUMBER = re.compile(r"\d{17}[\dX]|(?<!\d)1\d{10}(?!\d)")


def page(name, student, *more):
    return reverse(f"students:{name}", args=[student.pk, *more])


def said(**changes):
    return {"id_type": "1", "number": NUMBER, "full_name": "张小明"} | changes


def registered(client, **changes):
    answer = client.post(NEW, said(**changes))
    assert answer.status_code == 302, answer.content.decode()
    return Student.objects.get(pk=answer["Location"].split("/")[-2])


def without_number(**fields):
    return StudentFactory(
        full_name="张小明", birth_date=BORN, sex="男", number="", has_no_number=True, **fields
    )
