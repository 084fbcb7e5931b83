import pytest
from django.core.management import CommandError, call_command

from students.models import Enrolment, Student
from tests.factories import ClassGroupFactory, SchoolFactory, StudentFactory, division

pytestmark = pytest.mark.django_db


def test_agreeing_students_pass(capsys):
    StudentFactory()
    StudentFactory(class_group=None)
    StudentFactory(
        class_group=ClassGroupFactory(school=SchoolFactory(township=division("620602104")))
    )

    call_command("check_students")

    assert "学校 0 人，班级 0 人，年级 0 人，乡镇 0 人" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change, says",
    [
        ({"school": None}, "学校 1 人，班级 0 人，年级 0 人，乡镇 0 人"),
        ({"class_group": None}, "学校 0 人，班级 1 人，年级 0 人，乡镇 0 人"),
        ({"grade": 16}, "学校 0 人，班级 0 人，年级 1 人，乡镇 0 人"),
        ({"township": "620602101"}, "学校 0 人，班级 0 人，年级 0 人，乡镇 1 人"),
    ],
)
def test_a_row_that_says_otherwise_is_counted_and_fails(capsys, change, says):
    group = ClassGroupFactory()
    one, _other = StudentFactory.create_batch(2, class_group=group)
    Student.objects.filter(pk=one.pk).update(**change)

    with pytest.raises(CommandError):
        call_command("check_students")

    assert says in capsys.readouterr().out


def test_a_row_that_outlives_its_enrolment_is_counted(capsys):
    student = StudentFactory()
    Enrolment.objects.filter(student=student).update(valid_to="2026-10-31")

    with pytest.raises(CommandError):
        call_command("check_students")

    assert "学校 1 人，班级 1 人，年级 1 人" in capsys.readouterr().out
