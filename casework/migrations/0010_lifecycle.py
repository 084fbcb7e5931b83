import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("suspected", "疑似"),
    ("excluded", "已排除"),
    ("confirmed", "确认辍学"),
    ("persuading", "劝返中"),
    ("escalated", "依法控辍"),
    ("transferred", "转出待接收"),
    ("returned", "已复学"),
    ("observing", "跟踪中"),
    ("placed", "另行安置"),
    ("closed", "已销号"),
    ("lapsed", "已核减"),
    ("relapsed", "再次辍学"),
]
ACTIONS = [
    ("open", "建案"),
    ("verify", "核查"),
    ("persuade", "开始劝返"),
    ("visit", "家访"),
    ("escalate", "转入依法控辍"),
    ("transfer", "转出待接收"),
    ("receipt", "办理接收结果"),
    ("return", "登记复学"),
    ("observe", "开始跟踪"),
    ("settle", "登记安置方式"),
    ("place", "另行安置"),
    ("relapse", "登记再次辍学"),
    ("propose", "提请核减"),
    ("withdraw", "撤回核减提请"),
    ("sign", "签字"),
    ("close", "销号"),
    ("lapse", "核减"),
]
LISTS = [
    ("cause", "辍学原因"),
    ("verification", "核查结果"),
    ("placement", "复学安置方式"),
    ("lapse", "核减原因"),
    ("source", "数据来源"),
]


class Migration(migrations.Migration):
    dependencies = [("casework", "0009_visit_walls"), ("students", "0023_sheet_left_out")]

    operations = [
        migrations.RemoveConstraint("dropoutcase", "case_one_open_per_student"),
        migrations.RemoveConstraint("dropoutcase", "case_closed_iff_ended"),
        migrations.RemoveConstraint("dropoutcase", "case_closing_needs_placement_or_lapse_reason"),
        migrations.AddField(
            "casecode",
            "evidence",
            models.CharField("应附佐证", max_length=120, default="", blank=True),
        ),
        migrations.AlterField("casecode", "list", models.CharField(max_length=12, choices=LISTS)),
        migrations.AddField("dropoutcase", "state_since", models.DateField(null=True)),
        migrations.AddField(
            "dropoutcase",
            "ending_proof",
            models.CharField("安置或核减依据", max_length=200, default="", blank=True),
        ),
        migrations.AddField(
            "dropoutcase",
            "transfer",
            models.ForeignKey(
                null=True,
                blank=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="students.transfer",
            ),
        ),
        migrations.AlterField(
            "dropoutcase",
            "state",
            models.CharField(max_length=12, choices=STATES, default="suspected"),
        ),
        migrations.AlterField(
            "caseevent", "action", models.CharField(max_length=30, choices=ACTIONS)
        ),
        migrations.AlterField(
            "caseevent",
            "from_state",
            models.CharField(max_length=12, choices=STATES, default="", blank=True),
        ),
        migrations.AlterField(
            "caseevent", "to_state", models.CharField(max_length=12, choices=STATES)
        ),
    ]
