from datetime import date

import pytest

from core import tenancy
from core.models import Job
from ledgers import services
from ledgers.kinds import KINDS
from ledgers.models import LedgerVersion
from ledgers.periods import KindUnknown, Period, PeriodIsLocked
from schools.models import DeadlineRule
from tests.factories import COUNTY, SchoolFactory, StudentFactory, county_officer, division
from tests.ledgers.books import LAST_DAY, NOVEMBER, build_ledger, dropout

pytestmark = pytest.mark.django_db
DROPOUT = KINDS["dropout"]


def start(**fields):
    asked = {"county": COUNTY, "period": Period.parse(NOVEMBER), "as_of": LAST_DAY}
    return services.start_build(DROPOUT, **asked, **fields)


def work(job):
    """As a worker would, in this process."""
    claimed = Job.claim(job.pk)
    result = services.build_job(claimed)
    claimed.finish(**result)
    return claimed


def test_a_job_builds_and_tells_what_it_built():
    dropout(StudentFactory())

    job = work(start(actor=county_officer(full_name="周敏")))

    version = LedgerVersion.objects.get()
    assert (version.job_id, version.built_by_name) == (job.pk, "周敏")
    assert job.result == {
        "county": COUNTY,
        "kind": "dropout",
        "period": NOVEMBER,
        "unit": COUNTY,
        "version": 1,
        "rows": 1,
        "born": 1,
        "died": 0,
        "as_of": "2026-11-30",
        "digest": version.digest,
        "is_new": True,
    }
    job.refresh_from_db()
    assert (job.done, job.total, job.percent) == (1, 1, 100)


def test_asking_twice_is_one_job():
    assert start().pk == start().pk


def test_a_locked_period_starts_no_job():
    build_ledger("dropout")
    LedgerVersion.objects.update(state="locked")

    with pytest.raises(PeriodIsLocked):
        start()
    assert not Job.objects.exists()


def test_an_unknown_kind_is_named_with_the_known_ones():
    with pytest.raises(KindUnknown, match="dropout（辍学学生台账）"):
        services.kind_named("nothing")


class TestDueBuilds:
    @pytest.fixture(autouse=True)
    def _school(self):
        SchoolFactory()

    def due(self, today):
        services.start_due_builds(today=today)
        return {
            (job.params["kind"], job.params["period"], job.params["as_of"])
            for job in Job.objects.all()
        }

    def test_after_the_last_day_of_a_month_all_its_ledgers_are_built(self):
        assert self.due(date(2026, 12, 1)) == {
            (kind, NOVEMBER, "2026-11-30") for kind in ("school_age", "suspected", "dropout")
        }

    def test_a_night_the_server_was_off_is_made_up_for(self):
        assert {period for _, period, _ in self.due(date(2026, 12, 9))} == {NOVEMBER}

    def test_again_and_again_is_once(self):
        jobs = self.due(date(2026, 12, 1))
        assert self.due(date(2026, 12, 1)) == jobs
        for job in Job.objects.all():
            work(job)

        assert self.due(date(2026, 12, 2)) == jobs
        assert LedgerVersion.objects.count() == len(jobs) == Job.objects.count()

    def test_a_ledger_built_in_the_middle_of_the_month_is_built_again_at_its_end(self):
        build_ledger("dropout", as_of=date(2026, 11, 21))

        assert ("dropout", NOVEMBER, "2026-11-30") in self.due(date(2026, 12, 1))

    def test_a_zero_ledger_is_built_too(self):
        self.due(date(2026, 12, 1))
        for job in Job.objects.all():
            work(job)

        assert set(LedgerVersion.objects.values_list("rows", flat=True)) == {0}

    def test_a_county_with_a_day_of_its_own(self):
        DeadlineRule.objects.create(
            county=COUNTY, code="school_month_report", value=28, valid_from=date(2026, 1, 1)
        )

        assert {(p, day) for _, p, day in self.due(date(2026, 12, 1))} == {(NOVEMBER, "2026-11-28")}
        february = services.last_due_day(county=COUNTY, today=date(2027, 3, 1))
        assert february == date(2027, 2, 28)

    def test_each_county_gets_its_own(self):
        SchoolFactory(township=division("620621100"), code="2162000077")
        services.start_due_builds(today=date(2026, 12, 1))

        for county in (COUNTY, "620621"):
            with tenancy.inside(county):
                assert Job.objects.filter(county=county).count() == len(KINDS)
