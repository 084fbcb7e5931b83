"""One flat table for the 20 columns of the roster. The peer neither encrypts, nor keeps an audit,
nor search pieces, nor facts with a life: all of that would only slow it down."""

from django.db import models

from bench.wide import CELLS
from schools.models import School


class RosterPupil(models.Model):
    seq = models.IntegerField(null=True)
    full_name = models.CharField(max_length=100, db_index=True)
    id_number = models.CharField(max_length=18, unique=True)
    student_no = models.CharField(max_length=30)
    sex = models.CharField(max_length=1)
    birth_date = models.DateField()
    ethnicity_code = models.CharField(max_length=2)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    school_name = models.CharField(max_length=120)
    grade = models.PositiveSmallIntegerField()
    class_no = models.CharField(max_length=20)
    boards = models.BooleanField()
    lifted = models.BooleanField()
    monitored = models.BooleanField()
    allowance = models.BooleanField()
    left_behind = models.BooleanField()
    disabled = models.BooleanField()
    guardian = models.CharField(max_length=100)
    phone = models.CharField(max_length=20)
    address = models.CharField(max_length=200)

    def __str__(self):
        return self.full_name


class FlatRow(models.Model):
    """A ledger's row as a plain application would keep it: one column a cell."""

    id = models.BigIntegerField(primary_key=True)
    student_id = models.BigIntegerField()
    version = models.IntegerField()
    township = models.CharField(max_length=9)
    school = models.CharField(max_length=10, null=True)
    status = models.CharField(max_length=20)

    def __str__(self):
        return str(self.pk)


for _number in range(CELLS):
    FlatRow.add_to_class(f"cell_{_number:02d}", models.TextField())
