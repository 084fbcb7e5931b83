from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0018_roster_marks"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="rostercorrection",
            name="roster_correction_of_one_cell_or_all",
        ),
        migrations.RemoveField(
            model_name="rostercorrection",
            name="cells_changed",
        ),
        migrations.RemoveField(
            model_name="rostercorrection",
            name="column",
        ),
        migrations.RemoveField(
            model_name="rostercorrection",
            name="row_no",
        ),
        migrations.RemoveField(
            model_name="rostercorrection",
            name="seen_blind",
        ),
        migrations.RemoveField(
            model_name="rostercorrection",
            name="sheet_no",
        ),
        migrations.AddField(
            model_name="rostercorrection",
            name="cells",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="rostercorrection",
            name="targets",
            field=models.JSONField(default=list),
        ),
    ]
