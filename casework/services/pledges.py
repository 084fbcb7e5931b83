"""目标责任书: made from the words of its kind, signed on paper, its scan kept sealed."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from casework.duties import PARTIES, DutyRefused, PledgeKind, refuse_foreign_line
from casework.models import ResponsibilityPledge
from casework.queries.covers import cover_of, in_reach
from casework.queries.pledges import Side, children_count, sides, year_words
from casework.services import scans
from casework.services.responsibility import ASSIGN
from core import audit, papers
from core.access import Scope
from core.papers import Paper
from schools.models import Division

_WORDS = Path(__file__).resolve().parent.parent / "data" / "pledges.toml"
_NUMERALS = "一二三四五六七八九十"


@lru_cache(maxsize=1)
def _kinds() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_WORDS.read_text(encoding="utf-8"))


def paper(kind: PledgeKind, place: Any, *, scope: Scope, year: int, on: date) -> Paper:
    """The pledge of one lower party, with the names known today and lines to sign on."""
    words = _kinds()[kind]
    county = Division.objects.get(pk=scope.county)
    upper, lower = sides(kind, place, county=scope.county, on=on)
    count = children_count(scope, place, on=on)
    filled = {
        "county": county.name,
        "year": year_words(year),
        "upper": upper.title,
        "lower": lower.title,
        "children": "" if count is None else f"{count}人",
    }

    def told(name: str) -> list[str]:
        return [f"{n}．{line.format(**filled)}" for n, line in enumerate(words[name], start=1)]

    blocks = [papers.text(words["preamble"].format(**filled))]
    parts = (("目标", "goals"), ("甲方责任", "upper_duties"), ("乙方责任", "lower_duties"))
    for place_no, (title, name) in enumerate(parts):
        blocks.append(papers.heading(f"{_NUMERALS[place_no]}、{title}"))
        blocks += [papers.text(line) for line in told(name)]
    blocks.append(papers.heading("四、其他"))
    blocks.append(
        papers.text(f"本责任书一式两份，甲乙双方各执一份，自签字之日起至{year + 1}年8月31日有效。")
    )
    blocks.append(
        papers.table(
            [["甲方", "乙方"], [upper.title, lower.title], *_sign_rows(upper, lower)],
            widths=[1, 1],
            head=True,
        )
    )
    return {"title": words["title"], "number": f"（{words['between']}）", "blocks": blocks}


def _sign_rows(upper: Side, lower: Side) -> list[list[str]]:
    return [
        [f"负责人：{side.signer}{f'（{side.duty}）' if side.duty else ''}" for side in both]
        for both in [(upper, lower)]
    ] + [["签字（盖章）：\n\n", "签字（盖章）：\n\n"], ["年　　月　　日", "年　　月　　日"]]


@transaction.atomic
def keep_signed(
    *,
    scope: Scope,
    actor: User,
    kind: PledgeKind,
    key: int | str,
    year: int,
    upper_name: str,
    lower_name: str,
    signed_on: date,
    content: IO[bytes],
    size: int,
    today: date,
) -> ResponsibilityPledge:
    """A pledge of that year kept before is replaced and stays readable.

    Errors: DutyRefused, TransitionRefused for a file that is no scan.
    """
    refuse_foreign_line(PARTIES[kind].line, scope=scope, permission=ASSIGN)
    cover = cover_of(in_reach(scope, ASSIGN, PARTIES[kind].lower, key))
    if signed_on > today:
        raise DutyRefused(f"签订日期不能晚于今天（{today:%Y-%m-%d}），请改为实际签字的日期。")
    scan = scans.keep(content, size=size)
    try:
        with transaction.atomic():
            of_year = ResponsibilityPledge.objects.in_force().filter(
                county=scope.county, kind=kind, year=year, **cover.lookup
            )
            of_year.update(replaced_at=timezone.now())
            pledge = ResponsibilityPledge.objects.create(
                county=scope.county,
                kind=kind,
                year=year,
                upper_name=upper_name,
                lower_name=lower_name,
                signed_on=signed_on,
                stored_as=scan.stored_as,
                media_type=scan.media_type,
                sha256=scan.sha256,
                size=size,
                kept_by_name=actor.full_name,
                **cover.fields,
            )
    except Exception:
        scans.forget(scan.stored_as)
        raise
    _note(pledge, actor=actor, action="pledge.keep")
    return pledge


@transaction.atomic
def withdraw(*, scope: Scope, actor: User, pledge_id: int) -> ResponsibilityPledge:
    """Kept by mistake: the pledge counts as unsigned again, its scan stays.

    Out of reach is `DoesNotExist`. Errors: DutyRefused.
    """
    rows = ResponsibilityPledge.objects.within(scope, ASSIGN).filter(pk=pledge_id)
    pledge = rows.select_for_update(of=("self",)).get()
    refuse_foreign_line(PARTIES[PledgeKind(pledge.kind)].line, scope=scope, permission=ASSIGN)
    if pledge.replaced_at is None:
        pledge.replaced_at = timezone.now()
        pledge.save(update_fields=["replaced_at"])
        _note(pledge, actor=actor, action="pledge.withdraw")
    return pledge


def note_read(pledge: ResponsibilityPledge, *, actor: User) -> None:
    _note(pledge, actor=actor, action="pledge.read")


def _note(pledge: ResponsibilityPledge, *, actor: User, action: str) -> None:
    said = {"year": pledge.year, "kind": pledge.kind, "signed_on": pledge.signed_on.isoformat()}
    audit.record(county=pledge.county, actor=actor, action=action, target=pledge, after=said)
