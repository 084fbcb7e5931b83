from django.db import migrations

from core.tenancy import wall

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON casework_caseevent
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON casework_caseevent FROM notless_web, notless_worker;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("casework", "0001_initial"), ("core", "0002_walls")]

    operations = [
        migrations.RunSQL(
            *wall("casework_dropoutcase", "casework_caseevent", "casework_homevisit")
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON casework_caseevent;"),
    ]
