from django.db import migrations

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [("students", "0014_column_mapping")]

    operations = [
        migrations.RunSQL(*wall("students_sheetcolumns", "students_columnprofile")),
    ]
