"""Who is of school age is asked by casework too, so the rule moves to the floor of the calendar."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0004_age_rules")]

    operations = [
        migrations.AlterModelTable("agerule", "schools_agerule"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("AgeRule")]),
    ]
