from django.db import migrations

from core.tenancy import wall

# As in 0002, without the records that were merged into another one.
SEARCH = """
CREATE OR REPLACE FUNCTION students_named(pieces text[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET search_path = public, pg_temp AS $$
    WITH hits AS MATERIALIZED (
        SELECT id, county, merged_into_id FROM students_student WHERE name_tokens @> pieces
    )
    SELECT id FROM hits
     WHERE county = current_setting('app.county', true) AND merged_into_id IS NULL
$$;
"""
SEARCH_BEFORE = """
CREATE OR REPLACE FUNCTION students_named(pieces text[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET search_path = public, pg_temp AS $$
    WITH hits AS MATERIALIZED (
        SELECT id, county FROM students_student WHERE name_tokens @> pieces
    )
    SELECT id FROM hits WHERE county = current_setting('app.county', true)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("students", "0006_duplicates")]

    operations = [
        migrations.RunSQL(
            *wall("students_duplicatepair", "students_studentmerge", "students_mergedrow")
        ),
        migrations.RunSQL(SEARCH, SEARCH_BEFORE),
    ]
