from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Lists that open suspected cases by themselves: 小升初衔接, and a transfer nobody answered.
SOURCES = [("stage_gap", "小升初衔接"), ("transfer", "转学逾期未接收")]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("casework", "CaseCode")
    model.objects.bulk_create(
        model(list="source", code=code, name=name, sort=20 + position)
        for position, (code, name) in enumerate(SOURCES)
    )


def empty(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    codes = [code for code, _ in SOURCES]
    apps.get_model("casework", "CaseCode").objects.filter(list="source", code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("casework", "0005_event_actions")]

    operations = [migrations.RunPython(fill, empty)]
