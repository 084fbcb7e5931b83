from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_password_to_change")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="has_single_keys",
            field=models.BooleanField(default=True),
        ),
    ]
