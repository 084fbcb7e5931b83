import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_walls"),
        ("schools", "0004_transfer_deadline"),
        ("students", "0004_roster_staging"),
    ]

    operations = [
        migrations.CreateModel(
            name="RollOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("from_year", models.PositiveSmallIntegerField()),
                ("last_day", models.DateField()),
                ("first_day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "测算中"),
                            ("checked", "待提交"),
                            ("committing", "写入中"),
                            ("committed", "已升级"),
                            ("undoing", "撤回中"),
                            ("undone", "已撤回"),
                        ],
                        default="checking",
                        max_length=12,
                    ),
                ),
                ("counts", models.JSONField(default=dict)),
                ("created_by", models.BigIntegerField(null=True)),
                ("created_by_name", models.CharField(default="", max_length=60)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("committed_at", models.DateTimeField(blank=True, null=True)),
                ("committed_by_name", models.CharField(blank=True, default="", max_length=60)),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.job",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RollOverRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("county", models.CharField(max_length=6)),
                ("enrolment_id", models.BigIntegerField(null=True)),
                ("new_enrolment_id", models.BigIntegerField(null=True)),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("advance", "升级"),
                            ("stays_on", "本校升入初中"),
                            ("primary_leaver", "小学毕业"),
                            ("junior_leaver", "初中毕业"),
                            ("senior_leaver", "高中、中职毕业"),
                            ("suspended", "休学、缓学保留"),
                            ("not_advanced", "不升级"),
                            ("not_enrolled", "未就读"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("no_grade", "没有年级，请在名册中补报年级"),
                            ("new_year", "新学年的就读已登记"),
                            ("grade_is_new", "年级与班级入学年份相符，已是新学年的年级"),
                            ("other_grade", "该年级不在升级规则内"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                ("township", models.CharField(blank=True, default="", max_length=9)),
                ("from_grade", models.PositiveSmallIntegerField(null=True)),
                ("to_grade", models.PositiveSmallIntegerField(null=True)),
                (
                    "class_group",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="schools.classgroup",
                    ),
                ),
                (
                    "roll_over",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="students.rollover",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="schools.school",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="students.student",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SchoolPromise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("school_year", models.PositiveSmallIntegerField()),
                ("set_by", models.BigIntegerField(null=True)),
                ("set_by_name", models.CharField(default="", max_length=60)),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.school",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promises",
                        to="students.student",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                (
                    "grade",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="年级"),
                ),
                (
                    "to_school_name",
                    models.CharField(
                        blank=True, default="", max_length=120, verbose_name="转入学校"
                    ),
                ),
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
                ("sent_by", models.BigIntegerField(null=True)),
                ("sent_by_name", models.CharField(default="", max_length=60)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("entered_on", models.DateField(blank=True, null=True, verbose_name="报到日期")),
                (
                    "proof",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="在读证明"
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="答复说明"
                    ),
                ),
                ("answered_by", models.BigIntegerField(null=True)),
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
                    "from_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.classgroup",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="students.student",
                    ),
                ),
                (
                    "to_division",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.division",
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
        ),
        migrations.AddConstraint(
            model_name="rollover",
            constraint=models.UniqueConstraint(
                fields=("county", "from_year"), name="roll_over_once_per_county_and_year"
            ),
        ),
        migrations.AddIndex(
            model_name="rolloverrow",
            index=models.Index(fields=["roll_over", "group", "id"], name="roll_over_by_group"),
        ),
        migrations.AddConstraint(
            model_name="rolloverrow",
            constraint=models.UniqueConstraint(
                fields=("roll_over", "student"), name="roll_over_has_each_child_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="schoolpromise",
            constraint=models.UniqueConstraint(
                fields=("student", "school_year"), name="promise_once_per_child_and_year"
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["county", "-sent_at", "-id"], name="transfer_newest"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["state", "due_on"], name="transfer_by_due_day"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("sent", "overdue"))),
                fields=("student",),
                name="transfer_one_open_per_student",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("to_division", None), ("to_school__isnull", False)),
                    models.Q(
                        ("to_division__isnull", False),
                        ("to_school", None),
                        models.Q(("to_school_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="transfer_goes_to_a_school_here_or_a_place_outside",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("to_school", None),
                    models.Q(("to_school", models.F("from_school")), _negated=True),
                    _connector="OR",
                ),
                name="transfer_leaves_its_school",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("answer", ""), _negated=True),
                    _connector="OR",
                ),
                name="transfer_refusal_needs_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    models.Q(
                        ("entered_on__isnull", False),
                        models.Q(
                            ("to_school__isnull", False),
                            models.Q(("proof", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="transfer_done_has_its_day_and_outside_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_at", None),
                    models.Q(("state__in", ("sent", "overdue")), _negated=True),
                    _connector="XOR",
                ),
                name="transfer_answered_iff_not_open",
            ),
        ),
        migrations.RunSQL(
            *wall(
                "students_rollover",
                "students_rolloverrow",
                "students_schoolpromise",
                "students_transfer",
            )
        ),
    ]
