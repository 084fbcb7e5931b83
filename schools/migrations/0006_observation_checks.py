from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Times a returned child is looked for; working days for each line to sign that a case may end.
RULES = [
    (
        "observation_checks",
        3,
        "教基〔2020〕5号要求防止反弹，未定次数；每月一次、满三次为通行做法，各县可另定",
    ),
    ("task_sign", 5, "教基厅函〔2024〕15号要求动态销号，未定签字天数；通行做法，各县可另定"),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("schools", "DeadlineRule")
    rule.objects.bulk_create(
        rule(county="", code=code, value=value, valid_from=date(2020, 1, 1), source=source)
        for code, value, source in RULES
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rules = apps.get_model("schools", "DeadlineRule").objects
    rules.filter(county="", code__in=[code for code, _, _ in RULES]).delete()


class Migration(migrations.Migration):
    dependencies = [("schools", "0005_task_deadlines")]

    operations = [migrations.RunPython(fill, empty)]
