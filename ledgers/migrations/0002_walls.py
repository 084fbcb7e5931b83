from django.db import migrations

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0001_initial")]

    operations = [migrations.RunSQL(*wall("ledgers_ledgerversion", "ledgers_ledgerrow"))]
