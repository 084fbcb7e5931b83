import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_notices"),
        ("students", "0019_correction_targets"),
    ]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="book_job",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.job",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="students.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="made",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="summary_sheet",
            field=models.CharField(blank=True, default="", max_length=31),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undo_job",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.job",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undone_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undone_by_name",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AlterField(
            model_name="importbatch",
            name="state",
            field=models.CharField(
                choices=[
                    ("reading", "读取表头"),
                    ("mapping", "待对应列"),
                    ("checking", "核对中"),
                    ("refused", "文件未受理"),
                    ("checked", "待提交"),
                    ("committing", "写入中"),
                    ("committed", "已写入"),
                    ("discarded", "已放弃"),
                    ("undoing", "撤销中"),
                    ("undone", "已撤销"),
                ],
                default="checking",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="RosterTrace",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("student_id", models.BigIntegerField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                (
                    "touched",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="students.importbatch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "student_id"), name="roster_trace_once_per_child"
                    )
                ],
            },
        ),
        migrations.RunSQL(*wall("students_rostertrace")),
    ]
