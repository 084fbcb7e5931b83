"""What the hot tables refer to is there: one check a statement (core.references)."""

from datetime import date

import pytest
from django.db import IntegrityError, connection

from core import tenancy
from students.models import Enrolment, PersonCategory, Student, StudentIdentifier
from tests.factories import COUNTY, StudentFactory

pytestmark = pytest.mark.django_db

NOBODY = 987_654_321
DAY = date(2026, 9, 1)


@pytest.mark.parametrize(
    "refer",
    [
        lambda child: Student.objects.filter(pk=child.pk).update(school_id=NOBODY),
        lambda child: Student.objects.filter(pk=child.pk).update(class_group_id=NOBODY),
        lambda child: Enrolment.objects.filter(student=child).update(school_id=NOBODY),
        lambda child: Enrolment.objects.filter(student=child).update(class_group_id=NOBODY),
        lambda child: Enrolment.objects.filter(student=child).update(student_id=NOBODY),
        lambda child: StudentIdentifier.objects.filter(student=child).update(student_id=NOBODY),
        lambda child: PersonCategory.objects.create(
            county=COUNTY, student=child, type_id="no_such_category", valid_from=DAY
        ),
        lambda child: PersonCategory.objects.create(
            county=COUNTY, student_id=NOBODY, type_id="orphan", valid_from=DAY
        ),
    ],
)
def test_nothing_refers_to_what_is_not_there(refer):
    child = StudentFactory()
    with tenancy.inside(COUNTY), pytest.raises(IntegrityError, match="which is not in"):
        refer(child)


def test_one_wrong_row_refuses_the_whole_statement():
    child = StudentFactory()
    rows = [
        PersonCategory(county=COUNTY, student_id=pk, type_id="orphan", valid_from=DAY)
        for pk in (child.pk, NOBODY)
    ]

    with pytest.raises(IntegrityError, match=str(NOBODY)), tenancy.inside(COUNTY):
        PersonCategory.objects.bulk_create(rows)

    with tenancy.inside(COUNTY):
        assert not PersonCategory.objects.exists()


def test_a_child_that_is_referred_to_cannot_be_deleted():
    child = StudentFactory()

    with (
        pytest.raises(IntegrityError, match="is still named by students_"),
        tenancy.inside(COUNTY),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM students_student WHERE id = %s", [child.pk])

    with tenancy.inside(COUNTY):
        assert Student.objects.filter(pk=child.pk).exists()
