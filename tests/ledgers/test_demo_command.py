import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from casework.models import DropoutCase
from ledgers.demo import rosters
from ledgers.models import LedgerVersion
from schools.models import School
from students.models import DuplicatePair, ImportBatch, Student
from students.queries import batches
from tests.ledgers.demo_county import empty_county, make_in


@pytest.fixture
def county(django_db_setup, django_db_blocker, tmp_path):
    with empty_county(tmp_path, django_db_blocker) as folder:
        yield folder


def test_the_same_seed_gives_the_same_county(county):
    def told(seed):
        lines = make_in(county, seed=seed)
        people = sorted(
            Student.objects.values_list(
                "full_name", "birth_date", "school__code", "grade", "hukou_division"
            ),
            key=str,
        )
        cases = sorted(DropoutCase.objects.values_list("opened_on", "state", "student__full_name"))
        return people, cases, lines

    def apart(seed):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT told")
            found = told(seed)
            cursor.execute("ROLLBACK TO SAVEPOINT told")
        return found

    people, cases, lines = apart(7)
    again, cases_again, other_lines = apart(7)
    others, _, _ = apart(8)

    assert (people, cases) == (again, cases_again)
    assert people != others
    assert lines[0] != other_lines[0], "the password belongs to the installation, not to the seed"


def test_nothing_is_left_of_a_demo_that_could_not_be_finished(county):
    (county / "demo-credentials.txt").mkdir()

    with pytest.raises(IsADirectoryError):
        make_in(county)

    assert not Student.objects.exists()
    assert not School.objects.exists()
    assert not User.objects.exists()


def test_the_command_builds_ledgers_and_never_mixes_with_records(county, capsys):
    call_command("demo", "--students", "300")
    said = capsys.readouterr()
    call_command("demo", "--students", "300", "--if-empty")
    with pytest.raises(CommandError, match="已有学生"):
        call_command("demo", "--students", "300")

    assert said.out.startswith("county  ")
    assert "300/300" in said.err
    assert capsys.readouterr().out == ""
    doubles = DuplicatePair.objects.count()
    assert Student.objects.count() == 300 + doubles + len(rosters.NEWCOMERS)
    assert DuplicatePair.objects.filter(looks_like_twins=False).count() >= 3
    batch = ImportBatch.objects.get()
    assert batch.state == "committed"
    counts = batches.totals(batch).verdicts
    assert (counts["created"], counts["rejected"]) == (len(rosters.NEWCOMERS), 5)
    assert min(counts["changed"], counts["unchanged"]) > 0
    assert batch.book_job.state == "queued"
    versions = LedgerVersion.objects.values_list("kind", "number")
    assert sorted(versions) == [
        (kind, number) for kind in ("dropout", "school_age", "suspected") for number in (1, 2)
    ]


def test_a_demo_too_small_or_too_large_is_refused(capsys):
    for count in ("10", "2000000", "many"):
        with pytest.raises(CommandError, match="--students"):
            call_command("demo", "--students", count)
