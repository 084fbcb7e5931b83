"""django-import-export into the product's own tables, so that it ends with the same records.

The library saves one model; what hangs on a child (numbers sealed and indexed, enrolment, class,
categories, sealed extra columns, audit entry) is bulk_created behind every batch of children,
which is the best its hooks allow. New files only.
"""

import uuid
from datetime import date

from import_export import fields, widgets

from bench import roster
from bench.peers.roster import CheckedRows
from core import crypto, idnumber, names
from core.models import AuditEntry
from schools.models import ClassGroup, School
from students.models import Enrolment, PersonCategory, SealedExtra, Student, StudentIdentifier
from students.rosters import secrets

BATCH = 2_000
FIRST_DAY = date(roster.SCHOOL_YEAR, 9, 1)
EXTRA = ("家长姓名", "联系电话", "家庭住址")


class ByNumber:
    """The library's cached loader wants a column of the model; ours are sealed."""

    def __init__(self, resource, dataset=None):
        blinds = [crypto.blind_index(number) for number in dataset["身份证号"]]
        known = StudentIdentifier.objects.filter(kind="id_number", blind__in=blinds)
        self._known = {bytes(one.blind): one.student for one in known.select_related("student")}

    def get_instance(self, row):
        return self._known.get(crypto.blind_index(row["身份证号"])) if self._known else None


class SameRecords(CheckedRows):
    full_name = fields.Field("full_name", "姓名")
    sex = fields.Field("sex", "性别")
    birth_date = fields.Field("birth_date", "出生日期", widgets.DateWidget("%Y-%m-%d"))
    ethnicity_code = fields.Field("ethnicity_code", "民族")
    school = fields.Field(
        "school", "学校标识码", widgets.CachedForeignKeyWidget(School, field="code")
    )
    grade = fields.Field("grade", "年级")

    class Meta:
        model = Student
        fields = ("full_name", "sex", "birth_date", "ethnicity_code", "school", "grade")
        import_id_fields = ["full_name"]  # the loader above does not ask for it
        instance_loader_class = ByNumber
        use_bulk = True
        batch_size = BATCH
        use_transactions = True
        skip_diff = True
        report_skipped = False

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._classes = {}

    def before_save_instance(self, instance, row, **kwargs):
        keys = names.search_keys(instance.full_name)
        instance.county = roster.COUNTY
        instance.name_key, instance.name_tokens = keys.pinyin, keys.tokens
        instance.id_type = "1"
        instance.township = instance.school.township_id
        instance.class_group = self._class_of(instance, row["班级"])
        shown, secret = secrets.open_part({label: row[label] for label in EXTRA})
        instance.extra = shown
        instance.said = (row, secret)

    def _class_of(self, pupil, number):
        year = roster.SCHOOL_YEAR - pupil.grade % 10 + 1
        key = (pupil.school_id, pupil.school.stages[0], year, number)
        if key not in self._classes:
            self._classes[key] = ClassGroup.objects.get_or_create(
                county=roster.COUNTY,
                school_id=key[0],
                stage=key[1],
                entry_year=year,
                number=number,
            )[0]
        return self._classes[key]

    def bulk_create(self, *args, **kwargs):
        pupils = list(self.create_instances)
        super().bulk_create(*args, **kwargs)
        for model, make in _BEHIND.items():
            made = [one for pupil in pupils for one in make(pupil, *pupil.said)]
            model.objects.bulk_create(made, batch_size=BATCH)


def _numbers(pupil, row, secret):
    for kind, label in (("id_number", "身份证号"), ("student_no", "学籍号")):
        key, number = uuid.uuid4(), row[label]
        yield StudentIdentifier(
            id=key,
            county=roster.COUNTY,
            student=pupil,
            kind=kind,
            sealed=crypto.seal(number, field=StudentIdentifier.FIELD, row=key),
            blind=crypto.blind_index(number),
            mask=idnumber.mask(number),
            valid_from=FIRST_DAY,
        )


def _enrolments(pupil, row, secret):
    yield Enrolment(
        county=roster.COUNTY,
        student=pupil,
        school=pupil.school,
        class_group=pupil.class_group,
        grade=pupil.grade,
        attendance_mode="boarding" if row["是否住校"] == "是" else "day",
        valid_from=FIRST_DAY,
    )


def _categories(pupil, row, secret):
    for label, code in roster.CATEGORIES.items():
        if row[label] == "是":
            yield PersonCategory(
                county=roster.COUNTY, student=pupil, type_id=code, valid_from=FIRST_DAY
            )


def _extras(pupil, row, secret):
    if secret:
        key, text = uuid.uuid4(), secrets.packed(secret)
        yield SealedExtra(
            id=key,
            county=roster.COUNTY,
            student=pupil,
            columns=secrets.columns_digest(tuple(secret)),
            blind=crypto.blind_index(row["身份证号"] + text),
            sealed=crypto.seal(text, field=SealedExtra.FIELD, row=key),
        )


def _audit(pupil, row, secret):
    yield AuditEntry(
        county=roster.COUNTY,
        action="student.create",
        target_type="students.student",
        target_id=pupil.pk,
    )


_BEHIND = {
    StudentIdentifier: _numbers,
    Enrolment: _enrolments,
    PersonCategory: _categories,
    SealedExtra: _extras,
    AuditEntry: _audit,
}
