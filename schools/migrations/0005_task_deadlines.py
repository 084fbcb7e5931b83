from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

USUAL = "通行做法，各县可另定"
# code, working days, source. No national figure exists; a county with its own adds a row.
RULES = [
    ("task_verify", 10, f"教基厅函〔2024〕15号要求及时核查，未定天数；{USUAL}"),
    ("task_assign", 3, f"确认辍学后三日内上门劝返并报乡镇；{USUAL}"),
    ("task_persuade_visit", 5, f"劝返期间每周至少走访一次；{USUAL}"),
    ("task_legal_next", 15, f"依法控辍各环节的办理间隔；{USUAL}"),
    ("task_observe_check", 20, f"复学后每月跟踪一次；{USUAL}"),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("schools", "DeadlineRule")
    rule.objects.bulk_create(
        rule(county="", code=code, value=value, valid_from=date(2020, 1, 1), source=source)
        for code, value, source in RULES
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    codes = [code for code, _, _ in RULES]
    apps.get_model("schools", "DeadlineRule").objects.filter(county="", code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("schools", "0004_transfer_deadline")]

    operations = [migrations.RunPython(fill, empty)]
