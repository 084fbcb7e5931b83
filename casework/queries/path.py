"""Where a case stands on the whole way, what the next step lacks, and who may take it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from accounts.roles import PERMISSIONS, Role
from casework.models import CaseEvent, DropoutCase
from casework.models.signature import SignatureLine
from casework.queries.standing import Standing, signing_lines
from casework.states import Action, CaseState, actions_from
from core.access import Permission, Scope
from students.models import Transfer
from students.transfers.states import TransferState

NEEDS = {
    Action.VISIT: Permission.VISIT_LOG,
    Action.SIGN: Permission.CASE_SIGN,
    Action.CLOSE: Permission.CASE_CLOSE,
    Action.LAPSE: Permission.CASE_CLOSE,
}
_BACK = (CaseState.RETURNED, CaseState.OBSERVING, CaseState.CLOSED)
# The way that lies ahead, when nothing takes the case aside.
_AHEAD: dict[CaseState, tuple[CaseState, ...]] = {
    CaseState.SUSPECTED: (CaseState.CONFIRMED, CaseState.PERSUADING, *_BACK),
    CaseState.CONFIRMED: (CaseState.PERSUADING, *_BACK),
    CaseState.PERSUADING: _BACK,
    CaseState.ESCALATED: _BACK,
    CaseState.TRANSFERRED: _BACK,
    CaseState.RETURNED: _BACK[1:],
    CaseState.OBSERVING: _BACK[2:],
    CaseState.PLACED: _BACK[2:],
}
# What usually comes next, first of what applies.
_USUAL: dict[CaseState, tuple[Action, ...]] = {
    CaseState.SUSPECTED: (Action.VERIFY,),
    CaseState.CONFIRMED: (Action.PERSUADE,),
    CaseState.PERSUADING: (Action.RETURN,),
    CaseState.ESCALATED: (Action.RETURN,),
    CaseState.TRANSFERRED: (Action.RECEIPT,),
    CaseState.RETURNED: (Action.OBSERVE,),
    CaseState.OBSERVING: (Action.CLOSE,),
    CaseState.PLACED: (Action.CLOSE,),
}
_ASKS = {
    Action.VERIFY: "核查结果；排除的须有佐证材料，确认的须有主要原因和辍学日期",
    Action.PERSUADE: "无；登记一次劝返走访也会进入劝返",
    Action.VISIT: "走访日期、方式、结果、走访人",
    Action.ESCALATE: "劝返无效；制作第一份责令通知书时自动转入",
    Action.TRANSFER: "已从学生页面发出转学申请",
    Action.RETURN: "复学日期、安置方式",
    Action.OBSERVE: "安置方式",
    Action.SETTLE: "安置方式；改动后已签的字作废",
    Action.PLACE: "特教、送教、专门学校或职教，须有决定文号等依据",
    Action.RELAPSE: "本个案到此为止，系统另建一个相连的新个案",
    Action.PROPOSE: "超龄、死亡、注销或迁出，须有依据；两条责任线签字后才能核减",
    Action.WITHDRAW: "撤回原因；已签的字作废",
}


_WHO = {Action.SIGN: "就读学校负责人（教育线）、所在乡镇干部（政府线），由两人分别签字"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way: passed, the present one, or ahead."""

    state: CaseState
    place: str  # done, here or ahead
    since: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    action: Action
    asks: str
    who: str
    may: bool  # the caller, now
    is_usual: bool = False
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class CasePath:
    case: DropoutCase
    events: list[CaseEvent]  # newest first
    scope: Scope
    reader: int
    on: date

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.case, self.on)

    @property
    def stages(self) -> list[Stage]:
        moved = [e for e in reversed(self.events) if e.from_state != e.to_state]
        stages = [
            Stage(CaseState(e.to_state), "done", e.happened_on, e.actor_name) for e in moved
        ] or [Stage(CaseState(self.case.state), "done", self.case.state_since)]
        last = stages.pop()
        here = Stage(last.state, "here", last.since, last.by)
        return [*stages, here, *(Stage(state, "ahead") for state in self._ahead)]

    @property
    def _ahead(self) -> tuple[CaseState, ...]:
        if self.case.lapse_reason and self.case.is_open:
            return (CaseState.LAPSED,)
        return _AHEAD.get(CaseState(self.case.state), ())

    @cached_property
    def _held(self) -> set[Permission]:
        """What the caller may do with this very case: one grant may reach it and another not."""
        wanted = {Permission.CASE_MANAGE, *NEEDS.values()}
        cases = DropoutCase.objects
        return {
            permission
            for permission in wanted
            if self.scope.can(permission)
            and cases.within(self.scope, permission).filter(pk=self.case.pk).exists()
        }

    @cached_property
    def steps(self) -> list[NextStep]:
        """Everything that may be done from here by anybody, the usual next step first."""
        usual = self._usual
        order = [*usual, *(action for action in self._possible if action not in usual)]
        possible = set(self._possible)
        return [step for action in order if action in possible for step in self._step(action)]

    @property
    def _usual(self) -> tuple[Action, ...]:
        if self.case.lapse_reason:
            return (Action.SIGN, Action.LAPSE, Action.WITHDRAW)
        usual = _USUAL.get(CaseState(self.case.state), ())
        return (Action.SIGN, *usual) if self.standing.is_ready_to_sign else usual

    @property
    def _possible(self) -> Iterator[Action]:
        proposed = bool(self.case.lapse_reason)
        for action in actions_from(CaseState(self.case.state)):
            if action in (Action.WITHDRAW, Action.LAPSE) and not proposed:
                continue
            if action in (Action.PROPOSE, Action.CLOSE) and proposed:
                continue
            if action == Action.SIGN and not self.standing.lines_wanting:
                continue
            if action == Action.SIGN and self.standing.ending is None:
                continue
            yield action

    def _step(self, action: Action) -> Iterator[NextStep]:
        if action == Action.TRANSFER and not self._has_been_sent:
            return
        needed = NEEDS.get(action, Permission.CASE_MANAGE)
        lacking = self._lacking(action)
        may = needed in self._held and not lacking
        if action == Action.SIGN:
            may = may and bool(self.own_lines)
        yield NextStep(
            action,
            self._asks(action),
            _WHO.get(action) or _who(needed),
            may,
            is_usual=action in self._usual,
            lacking=lacking,
        )

    @cached_property
    def own_lines(self) -> list[SignatureLine]:
        """For which the caller may sign now; nobody signs for both."""
        if any(one.person_id == self.reader for one in self.standing.signatures):
            return []
        own = signing_lines(self.case, scope=self.scope)
        return [line for line in own if line in self.standing.lines_wanting]

    def _asks(self, action: Action) -> str:
        if action in (Action.CLOSE, Action.LAPSE):
            return "两条责任线都已签字"
        if action == Action.SIGN:
            return "、".join(line.label for line in self.standing.lines_wanting) + "的签字"
        return _ASKS.get(action, "")

    def _lacking(self, action: Action) -> tuple[str, ...]:
        if action == Action.RECEIPT:
            return self._unanswered
        if action not in (Action.SIGN, Action.CLOSE, Action.LAPSE):
            return ()
        gaps = list(self.standing.gaps)
        if action != Action.SIGN:
            gaps += [f"{line.label}还没有签字" for line in self.standing.lines_wanting]
        return tuple(gaps)

    @property
    def _unanswered(self) -> tuple[str, ...]:
        transfer = self.case.transfer
        if transfer is None or transfer.state != TransferState.SENT:
            return ()
        return (f"{transfer.to_words}还没有答复，答复期限 {transfer.due_on:%Y-%m-%d}",)

    @cached_property
    def _has_been_sent(self) -> bool:
        rows = Transfer.objects.filter(county=self.case.county, student=self.case.student_id)
        return rows.filter(state=TransferState.SENT).exists()


def _who(permission: Permission) -> str:
    return "、".join(role.label for role in reversed(Role) if permission in PERMISSIONS[role])
