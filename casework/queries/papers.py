"""What the pages of legal papers show."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Count, Q

from casework.legal_rules import Body, PaperStage, follows, refuse_fine_without_rule
from casework.models import CaseCode, DropoutCase, FineRule, LegalKind, LegalPaper
from casework.models.legal import LegalPaperQuerySet
from casework.queries.bodies import IssuingBody
from casework.queries.chain import kind_names, standing_of
from casework.states import TransitionRefused
from core.access import Permission, Scope
from core.papers import day_in_words
from schools.models import Division

Choice = tuple[str, str]
TONES = {
    PaperStage.UNSERVED: "warn",
    PaperStage.RUNNING: "busy",
    PaperStage.LATE: "bad",
    PaperStage.ENDED: "good",
    PaperStage.VOID: "",
}


@dataclass(frozen=True, slots=True)
class PaperLine:
    paper: LegalPaper
    stage: PaperStage
    tone: str
    result: str


def paper_lines(papers: list[LegalPaper], *, on: date) -> list[PaperLine]:
    names = result_names()
    return [
        PaperLine(paper, stage, TONES[stage], names.get(paper.result, ""))
        for paper in papers
        for stage in [paper.stage(on=on)]
    ]


def result_names() -> dict[str, str]:
    rows = CaseCode.objects.of(CaseCode.List.LEGAL_RESULT)
    return dict(rows.values_list("code", "name"))


def result_choices(kind: LegalKind, *, on: date) -> list[Choice]:
    rows = CaseCode.objects.of(CaseCode.List.LEGAL_RESULT).valid_on(on).order_by("sort")
    return [pair for pair in rows.values_list("code", "name") if pair[0] in kind.results]


def papers_of(case: DropoutCase) -> list[LegalPaper]:
    rows = LegalPaper.objects.filter(county=case.county, case=case)
    return list(rows.select_related("kind", "case").order_by("issued_on", "pk"))


@dataclass(frozen=True)
class PaperList:
    """Papers in reach, narrowed by what was chosen, and how many stand at each stage."""

    scope: Scope
    on: date
    chosen: dict[str, str]

    @cached_property
    def narrowed(self) -> LegalPaperQuerySet:
        """By everything chosen but the stage."""
        rows = LegalPaper.objects.within(self.scope, Permission.CASE_VIEW)
        for name, field in (
            ("kind", "kind"),
            ("body", "body"),
            ("town", "case__student__township"),
            ("year", "issued_on__year"),
        ):
            if value := self.chosen.get(name):
                rows = rows.filter(**{field: value})
        return rows

    @cached_property
    def by_stage(self) -> dict[str, int]:
        counts = {
            stage.value: Count(
                "pk", filter=Q(pk__in=self.narrowed.at_stage(stage, on=self.on).values("pk"))
            )
            for stage in PaperStage
        }
        return dict(self.narrowed.order_by().aggregate(**counts))

    @property
    def count(self) -> int:
        stage = self.chosen.get("stage")
        return self.by_stage[stage] if stage else sum(self.by_stage.values())

    @property
    def rows(self) -> LegalPaperQuerySet:
        rows = self.narrowed.select_related("kind", "case__student")
        stage = self.chosen.get("stage")
        return rows.at_stage(stage, on=self.on) if stage else rows

    def chips(self) -> list[tuple[str, str, int]]:
        """Value, label and count; each count is that of the list behind it."""
        every = sum(self.by_stage.values())
        return [
            ("", "全部", every),
            *((stage.value, stage.label, self.by_stage[stage.value]) for stage in PaperStage),
        ]


def paper_choices(scope: Scope, *, on: date) -> dict[str, list[Choice]]:
    first = LegalPaper.objects.within(scope, Permission.CASE_VIEW).order_by("issued_on")
    begun = first.values_list("issued_on__year", flat=True).first() or on.year
    towns = Division.objects.under(scope.county).filter(level=Division.Level.TOWNSHIP)
    kinds = LegalKind.objects.order_by("sort")
    return {
        "stage": list(PaperStage.choices),
        "kind": list(kinds.values_list("code", "name")),
        "body": list(Body.choices),
        "town": list(towns.order_by("code").values_list("code", "name")),
        "year": [(str(year), f"{year} 年") for year in range(on.year, begun - 1, -1)],
    }


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of paper for one case: who may make it now, or why nobody of the caller's may."""

    kind: LegalKind
    bodies: list[IssuingBody]
    why_not: str


def offers(case: DropoutCase, bodies: list[IssuingBody], *, on: date) -> Iterator[Offer]:
    standing, names = standing_of(case, on=on), kind_names()
    has_rule = FineRule.objects.filter(county=case.county).valid_on(on).exists()
    for kind in LegalKind.objects.valid_on(on).order_by("sort"):
        able, refusals = [], []
        # One that a body of the caller may make tells why not yet; another tells whose it is.
        for body in sorted(bodies, key=lambda body: body.body not in kind.bodies):
            try:
                follows(kind, standing, body=body.body, body_code=body.code, on=on, names=names)
                refuse_fine_without_rule(kind, has_rule=has_rule)
            except TransitionRefused as refusal:
                refusals.append(str(refusal))
            else:
                able.append(body)
        yield Offer(kind, able, "" if able else next(iter(refusals), ""))


def paper_facts(paper: LegalPaper) -> list[tuple[str, Any]]:
    whom = f"{paper.addressee}（{paper.relation}）" if paper.relation else paper.addressee
    days = f"送达后 {paper.deadline_days} {'个工作日' if paper.kind.in_working_days else '日'}"
    every = [
        ("文号", paper.number),
        ("制作机关", paper.body_name),
        ("制作日期", paper.issued_on),
        ("受送达人", whom),
        ("法律依据", paper.kind.law),
        ("依据的文书", paper.follows),
        ("罚款金额", f"{paper.amount:f} 元，{paper.fine_rule}" if paper.amount else ""),
        ("期限", paper.deadline_on or (days if paper.deadline_days else "")),
        ("送达", _service(paper)),
        ("送达说明", paper.service_note),
        ("逾期起", paper.late_since),
        ("结果", _result(paper)),
        ("作废", f"{paper.voided_on:%Y-%m-%d}，{paper.void_reason}" if paper.voided_on else ""),
        ("制作人", paper.issued_by_name),
    ]
    return [(label, value) for label, value in every if value]


def _service(paper: LegalPaper) -> str:
    if paper.served_on is None:
        return ""
    who = paper.receiver
    if paper.receiver_relation:
        who += f"（{paper.receiver_relation}）"
    way = paper.get_served_way_display()
    return f"{paper.served_on:%Y-%m-%d} {way}，{who} 签收，送达人 {paper.served_by}"


def _result(paper: LegalPaper) -> str:
    if not paper.result_on:
        return ""
    name = result_names().get(paper.result, paper.result)
    note = f"，{paper.result_note}" if paper.result_note else ""
    return f"{paper.result_on:%Y-%m-%d} {name}{note}"


def suggestion(case: DropoutCase, *, persuasions: int) -> str:
    """The facts of a case in one sentence, to be mended before they stand in a paper."""
    since = case.dropped_out_on or case.last_present_on
    tried = f"，经{persuasions}次上门劝返" if persuasions else ""
    if since is None:
        return f"至今未入学就读{tried}。"
    return f"自{day_in_words(since)}起未到校就读{tried}，至今仍未到校。"
