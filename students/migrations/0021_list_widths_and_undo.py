import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_notices"),
        ("students", "0020_roster_traces"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulkact",
            name="undo_job",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.job",
            ),
        ),
        migrations.AddField(
            model_name="bulkrow",
            name="former_end",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="listcolumns",
            name="widths",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="bulkrow",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "未试算"),
                    ("ready", "能办"),
                    ("refused", "不能办"),
                    ("done", "已办"),
                    ("skipped", "未办"),
                    ("undone", "已撤销"),
                ],
                default="",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="listcolumns",
            name="columns",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), null=True, size=None
            ),
        ),
    ]
