import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall

# The words of a version never change; it is handed in and decided, each once.
ONLY_DECIDED = """
CREATE FUNCTION casework_plan_only_decided() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    steps text[] := '{state,submitted_at,decided_by,decided_by_name,decided_at,remark}';
BEGIN
    IF OLD.decided_at IS NOT NULL OR to_jsonb(NEW) - steps <> to_jsonb(OLD) - steps
       OR (OLD.submitted_at IS NOT NULL AND NEW.submitted_at IS DISTINCT FROM OLD.submitted_at) THEN
        RAISE EXCEPTION 'a version of a plan keeps its words'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_decided BEFORE UPDATE ON casework_caseplan
    FOR EACH ROW EXECUTE FUNCTION casework_plan_only_decided();
CREATE TRIGGER append_only BEFORE DELETE ON casework_caseplan
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON casework_planmeasure
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON casework_measureresult
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
ONLY_DECIDED_BACK = """
DROP TRIGGER append_only ON casework_measureresult;
DROP TRIGGER append_only ON casework_planmeasure;
DROP TRIGGER append_only ON casework_caseplan;
DROP TRIGGER only_decided ON casework_caseplan;
DROP FUNCTION casework_plan_only_decided();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0018_legal_kinds"),
        ("schools", "0009_plan_deadlines"),
    ]

    operations = [
        migrations.CreateModel(
            name="CasePlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("number", models.PositiveIntegerField()),
                ("cause", models.CharField(max_length=500, verbose_name="原因分析")),
                ("goal", models.CharField(max_length=300, verbose_name="目标")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "未提交"),
                            ("submitted", "待审批"),
                            ("approved", "已批准"),
                            ("returned", "已退回"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="情况",
                    ),
                ),
                ("written_by", models.BigIntegerField()),
                ("written_by_name", models.CharField(max_length=60, verbose_name="制定人")),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.BigIntegerField(blank=True, null=True)),
                (
                    "decided_by_name",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="审批人"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "remark",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="审批意见"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="casework.dropoutcase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MeasureResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("key", models.UUIDField()),
                ("done_on", models.DateField(verbose_name="完成日期")),
                ("result", models.CharField(max_length=300, verbose_name="结果")),
                ("written_by", models.BigIntegerField()),
                ("written_by_name", models.CharField(max_length=60)),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.dropoutcase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlanMeasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("key", models.UUIDField(default=uuid.uuid4)),
                ("position", models.PositiveSmallIntegerField()),
                ("what", models.CharField(max_length=200, verbose_name="措施")),
                ("who", models.CharField(max_length=60, verbose_name="责任人")),
                ("due_on", models.DateField(verbose_name="完成期限")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="casework.caseplan",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="caseplan",
            constraint=models.UniqueConstraint(fields=("case", "number"), name="plan_version_once"),
        ),
        migrations.AddConstraint(
            model_name="caseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="plan_approver_is_not_the_author",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None)),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("state__in", ("approved", "returned")),
                    ),
                    _connector="XOR",
                ),
                name="plan_decided_iff_approved_or_returned",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "returned"), _negated=True),
                    models.Q(("remark", ""), _negated=True),
                    _connector="OR",
                ),
                name="plan_sent_back_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"), ("submitted_at__isnull", False), _connector="XOR"
                ),
                name="plan_handed_in_before_it_is_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="measureresult",
            constraint=models.UniqueConstraint(fields=("case", "key"), name="measure_result_once"),
        ),
        migrations.AddConstraint(
            model_name="planmeasure",
            constraint=models.UniqueConstraint(
                fields=("plan", "key"), name="measure_once_per_plan"
            ),
        ),
        migrations.RunSQL(
            *wall("casework_caseplan", "casework_planmeasure", "casework_measureresult")
        ),
        migrations.RunSQL(ONLY_DECIDED, ONLY_DECIDED_BACK),
    ]
