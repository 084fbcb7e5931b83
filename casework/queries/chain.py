"""Where a case stands in the lawful chain, read for the rules."""

from datetime import date

from casework.legal_rules import Earlier, Standing
from casework.models import DropoutCase, LegalKind, LegalPaper
from casework.states import CaseState, VisitKind


def standing_of(case: DropoutCase, *, on: date) -> Standing:
    papers = LegalPaper.objects.filter(county=case.county, case=case).select_related("kind", "case")
    return Standing(
        state=CaseState(case.state),
        birth_date=case.student.birth_date,
        persuasions=case.visits.filter(kind=VisitKind.PERSUASION, visited_on__lte=on).count(),
        papers=[_earlier(paper, on=on) for paper in papers.order_by("pk")],
    )


def _earlier(paper: LegalPaper, *, on: date) -> Earlier:
    return Earlier(
        pk=paper.pk,
        kind=paper.kind_id,
        title=str(paper),
        body_code=paper.body_code,
        stage=paper.stage(on=on),
        in_force=paper.in_force,
        deadline_on=paper.deadline_on,
    )


def kind_names() -> dict[str, str]:
    return dict(LegalKind.objects.values_list("code", "name"))
