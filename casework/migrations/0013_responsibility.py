import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import students.models.enrolment
from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0012_signatures"),
        ("schools", "0007_age_rule"),
        ("students", "0023_sheet_left_out"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ResponsibilityRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(blank=True, default="", max_length=6)),
                ("code", models.CharField(max_length=24)),
                ("name", models.CharField(max_length=24, verbose_name="岗位名称")),
                (
                    "line",
                    models.CharField(
                        choices=[("education", "教育线"), ("government", "政府线")],
                        max_length=12,
                        verbose_name="责任线",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("county", "县（市、区）"),
                            ("township", "乡镇（街道）"),
                            ("village", "村（社区）"),
                            ("school", "学校"),
                            ("class_group", "班级"),
                            ("student", "学生"),
                            ("family", "家庭"),
                        ],
                        max_length=12,
                        verbose_name="包保对象",
                    ),
                ),
                ("is_leader", models.BooleanField(default=False, verbose_name="包保领导")),
                (
                    "lists",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("sort", models.PositiveSmallIntegerField(default=0, verbose_name="顺序")),
                (
                    "source",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="依据"),
                ),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("county", "code"), name="responsibility_role_once_per_county"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ResponsibilityAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("seal_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("role", models.CharField(max_length=24)),
                (
                    "line",
                    models.CharField(
                        choices=[("education", "教育线"), ("government", "政府线")],
                        max_length=12,
                        verbose_name="责任线",
                    ),
                ),
                ("full_name", models.CharField(max_length=60, verbose_name="姓名")),
                (
                    "duty",
                    models.CharField(
                        blank=True, default="", max_length=60, verbose_name="单位及职务"
                    ),
                ),
                ("phone_sealed", models.BinaryField(null=True)),
                (
                    "phone_mask",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="电话"),
                ),
                ("township", models.CharField(blank=True, default="", max_length=9)),
                ("valid_from", models.DateField(verbose_name="起始日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="最后一天")),
                ("assigned_by_name", models.CharField(default="", max_length=60)),
                ("assigned_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "division",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.division",
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
                (
                    "student",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="responsibilities",
                        to="students.student",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["county", "line", "id"], name="responsibility_by_line")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", True),
                                ("school__isnull", True),
                                ("student__isnull", False),
                            ),
                            models.Q(
                                ("class_group__isnull", False),
                                ("division__isnull", True),
                                ("school__isnull", True),
                                ("student__isnull", True),
                            ),
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", True),
                                ("school__isnull", False),
                                ("student__isnull", True),
                            ),
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", False),
                                ("school__isnull", True),
                                ("student__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="responsibility_has_exactly_one_cover",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("full_name", ""), _negated=True),
                        name="responsibility_names_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="responsibility_ends_not_before_it_begins",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("student"), "="),
                            (models.F("role"), "="),
                            (students.models.enrolment.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="responsibility_one_at_a_time_per_student",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("class_group"), "="),
                            (models.F("role"), "="),
                            (students.models.enrolment.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="responsibility_one_at_a_time_per_class_group",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("school"), "="),
                            (models.F("role"), "="),
                            (students.models.enrolment.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="responsibility_one_at_a_time_per_school",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("division"), "="),
                            (models.F("role"), "="),
                            (students.models.enrolment.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="responsibility_one_at_a_time_per_division",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ResponsibilityPledge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("year", models.PositiveSmallIntegerField(verbose_name="年度")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("county_township", "县与乡镇"),
                            ("township_village", "乡镇与村"),
                            ("county_school", "县与学校"),
                            ("school_class", "学校与班主任"),
                            ("school_family", "学校与家庭"),
                        ],
                        max_length=20,
                        verbose_name="层级",
                    ),
                ),
                ("township", models.CharField(blank=True, default="", max_length=9)),
                ("upper_name", models.CharField(max_length=60, verbose_name="甲方签字人")),
                ("lower_name", models.CharField(max_length=60, verbose_name="乙方签字人")),
                ("signed_on", models.DateField(verbose_name="签订日期")),
                ("stored_as", models.CharField(max_length=80)),
                ("media_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("kept_by_name", models.CharField(default="", max_length=60)),
                ("kept_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
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
                    "division",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.division",
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
                (
                    "student",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pledges",
                        to="students.student",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", True),
                                ("school__isnull", True),
                                ("student__isnull", False),
                            ),
                            models.Q(
                                ("class_group__isnull", False),
                                ("division__isnull", True),
                                ("school__isnull", True),
                                ("student__isnull", True),
                            ),
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", True),
                                ("school__isnull", False),
                                ("student__isnull", True),
                            ),
                            models.Q(
                                ("class_group__isnull", True),
                                ("division__isnull", False),
                                ("school__isnull", True),
                                ("student__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="pledge_has_exactly_one_cover",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("student", "year", "kind"),
                        name="pledge_once_a_year_per_student",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("class_group", "year", "kind"),
                        name="pledge_once_a_year_per_class_group",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("school", "year", "kind"),
                        name="pledge_once_a_year_per_school",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("division", "year", "kind"),
                        name="pledge_once_a_year_per_division",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            *wall("casework_responsibilityassignment", "casework_responsibilitypledge")
        ),
    ]
