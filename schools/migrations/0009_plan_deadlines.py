from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

USUAL = "国家未定天数；通行做法，各县可另定"
# code, working days, source
RULES = [
    ("task_plan_review", 5, f"一人一案提交后审批；{USUAL}"),
    ("task_handover", 3, f"个案移交后答复；{USUAL}"),
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
    dependencies = [("schools", "0008_legal_deadlines")]

    operations = [migrations.RunPython(fill, empty)]
