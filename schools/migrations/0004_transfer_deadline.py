from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("schools", "DeadlineRule").objects.create(
        county="",
        code="transfer_answered",
        value=10,
        valid_from=date(2013, 9, 1),
        source="转学双方各在10个工作日内办理：学籍管理办法（教基〔2025〕1号及其前身）通行做法",
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rules = apps.get_model("schools", "DeadlineRule").objects
    rules.filter(county="", code="transfer_answered").delete()


class Migration(migrations.Migration):
    dependencies = [("schools", "0003_deadline_rules")]

    operations = [migrations.RunPython(fill, empty)]
