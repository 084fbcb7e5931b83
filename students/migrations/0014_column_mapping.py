import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_walls"),
        ("students", "0013_comparison_outcomes_and_list_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnLayout",
            fields=[
                ("code", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=60, verbose_name="模板")),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="说明"),
                ),
                ("source", models.CharField(max_length=200, verbose_name="依据")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("is_coded", models.BooleanField(default=False, verbose_name="填代码")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("columns", models.JSONField(default=list)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="column_layout_ends_after_it_begins",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ColumnProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("office", models.CharField(max_length=40, verbose_name="来源单位")),
                ("label", models.CharField(max_length=200, verbose_name="列名")),
                (
                    "field",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="对应为"),
                ),
                ("chosen_by", models.BigIntegerField(null=True)),
                ("chosen_by_name", models.CharField(default="", max_length=60)),
                ("chosen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("county", "office", "label"), name="column_profile_once_per_label"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SheetColumns",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sheet_columns",
                        to="students.importbatch",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("first_row", models.PositiveIntegerField()),
                ("last_row", models.PositiveIntegerField()),
                ("columns", models.JSONField(default=list)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "position"), name="sheet_columns_once")
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="importbatch", name="batch_one_pending_per_file"),
        migrations.AddField(
            model_name="importbatch",
            name="office",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="来源单位"),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="read_job",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.job",
            ),
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
                ],
                default="checking",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["reading", "mapping", "checking", "checked", "committing"])
                ),
                fields=("county", "sha256", "school_year"),
                name="batch_one_pending_per_file",
            ),
        ),
    ]
