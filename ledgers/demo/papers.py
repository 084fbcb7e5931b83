"""Papers of the lawful chain: orders of the county, and what one township has under way."""

from datetime import date, timedelta
from functools import partial
from random import Random
from uuid import UUID

from accounts.models import User
from accounts.scope import scope_for
from casework.legal_rules import ServiceWay
from casework.models import DropoutCase, LegalPaper
from casework.queries.papers import suggestion
from casework.services import legal
from casework.states import CaseState
from core.access import Permission, Scope

_WEEK = timedelta(days=7)


def order(case_id: int, *, officer: User, scope: Scope, rng: Random, on: date) -> None:
    """The county's order, served the same day: it moves the case into the lawful chain."""
    paper = _make(case_id, "order", scope.county, officer=officer, scope=scope, rng=rng, on=on)
    _serve(paper, officer=officer, scope=scope, on=on)


def tell_papers(*, officer: User, rng: Random, today: date) -> None:
    """A body's papers at every stage; then the night that looks at all deadlines."""
    scope = scope_for(officer, on=today)
    (body,) = legal.bodies_of(scope)
    cases = DropoutCase.objects.within(scope, Permission.LEGAL_ISSUE)
    untouched = cases.filter(state=CaseState.PERSUADING, papers=None)
    persuaded = untouched.filter(visits__kind="persuasion").distinct()
    make = partial(_make, officer=officer, scope=scope, rng=rng)
    for place, case in enumerate(persuaded.order_by("pk")[:3]):
        on = max(case.visits.latest("visited_on").visited_on, today - timedelta(days=12))
        if place == 0:
            paper = make(case.pk, "order", body.code, on=on)
            _serve(paper, officer=officer, scope=scope, on=on)
            continue
        paper = make(case.pk, "urging_notice", body.code, on=today)
        if place == 1:
            _serve(paper, officer=officer, scope=scope, on=today)
    legal.pass_deadlines(today=today)


def _make(
    case_id: int,
    kind: str,
    body_code: str,
    *,
    officer: User,
    scope: Scope,
    rng: Random,
    on: date,
) -> LegalPaper:
    case = DropoutCase.objects.select_related("student").get(pk=case_id)
    tie = case.student.guardianships.select_related("guardian").order_by("relation_code").first()
    return legal.issue_paper(
        scope=scope,
        actor=officer,
        case_id=case_id,
        kind_code=kind,
        body_code=body_code,
        form_key=UUID(int=rng.getrandbits(128), version=4),
        today=on,
        asked=legal.Asked(
            issued_on=on,
            addressee=tie.guardian.full_name if tie else "监护人",
            address=case.student.residence_address,
            facts=suggestion(case, persuasions=case.visits.filter(kind="persuasion").count()),
            deadline_on=on + _WEEK,
        ),
    )


def _serve(paper: LegalPaper, *, officer: User, scope: Scope, on: date) -> None:
    legal.serve_paper(
        scope=scope,
        actor=officer,
        paper_id=paper.pk,
        today=on,
        served_on=on,
        served_way=ServiceWay.DIRECT,
        receiver=paper.addressee,
        receiver_relation="本人",
        served_by=f"{officer.full_name}、村干部",
    )
