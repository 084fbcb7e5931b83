from django.db import migrations, models


class Migration(migrations.Migration):
    """The table came from the floor above with its rows (ledgers 0005)."""

    dependencies = [
        ("schools", "0006_observation_checks"),
        ("ledgers", "0005_age_rule_moves_down"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="AgeRule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("county", models.CharField(blank=True, default="", max_length=6)),
                        ("entry_age", models.PositiveSmallIntegerField(default=6)),
                        ("cutoff_month", models.PositiveSmallIntegerField(default=8)),
                        ("cutoff_day", models.PositiveSmallIntegerField(default=31)),
                        ("years", models.PositiveSmallIntegerField(default=9)),
                        ("source", models.CharField(blank=True, default="", max_length=200)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=["county", "valid_from"], name="age_rule_once_per_start"
                            ),
                            models.CheckConstraint(
                                name="age_rule_ends_not_before_it_begins",
                                condition=models.Q(
                                    ("valid_to", None),
                                    ("valid_to__gte", models.F("valid_from")),
                                    _connector="OR",
                                ),
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
