"""What stands in the database before the clock starts; each function is a process of its own."""

from datetime import UTC, date, datetime

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from bench import roster
from core import tenancy
from schools.models import Division, School


def migrate():
    """As the owner, with the peers' tables."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("peers").get_models():
            editor.create_model(model)
    with connection.cursor() as cursor:
        # For the bare build: a ledger's columns, indexes and constraints, without the wall.
        cursor.execute("CREATE TABLE bench_ledger (LIKE ledgers_ledgerrow INCLUDING ALL)")
        # For the bare comparison, likewise.
        cursor.execute(
            "CREATE TABLE bench_difference (LIKE students_matchdifference INCLUDING ALL)"
        )
    return {"seconds": 0}


def schools(rows):
    places = roster.schools(rows)
    with tenancy.inside(roster.COUNTY):
        Division.objects.bulk_create(_divisions(places), ignore_conflicts=True)
        School.objects.bulk_create(
            School(
                county=roster.COUNTY,
                code=place.code,
                name=place.name,
                stages=list(place.stages),
                township_id=place.township,
            )
            for place in places
        )
    return {"seconds": 0, "schools": School.objects.count()}


def demo(students):
    """The demo county, without its ledgers."""
    from ledgers.demo import make

    make.make_demo(
        students=students,
        seed=1,
        now=datetime(2026, 11, 20, 9, tzinfo=UTC),
        today=date(2026, 11, 20),
        credentials=settings.APP_DATA / "bench-credentials.txt",
        progress=lambda _: None,
    )
    return {"seconds": 0}


def _divisions(places):
    county = roster.COUNTY
    yield Division(code=county[:2], name="甘肃省", level="province")
    yield Division(code=county[:4], name="武威市", level="city", parent_id=county[:2])
    yield Division(code=county, name="凉州区", level="county", parent_id=county[:4])
    for number, code in enumerate(sorted({place.township for place in places}), 1):
        yield Division(code=code, name=f"试验{number}镇", level="township", parent_id=county)
