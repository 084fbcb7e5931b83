"""django-import-export on the same columns with the same checks, at its best settings.

New file: skip_diff. Same file again: skip_unchanged, which skip_diff would switch off (every row
would then be updated), so the diff is on and only its HTML is off.
"""

from django.core.exceptions import ValidationError
from import_export import fields, instance_loaders, resources, widgets

from bench.peers.models import RosterPupil
from bench.roster import GRADES
from core import codes, idnumber, names
from schools.models import School

YES_NO = widgets.BooleanWidget()
YES_NO.TRUE_VALUES = ["是"]
YES_NO.FALSE_VALUES = ["否"]
LABELS = {
    "seq": "序号",
    "full_name": "姓名",
    "id_number": "身份证号",
    "student_no": "学籍号",
    "sex": "性别",
    "ethnicity_code": "民族",
    "school_name": "学校名称",
    "grade": "年级",
    "class_no": "班级",
    "guardian": "家长姓名",
    "phone": "联系电话",
    "address": "家庭住址",
}
MARKS = {
    "boards": "是否住校",
    "lifted": "是否脱贫户",
    "monitored": "是否监测户",
    "allowance": "是否低保",
    "left_behind": "是否留守儿童",
    "disabled": "是否残疾学生",
}


class CheckedRows(resources.ModelResource):
    """Rejects what our import rejects, by the same pure rules."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._seen = set()

    def before_import_row(self, row, **kwargs):
        number = row["身份证号"]
        fault = idnumber.fault_in(number)
        if fault:
            raise ValidationError({"id_number": fault})
        row["姓名"] = names.normalise(row["姓名"] or "")
        if not row["姓名"]:
            raise ValidationError({"full_name": "name_missing"})
        if row["出生日期"] != idnumber.birth_date(number).isoformat():
            raise ValidationError({"birth_date": "birth_date_conflict"})
        if row["性别"] != idnumber.sex(number):
            raise ValidationError({"sex": "sex_conflict"})
        if number in self._seen:
            raise ValidationError({"id_number": "duplicate_in_file"})
        if row["年级"] not in GRADES:
            raise ValidationError({"grade": "grade_unknown"})
        self._seen.add(number)
        row["年级"] = GRADES[row["年级"]]
        row["班级"] = row["班级"].removesuffix("班")
        row["民族"] = codes.ethnicity_code(row["民族"])

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        try:
            super().import_field(field, instance, row, is_m2m, **kwargs)
        except School.DoesNotExist:
            raise ValidationError({"school": "school_unknown"}) from None


class RosterResource(CheckedRows):
    school = fields.Field(
        "school", "学校标识码", widgets.CachedForeignKeyWidget(School, field="code")
    )
    birth_date = fields.Field("birth_date", "出生日期", widgets.DateWidget("%Y-%m-%d"))

    class Meta:
        model = RosterPupil
        exclude = ["id"]
        import_id_fields = ["id_number"]
        instance_loader_class = instance_loaders.CachedInstanceLoader
        use_bulk = True
        batch_size = 2000
        use_transactions = True
        skip_html_diff = True
        report_skipped = False

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        for name, label in LABELS.items():
            self.fields[name].column_name = label
        for name, label in MARKS.items():
            self.fields[name].column_name = label
            self.fields[name].widget = YES_NO

    def get_queryset(self):
        # Comparing a row with what is stored would else ask for its school once per row.
        return super().get_queryset().select_related("school")


class NewRoster(RosterResource):
    class Meta(RosterResource.Meta):
        skip_diff = True


class SameRoster(RosterResource):
    class Meta(RosterResource.Meta):
        skip_unchanged = True
