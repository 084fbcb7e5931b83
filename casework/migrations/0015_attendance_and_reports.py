import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0014_responsibility_roles"),
        ("schools", "0008_legal_deadlines"),
        ("students", "0023_sheet_left_out"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClassDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("day", models.DateField()),
                ("is_registration", models.BooleanField(default=False)),
                ("on_roll", models.PositiveSmallIntegerField()),
                ("taken_by", models.BigIntegerField(null=True)),
                ("taken_by_name", models.CharField(default="", max_length=60)),
                ("taken_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "class_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="schools.classgroup",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("ill", "病假"),
                            ("leave", "事假"),
                            ("unexcused", "无故缺课"),
                            ("no_show", "未报到"),
                        ],
                        max_length=12,
                        verbose_name="缺课原因",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to="students.student",
                    ),
                ),
                (
                    "class_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to="casework.classday",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MonthReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("month", models.DateField()),
                ("suspected", models.PositiveIntegerField(verbose_name="疑似")),
                ("dropped_out", models.PositiveIntegerField(verbose_name="辍学")),
                ("returned", models.PositiveIntegerField(verbose_name="本月复学")),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="说明"),
                ),
                ("reported_on", models.DateField()),
                ("reported_by", models.BigIntegerField(null=True)),
                ("reported_by_name", models.CharField(default="", max_length=60)),
                ("reported_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="month_reports",
                        to="schools.school",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="classday",
            index=models.Index(fields=["county", "day"], name="class_day_by_day"),
        ),
        migrations.AddConstraint(
            model_name="classday",
            constraint=models.UniqueConstraint(
                fields=("class_group", "day"), name="class_called_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthreport",
            constraint=models.UniqueConstraint(
                fields=("school", "month"), name="month_reported_once_per_school"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="month_report_names_a_first_day"
            ),
        ),
        migrations.RunSQL(*wall("casework_classday", "casework_absence", "casework_monthreport")),
    ]
