from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# code, value, source: days, working days or months as casework's kinds of papers say.
RULES = [
    ("legal_entry", 7, "义务教育法第十三条未定天数；通行做法，各县可另定"),
    ("legal_urged", 3, "各地劝返办法多为第三日书面报告乡镇；通行做法，各县可另定"),
    (
        "legal_order",
        7,
        "义务教育法第五十八条“责令限期改正”未定天数；各地文书为六至十二日，各县可另定",
    ),
    ("legal_statement", 5, "行政处罚法第四十五条未定天数，比照第六十四条要求听证的五日；工作日"),
    ("legal_fine_paid", 15, "行政处罚法第六十七条：收到决定书之日起十五日内缴纳罚款"),
    ("legal_demand", 10, "行政强制法第五十四条：催告书送达十日后；第六十九条：工作日"),
    ("legal_answer", 30, "移送、申请、起诉后查问办理情况的间隔；通行做法，各县可另定"),
    ("legal_review", 60, "行政复议法第二十条：六十日内申请行政复议"),
    ("legal_served", 7, "行政处罚法第六十一条：七日内送达；工作日，其他文书比照"),
    ("legal_suit", 6, "行政诉讼法第四十六条：六个月内起诉；月"),
    ("legal_enforcement", 3, "行政强制法第五十三条：期限届满之日起三个月内申请；月"),
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
    dependencies = [("schools", "0007_age_rule")]

    operations = [migrations.RunPython(fill, empty)]
