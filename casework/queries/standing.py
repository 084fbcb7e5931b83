"""Where a case stands on its way to an end: what is signed for, and what is still wanting."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from casework.models import CaseCode, CaseSignature, DropoutCase, HomeVisit
from casework.models.signature import SignatureLine
from casework.states import Action, CaseState, VisitKind, VisitOutcome, ending
from core.access import Permission, Scope
from schools.deadlines import Deadline, deadline


@dataclass(frozen=True, slots=True)
class Statement:
    """What both lines sign: the words for the person, the hash for what the words rest on."""

    ending: Action
    words: str
    digest: bytes


def digest_of(case: DropoutCase) -> bytes:
    """Of the facts, not of the words: a code list may be reworded without voiding a signature."""
    facts = {
        "case": case.pk,
        "ending": ending(CaseState(case.state), lapse_reason=case.lapse_reason),
        "returned_on": case.returned_on,
        "placement": case.placement,
        "lapse_reason": case.lapse_reason,
        "proof": case.ending_proof,
    }
    return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Standing:
    """Read once for one page or one deed; a service reads it while it holds the case."""

    case: DropoutCase
    on: date

    @cached_property
    def ending(self) -> Action | None:
        return ending(CaseState(self.case.state), lapse_reason=self.case.lapse_reason)

    @cached_property
    def checks_wanted(self) -> int:
        return deadline(Deadline.OBSERVATION_CHECKS, county=self.case.county, on=self.on)

    @cached_property
    def checks_done(self) -> int:
        """Days since the return on which somebody found the child at school."""
        visits = HomeVisit.objects.filter(
            case=self.case, kind=VisitKind.OBSERVATION, outcome=VisitOutcome.BACK
        )
        if self.case.returned_on:
            visits = visits.filter(visited_on__gte=self.case.returned_on)
        return visits.values("visited_on").distinct().count()

    @cached_property
    def signatures(self) -> list[CaseSignature]:
        return list(self.case.signatures.standing().order_by("signed_at"))

    @property
    def lines_wanting(self) -> list[SignatureLine]:
        signed = {signature.line for signature in self.signatures}
        return [line for line in SignatureLine if line not in signed]

    @cached_property
    def gaps(self) -> list[str]:
        """What is wanting before the lines can sign, each with its remedy in words."""
        case, found = self.case, []
        if case.state == CaseState.OBSERVING and self.ending == Action.CLOSE:
            if not case.placement:
                found.append("还没有登记安置方式，请先办理“登记安置方式”")
            wanting = self.checks_wanted - self.checks_done
            if wanting > 0:
                found.append(
                    f"复学跟踪须 {self.checks_wanted} 次见到学生在校，已有 {self.checks_done} 次，"
                    f"还差 {wanting} 次。请登记家访，方式选“复学跟踪”，结果选“已返校”"
                )
        return found

    @property
    def is_ready_to_sign(self) -> bool:
        return self.ending is not None and not self.gaps

    def statement(self) -> Statement | None:
        if self.ending is None:
            return None
        return Statement(self.ending, _words(self.case, self.ending), digest_of(self.case))


def _words(case: DropoutCase, ends_by: Action) -> str:
    codes = CaseCode.objects.filter(code__in=[case.placement, case.lapse_reason])
    names = {(code.list, code.code): code.name for code in codes}
    if ends_by == Action.LAPSE:
        reason = names.get((CaseCode.List.LAPSE, case.lapse_reason), case.lapse_reason)
        return (
            f"个案 {case.pk}：该生因“{reason}”无法再劝返入学，依据：{case.ending_proof}。"
            "经核对属实，同意核减。"
        )
    placement = names.get((CaseCode.List.PLACEMENT, case.placement), case.placement)
    day = f"{case.returned_on:%Y-%m-%d}" if case.returned_on else "日期未记"
    if case.state == CaseState.PLACED:
        return (
            f"个案 {case.pk}：该生已于 {day} 另行安置，安置方式为“{placement}”，"
            f"依据：{case.ending_proof}。经核对属实，同意销号。"
        )
    return (
        f"个案 {case.pk}：该生已于 {day} 复学，安置方式为“{placement}”，经跟踪稳定在校。"
        "经核对属实，同意销号。"
    )


def signing_lines(case: DropoutCase, *, scope: Scope) -> list[SignatureLine]:
    """For whom the caller may sign: the child's school, its township; the county where none is."""
    student = case.student
    found = set()
    for grant in scope.grants:
        if Permission.CASE_SIGN not in grant.permissions:
            continue
        if grant.school is not None and grant.school == student.school_id:
            found.add(SignatureLine.EDUCATION)
        elif grant.region and grant.region == student.township:
            found.add(SignatureLine.GOVERNMENT)
        elif grant.region and case.county.startswith(grant.region):
            found |= _without_a_place(case)
    return [line for line in SignatureLine if line in found]


def _without_a_place(case: DropoutCase) -> set[SignatureLine]:
    """A child at no school has no head to sign; one of no township no township officer."""
    found = set()
    if case.student.school_id is None:
        found.add(SignatureLine.EDUCATION)
    if not case.student.township:
        found.add(SignatureLine.GOVERNMENT)
    return found
