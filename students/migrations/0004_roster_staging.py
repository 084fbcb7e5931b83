import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("schools", "0003_deadline_rules"),
        ("students", "0003_category_types"),
    ]

    operations = [
        migrations.AddField(
            model_name="rosterrow",
            name="added",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="attendance_mode",
            field=models.CharField(blank=True, default="", max_length=12),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="birth_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="class_number",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="dropped",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="ethnicity_code",
            field=models.CharField(blank=True, default="", max_length=2),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="extra",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="grade",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="id_type",
            field=models.CharField(blank=True, default="", max_length=2),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="is_marked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="school",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="schools.school",
            ),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="secret_blind",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="secret_columns",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="secret_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="secret_sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="sex",
            field=models.CharField(blank=True, default="", max_length=1),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="student_no_blind",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="student_no_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="student_no_mask",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="rosterrow",
            name="student_no_sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name="rosterrow",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="students.importbatch",
            ),
        ),
        # jsonb does not turn into text[]; the table holds rows on their way in only.
        migrations.RemoveField(model_name="rosterrow", name="name_tokens"),
        migrations.AddField(
            model_name="rosterrow",
            name="name_tokens",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="rosterrow",
            name="number_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="rosterrow",
            name="student",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="students.student",
            ),
        ),
        migrations.CreateModel(
            name="SealedExtra",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("columns", models.CharField(max_length=32)),
                ("blind", models.BinaryField(max_length=16)),
                ("sealed", models.BinaryField()),
                (
                    "student",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sealed_extras",
                        to="students.student",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["county", "blind"], name="sealed_extra_by_content")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("student", "columns"), name="sealed_extra_once_per_form"
                    )
                ],
            },
        ),
        migrations.RunSQL(*wall("students_sealedextra")),
    ]
