from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("ledgers", "AgeRule").objects.create(
        county="",
        entry_age=6,
        cutoff_month=8,
        cutoff_day=31,
        years=9,
        source="《中华人民共和国义务教育法》第二条、第十一条；当年8月31日前满6周岁入学",
        valid_from=date(1986, 7, 1),
    )


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0003_age_rule_and_row_indexes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
