import csv
from datetime import date
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CALENDAR = Path(__file__).resolve().parents[1] / "data" / "calendar.csv"
AUTUMN, SPRING = 1, 2


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The statistical year (1 September to 31 August) and its halves.

    They say which term a day belongs to. When lessons begin is each county's own decision of every
    term and stands elsewhere: a deadline counted from it must not be counted from these days.
    """
    years, terms = apps.get_model("schools", "SchoolYear"), apps.get_model("schools", "Term")
    for start in range(2019, 2031):
        first, last = date(start, 9, 1), date(start + 1, 8, 31)
        year = years.objects.create(start_year=start, first_day=first, last_day=last)
        autumn_ends, spring_begins = date(start + 1, 1, 31), date(start + 1, 2, 1)
        terms.objects.bulk_create(
            [
                terms(school_year=year, season=AUTUMN, first_day=first, last_day=autumn_ends),
                terms(school_year=year, season=SPRING, first_day=spring_begins, last_day=last),
            ]
        )
    days = apps.get_model("schools", "CalendarDay")
    with CALENDAR.open(encoding="utf-8", newline="") as file:
        days.objects.bulk_create(
            days(day=row["day"], is_working=row["is_working"] == "1", name=row["name"])
            for row in csv.DictReader(file)
        )


class Migration(migrations.Migration):
    dependencies = [("schools", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
