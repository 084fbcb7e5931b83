from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NOTICE = "教基厅函〔2024〕15号"
# code, value, valid from, source. Where no national figure exists the source says 通行做法: a
# county that has its own figure adds a row with its code.
RULES = [
    (
        "absence_reported",
        3,
        date(2022, 1, 1),
        "云政办规〔2022〕5号第四条及各校辍学报告制度，通行做法",
    ),
    ("suspected", 7, date(2020, 1, 1), "控辍保学宣传口径：无正当理由离校一周以上为疑似辍学"),
    ("dropped_out", 30, date(2020, 1, 1), "控辍保学宣传口径：疑似辍学一个月以上且劝返未果为辍学"),
    (
        "suspected_checked",
        15,
        date(2024, 4, 1),
        f"{NOTICE}要求及时核查，未定天数；3至15天为通行做法",
    ),
    ("left_behind_registered", 14, date(2019, 9, 1), "县级控辍保学方案：开学两周内登记，通行做法"),
    (
        "school_month_report",
        0,
        date(2024, 4, 1),
        f"{NOTICE}学校每月报告；月末为通行做法，亦有每月28日",
    ),
    ("twinning_month_report", 25, date(2019, 1, 1), "京保教育扶贫协作：每月25日为统计截止日"),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("schools", "DeadlineRule")
    rule.objects.bulk_create(
        rule(county="", code=code, value=value, valid_from=start, source=source)
        for code, value, start, source in RULES
    )


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_calendar")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
