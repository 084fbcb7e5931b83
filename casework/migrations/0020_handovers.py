import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0019_case_plans"),
        ("students", "0024_sent_down_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseHandover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("to_words", models.CharField(max_length=160, verbose_name="接收方")),
                ("why", models.CharField(max_length=200, verbose_name="移交原因")),
                ("work", models.CharField(max_length=600, verbose_name="已做的工作和待办事项")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "待答复"),
                            ("accepted", "已接收"),
                            ("refused", "已退回"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="offered",
                        max_length=10,
                        verbose_name="情况",
                    ),
                ),
                ("offered_by", models.BigIntegerField()),
                ("offered_by_name", models.CharField(max_length=60, verbose_name="移交人")),
                ("offered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_on", models.DateField(verbose_name="答复期限")),
                ("answered_by", models.BigIntegerField(blank=True, null=True)),
                (
                    "answered_by_name",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="答复人"),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="答复说明"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="casework.dropoutcase",
                    ),
                ),
                (
                    "to_user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="students.transfer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["county", "-offered_at", "-id"], name="handover_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "offered")),
                        fields=("case",),
                        name="handover_one_open_per_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("to_user", None), ("transfer__isnull", False)),
                            models.Q(("to_user__isnull", False), ("transfer", None)),
                            _connector="OR",
                        ),
                        name="handover_goes_to_a_person_or_with_a_transfer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("to_user", None),
                            models.Q(("to_user", models.F("offered_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="handover_goes_to_somebody_else",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="handover_refusal_needs_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at", None),
                            models.Q(("state", "offered"), _negated=True),
                            _connector="XOR",
                        ),
                        name="handover_answered_iff_not_open",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("casework_casehandover")),
    ]
