from django.db import migrations

# Undoing a merge of two records of a child puts every row that hung on it back to the letter,
# which takes the row out first (students.duplicates.images).
GRANT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        GRANT DELETE ON casework_heldop TO notless_web, notless_worker;
    END IF;
END $$;
"""
BACK = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'notless_web') THEN
        REVOKE DELETE ON casework_heldop FROM notless_web, notless_worker;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("casework", "0021_visit_plans")]

    operations = [migrations.RunSQL(GRANT, BACK)]
