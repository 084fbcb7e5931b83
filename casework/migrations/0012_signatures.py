import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

from core.tenancy import wall

OPEN = (
    "suspected",
    "confirmed",
    "persuading",
    "escalated",
    "transferred",
    "returned",
    "observing",
    "placed",
)
ENDED = ("excluded", "closed", "lapsed", "relapsed")

# Looked at when the transaction ends, so the order of its statements does not matter; as the
# owner, so no setting of the transaction hides a signature. A case that was closed before this
# rule is asked when somebody touches its state again.
BOTH_LINES = """
CREATE FUNCTION casework_needs_both_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted bigint;
BEGIN
    IF TG_TABLE_NAME = 'casework_casesignature' THEN
        wanted := NEW.case_id;
    ELSE
        wanted := NEW.id;
    END IF;
    IF EXISTS (
        SELECT FROM casework_dropoutcase kase
         WHERE kase.id = wanted AND kase.state IN ('closed', 'lapsed')
           AND (SELECT count(*) FROM casework_casesignature given
                 WHERE given.case_id = kase.id AND given.voided_at IS NULL
                   AND given.ending = CASE kase.state WHEN 'closed' THEN 'close' ELSE 'lapse' END
               ) < 2
    ) THEN
        RAISE EXCEPTION 'case % has ended without the signatures of both lines', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_ended_needs_both_signatures';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER both_lines_signed AFTER INSERT OR UPDATE OF state
    ON casework_dropoutcase DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state IN ('closed', 'lapsed'))
    EXECUTE FUNCTION casework_needs_both_lines();
CREATE CONSTRAINT TRIGGER both_lines_signed AFTER UPDATE OF voided_at
    ON casework_casesignature DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION casework_needs_both_lines();
"""
BOTH_LINES_BACK = """
DROP TRIGGER both_lines_signed ON casework_casesignature;
DROP TRIGGER both_lines_signed ON casework_dropoutcase;
DROP FUNCTION casework_needs_both_lines();
"""

# A signature is made void once and never changed otherwise.
ONLY_VOIDED = """
CREATE FUNCTION casework_signature_only_voided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL
       OR to_jsonb(NEW) - '{voided_at,voided_why}'::text[]
          <> to_jsonb(OLD) - '{voided_at,voided_why}'::text[] THEN
        RAISE EXCEPTION 'a signature can only be made void' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_voided BEFORE UPDATE ON casework_casesignature
    FOR EACH ROW EXECUTE FUNCTION casework_signature_only_voided();
CREATE TRIGGER append_only BEFORE DELETE ON casework_casesignature
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON casework_casesignature FROM notless_web, notless_worker;
        GRANT UPDATE (voided_at, voided_why) ON casework_casesignature TO notless_web, notless_worker;
    END IF;
END $$;
"""
ONLY_VOIDED_BACK = """
DROP TRIGGER append_only ON casework_casesignature;
DROP TRIGGER only_voided ON casework_casesignature;
DROP FUNCTION casework_signature_only_voided();
"""


class Migration(migrations.Migration):
    dependencies = [("casework", "0011_lifecycle_data"), ("core", "0002_walls")]

    operations = [
        migrations.AlterField("dropoutcase", "state_since", models.DateField()),
        migrations.AddConstraint(
            "dropoutcase",
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(state__in=OPEN),
                name="case_one_open_per_student",
            ),
        ),
        migrations.AddConstraint(
            "dropoutcase",
            models.CheckConstraint(
                name="case_closed_iff_ended", condition=Q(closed_on=None) ^ Q(state__in=ENDED)
            ),
        ),
        migrations.AddConstraint(
            "dropoutcase",
            models.CheckConstraint(
                name="case_closing_needs_a_placement",
                condition=~Q(state__in=("closed", "placed")) | ~Q(placement=""),
            ),
        ),
        migrations.AddConstraint(
            "dropoutcase",
            models.CheckConstraint(
                name="case_lapse_needs_a_reason",
                condition=~Q(state="lapsed") | ~Q(lapse_reason=""),
            ),
        ),
        migrations.AddConstraint(
            "dropoutcase",
            models.CheckConstraint(
                name="case_transferred_names_its_transfer",
                condition=~Q(state="transferred") | Q(transfer__isnull=False),
            ),
        ),
        migrations.CreateModel(
            name="CaseSignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                (
                    "ending",
                    models.CharField(choices=[("close", "销号"), ("lapse", "核减")], max_length=12),
                ),
                (
                    "line",
                    models.CharField(
                        choices=[("education", "教育线"), ("government", "政府线")],
                        max_length=12,
                        verbose_name="责任线",
                    ),
                ),
                ("person_id", models.BigIntegerField()),
                ("person_name", models.CharField(max_length=60, verbose_name="签字人")),
                ("duty", models.CharField(max_length=80, verbose_name="职务")),
                ("statement", models.CharField(max_length=600, verbose_name="签字内容")),
                ("statement_hash", models.BinaryField(max_length=32)),
                (
                    "remark",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="意见"),
                ),
                ("signed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("voided_why", models.CharField(blank=True, default="", max_length=120)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="casework.dropoutcase",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(voided_at=None),
                        fields=("case", "line"),
                        name="signature_once_per_line",
                    ),
                    models.UniqueConstraint(
                        condition=Q(voided_at=None),
                        fields=("case", "person_id"),
                        name="signature_lines_are_two_people",
                    ),
                ]
            },
        ),
        migrations.RunSQL(*wall("casework_casesignature")),
        migrations.RunSQL(ONLY_VOIDED, ONLY_VOIDED_BACK),
        migrations.RunSQL(BOTH_LINES, BOTH_LINES_BACK),
    ]
