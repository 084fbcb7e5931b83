"""The usual posts of 双线包保. No national list exists: 七长 and 五长 differ, counties edit them.

Sources: 七长责任制 as schools publish it; 双线 and 目标责任书 of 教基〔2020〕5号; usage of counties.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SEVEN, BOTH = ["七长"], ["七长", "五长"]
USUAL = "各地控辍保学“七长”“五长”责任制和双线包保做法，各县可另定"
# code, name, line, what it covers, leader, lists
ROLES = [
    ("county_head", "县（区）长", "government", "county", True, BOTH),
    ("bureau_head", "教育局长", "education", "county", True, BOTH),
    ("county_leader", "包乡镇县级领导", "government", "township", True, []),
    ("bureau_leader", "教育局包片领导", "education", "township", True, []),
    ("township_head", "乡镇长（街道主任）", "government", "township", False, BOTH),
    ("district_head", "中心学校（学区）负责人", "education", "township", False, []),
    ("village_head", "村（社区）主任", "government", "village", False, SEVEN),
    ("village_officer", "包村干部", "government", "village", False, []),
    ("school_head", "校长", "education", "school", False, BOTH),
    ("class_teacher", "班主任", "education", "class_group", False, SEVEN),
    ("household_officer", "包户干部", "government", "student", False, []),
    ("child_teacher", "包人教师", "education", "student", False, []),
    ("parent", "家长", "government", "family", False, BOTH),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("casework", "ResponsibilityRole")
    model.objects.bulk_create(
        model(
            code=code,
            name=name,
            line=line,
            level=level,
            is_leader=is_leader,
            lists=lists,
            sort=10 * position,
            source=USUAL,
        )
        for position, (code, name, line, level, is_leader, lists) in enumerate(ROLES, start=1)
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    codes = [code for code, *_ in ROLES]
    rows = apps.get_model("casework", "ResponsibilityRole").objects
    rows.filter(county="", code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0013_responsibility")]

    operations = [migrations.RunPython(fill, empty)]
