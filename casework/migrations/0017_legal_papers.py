import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall

# What was issued stays as it was issued, whoever writes: only what became of it is added.
KEEP = """
CREATE FUNCTION casework_keep_legal_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'legal paper % is never deleted: make it void', OLD.id;
    END IF;
    IF OLD.voided_on IS NOT NULL
       OR (NEW.data, NEW.county, NEW.case_id, NEW.kind_id, NEW.follows_id, NEW.form_key)
          IS DISTINCT FROM
          (OLD.data, OLD.county, OLD.case_id, OLD.kind_id, OLD.follows_id, OLD.form_key)
       OR (NEW.body, NEW.body_code, NEW.body_name, NEW.year, NEW.serial, NEW.number)
          IS DISTINCT FROM
          (OLD.body, OLD.body_code, OLD.body_name, OLD.year, OLD.serial, OLD.number)
       OR (NEW.issued_on, NEW.addressee, NEW.relation, NEW.amount, NEW.fine_rule_id)
          IS DISTINCT FROM
          (OLD.issued_on, OLD.addressee, OLD.relation, OLD.amount, OLD.fine_rule_id) THEN
        RAISE EXCEPTION 'legal paper % stays as it was issued', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON casework_legalpaper
    FOR EACH ROW EXECUTE FUNCTION casework_keep_legal_paper();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE DELETE, TRUNCATE ON casework_legalpaper FROM notless_web, notless_worker;
    END IF;
END $$;
"""
DROP = "DROP TRIGGER keep ON casework_legalpaper; DROP FUNCTION casework_keep_legal_paper();"


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0016_no_show_source"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalKind",
            fields=[
                ("code", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, verbose_name="文书名称")),
                ("step", models.CharField(max_length=20, verbose_name="环节")),
                ("sort", models.PositiveSmallIntegerField()),
                (
                    "bodies",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("school", "学校"),
                                ("township", "乡镇人民政府（街道办事处）"),
                                ("county", "县级教育行政部门"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                (
                    "states",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("is_numbered", models.BooleanField(default=True)),
                ("is_served", models.BooleanField(default=True)),
                (
                    "to",
                    models.CharField(
                        choices=[
                            ("guardian", "监护人"),
                            ("court", "人民法院"),
                            ("labour", "人力资源和社会保障局"),
                        ],
                        default="guardian",
                        max_length=10,
                    ),
                ),
                ("law", models.CharField(max_length=200, verbose_name="法律依据")),
                ("source", models.CharField(max_length=200, verbose_name="来源")),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("waits", models.BooleanField(default=False, verbose_name="须待前一文书期满")),
                (
                    "by_same_body",
                    models.BooleanField(default=False, verbose_name="由作出前一文书的机关作出"),
                ),
                ("escalates", models.BooleanField(default=False, verbose_name="转入依法控辍")),
                ("is_fine", models.BooleanField(default=False, verbose_name="须有地方罚款规定")),
                (
                    "below_age",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="未满年龄"
                    ),
                ),
                ("deadline_rule", models.CharField(blank=True, default="", max_length=40)),
                ("in_working_days", models.BooleanField(default=False)),
                ("counts_from_service", models.BooleanField(default=False)),
                ("opens_rule", models.CharField(blank=True, default="", max_length=40)),
                ("closes_rule", models.CharField(blank=True, default="", max_length=40)),
                (
                    "next_words",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="期满后应办"
                    ),
                ),
                (
                    "results",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("ledger", models.CharField(blank=True, default="", max_length=10)),
                ("text", models.JSONField(default=list)),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.AlterField(
            model_name="casecode",
            name="list",
            field=models.CharField(
                choices=[
                    ("cause", "辍学原因"),
                    ("verification", "核查结果"),
                    ("placement", "复学安置方式"),
                    ("lapse", "核减原因"),
                    ("source", "数据来源"),
                    ("legal_result", "依法文书结果"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="FineRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("name", models.CharField(max_length=100, verbose_name="规定名称")),
                ("article", models.CharField(max_length=40, verbose_name="条款")),
                (
                    "least",
                    models.DecimalField(
                        decimal_places=2, max_digits=8, verbose_name="罚款下限（元）"
                    ),
                ),
                (
                    "most",
                    models.DecimalField(
                        decimal_places=2, max_digits=8, verbose_name="罚款上限（元）"
                    ),
                ),
                ("source", models.CharField(max_length=200, verbose_name="文件来源")),
                ("valid_from", models.DateField(verbose_name="施行日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="失效日期")),
                ("added_by_name", models.CharField(default="", max_length=60)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_to", None)),
                        fields=("county",),
                        name="fine_rule_one_open_per_county",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("least__gt", 0), ("most__gte", models.F("least"))),
                        name="fine_rule_bounds_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="fine_rule_ends_not_before_its_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("body_code", models.CharField(max_length=12)),
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("county", "body_code", "year"),
                        name="legal_number_once_per_body_and_year",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalPaper",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("form_key", models.UUIDField()),
                (
                    "body",
                    models.CharField(
                        choices=[
                            ("school", "学校"),
                            ("township", "乡镇人民政府（街道办事处）"),
                            ("county", "县级教育行政部门"),
                        ],
                        max_length=10,
                        verbose_name="制作机关类别",
                    ),
                ),
                ("body_code", models.CharField(max_length=12)),
                ("body_name", models.CharField(max_length=120, verbose_name="制作机关")),
                ("year", models.PositiveSmallIntegerField(null=True)),
                ("serial", models.PositiveIntegerField(null=True)),
                (
                    "number",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="文号"),
                ),
                ("issued_on", models.DateField(verbose_name="制作日期")),
                ("addressee", models.CharField(max_length=100, verbose_name="受送达人")),
                (
                    "relation",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="与学生关系"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=8,
                        null=True,
                        verbose_name="罚款金额（元）",
                    ),
                ),
                ("deadline_days", models.PositiveSmallIntegerField(null=True)),
                ("deadline_on", models.DateField(blank=True, null=True, verbose_name="期限")),
                ("data", models.JSONField()),
                ("served_on", models.DateField(blank=True, null=True, verbose_name="送达日期")),
                (
                    "served_way",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("direct", "直接送达"),
                            ("left", "留置送达"),
                            ("entrusted", "委托送达"),
                            ("post", "邮寄送达"),
                            ("notice", "公告送达"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="送达方式",
                    ),
                ),
                (
                    "receiver",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="签收人"),
                ),
                (
                    "receiver_relation",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="签收人与受送达人关系"
                    ),
                ),
                (
                    "served_by",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="送达人"),
                ),
                (
                    "service_note",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="送达说明"
                    ),
                ),
                ("scan", models.CharField(blank=True, default="", max_length=80)),
                ("scan_type", models.CharField(blank=True, default="", max_length=40)),
                ("late_since", models.DateField(blank=True, null=True, verbose_name="逾期起")),
                (
                    "result",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="结果"),
                ),
                ("result_on", models.DateField(blank=True, null=True, verbose_name="结果日期")),
                (
                    "result_note",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="结果说明"
                    ),
                ),
                ("voided_on", models.DateField(blank=True, null=True, verbose_name="作废日期")),
                (
                    "void_reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="作废原因"
                    ),
                ),
                ("issued_by", models.BigIntegerField(null=True)),
                ("issued_by_name", models.CharField(default="", max_length=60)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="casework.dropoutcase",
                    ),
                ),
                (
                    "fine_rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="casework.finerule",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followers",
                        to="casework.legalpaper",
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.legalkind",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["county", "-issued_on", "-id"], name="legal_paper_newest"),
                    models.Index(
                        condition=models.Q(
                            ("late_since", None), ("result", ""), ("voided_on", None)
                        ),
                        fields=["county", "deadline_on"],
                        name="legal_paper_to_pass",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("county", "body_code", "year", "serial"),
                        name="legal_paper_number_once_per_body_and_year",
                    ),
                    models.UniqueConstraint(
                        fields=("county", "form_key"), name="legal_paper_once_per_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", ""), ("serial", None), ("year", None)),
                            models.Q(
                                ("serial__gt", 0),
                                ("year__isnull", False),
                                models.Q(("number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="legal_paper_numbered_whole_or_not_at_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("receiver", ""), ("served_on", None), ("served_way", "")),
                            models.Q(
                                ("served_on__gte", models.F("issued_on")),
                                models.Q(("served_way", ""), _negated=True),
                                models.Q(("receiver", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="legal_paper_served_whole_and_after_its_issue",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("voided_on", None),
                            models.Q(("void_reason", ""), _negated=True),
                            _connector="XOR",
                        ),
                        name="legal_paper_voided_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("result", ""), ("result_on__isnull", False), _connector="XOR"
                        ),
                        name="legal_paper_result_with_its_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount", None), ("fine_rule", None)),
                            models.Q(("amount__gt", 0), ("fine_rule__isnull", False)),
                            _connector="OR",
                        ),
                        name="legal_paper_fine_only_by_a_rule",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            *wall("casework_legalnumber", "casework_finerule", "casework_legalpaper")
        ),
        migrations.RunSQL(KEEP, DROP),
    ]
