from django.db import migrations

from core.tenancy import wall

# A visit that was there before versions were kept is the first version of itself.
FIRST_VERSIONS = """
INSERT INTO casework_visitversion
       (county, visit_id, number, base, merged, changed, content, written_at, written_by,
        written_by_name)
SELECT county, client_uuid, 1, 0, '{}', '{}',
       jsonb_build_object(
           'visited_on', visited_on, 'kind', kind, 'outcome', outcome, 'visitors', visitors,
           'people_met', people_met, 'study', study, 'health', health, 'lighting', lighting,
           'goods', goods, 'findings', findings, 'advice', advice, 'promised_on', promised_on,
           'next_visit_on', next_visit_on),
       logged_at, logged_by, logged_by_name
  FROM casework_homevisit
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON casework_visitversion
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON casework_visitversion FROM notless_web, notless_worker;
        REVOKE DELETE, TRUNCATE ON casework_phoneop, casework_heldop
            FROM notless_web, notless_worker;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0008_visit_versions_and_phones"),
        ("core", "0002_walls"),
    ]

    operations = [
        migrations.RunSQL(
            *wall(
                "casework_visitversion",
                "casework_phoneop",
                "casework_heldop",
                "casework_visitphoto",
            )
        ),
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON casework_visitversion;"),
    ]
