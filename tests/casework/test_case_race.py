"""F09: two officers decide the same case at the same moment, on connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connection

from casework import services
from casework.models import DropoutCase
from casework.services import CaseMoved
from core import tenancy
from core.models import AuditEntry
from tests.casework import walks
from tests.factories import COUNTY, DropoutCaseFactory, county_officer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds):
    """Each in a thread and a transaction of its own, begun together; what each of them met."""
    together = Barrier(len(deeds))

    def run(deed):
        try:
            with tenancy.inside(COUNTY):
                together.wait(timeout=30)
                return deed()
        except CaseMoved as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def verdict(case, asked, result, seen):
    return lambda: walks.deed(
        services.verify_case,
        case,
        asked,
        verified_on=date(2026, 9, 10),
        result=result,
        verified_by="李老师",
        evidence="在读证明",
        main_cause="R02",
        dropped_out_on=date(2026, 9, 1),
        seen=seen,
    )


@pytest.mark.parametrize("results", [("C01", "X03"), ("X03", "C01"), ("C01", "C01")])
def test_f09_one_of_two_verdicts_wins_and_the_other_is_told_whose_it_was(results):
    asked = [walks.who(county_officer(full_name=name)) for name in ("王建国", "赵明")]
    case = DropoutCaseFactory()

    met = at_once(*(verdict(case, a, r, 0) for a, r in zip(asked, results, strict=True)))

    (told,) = [one for one in met if isinstance(one, CaseMoved)]
    (won,) = [one for one in met if isinstance(one, DropoutCase)]
    winner = asked[met.index(won)]["actor"].full_name
    assert f"{winner}已于" in str(told)
    assert f"办理“核查”，个案现为“{won.get_state_display()}”" in str(told)
    assert case.events.count() == 1
    assert AuditEntry.objects.filter(action="case.verify", target_id=case.pk).count() == 1
    case.refresh_from_db()
    assert case.state == won.state
