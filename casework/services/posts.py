"""七长, 五长 and the other posts of 双线包保: a county's own rows beside the usual ones."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from casework.duties import DutyRefused
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from core import audit
from core.access import Permission, Scope


@dataclass(frozen=True, slots=True)
class Post:
    """What a county says of a post."""

    name: str
    line: str
    level: str
    is_leader: bool
    lists: list[str]
    sort: int
    source: str
    is_used: bool = True


@transaction.atomic
def set_post(
    *, scope: Scope, actor: User, said: Post, today: date, code: str = ""
) -> ResponsibilityRole:
    """A new post, or the county's own version of one; the usual row stays as it is.

    Errors: DutyRefused.
    """
    if not scope.whole_county(Permission.RESPONSIBILITY_POSTS):
        raise DutyRefused("包保岗位由县教育局设置，请联系他们办理。")
    _refuse_same_name(scope.county, said.name, code=code)
    facts = asdict(said)
    facts["valid_to"] = None if facts.pop("is_used") else today - timedelta(days=1)
    before = ResponsibilityRole.objects.of(scope.county).filter(code=code).first()
    if before is not None:
        _refuse_move(before, said, county=scope.county, today=today)
    post, _ = ResponsibilityRole.objects.update_or_create(
        county=scope.county, code=code or f"own_{uuid4().hex[:12]}", defaults=facts
    )
    changed = {
        name: value
        for name, value in asdict(said).items()
        if name != "is_used" and getattr(before, name, None) != value
    }
    audit.record(
        county=scope.county,
        actor=actor,
        action="responsibility.post",
        target=post,
        before={name: getattr(before, name) for name in changed} if before else {},
        after={"name": said.name} | changed,
    )
    return post


def _refuse_same_name(county: str, name: str, *, code: str) -> None:
    others = ResponsibilityRole.objects.of(county).filter(name=name).exclude(code=code)
    if others.exists():
        raise DutyRefused(f"已有名为“{name}”的岗位，请换一个名称，或修改原来的那一个。")


def _refuse_move(before: ResponsibilityRole, said: Post, *, county: str, today: date) -> None:
    """What somebody answers for cannot become something else under the same post."""
    if (before.line, before.level) == (said.line, said.level) and said.is_used:
        return
    held = ResponsibilityAssignment.objects.filter(county=county, role=before.code)
    count = held.exclude(valid_to__lt=today).count()
    if count:
        raise DutyRefused(
            f"“{before.name}”现有 {count} 名责任人，不能停用，也不能改责任线和包保对象。"
            "请先结束这些责任，或另设一个岗位。"
        )
