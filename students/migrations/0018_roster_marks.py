import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0017_column_layouts"),
    ]

    operations = [
        migrations.CreateModel(
            name="RosterCorrection",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("field", models.CharField(max_length=20)),
                ("label", models.CharField(max_length=200)),
                ("sheet_no", models.PositiveSmallIntegerField(null=True)),
                ("row_no", models.PositiveIntegerField(null=True)),
                ("column", models.PositiveSmallIntegerField(null=True)),
                ("seal_id", models.UUIDField(default=uuid.uuid4)),
                ("seen_blind", models.BinaryField(max_length=16)),
                ("sealed", models.BinaryField()),
                ("is_judged", models.BooleanField(default=False)),
                ("cells_changed", models.PositiveIntegerField(default=0)),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_by_name", models.CharField(default="", max_length=60)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undone_by_name", models.CharField(blank=True, default="", max_length=60)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="students.importbatch",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["batch", "id"], name="roster_correction_order")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("column", None), ("row_no", None), ("sheet_no", None)),
                            models.Q(
                                ("column__isnull", False),
                                ("row_no__isnull", False),
                                ("sheet_no__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="roster_correction_of_one_cell_or_all",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterMark",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("sheet_no", models.PositiveSmallIntegerField()),
                ("row_no", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=30)),
                ("field", models.CharField(blank=True, default="", max_length=20)),
                ("column", models.PositiveSmallIntegerField(null=True)),
                ("seen", models.CharField(blank=True, default="", max_length=200)),
                ("seen_blind", models.BinaryField(max_length=16)),
                ("sealed", models.BinaryField()),
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
                "indexes": [models.Index(fields=["batch", "code"], name="roster_mark_by_code")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "sheet_no", "row_no"), name="roster_mark_once_per_row"
                    )
                ],
            },
        ),
        migrations.RunSQL(*wall("students_rostermark", "students_rostercorrection")),
    ]
