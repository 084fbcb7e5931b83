import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0006_opening_sources"),
        ("schools", "0005_task_deadlines"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("kind", models.CharField(max_length=20, verbose_name="事项")),
                (
                    "line",
                    models.CharField(
                        choices=[
                            ("education", "教育线"),
                            ("government", "政府线"),
                            ("county", "县级"),
                        ],
                        max_length=12,
                        verbose_name="责任线",
                    ),
                ),
                ("about", models.CharField(blank=True, default="", max_length=40)),
                (
                    "words",
                    models.CharField(blank=True, default="", max_length=120, verbose_name="内容"),
                ),
                ("set_on", models.DateField(verbose_name="布置日期")),
                ("due_on", models.DateField(verbose_name="应办日期")),
                ("done_on", models.DateField(blank=True, null=True, verbose_name="办结日期")),
                ("late_since", models.DateField(blank=True, null=True, verbose_name="逾期起")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="casework.dropoutcase",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.caseevent",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.school",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_on", None)),
                        fields=["county", "due_on", "id"],
                        name="task_open_by_due_day",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_on", None)),
                        fields=("case", "kind", "about"),
                        name="task_one_open_per_case_and_kind",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("done_on", None)),
                        fields=("school", "kind", "about"),
                        name="task_one_open_per_school_and_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("case", None), ("school__isnull", False)),
                            models.Q(("case__isnull", False), ("school", None)),
                            _connector="OR",
                        ),
                        name="task_of_a_case_or_of_a_school",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gte", models.F("set_on"))),
                        name="task_due_not_before_it_was_set",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("casework_casetask")),
    ]
