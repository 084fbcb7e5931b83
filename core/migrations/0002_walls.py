from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

from core.tenancy import wall

APPEND_ONLY = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON core_auditentry FROM notless_web, notless_worker;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(*wall("core_job", "core_auditentry")),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON core_auditentry; DROP FUNCTION core_refuse_change();",
        ),
    ]
