from django.db import migrations

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [("students", "0008_office_lists")]

    operations = [
        migrations.RunSQL(
            *wall(
                "students_officelist",
                "students_listentry",
                "students_factconflict",
                "students_matchrun",
                "students_matchdifference",
            )
        ),
    ]
