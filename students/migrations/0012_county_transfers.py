import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("schools", "0004_transfer_deadline"),
        ("students", "0011_view_and_bulk_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="link",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.CreateModel(
            name="TransferOffer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("full_name", models.CharField(max_length=100, verbose_name="姓名")),
                (
                    "sex",
                    models.CharField(blank=True, default="", max_length=1, verbose_name="性别"),
                ),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="出生日期")),
                (
                    "ethnicity_code",
                    models.CharField(blank=True, default="", max_length=2, verbose_name="民族"),
                ),
                (
                    "id_type",
                    models.CharField(
                        blank=True, default="", max_length=2, verbose_name="身份证件类型"
                    ),
                ),
                ("number_sealed", models.BinaryField(null=True)),
                ("number_mask", models.CharField(blank=True, default="", max_length=40)),
                (
                    "grade",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="年级"),
                ),
                ("school_name", models.CharField(max_length=120, verbose_name="申请就读学校")),
                ("reason", models.CharField(max_length=200, verbose_name="转学原因")),
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
                        default="sent",
                        max_length=12,
                    ),
                ),
                ("sent_on", models.DateField()),
                ("due_on", models.DateField(verbose_name="答复期限")),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("entered_on", models.DateField(blank=True, null=True, verbose_name="报到日期")),
                (
                    "answer",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="答复说明"
                    ),
                ),
                ("answered_by_name", models.CharField(blank=True, default="", max_length=60)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "class_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.classgroup",
                    ),
                ),
                (
                    "from_division",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.division",
                    ),
                ),
                (
                    "from_school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.school",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfer_offers",
                        to="students.student",
                    ),
                ),
                (
                    "to_school",
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
                    models.Index(fields=["county", "-received_at", "-id"], name="offer_newest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "accepted"), _negated=True),
                            models.Q(
                                ("entered_on__isnull", False),
                                ("student__isnull", False),
                                ("to_school__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="offer_accepted_has_child_school_and_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="offer_refusal_needs_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at", None),
                            models.Q(("state__in", ("sent", "overdue")), _negated=True),
                            _connector="XOR",
                        ),
                        name="offer_answered_iff_not_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number_sealed", None),
                            ("state__in", ("sent", "overdue")),
                            _connector="OR",
                        ),
                        name="offer_answered_keeps_no_number",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("students_transferoffer")),
    ]
