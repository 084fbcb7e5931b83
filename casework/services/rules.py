"""A county's own deadlines, beside those for all counties (schools.deadlines)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from casework.states import TransitionRefused
from core import audit
from core.access import Permission, Scope
from schools.deadlines import Deadline
from schools.models import DeadlineRule

# What each value counts stands in `Deadline`; here in the words of the office.
NAMES: dict[Deadline, tuple[str, str]] = {
    Deadline.SUSPECTED: ("连续缺课满多少天列为疑似（1、3、7 或 30）", "天"),
    Deadline.TASK_VERIFY: ("疑似建案后核查", "个工作日"),
    Deadline.TASK_ASSIGN: ("确认辍学后开始劝返", "个工作日"),
    Deadline.TASK_PERSUADE_VISIT: ("劝返走访间隔", "个工作日"),
    Deadline.TASK_LEGAL_NEXT: ("依法控辍下一步", "个工作日"),
    # Only what the law leaves open: the days it fixes are changed with the law, as rows.
    Deadline.LEGAL_ENTRY: ("入学通知书给的期限", "天"),
    Deadline.LEGAL_URGED: ("催学通知书给的期限", "天"),
    Deadline.LEGAL_ORDER: ("责令通知书给的期限", "天"),
    Deadline.LEGAL_STATEMENT: ("处罚事先告知的陈述申辩期", "个工作日"),
    Deadline.LEGAL_SERVED: ("依法文书制作后送达", "个工作日"),
    Deadline.LEGAL_ANSWER: ("向法院、人社查问办理情况", "天"),
    Deadline.TASK_OBSERVE_CHECK: ("复学跟踪间隔", "个工作日"),
    Deadline.TASK_PLAN_REVIEW: ("审批一人一案", "个工作日"),
    Deadline.TASK_HANDOVER: ("答复个案移交", "个工作日"),
    Deadline.SCHOOL_MONTH_REPORT: ("学校月报告", "日（每月，0 为月末）"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds on a day, and what the county has decided for later."""

    code: Deadline
    name: str
    unit: str
    now: DeadlineRule | None
    later: list[DeadlineRule]

    @property
    def is_own(self) -> bool:
        return self.now is not None and bool(self.now.county)


def rules(county: str, *, on: date) -> Iterator[Rule]:
    rows = DeadlineRule.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=on), county__in=["", county], code__in=list(NAMES)
    )
    found = list(rows.order_by("-county", "-valid_from"))
    for code, (name, unit) in NAMES.items():
        of_code = [row for row in found if row.code == code]
        now = next((row for row in of_code if row.valid_from <= on), None)
        later = [row for row in of_code if row.valid_from > on]
        yield Rule(code, name, unit, now, later[::-1])


@transaction.atomic
def set_deadline(
    *,
    scope: Scope,
    actor: User,
    code: str,
    value: int,
    valid_from: date,
    source: str,
    today: date,
) -> DeadlineRule:
    """The county's figure from a day on; what has been due already stays as it was.

    Errors: TransitionRefused.
    """
    if valid_from < today:
        raise TransitionRefused(
            f"时限只能从今天（{today:%Y-%m-%d}）或以后起改，已经过去的日子按当时的时限。"
        )
    if not scope.whole_county(Permission.DEADLINE_SET):
        raise TransitionRefused("办理时限由县级统一设定，请联系县教育局。")
    rule, _ = DeadlineRule.objects.update_or_create(
        county=scope.county,
        code=code,
        valid_from=valid_from,
        defaults={"value": value, "source": source},
    )
    audit.record(
        county=scope.county,
        actor=actor,
        action="deadline.set",
        target=rule,
        after={
            "code": code,
            "value": value,
            "valid_from": valid_from.isoformat(),
            "source": source,
        },
    )
    return rule
