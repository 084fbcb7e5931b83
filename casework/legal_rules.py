"""依法控辍, as pure rules: which paper may be made now, by whom, and when it may be served.

The kinds themselves (who, on what law, after what) are rows; here stands how they are read.
Sources: 义务教育法第五十八条, 行政处罚法第四十四条, 第四十五条, 第六十一条, 行政强制法第五十三条,
第五十四条.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db.models import TextChoices

from casework.states import CaseState, TransitionRefused

# Where a child is still away from school, so that a paper has something to bring about.
AWAY_STATES = (
    CaseState.SUSPECTED,
    CaseState.CONFIRMED,
    CaseState.PERSUADING,
    CaseState.ESCALATED,
)
VISIT = "visit"  # among the needs of a kind: a persuasion on record


class Body(TextChoices):
    SCHOOL = "school", "学校"
    TOWNSHIP = "township", "乡镇人民政府（街道办事处）"
    COUNTY = "county", "县级教育行政部门"


class ServiceWay(TextChoices):
    DIRECT = "direct", "直接送达"
    LEFT = "left", "留置送达"
    ENTRUSTED = "entrusted", "委托送达"
    POST = "post", "邮寄送达"
    NOTICE = "notice", "公告送达"


class PaperStage(TextChoices):
    UNSERVED = "unserved", "待送达"
    RUNNING = "running", "期限内"
    LATE = "late", "已过期限"
    ENDED = "ended", "已办结"
    VOID = "void", "已作废"


class Kind(Protocol):
    """What the rules read of a kind of paper."""

    code: str
    name: str
    bodies: list[str]
    states: list[str]
    needs: list[str]
    waits: bool
    by_same_body: bool
    is_served: bool
    is_fine: bool
    below_age: int | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A paper of the case made before; `in_force` when served, or a record."""

    pk: int
    kind: str
    title: str
    body_code: str
    stage: PaperStage
    in_force: bool
    deadline_on: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands when a paper is asked for."""

    state: CaseState
    birth_date: date | None
    persuasions: int
    papers: Sequence[Earlier]


def follows(
    kind: Kind,
    standing: Standing,
    *,
    body: str,
    body_code: str,
    on: date,
    names: dict[str, str],
) -> Earlier | None:
    """The paper that the new one rests on. Errors: TransitionRefused, in words with the remedy."""
    title = f"《{kind.name}》"
    if body not in kind.bodies:
        may = "或".join(Body(each).label for each in kind.bodies)
        raise TransitionRefused(f"{title}由{may}制作，您的单位不能制作，请联系该单位办理。")
    if standing.state not in kind.states:
        may = "、".join(f"“{CaseState(each).label}”" for each in kind.states)
        raise TransitionRefused(
            f"个案现为“{standing.state.label}”，{title}只能在{may}的个案中制作，请先办理前面的环节。"
        )
    _refuse_age(kind, standing.birth_date, on=on)
    _refuse_second(kind, standing.papers)
    return _rests_on(kind, standing, body_code=body_code, on=on, names=names)


def _refuse_age(kind: Kind, born: date | None, *, on: date) -> None:
    if kind.below_age is None or born is None:
        return
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age >= kind.below_age:
        raise TransitionRefused(
            f"该生已满 {kind.below_age} 周岁，不能制作《{kind.name}》。请核对出生日期。"
        )


def _refuse_second(kind: Kind, papers: Sequence[Earlier]) -> None:
    unsettled = (PaperStage.UNSERVED, PaperStage.RUNNING)
    for paper in papers:
        if kind.is_served and paper.kind == kind.code and paper.stage in unsettled:
            raise TransitionRefused(
                f"{paper.title}还在办理（{paper.stage.label}）。请先办完，或写明原因作废后重新制作。"
            )


def _rests_on(
    kind: Kind, standing: Standing, *, body_code: str, on: date, names: dict[str, str]
) -> Earlier | None:
    if not kind.needs:
        return None
    found = [paper for paper in standing.papers if paper.kind in kind.needs and paper.in_force]
    if kind.by_same_body:
        found = [paper for paper in found if paper.body_code == body_code]
    if not found:
        if VISIT in kind.needs and standing.persuasions:
            return None
        raise TransitionRefused(_missing(kind, names))
    latest = max(found, key=lambda paper: paper.pk)
    if kind.waits and (latest.deadline_on is None or latest.deadline_on >= on):
        until = f"，到 {latest.deadline_on:%Y-%m-%d} 为止" if latest.deadline_on else ""
        raise TransitionRefused(
            f"{latest.title}的期限还没有过{until}。期满仍未改正的，才能制作《{kind.name}》。"
        )
    return latest


def _missing(kind: Kind, names: dict[str, str]) -> str:
    wanted = [f"《{names.get(code, code)}》" for code in kind.needs if code != VISIT]
    visit = "，或先登记一次劝返走访" if VISIT in kind.needs else ""
    who = "本机关" if kind.by_same_body else ""
    return f"制作《{kind.name}》前，须先有{who}已送达的{'或'.join(wanted)}{visit}。"


def refuse_outside_window(kind: Kind, *, on: date, opens: date | None, closes: date | None) -> None:
    """行政强制法第五十三条: after the time for a suit has run out, and within three months."""
    if opens and on < opens:
        raise TransitionRefused(
            f"当事人起诉的期限到 {opens:%Y-%m-%d} 才届满，届满后方可制作《{kind.name}》。"
        )
    if closes and on > closes:
        raise TransitionRefused(
            f"申请强制执行的期限已于 {closes:%Y-%m-%d} 届满，不能再制作《{kind.name}》；"
            "可改为提起民事诉讼。"
        )


def refuse_fine_without_rule(kind: Kind, *, has_rule: bool) -> None:
    if kind.is_fine and not has_rule:
        raise TransitionRefused(
            f"本县没有启用地方罚款规定，不能制作《{kind.name}》。义务教育法第五十八条只规定批评教育和"
            "责令限期改正；有地方性法规的，请由县教育局先在“罚款规定”中登记。"
        )


def refuse_fine(amount: Decimal | None, *, least: Decimal, most: Decimal, rule: str) -> None:
    if amount is None or not least <= amount <= most:
        raise TransitionRefused(
            f"{rule}规定的罚款为 {least:f} 元至 {most:f} 元，请在这个幅度内填写罚款金额。"
        )


def refuse_service(
    *,
    way: ServiceWay,
    served_on: date,
    issued_on: date,
    today: date,
    deadline_on: date | None,
    note: str,
) -> None:
    """The day of a service lies between the issue and today, and before the day the paper sets."""
    if served_on > today:
        raise TransitionRefused(f"送达日期不能晚于今天（{today:%Y-%m-%d}），请改为实际送达的日期。")
    if served_on < issued_on:
        raise TransitionRefused(f"送达日期不能早于制作日期（{issued_on:%Y-%m-%d}），请核对后修改。")
    if deadline_on and served_on > deadline_on:
        raise TransitionRefused(
            f"送达时文书写明的期限（{deadline_on:%Y-%m-%d}）已过，这份文书不能再用。"
            "请写明原因作废，重新制作一份期限在后的。"
        )
    if way in (ServiceWay.LEFT, ServiceWay.ENTRUSTED, ServiceWay.NOTICE) and not note:
        asked = {
            ServiceWay.LEFT: "拒收事由和见证人",
            ServiceWay.ENTRUSTED: "受委托的单位或个人",
            ServiceWay.NOTICE: "公告的地方和期限",
        }[way]
        raise TransitionRefused(f"{way.label}须在“送达说明”中写明{asked}。")


def month_later(day: date, months: int) -> date:
    """The same day so many months on, or the last day of that month (民法典第二百零二条)."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
