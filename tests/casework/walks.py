"""Ways of a case, walked through the services a person uses."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.scope import scope_for
from casework import services
from casework.models.signature import SignatureLine
from casework.queries.standing import digest_of
from casework.states import Action, VisitKind, VisitOutcome
from tests.factories import county_officer, school_head, township_officer

TODAY = date(2026, 11, 21)


def who(user, on=TODAY):
    return {"scope": scope_for(user, on=on), "actor": user}


def officer():
    return who(county_officer())


def deed(service, case, asked, **fields):
    return service(**asked, case_id=case.pk, today=TODAY, **fields)


def confirm(case, asked, on=date(2026, 9, 10)):
    return deed(
        services.verify_case,
        case,
        asked,
        verified_on=on,
        result="C01",
        verified_by="李老师",
        main_cause="R02",
        causes=["R06"],
        dropped_out_on=date(2026, 9, 1),
    )


def bring_back(case, asked, on=date(2026, 9, 20)):
    return deed(services.return_student, case, asked, returned_on=on, placement="RP01")


def advance(case, asked, action, on):
    return deed(services.advance_case, case, asked, action=action, on=on)


def look(case, asked, on, outcome=VisitOutcome.BACK):
    return deed(
        services.log_home_visit,
        case,
        asked,
        client_uuid=uuid4(),
        visited_on=on,
        kind=VisitKind.OBSERVATION,
        outcome=outcome,
        visitors="班主任",
    )


def observe(case, asked, times=3):
    """Watched from 21 September on, found at school so many times."""
    advance(case, asked, Action.OBSERVE, date(2026, 9, 21))
    for week in range(1, times + 1):
        look(case, asked, date(2026, 9, 21) + timedelta(weeks=week))


def sign(case, user, line):
    case.refresh_from_db()
    return services.sign_ending(
        **who(user),
        case_id=case.pk,
        line=SignatureLine(line),
        digest=digest_of(case),
        now=timezone.make_aware(datetime(2026, 11, 20, 10)),
    )


def sign_both(case):
    sign(case, school_head(case.student.school), "education")
    sign(case, township_officer(case.student.township), "government")


def to_the_end(case, asked):
    confirm(case, asked)
    bring_back(case, asked)
    observe(case, asked)
    sign_both(case)
