"""The life of a dropout case, as pure rules.

Sources: 教基厅函〔2024〕15号 (checks, ledgers, 销号), 教基〔2020〕5号 (劝返, 一人一案), 义务教育法
第五十八条 (lawful steps). A relapse ends the case where it stands and a new one names it.
"""

from datetime import date

from django.db.models import TextChoices


class CaseState(TextChoices):
    SUSPECTED = "suspected", "疑似"
    EXCLUDED = "excluded", "已排除"
    CONFIRMED = "confirmed", "确认辍学"
    PERSUADING = "persuading", "劝返中"
    ESCALATED = "escalated", "依法控辍"
    TRANSFERRED = "transferred", "转出待接收"
    RETURNED = "returned", "已复学"
    OBSERVING = "observing", "跟踪中"
    PLACED = "placed", "另行安置"
    CLOSED = "closed", "已销号"
    LAPSED = "lapsed", "已核减"
    RELAPSED = "relapsed", "再次辍学"


OPEN_STATES = (
    CaseState.SUSPECTED,
    CaseState.CONFIRMED,
    CaseState.PERSUADING,
    CaseState.ESCALATED,
    CaseState.TRANSFERRED,
    CaseState.RETURNED,
    CaseState.OBSERVING,
    CaseState.PLACED,
)
DROPOUT_STATES = (CaseState.CONFIRMED, CaseState.PERSUADING, CaseState.ESCALATED)
BACK_STATES = (CaseState.RETURNED, CaseState.OBSERVING)
# In education again, at school or elsewhere: from here a child can be away anew.
SETTLED_STATES = (*BACK_STATES, CaseState.PLACED)
# A case that ended after it was a case: the next one of the child names it.
FORMER_STATES = (CaseState.CLOSED, CaseState.LAPSED, CaseState.RELAPSED)
ENDED_STATES = (CaseState.EXCLUDED, *FORMER_STATES)
# The database holds these to the signatures of both lines.
SIGNED_STATES = (CaseState.CLOSED, CaseState.LAPSED)


class Action(TextChoices):
    OPEN = "open", "建案"
    VERIFY = "verify", "核查"
    PERSUADE = "persuade", "开始劝返"
    VISIT = "visit", "家访"
    ESCALATE = "escalate", "转入依法控辍"
    TRANSFER = "transfer", "转出待接收"
    RECEIPT = "receipt", "办理接收结果"
    RETURN = "return", "登记复学"
    OBSERVE = "observe", "开始跟踪"
    SETTLE = "settle", "登记安置方式"
    PLACE = "place", "另行安置"
    RELAPSE = "relapse", "登记再次辍学"
    PROPOSE = "propose", "提请核减"
    WITHDRAW = "withdraw", "撤回核减提请"
    SIGN = "sign", "签字"
    CLOSE = "close", "销号"
    LAPSE = "lapse", "核减"


class VisitKind(TextChoices):
    FIRST_CHECK = "first_check", "首次核查"
    PERSUASION = "persuasion", "劝返"
    OBSERVATION = "observation", "复学跟踪"
    CARE = "care", "关爱走访"
    TEACHING = "teaching", "送教上门"
    HOME_LESSON = "home_lesson", "入户教学"
    PHONE = "phone", "电话联系"


class VisitOutcome(TextChoices):
    NOT_MET = "not_met", "未见到人"
    TALKED = "talked", "已沟通，尚未答应返校"
    PROMISED = "promised", "答应返校"
    REFUSED = "refused", "拒绝返校"
    BACK = "back", "已返校"


class TransitionRefused(Exception):
    """The rule says no. The text is for the person: it names the thing and the remedy."""


# Where each action may start. A visit has its own rule, `after_visit`.
STARTS_FROM: dict[Action, tuple[CaseState, ...]] = {
    # A second check may find proof of schooling elsewhere before anybody has set out.
    Action.VERIFY: (CaseState.SUSPECTED, CaseState.CONFIRMED),
    Action.PERSUADE: (CaseState.CONFIRMED,),
    Action.VISIT: OPEN_STATES,
    Action.ESCALATE: (CaseState.PERSUADING,),
    Action.TRANSFER: (*DROPOUT_STATES, *BACK_STATES),
    Action.RECEIPT: (CaseState.TRANSFERRED,),
    Action.RETURN: DROPOUT_STATES,
    Action.OBSERVE: (CaseState.RETURNED,),
    Action.SETTLE: BACK_STATES,
    Action.PLACE: (*DROPOUT_STATES, *BACK_STATES),
    Action.RELAPSE: SETTLED_STATES,
    Action.PROPOSE: (*DROPOUT_STATES, *SETTLED_STATES),
    Action.WITHDRAW: (*DROPOUT_STATES, *SETTLED_STATES),
    Action.SIGN: (*DROPOUT_STATES, *SETTLED_STATES),
    Action.CLOSE: (CaseState.OBSERVING, CaseState.PLACED),
    Action.LAPSE: (*DROPOUT_STATES, *SETTLED_STATES),
}

# The checks end as their result says, the visits as their outcome, the receipt as its answer.
LEADS_TO: dict[Action, CaseState] = {
    Action.PERSUADE: CaseState.PERSUADING,
    Action.ESCALATE: CaseState.ESCALATED,
    Action.TRANSFER: CaseState.TRANSFERRED,
    Action.RETURN: CaseState.RETURNED,
    Action.OBSERVE: CaseState.OBSERVING,
    Action.PLACE: CaseState.PLACED,
    Action.RELAPSE: CaseState.RELAPSED,
    Action.CLOSE: CaseState.CLOSED,
    Action.LAPSE: CaseState.LAPSED,
}
# What they do to a case leaves it where it stands.
STAYS = (Action.SETTLE, Action.PROPOSE, Action.WITHDRAW, Action.SIGN)

# Of any child, with a case or without one.
TEACHING_KINDS = (VisitKind.TEACHING, VisitKind.HOME_LESSON)
KINDS_WITHOUT_CASE = (VisitKind.CARE, *TEACHING_KINDS, VisitKind.PHONE)
VISIT_KINDS: dict[CaseState, tuple[VisitKind, ...]] = {
    CaseState.SUSPECTED: (VisitKind.FIRST_CHECK, VisitKind.PHONE, VisitKind.CARE),
    CaseState.CONFIRMED: (VisitKind.PERSUASION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
    CaseState.PERSUADING: (VisitKind.PERSUASION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
    CaseState.ESCALATED: (VisitKind.PERSUASION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
    CaseState.TRANSFERRED: (VisitKind.PHONE, VisitKind.CARE),
    CaseState.RETURNED: (VisitKind.OBSERVATION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
    CaseState.OBSERVING: (VisitKind.OBSERVATION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
    CaseState.PLACED: (VisitKind.OBSERVATION, VisitKind.PHONE, VisitKind.CARE, *TEACHING_KINDS),
}

_REMEDY: dict[CaseState, str] = {
    CaseState.SUSPECTED: "请先登记核查结果，确认是否辍学",
    CaseState.EXCLUDED: "如该生再次缺课，请从学生页面另建新个案",
    CaseState.CONFIRMED: "请先开始劝返或登记复学",
    CaseState.PERSUADING: "请先登记复学；劝返无效的可转入依法控辍",
    CaseState.ESCALATED: "请先登记复学或另行安置；无法复学的请提请核减",
    CaseState.TRANSFERRED: "请等转入学校答复；对方接收、退回或逾期以后再办理",
    CaseState.RETURNED: "请先开始跟踪；再次辍学的请登记再次辍学",
    CaseState.OBSERVING: "请继续跟踪、办理销号，或登记再次辍学",
    CaseState.PLACED: "请办理销号；该生离开安置单位的请登记再次辍学",
    CaseState.CLOSED: "如该生再次辍学，请从学生页面另建新个案",
    CaseState.LAPSED: "如该生仍应入学，请从学生页面另建新个案",
    CaseState.RELAPSED: "请在该生的新个案中办理",
}


def actions_from(state: CaseState) -> list[Action]:
    """What may be done next, in the order of `Action`."""
    return [action for action in Action if state in STARTS_FROM.get(action, ())]


def after(
    state: CaseState, action: Action, *, placement: str = "", lapse_reason: str = ""
) -> CaseState:
    """The state an action leads to; each ending asks for its own ground."""
    refuse_wrong_start(state, action)
    to = LEADS_TO[action]
    if to == CaseState.CLOSED and not placement:
        raise TransitionRefused("销号须有复学安置方式，请先选择安置方式，例如“原班”。")
    if to == CaseState.CLOSED and lapse_reason:
        raise TransitionRefused("该个案已提请核减，不能同时销号。请先撤回核减提请，再办理销号。")
    if to == CaseState.LAPSED and not lapse_reason:
        raise TransitionRefused("核减须先写明原因和依据，请先办理“提请核减”。")
    return to


class Receipt(TextChoices):
    """What became of the transfer a case waits for."""

    ACCEPTED = "accepted", "对方已接收"
    REFUSED = "refused", "对方已退回"
    WITHDRAWN = "withdrawn", "转学已撤回"
    OVERDUE = "overdue", "逾期无人接收"


def after_receipt(state: CaseState, receipt: Receipt, *, former: CaseState) -> CaseState:
    """Received, the child is back at a school; otherwise the case stands where it stood."""
    refuse_wrong_start(state, Action.RECEIPT)
    return CaseState.RETURNED if receipt == Receipt.ACCEPTED else former


def ending(state: CaseState, *, lapse_reason: str) -> Action | None:
    """Which ending the lines would sign for as the case stands; none is in sight."""
    if lapse_reason:
        return Action.LAPSE if state in STARTS_FROM[Action.LAPSE] else None
    return Action.CLOSE if state in STARTS_FROM[Action.CLOSE] else None


def after_check(state: CaseState, *, leads_to: str) -> CaseState:
    """A check ends as its result code says: excluded, confirmed, or suspected as before."""
    refuse_wrong_start(state, Action.VERIFY)
    if leads_to not in (CaseState.EXCLUDED, CaseState.CONFIRMED, CaseState.SUSPECTED):
        raise TransitionRefused("这项核查结果没有注明去向，请从核查结果列表中另选一项。")
    if state == CaseState.CONFIRMED and leads_to == CaseState.SUSPECTED:
        raise TransitionRefused(
            "个案已确认辍学，不能退回疑似。请选择“辍学”并写明新情况，或选择排除的结果并附佐证。"
        )
    return CaseState(leads_to)


def refuse_wrong_start(state: CaseState, action: Action) -> None:
    """Asked before a form is shown, and again by the deed while it holds the case."""
    if state not in STARTS_FROM[action]:
        raise TransitionRefused(
            f"个案现为“{state.label}”，不能办理“{action.label}”。{_REMEDY[state]}。"
        )


def after_visit(state: CaseState, *, kind: VisitKind, outcome: VisitOutcome) -> CaseState:
    """A child found back at school has returned; the first persuasion begins the persuading."""
    if state not in OPEN_STATES:
        raise TransitionRefused(f"个案“{state.label}”，不能再登记家访。{_REMEDY[state]}。")
    if kind not in VISIT_KINDS[state]:
        allowed = "、".join(each.label for each in VISIT_KINDS[state])
        raise TransitionRefused(
            f"个案现为“{state.label}”，走访方式不能选“{kind.label}”，请改选：{allowed}。"
        )
    if state in DROPOUT_STATES and outcome == VisitOutcome.BACK:
        return CaseState.RETURNED
    if state == CaseState.CONFIRMED and kind == VisitKind.PERSUASION:
        return CaseState.PERSUADING
    if state == CaseState.RETURNED and kind == VisitKind.OBSERVATION:
        return CaseState.OBSERVING
    return state


def is_step(before: CaseState, action: Action, to: CaseState) -> bool:
    """Whether a step stands in the tables of this page, whoever wrote it down."""
    if action == Action.VISIT:
        return to in _visit_goals(before)
    if before not in STARTS_FROM.get(action, ()):
        return False
    if action in LEADS_TO:
        return to == LEADS_TO[action]
    if action == Action.VERIFY:
        back = before == CaseState.CONFIRMED and to == CaseState.SUSPECTED
        return to in (CaseState.EXCLUDED, CaseState.CONFIRMED, CaseState.SUSPECTED) and not back
    if action == Action.RECEIPT:
        return to in STARTS_FROM[Action.TRANSFER]
    return to == before


def _visit_goals(before: CaseState) -> set[CaseState]:
    kinds = VISIT_KINDS.get(before, ())
    return {after_visit(before, kind=k, outcome=o) for k in kinds for o in VisitOutcome}


def refuse_unlikely_day(
    name: str, day: date, *, today: date, earliest: date | None = None, earliest_name: str = ""
) -> None:
    """A deed has been done when it is written down, and not before what it rests on."""
    if day > today:
        raise TransitionRefused(f"{name}不能晚于今天（{today:%Y-%m-%d}），请改为实际发生的日期。")
    if earliest is not None and day < earliest:
        raise TransitionRefused(
            f"{name}不能早于{earliest_name}（{earliest:%Y-%m-%d}），请核对后修改。"
        )
