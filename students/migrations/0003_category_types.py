from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RURAL, CIVIL, EDU, CDPF = "农业农村局", "民政局", "教育局", "残联"
# code, name, short name, group, level, source body, sensitive, valid from, valid to, successor
TYPES = [
    (
        "poverty_prevention_target",
        "防止返贫致贫对象",
        "防返贫",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2026, 1, 1),
        None,
        None,
    ),
    (
        "lifted_household",
        "脱贫户",
        "脱贫",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2021, 1, 1),
        None,
        None,
    ),
    (
        "registered_poor",
        "建档立卡贫困户",
        "建档立卡",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2013, 1, 1),
        date(2020, 12, 31),
        "lifted_household",
    ),
    (
        "monitored_household",
        "监测户",
        "监测",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2021, 1, 1),
        None,
        "poverty_prevention_target",
    ),
    (
        "lifted_unstable",
        "脱贫不稳定户",
        "脱贫不稳",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2021, 1, 1),
        None,
        None,
    ),
    (
        "marginal_at_risk",
        "边缘易致贫户",
        "边缘易致贫",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2021, 1, 1),
        None,
        None,
    ),
    (
        "sudden_severe_hardship",
        "突发严重困难户",
        "突发困难",
        "帮扶",
        "household",
        RURAL,
        False,
        date(2021, 1, 1),
        None,
        None,
    ),
    ("resettled", "易地搬迁户", "易地搬迁", "帮扶", "household", RURAL, False, None, None, None),
    ("subsistence_allowance", "低保", "低保", "救助", "household", CIVIL, False, None, None, None),
    ("extreme_hardship", "特困供养", "特困", "救助", "person", CIVIL, False, None, None, None),
    ("orphan", "孤儿", "孤儿", "儿童福利", "person", CIVIL, True, None, None, None),
    (
        "de_facto_unsupported",
        "事实无人抚养",
        "无人抚养",
        "儿童福利",
        "person",
        CIVIL,
        True,
        None,
        None,
        None,
    ),
    (
        "child_in_difficulty",
        "困境儿童",
        "困境",
        "儿童福利",
        "person",
        CIVIL,
        True,
        None,
        None,
        None,
    ),
    (
        "left_behind_civil",
        "农村留守儿童（民政口径）",
        "留守(民政)",
        "留守流动",
        "person",
        CIVIL,
        False,
        None,
        None,
        None,
    ),
    (
        "left_behind_edu",
        "留守儿童（教育口径）",
        "留守",
        "留守流动",
        "person",
        EDU,
        False,
        None,
        None,
        None,
    ),
    ("migrant_child", "随迁子女", "随迁", "留守流动", "person", EDU, False, None, None, None),
    ("disabled", "残疾", "残疾", "残疾", "person", CDPF, True, None, None, None),
]


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("students", "CategoryType")
    model.objects.bulk_create(
        model(
            code=code,
            name=name,
            short_name=short,
            group=group,
            level=level,
            source_body=body,
            is_sensitive=sensitive,
            valid_from=start,
            valid_to=end,
            sort=position,
        )
        for position, (
            code,
            name,
            short,
            group,
            level,
            body,
            sensitive,
            start,
            end,
            _,
        ) in enumerate(TYPES)
    )
    for code, *_, successor in TYPES:
        if successor:
            model.objects.filter(code=code).update(successor_id=successor)


class Migration(migrations.Migration):
    dependencies = [("students", "0002_walls_and_search")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
