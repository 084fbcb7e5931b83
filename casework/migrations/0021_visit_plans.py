import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall

# What was read stays read: an edit asks for the next review.
READ_FOR_GOOD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON casework_visitreview
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
READ_FOR_GOOD_BACK = "DROP TRIGGER append_only ON casework_visitreview;"


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0020_handovers"),
        ("schools", "0009_plan_deadlines"),
        ("students", "0024_sent_down_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("title", models.CharField(max_length=80, verbose_name="名称")),
                ("visitors", models.CharField(max_length=120, verbose_name="走访人")),
                ("first_day", models.DateField(verbose_name="起始日期")),
                ("last_day", models.DateField(verbose_name="截止日期")),
                ("made_by", models.BigIntegerField()),
                ("made_by_name", models.CharField(max_length=60)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="schools.school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlannedVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("planned_on", models.DateField(verbose_name="计划日期")),
                ("is_cancelled", models.BooleanField(default=False, verbose_name="取消")),
                (
                    "reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="原因"),
                ),
                ("noted_by_name", models.CharField(blank=True, default="", max_length=60)),
                ("noted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="planned_visits",
                        to="students.student",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="casework.visitbatch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VisitReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("version", models.PositiveIntegerField()),
                (
                    "remark",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="批注"),
                ),
                ("reviewed_by", models.BigIntegerField()),
                ("reviewed_by_name", models.CharField(max_length=60, verbose_name="复核人")),
                ("reviewed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="casework.homevisit",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="visitbatch",
            index=models.Index(fields=["county", "-last_day", "-id"], name="visit_batch_newest"),
        ),
        migrations.AddConstraint(
            model_name="visitbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_day__gte", models.F("first_day"))),
                name="visit_batch_ends_not_before_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedvisit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_cancelled", False)),
                fields=("batch", "student"),
                name="planned_once_per_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedvisit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_cancelled", False),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="cancelled_visit_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="visitreview",
            constraint=models.UniqueConstraint(
                fields=("visit", "version"), name="visit_reviewed_once"
            ),
        ),
        migrations.RunSQL(
            *wall("casework_visitreview", "casework_visitbatch", "casework_plannedvisit")
        ),
        migrations.RunSQL(READ_FOR_GOOD, READ_FOR_GOOD_BACK),
    ]
