import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models

# What was accepted before anything was taken over stays a word; ended transfers keep their end.
BEFORE = """
UPDATE students_matchdifference SET outcome = '{}' WHERE decision = 'accepted';
INSERT INTO students_transferverdict (link, state, decided_at)
SELECT link, state, answered_at FROM students_transfer
 WHERE link IS NOT NULL AND answered_at IS NOT NULL;
INSERT INTO students_transferverdict (link, state, decided_at)
SELECT id, state, answered_at FROM students_transferoffer WHERE answered_at IS NOT NULL
    ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0012_county_transfers"),
    ]

    operations = [
        migrations.AddField(
            model_name="listentry",
            name="ethnicity_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=2),
        ),
        migrations.AddField(
            model_name="listentry",
            name="grade",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="matchdifference",
            name="outcome",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="officelist",
            name="purged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="officelist",
            name="schools",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="officelist",
            name="townships",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=9), blank=True, default=list, size=None
            ),
        ),
        migrations.AlterField(
            model_name="officelist",
            name="kind",
            field=models.CharField(
                choices=[
                    ("poverty_register", "脱贫户、监测户名单"),
                    ("relief", "低保、特困名单"),
                    ("disability", "残疾儿童名单"),
                    ("civil", "留守、孤儿、事实无人抚养名单"),
                    ("population", "公安户籍名单"),
                    ("in_class", "在校点名名单"),
                    ("promises", "小升初派位名单"),
                    ("other", "其他名单"),
                ],
                max_length=20,
                verbose_name="名单种类",
            ),
        ),
        migrations.CreateModel(
            name="TransferVerdict",
            fields=[
                ("link", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "待接收"),
                            ("overdue", "逾期未接收"),
                            ("accepted", "已接收"),
                            ("refused", "已退回"),
                            ("withdrawn", "已撤回"),
                        ],
                        max_length=12,
                    ),
                ),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("sent", "overdue")), _negated=True),
                        name="verdict_is_an_end",
                    )
                ],
            },
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
