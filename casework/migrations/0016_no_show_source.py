from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    codes = apps.get_model("casework", "CaseCode").objects
    codes.create(list="source", code="no_show", name="开学未报到", sort=22)


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    codes = apps.get_model("casework", "CaseCode").objects
    codes.filter(list="source", code="no_show").delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0015_attendance_and_reports")]

    operations = [migrations.RunPython(fill, empty)]
