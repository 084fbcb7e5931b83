from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("students", "0022_shared_student_numbers")]

    operations = [
        migrations.AddField(
            model_name="sheetcolumns",
            name="is_left_out",
            field=models.BooleanField(default=False),
        ),
    ]
