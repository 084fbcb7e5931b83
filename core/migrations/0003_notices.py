import django.utils.timezone
from django.db import migrations, models

from core.tenancy import wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("county", models.CharField(max_length=6)),
                ("person_id", models.BigIntegerField()),
                ("event", models.CharField(max_length=120)),
                ("words", models.CharField(max_length=300)),
                ("path", models.CharField(max_length=200)),
                (
                    "tone",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "通知"),
                            ("good", "完成"),
                            ("warn", "提醒"),
                            ("bad", "未完成"),
                        ],
                        default="",
                        max_length=4,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("read_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["county", "person_id", "-created_at", "-id"], name="notice_newest"
                    ),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["county", "person_id"],
                        name="notice_unread",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("county", "person_id", "event"),
                        name="notice_once_per_event_and_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("path__regex", "^/($|[^/])")),
                        name="notice_leads_to_a_page_of_ours",
                    ),
                ],
            },
        ),
        migrations.RunSQL(*wall("core_notice")),
    ]
